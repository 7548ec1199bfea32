//! What is fuzzed: bytes go in, and nothing may panic, hang or disagree with itself. The root of whoever uses this file has the
//! modules `filter` and `scim`.

use crate::{
    filter::{Dialect, Filter, StandardKinds, parse, parse_path},
    model::ExtensionSchema,
    scim::{Extensions, GroupDocument, Patch, Query, ResourceType, USER_SCHEMA, UserDocument, parse_object},
};
use serde_json::{Map, Value, json};

const DIALECTS: [Dialect; 2] = [Dialect::Tolerant, Dialect::Strict];

/// Somebody with something in every kind of attribute.
fn somebody() -> Map<String, Value> {
    let body = json!({
        "schemas": [USER_SCHEMA], "userName": "ada@example.com", "externalId": "ext-0", "active": true, "title": "Countess",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [
            {"value": "ada@example.com", "type": "work", "primary": true}, {"value": "ada@home.example", "type": "home"},
        ],
        "roles": [{"value": "Viewer", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines", "manager": {"value": "usr_1"}},
        "meta": {"created": "2026-11-22T01:02:03Z"},
    });
    match body {
        Value::Object(body) => body,
        other => unreachable!("{other} is an object"),
    }
}

/// The URN of a schema of somebody's own.
const OWN: &str = "urn:acme:2.0:User";

/// A schema of somebody's own, with something of every type in it.
fn declared() -> Vec<ExtensionSchema> {
    let parts = json!([{"name": "value"}, {"name": "type"}, {"name": "primary", "type": "boolean"}, {"name": "rate", "type": "decimal"}]);
    let schema = json!({"urn": OWN, "attributes": [
        {"name": "badge", "type": "integer"}, {"name": "remote", "type": "boolean"}, {"name": "hired", "type": "dateTime"},
        {"name": "page", "type": "reference"}, {"name": "tags", "multi_valued": true},
        {"name": "site", "type": "complex", "sub_attributes": [{"name": "city"}, {"name": "floor", "type": "integer"}]},
        {"name": "phones", "type": "complex", "multi_valued": true, "sub_attributes": parts},
    ]});
    vec![serde_json::from_value(schema).expect("is a schema")]
}

/// The same person with values of that schema.
fn somebody_with_more() -> UserDocument {
    let mut body = somebody();
    let own = json!({"badge": 7, "tags": ["a", "b"], "site": {"city": "Turin", "floor": 3},
                     "phones": [{"value": "1", "type": "desk", "primary": true}, {"value": "2", "type": "home"}]});
    body.insert(OWN.to_owned(), own);
    let read = UserDocument::parse_extended(&body, Dialect::Tolerant, Extensions(&declared()));
    read.expect("is somebody").0
}

/// A filter: what prints reads back as the same, and what is strict is tolerable.
pub fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let resource = Value::Object(somebody());
    for dialect in DIALECTS {
        let Ok(filter) = parse(text, dialect) else { continue };
        let printed = filter.to_string();
        let again: Filter = parse(&printed, Dialect::Strict)
            .or_else(|_| parse(&printed, dialect))
            .unwrap_or_else(|error| panic!("{text:?} prints as {printed:?}, which does not parse: {error}"));
        assert_eq!(again.to_string(), printed, "{text:?}");
        let verdict = filter.matches(&resource, &StandardKinds);
        assert_eq!(verdict, again.matches(&resource, &StandardKinds), "{text:?} and {printed:?} disagree");
        assert_eq!(filter.explain(&resource, &StandardKinds).matched, verdict, "{text:?} explains another verdict");
        let tolerant = parse(text, Dialect::Tolerant);
        assert!(tolerant.is_ok(), "{text:?} is strict and not tolerable");
        for kind in [ResourceType::User, ResourceType::Group] {
            let _ = Query::parse(kind, &[("filter".to_owned(), text.to_owned())], dialect);
        }
        let (declared, parameters) = (declared(), [("filter".to_owned(), text.to_owned())]);
        let query = Query::parse_extended(ResourceType::User, &parameters, dialect, Extensions(&declared));
        if let Some(filter) = query.ok().and_then(|query| query.filter) {
            let resource = Value::Object(somebody_with_more().into_map());
            let kinds = Extensions(&declared);
            assert_eq!(filter.explain(&resource, &kinds).matched, filter.matches(&resource, &kinds), "{text:?}");
        }
    }
}

/// A PATCH path.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for dialect in DIALECTS {
        let Ok(path) = parse_path(text, dialect) else { continue };
        let printed = path.to_string();
        let again = parse_path(&printed, dialect)
            .unwrap_or_else(|error| panic!("{text:?} prints as {printed:?}, which does not parse: {error}"));
        assert_eq!(again.to_string(), printed, "{text:?}");
        for op in ["add", "replace", "remove"] {
            let operation = json!([{"op": op, "path": text, "value": "x"}]);
            apply(&json!({"Operations": operation}), dialect);
        }
    }
}

/// A PATCH of somebody and of a group. In the tolerant dialect, doing it twice is doing it once.
pub fn patch(data: &[u8]) {
    let Ok(body) = parse_object(data) else { return };
    for dialect in DIALECTS {
        apply(&Value::Object(body.clone()), dialect);
    }
}

fn apply(body: &Value, dialect: Dialect) {
    let Some(body) = body.as_object() else { return };
    let Ok(patch) = Patch::parse(body, dialect) else { return };
    let _ = patch.for_group();
    apply_with_more(body, &patch, dialect);
    let Ok((before, _)) = UserDocument::parse(&somebody(), Dialect::Tolerant) else { return };
    let Ok(once) = patch.apply_to_user(&before) else { return };
    assert_eq!(once.changed, once.document != before);
    assert!(!once.document.user_name().is_empty(), "a user without a name came of {body:?}");
    // The strict dialect keeps as a text what the tolerant one would look into.
    if dialect == Dialect::Tolerant {
        whole(&once.document);
    }
    if patch.operations.len() == 1 && dialect == Dialect::Tolerant {
        let twice = patch.apply_to_user(&once.document).map(|patched| patched.document);
        assert_eq!(twice.as_ref().ok(), Some(&once.document), "twice is not once: {body:?}");
    }
}

/// The same for somebody on a connection with a schema of its own.
fn apply_with_more(body: &Map<String, Value>, patch: &Patch, dialect: Dialect) {
    let (declared, before) = (declared(), somebody_with_more());
    let extensions = Extensions(&declared);
    let Ok(once) = patch.apply_to_extended_user(&before, extensions) else { return };
    if dialect == Dialect::Strict {
        return;
    }
    let mut again = once.document.as_map().clone();
    for (urn, kept) in again.iter().filter(|(name, _)| Extensions::is_own(name)) {
        assert_eq!(extensions.told(urn, kept).as_ref(), Some(kept), "what is kept is what is told: {body:?}");
    }
    again.insert("schemas".to_owned(), json!([USER_SCHEMA]));
    match UserDocument::parse_extended(&again, Dialect::Tolerant, extensions) {
        Ok((again, _)) => assert_eq!(again, once.document, "{body:?}"),
        Err(error) => panic!("{again:?} is kept and would not be taken: {error:?}"),
    }
    if patch.operations.len() == 1 {
        let twice = patch.apply_to_extended_user(&once.document, extensions).map(|patched| patched.document);
        assert_eq!(twice.as_ref().ok(), Some(&once.document), "twice is not once: {body:?}");
    }
}

/// What is kept is in the form in which it would come in again.
fn whole(document: &UserDocument) {
    let mut body = document.as_map().clone();
    body.insert("schemas".to_owned(), json!([USER_SCHEMA]));
    match UserDocument::parse(&body, Dialect::Tolerant) {
        Ok((again, _)) => assert_eq!(&again, document),
        Err(error) => panic!("{body:?} is kept and would not be taken: {error:?}"),
    }
}

/// The body of a POST or PUT.
pub fn body(data: &[u8]) {
    let Ok(body) = parse_object(data) else { return };
    let Ok((before, _)) = UserDocument::parse(&somebody(), Dialect::Tolerant) else { return };
    for dialect in DIALECTS {
        let declared = declared();
        let _ = UserDocument::parse_extended(&body, dialect, Extensions(&declared));
        let made = UserDocument::parse(&body, dialect);
        let replaced = UserDocument::parse_replacement(&body, &before, dialect, Extensions::default());
        for (user, _) in [made, replaced].into_iter().flatten().filter(|_| dialect == Dialect::Tolerant) {
            whole(&user);
        }
        if let Ok((group, _)) = GroupDocument::parse(&body, dialect) {
            assert!(!group.display_name.is_empty());
        }
        for kind in [ResourceType::User, ResourceType::Group] {
            let _ = Query::from_search(kind, &body, dialect, Extensions::default());
        }
    }
}
