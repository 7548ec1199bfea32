//! The whole way with a real browser, with script and without: the link, the password, the app and its codes, the mail.

use crate::scene::{Scene, everywhere_with};
use castgate::app::Clock;
use serde_json::{Value, json};
use std::{env, path::PathBuf, time::Duration};
use tempfile::TempDir;

const ADA: &str = "ada@example.com";

/// Whether the browser is there.
fn have_browser() -> bool {
    let tools = ["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"];
    let Some(missing) = tools.iter().find(|tool| env::var_os(tool).is_none()) else { return true };
    assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "{missing} is not set");
    eprintln!("skipped: {missing} is not set; tests/run sets it");
    false
}

/// What the browser said of its journey, while the post goes out as it does in a running gateway.
async fn journey(scene: &Scene, more: &[&str]) -> Value {
    let invitation = format!("/invitations/{}", scene.invite(ADA).await);
    let directory = TempDir::new().unwrap();
    let pictures = env::var_os("CASTGATE_TEST_SCREENSHOTS").map_or(directory.path().to_owned(), PathBuf::from);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/browser/password.mjs");
    let mut command = tokio::process::Command::new("node");
    command.args([script, "--url", &scene.world.origin, "--invitation", &invitation, "--email", ADA]);
    command.args(["--organization", "acme"]).arg("--mail").arg(scene.mail()).args(more);
    command.arg("--screenshots").arg(pictures.join(format!("password{}", more.concat())));
    let postman = async {
        loop {
            scene.world.app.send_letters().await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let output = tokio::select! {
        output = command.output() => output.unwrap(),
        never = postman => never,
    };
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_its_app_and_its_mail_are_used_in_chromium_with_script_and_without() {
    if !have_browser() {
        return;
    }
    for more in [&[][..], &["--no-script"]] {
        everywhere_with(
            Clock::machine,
            |_| {},
            async |scene| {
                let said = journey(scene, more).await;
                assert_eq!((&said["problems"], &said["ok"]), (&json!([]), &json!(true)), "{}: {said:#}", scene.engine);
                assert_eq!(said["done"].as_array().unwrap().len(), 4, "{said:#}");
                assert_eq!(scene.told("recovery_codes.used").await, 1, "the journey's own words are the trail's");
            },
        )
        .await;
    }
}
