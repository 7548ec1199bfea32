//! The document is one, and says what there is. A validator of somebody else reads it.

use crate::world::World;
use castgate::http::{self, BodyLimit, Declared};
use serde_json::Value;
use std::{collections::HashSet, env, fmt::Write as _, fs, process::Command};
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

/// Each route on one line: method, path, who, organization, need, body, answers, events.
#[test]
fn every_route_on_one_line() {
    let mut table = String::new();
    for declared in http::routes() {
        let need = declared.need.map_or_else(|| "-".to_owned(), |need| need.to_string());
        let body = match declared.body {
            BodyLimit::Unread => "no body",
            BodyLimit::Usual => "256 KiB",
            BodyLimit::Saml => "1 MiB",
            BodyLimit::Configuration => "5 MiB",
            BodyLimit::Scim => "scim.max_body",
        };
        let tells: Vec<&str> = declared.tells.iter().map(|kind| kind.name()).collect();
        let answers: Vec<String> = declared.answers.iter().map(|answer| answer.status.to_string()).collect();
        let Declared { method, path, who, organization, .. } = &declared;
        let (tells, answers) = (tells.join(" "), answers.join(","));
        let line = format!("{method} {path} | {who:?} | {organization:?} | {need} | {body} | {answers} | {tells}");
        writeln!(table, "{}", line.trim_end()).unwrap();
    }
    insta::assert_snapshot!(table);
}

/// Each operation of the document on one line, and the codes of refusals.
#[tokio::test]
async fn every_operation_on_one_line_and_every_code() {
    let world = World::start().await;
    let document = world.client.get("/openapi.json", &[]).await.expect(200).json();
    let names = |of: &Value| of.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>().join(","));
    let mut table = String::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap();
            let parameters: Vec<_> = parameters.iter().map(|one| one["name"].as_str().unwrap()).collect();
            let id = operation["operationId"].as_str().unwrap();
            let body = names(&operation["requestBody"]["content"]).unwrap_or_default();
            let statuses = names(&operation["responses"]).unwrap();
            writeln!(table, "{method} {path} {id} ({}) [{body}] {statuses}", parameters.join(",")).unwrap();
        }
    }
    insta::assert_snapshot!("operations", table);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    insta::assert_snapshot!("codes", schemas["Problem"]["properties"]["code"]["description"].as_str().unwrap());
    for name in schemas.keys() {
        let is_second = name.ends_with(char::is_numeric);
        assert!(!is_second, "{name}: two types have one name; give one of them another with schemars(rename)");
    }
}

#[test]
fn what_a_declaration_says_is_whole() {
    let mut seen = HashSet::new();
    for declared in http::routes() {
        let what = format!("{} {}", declared.method, declared.path);
        assert!(seen.insert(what.clone()), "{what} stands there twice");
        assert!(!declared.summary.is_empty(), "{what} says nothing of itself");
        assert!(!declared.answers.is_empty(), "{what} has no answer");
        if declared.path.starts_with("/api/") {
            for name in declared.part_names() {
                assert!(declared.parts.iter().any(|(known, _)| *known == name), "{what}: {name} has no type");
            }
            let is_read = declared.body != BodyLimit::Unread;
            assert_eq!(
                is_read,
                !declared.takes.is_empty(),
                "{what}: what is read is declared, and the other way round"
            );
            assert_eq!(is_read, declared.example.is_some(), "{what}: a body has an example");
            let harmless = [
                "/api/v1/mapping/check",
                "/api/v1/mapping/plan",
                "/api/v1/mapping/replay",
                "/api/v1/configuration/plan",
                "/api/v1/authorize",
                "/api/v1/role-changes/preview",
                "/api/v1/member-changes/preview",
                "/api/v1/access-reviews/{id}/preview",
                "/api/v1/undo/preview",
            ];
            let is_harmless = declared.method == "GET" || harmless.contains(&declared.path.as_str());
            assert!(declared.is_change() || is_harmless, "{what} changes something and tells nobody");
        }
    }
}
