//! `castgate login` with a real browser, which holds every page to its content security policy.

use crate::Scene;
use serde_json::Value;
use std::{env, path::PathBuf};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_carries_the_answer_to_the_command_line() {
    for tool in ["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"] {
        if env::var_os(tool).is_none() {
            assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "{tool} is not set");
            eprintln!("skipped: {tool} is not set; tests/run sets it");
            return;
        }
    }
    let scene = Scene::set().await;
    let waiting = scene.begin_login().await;
    let screenshots =
        env::var_os("CASTGATE_TEST_SCREENSHOTS").map_or(scene.contexts().with_file_name("seen"), PathBuf::from);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/browser/cli_login.mjs");
    let link = format!("{}/login/link?token={}", scene.world.origin, scene.organization.link);
    let mut command = tokio::process::Command::new("node");
    command
        .args([script, "--link", &link, "--address", waiting.address.as_str()])
        .arg("--screenshots")
        .arg(screenshots.join("cli"));
    let output = command.output().await.unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(said["ok"], true, "{said:#}");
    assert!(said["text"].as_str().unwrap().contains("You can close this window"), "{said:#}");
    waiting.ended().await.expect(0);
    scene.by_the_file(&["whoami"]).await.expect(0);
}
