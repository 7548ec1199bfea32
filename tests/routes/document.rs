//! The document is one, and says what there is. A validator of somebody else reads it.

use crate::world::World;
use castgate::http;
use std::{env, fs, process::Command};
use tempfile::TempDir;

/// A program that `tests/run` installed. Without it the test says that it skips, except where no leg may be missing.
pub(crate) fn outside(program: &str) -> Option<Command> {
    let Some(venv) = env::var_os("CASTGATE_TEST_VENV") else {
        assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_VENV is not set");
        eprintln!("skipped: CASTGATE_TEST_VENV is not set; tests/run sets it");
        return None;
    };
    Some(Command::new(std::path::Path::new(&venv).join("bin").join(program)))
}

#[tokio::test]
async fn a_validator_finds_nothing_wrong_with_the_document() {
    let world = World::start().await;
    let document = world.client.get("/openapi.json", &[]).await.expect(200);
    let Some(mut validator) = outside("openapi-spec-validator") else { return };
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("openapi.json");
    fs::write(&file, &document.text).unwrap();
    let output = validator.arg("--errors").arg("all").arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn the_document_has_every_route_of_the_api_and_the_page_shows_each() {
    let world = World::start().await;
    let document = world.client.get("/openapi.json", &[]).await.expect(200).json();
    let page = world.client.get("/docs/api", &[]).await.expect(200);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(!page.text.contains("<script") && !page.text.contains("style="));
    for route in http::routes().into_iter().filter(|route| route.path.starts_with("/api/")) {
        let operation = &document["paths"][&route.path][route.method.to_lowercase()];
        assert_eq!(operation["summary"], route.summary, "{} {}", route.method, route.path);
        assert!(page.text.contains(&format!("<code>{}</code>", route.path)), "{}", route.path);
    }
    assert!(page.text.contains("id=\"last_owner\""), "every code is explained where `type` points to");
}
