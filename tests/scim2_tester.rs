//! scim2-tester, a conformance suite of somebody else, goes through the server. It creates, changes and deletes resources with
//! every attribute that `/Schemas` names.
//!
//! `tests/run` installs it and sets `CASTGATE_TEST_VENV`. Without that the test says that it skips, except where
//! `CASTGATE_TEST_LEGS=required` forbids it.

mod world;

use castgate::model::Profile;
use std::{env, path::Path, process::Command};
use world::World;

/// As many checks as it makes of the attributes that `/Schemas` names: fewer mean that it did not get to its end.
const CHECKS: usize = 135;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_check_of_scim2_tester_succeeds() {
    if env::var_os("CASTGATE_TEST_VENV").is_none() {
        assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_VENV is not set");
        eprintln!("skipped: CASTGATE_TEST_VENV is not set; tests/run sets it");
        return;
    }
    let world = World::start().await;
    let connection = world.organization("acme").await.connection("tester", Profile::Generic).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig/scim2_tester.sh");
    let mut command = Command::new(script);
    command.arg(format!("{}/scim/v2", world.origin)).arg(connection.token());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let succeeded = said.lines().filter(|line| line.starts_with("SUCCESS ")).count();
    assert!(output.status.success() && succeeded == CHECKS, "{succeeded} of {CHECKS}\n{said}\n{errors}");
}
