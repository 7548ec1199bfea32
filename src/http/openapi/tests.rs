use super::*;
use crate::http::doors::BodyLimit;
use std::fmt::Write as _;

/// Each route on one line: method, path, who, organization, need, body, events, statuses.
#[test]
fn every_route_on_one_line() {
    let mut table = String::new();
    for declared in crate::http::routes() {
        let need = declared.need.map_or_else(|| "-".to_owned(), |need| need.to_string());
        let body = match declared.body {
            BodyLimit::Unread => "no body",
            BodyLimit::Usual => "256 KiB",
            BodyLimit::Scim => "scim.max_body",
        };
        let tells: Vec<&str> = declared.tells.iter().map(|kind| kind.name()).collect();
        let answers: Vec<String> = declared.answers.iter().map(|answer| answer.status.to_string()).collect();
        let Declared { method, path, who, organization, .. } = &declared;
        let (tells, answers) = (tells.join(" "), answers.join(","));
        writeln!(table, "{method} {path} | {who:?} | {organization:?} | {need} | {body} | {answers} | {tells}")
            .unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_operation_on_one_line() {
    let document = document(&crate::http::routes());
    let mut table = String::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let names = |of: &Value| of.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>().join(","));
            let parameters = operation["parameters"].as_array().unwrap();
            let parameters: Vec<_> = parameters.iter().map(|one| one["name"].as_str().unwrap()).collect();
            let id = operation["operationId"].as_str().unwrap();
            let body = names(&operation["requestBody"]["content"]).unwrap_or_default();
            let statuses = names(&operation["responses"]).unwrap();
            writeln!(table, "{method} {path} {id} ({}) [{body}] {statuses}", parameters.join(",")).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_codes_are_stable() {
    let lines: Vec<String> =
        CODES.iter().map(|Code { code, status, meaning }| format!("{status} {code}: {meaning}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let mut words: Vec<&str> = CODES.iter().map(|known| known.code).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), CODES.len(), "a code has one status");
}

#[test]
fn what_a_declaration_says_is_whole() {
    let mut ids = std::collections::HashSet::new();
    for declared in crate::http::routes() {
        let what = format!("{} {}", declared.method, declared.path);
        assert!(ids.insert(what.clone()), "{what} stands there twice");
        assert!(!declared.summary.is_empty(), "{what} says nothing of itself");
        assert!(!declared.answers.is_empty(), "{what} has no answer");
        for code in &declared.refuses {
            assert!(CODES.iter().any(|known| known.code == *code), "{what}: {code} is no code");
        }
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
            let changes = declared.method != "GET";
            let harmless = ["/api/v1/mapping/check", "/api/v1/mapping/plan", "/api/v1/authorize"];
            let is_harmless = harmless.contains(&declared.path.as_str());
            assert!(!changes || declared.is_change() || is_harmless, "{what} changes something and tells nobody");
        }
    }
}

#[test]
fn no_type_of_the_document_stands_there_under_two_names() {
    let document = document(&crate::http::routes());
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let is_second = name.ends_with(char::is_numeric);
        assert!(!is_second, "{name}: two types have one name; give one of them another with schemars(rename)");
    }
}
