//! scim-sanity, a conformance probe of somebody else, goes through the server: discovery, the lives of users and groups, searches
//! and errors, as the RFCs want them and without its allowances.
//!
//! `tests/run` installs it and sets `CASTGATE_TEST_VENV`. Without that the test says that it skips, except where
//! `CASTGATE_TEST_LEGS=required` forbids it.

mod world;

use castgate::model::{ConnectionSettings, PatchResponse, Profile};
use serde_json::Value;
use std::{env, process::Command};
use world::World;

/// As many as it makes of a server with users and groups: fewer mean that it did not get to its end.
const CHECKS: u64 = 28;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_check_of_scim_sanity_succeeds() {
    let Some(environment) = env::var_os("CASTGATE_TEST_VENV") else {
        assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_VENV is not set");
        eprintln!("skipped: CASTGATE_TEST_VENV is not set; tests/run sets it");
        return;
    };
    let world = World::start().await;
    // It takes 204 for no answer to a PATCH, which Microsoft's own collection demands: the two are settings.
    let settings =
        ConnectionSettings { patch_response: PatchResponse::Body, ..ConnectionSettings::of(Profile::Generic) };
    let connection = world.organization("acme").await.connection_with("sanity", settings).await;
    let mut command = Command::new(std::path::Path::new(&environment).join("bin/scim-sanity"));
    command.args(["probe", "--strict", "--json-output", "--i-accept-side-effects", "--token", connection.token()]);
    command.arg(format!("{}/scim/v2", world.origin));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}\n{said}\n{errors}"));
    let summary = &report["summary"];
    assert!(output.status.success(), "{report:#}\n{errors}");
    assert_eq!((summary["failed"].as_u64(), summary["errors"].as_u64()), (Some(0), Some(0)), "{report:#}");
    assert!(summary["passed"].as_u64().is_some_and(|passed| passed >= CHECKS), "{summary:#}");
}
