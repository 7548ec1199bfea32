//! Every page in a real browser: it fits, axe-core finds nothing, and the content security policy is never broken.

use crate::{
    canaries::canaries,
    have,
    issuer::{By, Issuer},
    scene::Scene,
};
use castgate::{app::RoleChange, model::BuiltInRole};
use serde_json::Value;
use std::{env, path::Path, process::Command};
use tempfile::TempDir;

/// Where the browser's script is.
pub fn rig(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig").join(file)
}

/// Where pictures go: kept where `CASTGATE_TEST_SCREENSHOTS` says.
pub fn pictures(directory: &TempDir) -> std::path::PathBuf {
    env::var_os("CASTGATE_TEST_SCREENSHOTS")
        .map_or(directory.path().to_owned(), std::path::PathBuf::from)
        .join("console")
}

/// Runs one of the browser's scripts; its problems fail the test.
pub async fn browse(script: &str, arguments: Vec<String>) -> Value {
    let mut command = Command::new("node");
    command.arg(rig(script)).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert!(output.status.success() && said["ok"] == true, "{:#}", said["problems"]);
    said
}

/// Another version of the mapping.
const MAPPING_TOO: &str = "default: viewer
rules:
  - name: analysts of finance
    groups: [okta/finance]
    grant: analyst
  - name: whoever manages engineers owns
    when: department eq \"Engineering\" and title sw \"Head\"
    grant: owner
tests:
  - name: an accountant is an analyst
    given: {groups: [finance]}
    expect: [analyst]
";

/// The pages that need no name of anything.
pub fn pages_without_ids() -> Vec<String> {
    castgate::http::routes()
        .iter()
        .filter(|route| {
            route.method == "GET"
                && route.path.starts_with("/console/")
                && route.answers.iter().any(|answer| answer.media == Some("text/html"))
        })
        .filter(|route| !route.path.contains('{') && route.path != "/console/role-changes")
        .map(|route| route.path.clone())
        .collect()
}

/// The pages of the console with something on each of them.
async fn pages((scene, issuer): (&Scene, &Issuer)) -> Vec<String> {
    let (ada, katherine) = (&scene.people[0], &scene.people[2]);
    scene.key(ada, "terraform", 7).await;
    scene.key(katherine, "cost report", 2).await;
    scene.key(katherine, "old laptop", 0).await;
    let machine = scene.machine("agent of staging-eu").await;
    scene.invitation("dorothy@elsewhere.test").await;
    let app = &scene.world.app;
    let group = app.create_local_group(&scene.acme.operator, "night shift").await.unwrap();
    app.join_local_group(&scene.acme.operator, &group.id, &castgate::model::Holder::User(ada.parse().unwrap()))
        .await
        .ok();
    let wish = castgate::app::RoleWish {
        name: Some("Cost watcher".to_owned()),
        description: Some("Sees what clusters cost".to_owned()),
        capabilities: Some([castgate::model::Capability::ViewCosts].into()),
        if_match: None,
    };
    let role = app.create_role(&scene.acme.operator, wish).await.unwrap().role.id;
    let cluster = app.clusters(&scene.acme.operator).await.unwrap().remove(0).id;
    let suspend = serde_json::to_string(&RoleChange::Suspend { user: ada.parse().unwrap() }).unwrap();
    let suspend = url::form_urlencoded::Serializer::new(String::new()).append_pair("change", &suspend).finish();
    let machine = format!("/console/service-accounts/{machine}");
    let (group, role, cluster) = (
        format!("/console/groups/{}", group.id),
        format!("/console/roles/{role}"),
        format!("/console/clusters/{cluster}"),
    );
    let review = scene.review().await;
    let decided = scene.page(&review, &scene.owner).await.text;
    let redundant = crate::reviews::proposal(&decided, "Role that a group gives as well");
    let fields = [("id", redundant.as_str()), ("verdict", "remove"), ("note", "the group is enough")];
    scene.change(&format!("{review}/decisions"), &scene.owner, &fields).await.expect(303);
    let leaver = scene.person("leaver", "Dorothy Vaughan", "Finance").await;
    scene.key(&leaver, "night jobs", 1).await;
    let from = app.clock().now();
    scene.push.delete(&format!("/Users/{leaver}")).await.expect(204);
    let receipt = app.receipts(&scene.acme.operator, None, ("", 1)).await.unwrap().remove(0).id;
    let span = [("source", "scim:okta"), ("from", &from.to_string()), ("to", &app.clock().now().to_string())];
    let span = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(span).finish();
    scene.world.app.publish_mapping(&scene.acme.operator, MAPPING_TOO).await.unwrap();
    // Behind the mapping: its tests speak of the one connection that there was.
    let mut kinds = Vec::new();
    for kind in ["entra", "google", "oidc", "saml", "scim"] {
        let fields = [("kind", kind), ("name", kind), ("domains", "")];
        let made = scene.change("/console/connections", &scene.owner, &fields).await.expect(303);
        kinds.push(made.header("location").replace("said=created&", ""));
    }
    let (webhook, _) = scene.webhook("SIEM").await;
    let token = scene.stream(&issuer.url).await;
    for (event, by) in [("session-revoked", By::Es256), ("device-compliance-change", By::Stranger)] {
        scene.told(&token, &scene.event(&format!("caep/event-type/{event}")), by).await;
    }
    let mut all = pages_without_ids();
    all.extend([
        format!("/console/members/{ada}"),
        format!("/console/members/several?do=suspend&id={ada}&id={katherine}"),
        format!("/console/role-changes?user={katherine}&role=viewer"),
        format!("/console/role-changes?{suspend}"),
        machine,
        group,
        role,
        cluster,
        format!("/console/connections/{}", scene.push.stored.id),
        format!("/console/graph?subject={katherine}"),
        format!("/console/graph?connection={}", scene.push.stored.id),
        format!("{review}/apply"),
        review,
        format!("/console/receipts/{receipt}"),
        format!("/console/accidents/undo?{span}"),
        format!("/console/settings/webhooks/{webhook}"),
        format!("/console/settings/signals/{}", scene.push.stored.id),
        "/console/mapping/versions/2?from=1".to_owned(),
        "/console/nothing/here".to_owned(),
    ]);
    all.extend(kinds);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_every_width_and_breaks_no_rule() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let scene = Scene::set().await;
    let directory = TempDir::new().unwrap();
    let issuer = Issuer::start().await;
    let pages = pages((&scene, &issuer)).await;
    let arguments = |cookie: &str, folder: &str, more: &[&str], pages: &[String]| {
        let folder = pictures(&directory).join(folder);
        let fixed = ["--url", &scene.world.origin, "--cookie", cookie, "--screenshots", &folder.display().to_string()];
        let fixed: Vec<String> = fixed.iter().chain(more).map(|text| (*text).to_owned()).collect();
        fixed.into_iter().chain(pages.iter().cloned()).collect::<Vec<_>>()
    };
    browse("browser/console.mjs", arguments(&scene.owner, "owner", &[], &pages)).await;
    let viewer = scene.browser("vera", BuiltInRole::Viewer).await;
    let theirs = ["/console/you", "/console/roles", "/console/clusters", "/console/members"].map(str::to_owned);
    let once = ["--shapes", "1280-light,360-dark"];
    browse("browser/console.mjs", arguments(&viewer, "viewer", &once, &theirs)).await;
    for (number, name) in canaries().iter().enumerate() {
        scene.person(&format!("canary-{number}"), name, name).await;
    }
    let people = ["/console/members".to_owned()];
    browse("browser/console.mjs", arguments(&scene.owner, "canaries", &once, &people)).await;
    browse(
        "browser/console.mjs",
        arguments(&scene.owner, "no-script", &["--no-script", "--shapes", "1280-light"], &people),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_tasks_are_done_by_keyboard_alone_with_script_and_without() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    for script in [&[][..], &["--no-script"]] {
        let scene = Scene::set().await;
        let fixed = ["--url", &scene.world.origin, "--cookie", &scene.owner, "--person", "Grace Hopper"];
        let said =
            browse("browser/console_keyboard.mjs", fixed.iter().chain(script).map(|text| (*text).to_owned()).collect())
                .await;
        assert_eq!(said["done"].as_array().unwrap().len(), 4, "{said}");
    }
}
