//! The same with a real browser: the provider is another site, and its form brings only the cookies that may come along.

use crate::{have, provider::Kind, scene::Scene};
use serde_json::{Value, json};
use std::{env, path::PathBuf, process::Command};
use tempfile::TempDir;

const TOOLS: [&str; 2] = ["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"];

async fn visit(scene: &Scene, name: &str) -> Value {
    let directory = TempDir::new().unwrap();
    let screenshots = env::var_os("CASTGATE_TEST_SCREENSHOTS").map_or(directory.path().to_owned(), PathBuf::from);
    let script = crate::provider::rig("browser/saml_sign_in.mjs");
    let mut command = Command::new("node");
    command.arg(script).args(["--url", &scene.world.origin, "--email", "alice@example.test", "--user", "alice"]);
    command.arg("--screenshots").arg(screenshots.join(name));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(said.lines().last().unwrap_or_default())
        .unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_signs_in_by_simplesamlphp_and_out_again() {
    if !have(&TOOLS) {
        return;
    }
    let Some(scene) = Scene::set_at(Kind::SimpleSamlPhp, json!({}), "localhost").await else { return };
    let said = visit(&scene, "simplesamlphp").await;
    assert_eq!((&said["problems"], &said["ok"]), (&json!([]), &json!(true)), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_takes_the_question_to_pysaml2_by_a_form_without_a_click() {
    if !have(&TOOLS) {
        return;
    }
    let Some(scene) = Scene::set_at(Kind::Pysaml2, json!({}), "localhost").await else { return };
    let path = format!("/connections/{}", scene.connection);
    let mut settings = scene.api("GET", &path, None).await.expect(200).json()["settings"].clone();
    settings["saml"]["sign_on"].as_array_mut().unwrap().retain(|endpoint| endpoint["binding"] == "post");
    settings["saml"]["metadata_url"] = json!(null);
    scene.api("PUT", &path, Some(json!({"settings": settings}))).await.expect(200);
    let said = visit(&scene, "pysaml2").await;
    assert_eq!((&said["problems"], &said["ok"]), (&json!([]), &json!(true)), "{said}");
}
