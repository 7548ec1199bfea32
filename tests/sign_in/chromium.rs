//! The same with a real browser, which holds every page to its content security policy.

use crate::{have, provider::rig, scene::Scene};
use serde_json::Value;
use std::{env, fs, path::PathBuf, process::Command};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_signs_in_and_has_nothing_to_complain_about() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let Some(scene) = Scene::set("RS256").await else { return };
    let directory = TempDir::new().unwrap();
    let screenshots = env::var_os("CASTGATE_TEST_SCREENSHOTS").map_or(directory.path().to_owned(), PathBuf::from);
    let known = visit(&scene, &screenshots.join("known"), &["--email", "alice@example.test", "--user", "alice"]).await;
    assert_eq!(known.last().map(String::as_str), Some("/account"), "{known:?}");
    assert!(known.iter().any(|path| path == "/terms"), "{known:?}");
    let asked = ["--email", "bob@elsewhere.test", "--user", "bob", "--organization", "acme"];
    let asked = visit(&scene, &screenshots.join("asked"), &asked).await;
    assert_eq!(asked[..2], ["/login", "/login"], "the second page asks for the organization: {asked:?}");
    let plain = ["--email", "alice@example.test", "--user", "alice", "--no-script"];
    let plain = visit(&scene, &screenshots.join("no-script"), &plain).await;
    assert_eq!(plain.last().map(String::as_str), Some("/account"), "it works without script: {plain:?}");
    let console =
        ["--email", "alice@example.test", "--user", "alice", "--start", "/console/you", "--end", "/console/you"];
    let console = visit(&scene, &screenshots.join("console"), &console).await;
    assert_eq!(
        console.last().map(String::as_str),
        Some("/console/you"),
        "they come out where they wanted to: {console:?}"
    );
}

/// The paths of the pages that a person saw on the way in.
async fn visit(scene: &Scene, screenshots: &std::path::Path, person: &[&str]) -> Vec<String> {
    let mut command = Command::new("node");
    command.arg(rig("browser/sign_in.mjs")).args(["--url", &scene.world.origin, "--end", "/account"]);
    // What is said twice counts as it was said last.
    command.args(person).arg("--screenshots").arg(screenshots);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert!(output.status.success() && said["ok"] == true, "{said:#}");
    let pages = said["pages"].as_array().unwrap();
    for page in pages {
        let size = fs::metadata(page["screenshot"].as_str().unwrap()).unwrap().len();
        assert!(size > 1000, "{page}");
    }
    let path = |page: &Value| url::Url::parse(page["url"].as_str().unwrap()).unwrap().path().to_owned();
    pages.iter().map(path).collect()
}
