//! castgate is its own first patient.

use crate::{doctor, named, said, world::World};
use castgate::model::{ConnectionSettings, Profile, ScimDialect};
use std::collections::BTreeSet;

/// What castgate's own configuration does not promise, or an option leaves out.
fn unasked(report: &serde_json::Value, reasons: &[&str]) -> BTreeSet<String> {
    let all = report["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "not_asked");
    all.filter(|check| !reasons.contains(&check["because"].as_str().unwrap()))
        .map(|check| format!("{}: {}", check["name"], check["because"]))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn castgate_has_no_fault_in_any_profile_and_nothing_is_left_behind() {
    let world = World::start().await;
    let organization = world.organization("acme").await;
    for profile in [Profile::Generic, Profile::Okta, Profile::Entra] {
        let connection = organization.connection(&format!("{profile:?}").to_lowercase(), profile).await;
        let base = format!("{}/scim/v2", world.origin);
        let said = said(doctor(&base, connection.token(), &["-o", "json"])).await;
        let report = said.report();
        let found = report["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|check| check["verdict"] == "fault" || check["verdict"] == "advice");
        let found: Vec<_> = found.collect();
        assert!(found.is_empty() && said.code == Some(0), "{profile:?}: {found:#?} {}", said.err);
        assert_eq!(unasked(&report, &["the configuration does not promise it"]), BTreeSet::new());
        assert!(named(&report, &["holds"]).len() > 120, "{:?}", report["summary"]);
        assert_eq!(report["left"], serde_json::json!([]));
        for endpoint in ["/Users", "/Groups"] {
            assert_eq!(connection.get(endpoint).await.expect(200).json()["totalResults"], 0, "{endpoint}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_are_asked_for_where_they_are_promised_in_either_dialect_of_them() {
    let world = World::start().await;
    let organization = world.organization("acme").await;
    for (name, profile) in [("generic", Profile::Generic), ("okta", Profile::Okta)] {
        let settings = ConnectionSettings { read_roles: true, ..ConnectionSettings::of(profile) };
        let connection = organization.connection_with(name, settings).await;
        let base = format!("{}/scim/v2", world.origin);
        let report = said(doctor(&base, connection.token(), &["-o", "json", "--read-only"])).await.report();
        assert_eq!(named(&report, &["fault", "advice"]), BTreeSet::new(), "{report:#}");
        let held = named(&report, &["holds"]);
        for rule in ["roles-list", "roles-by-id", "me-says-what-it-is"] {
            assert!(held.contains(rule), "{rule} was not asked for: {report:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strict_connection_keeps_the_rfcs() {
    let world = World::start().await;
    let settings = ConnectionSettings { dialect: ScimDialect::Strict, ..ConnectionSettings::of(Profile::Generic) };
    let connection = world.organization("acme").await.connection_with("strict", settings).await;
    let base = format!("{}/scim/v2", world.origin);
    let said = said(doctor(&base, connection.token(), &["--rfc-only", "-o", "json"])).await;
    let report = said.report();
    // The Interop Profile demands what the RFC forbids: a PATCH without path is refused.
    assert_eq!(named(&report, &["fault"]), BTreeSet::from(["patch-without-path".to_owned()]), "{}", said.out);
}
