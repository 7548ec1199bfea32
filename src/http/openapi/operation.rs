//! One operation of the document, from one declaration.

use super::reader;
use crate::{
    app::Need,
    http::{
        doors::{Answered, BodyLimit, Caller, Declared},
        error::codes::{CODES, status_of},
    },
};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What may be wrong with a body.
const READING: [&str; 6] =
    ["invalid", "invalid_json", "incomplete_body", "body_too_slow", "too_large", "unsupported_media_type"];

/// What the document says of a route.
pub(super) fn operation(
    declared: &Declared,
    generator: &mut SchemaGenerator,
    refused: &mut Map<String, Value>,
) -> Value {
    let mut operation = json!({
        "operationId": id(declared),
        "tags": [declared.noun],
        "summary": declared.summary,
        "description": description(declared),
        "parameters": parameters(declared),
        "responses": responses(declared, generator, refused),
    });
    match declared.who {
        Caller::Anyone => operation["security"] = json!([]),
        Caller::Key => operation["security"] = json!([{"apiKey": []}]),
        Caller::SignedIn | Caller::SessionOrKey | Caller::ScimToken => {}
    }
    if let Some(body) = body(declared) {
        operation["requestBody"] = body;
    }
    operation
}

/// `post_connections_id_tokens`
fn id(declared: &Declared) -> String {
    let words = declared.path.trim_start_matches("/api/v1").split(['/', '-', '.', '_']);
    let words = words.map(|word| word.trim_matches(['{', '}'])).filter(|word| !word.is_empty());
    words.fold(declared.method.to_ascii_lowercase(), |id, word| format!("{id}_{word}"))
}

fn description(declared: &Declared) -> String {
    let mut said: Vec<String> = Vec::new();
    if !declared.detail.is_empty() {
        said.push(declared.detail.to_owned());
    }
    match declared.need {
        Some(Need::Capability(capability)) => said.push(format!("Needs `{capability}` on the whole organization.")),
        Some(Need::Self_ | Need::Directory | Need::Operator) | None => {}
    }
    if declared.is_change() {
        let kinds: Vec<String> = declared.tells.iter().map(|kind| format!("`{}`", kind.name())).collect();
        said.push(format!("Events that it may write: {}.", kinds.join(", ")));
    }
    said.join("\n\n")
}

fn parameters(declared: &Declared) -> Vec<Value> {
    let mut all = Vec::new();
    for name in declared.part_names() {
        let typed = declared.parts.iter().find(|(known, _)| *known == name);
        let schema = typed.map_or_else(|| json!({"type": "string"}), |(_, schema)| json!(schema.make(&mut reader())));
        all.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
    }
    if let Some(query) = declared.query {
        let schema = json!(query.make(&mut reader()));
        let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        for (name, of) in schema["properties"].as_object().unwrap_or(&Map::new()) {
            let description = of["description"].clone();
            let mut of = of.clone();
            // A parameter is there or it is not: none is ever null.
            if let Some(kinds) = of.get_mut("type")
                && let Some(all) = kinds.as_array_mut()
            {
                all.retain(|kind| kind != "null");
                if let [only] = all.as_slice() {
                    *kinds = only.clone();
                }
            }
            let mut one = json!({"name": name, "in": "query", "required": required(name), "schema": of});
            if description.is_string() {
                one["description"] = description;
            }
            all.push(one);
        }
    }
    all.extend(headers(declared).into_iter().map(|(name, description)| {
        json!({"name": name, "in": "header", "required": false, "description": description, "schema": {"type": "string"}})
    }));
    all
}

/// Headers that a route understands besides those of its caller.
fn headers(declared: &Declared) -> Vec<(&'static str, &'static str)> {
    let mut all = Vec::new();
    if declared.answers.iter().any(|answer| answer.status == 304) {
        all.push(("If-None-Match", "The ETag of an answer that the caller has: 304 if it is still right."));
    }
    if declared.refuses.contains(&"changed") {
        all.push(("If-Match", "The ETag of what the caller saw: 412 if it has changed since."));
    }
    if declared.is_replayed() {
        all.push((
            "Idempotency-Key",
            "A text of the caller's own: the request is done once, and answered alike for 24 hours.",
        ));
    }
    all
}

fn body(declared: &Declared) -> Option<Value> {
    if declared.takes.is_empty() {
        return None;
    }
    let (mut content, mut required) = (Map::new(), false);
    for taken in &declared.takes {
        let schema = match taken.media {
            "application/yaml" => json!({}), // whatever stands there is a text
            _ => json!(taken.schema.make(&mut reader())),
        };
        required |= schema["required"].as_array().is_some_and(|all| !all.is_empty());
        let mut of = json!({"schema": schema});
        if let (Some(example), "application/json") = (declared.example, taken.media) {
            of["example"] = example();
        }
        content.insert(taken.media.to_owned(), of);
    }
    // No body at all says nothing, as an empty object does.
    Some(json!({"required": required, "content": content}))
}

/// The answers. Refusals that several routes share stand among the components once.
fn responses(declared: &Declared, generator: &mut SchemaGenerator, refused: &mut Map<String, Value>) -> Value {
    let mut all: BTreeMap<u16, Value> = BTreeMap::new();
    for answer in &declared.answers {
        let mut of = answered(*answer, declared, generator);
        // One status may come as several media types.
        let before = all.remove(&answer.status).and_then(|before| before.get("content").cloned());
        if let (Some(Value::Object(before)), Some(Value::Object(content))) = (before, of.get_mut("content")) {
            content.extend(before);
        }
        all.insert(answer.status, of);
    }
    for (status, codes) in refusals(declared) {
        let meaning = |code: &str| CODES.iter().find(|known| known.word == code).map_or("", |known| known.meaning);
        let said: Vec<String> = codes.iter().map(|code| format!("`{code}`: {}", meaning(code))).collect();
        let content = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        let name = codes.iter().fold(status.to_string(), |name, code| format!("{name}.{code}"));
        all.insert(status, json!({"$ref": format!("#/components/responses/{name}")}));
        refused.insert(name, json!({"description": said.join("\n\n"), "content": content}));
    }
    let all: Map<String, Value> = all.into_iter().map(|(status, of)| (status.to_string(), of)).collect();
    Value::Object(all)
}

fn answered(answer: Answered, declared: &Declared, generator: &mut SchemaGenerator) -> Value {
    let description = match answer.status {
        201 => "Made.",
        204 => "Done.",
        303 => "See there.",
        304 => "What the caller has is still right.",
        _ => "Done: this is it.",
    };
    let mut of = json!({"description": description});
    if let Some(media) = answer.media {
        let schema = answer.schema.map_or_else(|| json!({}), |schema| json!(schema.make(generator)));
        of["content"] = json!({media: {"schema": schema}});
    }
    let has_tag = declared.answers.iter().any(|other| other.status == 304);
    if has_tag {
        of["headers"] = json!({"ETag": {"description": "The version, for If-Match and If-None-Match.", "schema": {"type": "string"}}});
    }
    of
}

/// The refusals of a route by status: what follows from the rest of the declaration, and its own.
pub(super) fn refusals(declared: &Declared) -> BTreeMap<u16, BTreeSet<&'static str>> {
    let mut codes: BTreeSet<&'static str> = declared.refuses.iter().copied().collect();
    codes.extend(["unavailable", "overloaded", "draining", "timed_out", "rate_limited", "bad_request"]);
    match declared.who {
        Caller::Anyone => {}
        Caller::SignedIn | Caller::SessionOrKey | Caller::Key | Caller::ScimToken => {
            codes.extend(["not_signed_in", "forbidden", "terms_not_accepted"]);
        }
    }
    if declared.query.is_some() || !declared.parts.is_empty() {
        codes.insert("invalid");
    }
    if !declared.parts.is_empty() {
        codes.insert("not_found");
    }
    match declared.body {
        BodyLimit::Unread => {}
        BodyLimit::Usual | BodyLimit::Saml | BodyLimit::Configuration | BodyLimit::Scim => codes.extend(READING),
    }
    if declared.is_replayed() {
        codes.extend(["idempotency_key_reused", "in_progress", "answer_lost"]);
    }
    let mut by_status: BTreeMap<u16, BTreeSet<&'static str>> = BTreeMap::new();
    for code in codes {
        by_status.entry(status_of(code)).or_default().insert(code);
    }
    by_status
}
