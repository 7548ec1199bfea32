//! Complex attributes: objects of declared parts, one or many.

use super::*;
use crate::scim::{Patch, Projection, Query, ResourceType, USER_SCHEMA, UserDocument};
use serde_json::json;

const URN: &str = "urn:acme:params:scim:2.0:User";

fn declared() -> Vec<ExtensionSchema> {
    let schema = json!({"urn": URN, "attributes": [
        {"name": "site", "type": "complex", "sub_attributes": [
            {"name": "city"}, {"name": "floor", "type": "integer"}, {"name": "since", "type": "dateTime"}]},
        {"name": "phones", "type": "complex", "multi_valued": true, "sub_attributes": [
            {"name": "value"}, {"name": "type"}, {"name": "primary", "type": "boolean"}, {"name": "rate", "type": "decimal"}]},
        {"name": "tags", "multi_valued": true},
    ]});
    vec![serde_json::from_value(schema).expect("is a schema")]
}

fn read(extension: &Value, dialect: Dialect) -> Result<Value, String> {
    let declared = declared();
    let body = json!({"schemas": [USER_SCHEMA], "userName": "ada", URN: extension});
    let read = UserDocument::parse_extended(body.as_object().expect("is"), dialect, Extensions(&declared));
    read.map(|(user, _)| user.as_map().get(URN).cloned().unwrap_or_default()).map_err(|error| error.detail)
}

#[test]
fn parts_are_what_is_declared_in_the_order_of_the_declaration() {
    let tolerant = |value: Value| read(&value, Dialect::Tolerant);
    assert_eq!(
        tolerant(json!({"SITE": {"Floor": "3", "city": "Turin", "unknown": 1, "since": null}})).map(|v| v.to_string()),
        Ok(json!({"site": {"city": "Turin", "floor": 3}}).to_string())
    );
    assert_eq!(tolerant(json!({"site": [{"city": "Turin"}]})), Ok(json!({"site": {"city": "Turin"}})));
    assert_eq!(tolerant(json!({"site": {"city": ""}, "phones": [{}, {"type": "desk"}]})), Ok(Value::Null));
    assert_eq!(
        tolerant(
            json!({"phones": ["1", {"value": "2", "primary": "True"}, {"value": "3", "primary": true}, {"value": "1"}]})
        ),
        Ok(json!({"phones": [{"value": "1"}, {"value": "2", "primary": false}, {"value": "3", "primary": true}]}))
    );
    for wrong in [
        json!({"site": "Turin"}),
        json!({"site": {"floor": 1.5}}),
        json!({"site": [{}, {}]}),
        json!({"phones": [true]}),
    ] {
        assert!(tolerant(wrong.clone()).is_err(), "{wrong}");
    }
    let fine = json!({"site": {"city": "Turin"}, "phones": [{"value": "1", "type": "desk"}]});
    assert_eq!(read(&fine, Dialect::Strict), Ok(fine));
    for strictly in [
        json!({"site": {"unknown": 1}}),
        json!({"phones": ["1"]}),
        json!({"phones": {"value": "1"}}),
        json!({"phones": [{"value": "1", "primary": true}, {"value": "2", "primary": true}]}),
        json!({"phones": [{"type": "desk"}]}),
    ] {
        assert!(read(&strictly, Dialect::Strict).is_err(), "{strictly}");
    }
}

fn patched(before: &Value, operations: &Value, dialect: Dialect) -> Result<Value, u16> {
    let declared = declared();
    let before = UserDocument::from_stored(json!({"userName": "ada", URN: before}).as_object().expect("is").clone());
    let body = json!({"schemas": [crate::scim::PATCH_SCHEMA], "Operations": operations});
    let patch = Patch::parse(body.as_object().expect("is"), dialect).expect("is a patch");
    let apply = |before: &UserDocument| {
        patch.apply_to_extended_user(before, Extensions(&declared)).map_err(|error| error.status)
    };
    let after = apply(&before)?.document;
    let again = apply(&after)?;
    assert!(!again.changed || dialect == Dialect::Strict, "the same again changes nothing: {operations}");
    Ok(after.as_map().get(URN).cloned().unwrap_or_default())
}

#[test]
fn a_patch_reaches_parts_and_picks_values() {
    let before = json!({"site": {"city": "Turin", "floor": 3},
                        "phones": [{"value": "1", "type": "desk", "primary": true}, {"value": "2", "type": "home"}],
                        "tags": ["a", "b"]});
    let at = |path: &str| format!("{URN}:{path}");
    let with = |name: &str, value: Value| {
        let mut after = before.clone();
        after[name] = value;
        after
    };
    let desk = json!({"value": "1", "type": "desk", "primary": true});
    for (operation, wanted) in [
        (
            json!({"op": "replace", "path": at("site.city"), "value": "Rome"}),
            with("site", json!({"city": "Rome", "floor": 3})),
        ),
        (
            json!({"op": "add", "path": at("site"), "value": {"floor": 4, "CITY": null}}),
            with("site", json!({"floor": 4})),
        ),
        (json!({"op": "remove", "path": at("site.floor")}), with("site", json!({"city": "Turin"}))),
        (json!({"op": "add", "value": {at("site.city"): "Rome"}}), with("site", json!({"city": "Rome", "floor": 3}))),
        (
            json!({"op": "replace", "value": {URN: {"site": {"floor": 5}}}}),
            with("site", json!({"city": "Turin", "floor": 5})),
        ),
        (
            json!({"op": "replace", "path": at("PHONES[Type eq \"home\"].value"), "value": "3"}),
            with("phones", json!([desk, {"value": "3", "type": "home"}])),
        ),
        (
            json!({"op": "Add", "path": at("phones[type eq \"mobile\"].value"), "value": "9"}),
            with("phones", json!([desk, {"value": "2", "type": "home"}, {"value": "9", "type": "mobile"}])),
        ),
        (
            json!({"op": "add", "path": at("phones[type eq \"home\"]"), "value": {"primary": true}}),
            with(
                "phones",
                json!([{"value": "1", "type": "desk", "primary": false},
                                  {"value": "2", "type": "home", "primary": true}]),
            ),
        ),
        (
            json!({"op": "replace", "path": at("phones[type eq \"home\"]"), "value": {"value": "7"}}),
            with("phones", json!([desk, {"value": "7", "type": "home"}])),
        ),
        (
            json!({"op": "remove", "path": at("phones[value eq \"2\" and type eq \"home\"]")}),
            with("phones", json!([desk])),
        ),
        (json!({"op": "remove", "path": at("phones"), "value": [{"value": "2"}]}), with("phones", json!([desk]))),
        (
            json!({"op": "remove", "path": at("phones.type")}),
            with("phones", json!([{"value": "1", "primary": true}, {"value": "2"}])),
        ),
        (
            json!({"op": "add", "path": at("phones"), "value": [{"value": "2", "type": "home", "rate": 1.5}]}),
            with("phones", json!([desk, {"value": "2", "type": "home", "rate": 1.5}])),
        ),
        (json!({"op": "remove", "path": at("tags[value eq \"A\"]")}), with("tags", json!(["b"]))),
    ] {
        assert_eq!(patched(&before, &json!([operation]), Dialect::Tolerant), Ok(wanted), "{operation}");
    }
    for (refused, strictly) in [
        (json!({"op": "add", "path": at("site[city eq \"x\"]"), "value": {"city": "y"}}), false),
        (json!({"op": "add", "path": at("phones[colour eq \"x\"].value"), "value": "y"}), false),
        (json!({"op": "add", "path": at("phones[type eq"), "value": "y"}), false),
        (json!({"op": "add", "path": at("phones[type eq \"x\" or type eq \"y\"].value"), "value": "y"}), false),
        (json!({"op": "replace", "path": at("phones[type eq \"x\"].value"), "value": "y"}), true),
        (json!({"op": "remove", "path": at("phones[type eq \"x\"]")}), true),
        (json!({"op": "add", "path": at("site.street"), "value": "y"}), true),
    ] {
        assert_eq!(patched(&before, &json!([refused]), Dialect::Strict), Err(400), "{refused}");
        assert_eq!(patched(&before, &json!([refused]), Dialect::Tolerant).is_ok(), strictly, "{refused}");
    }
}

#[test]
fn filters_sorts_and_projections_know_parts() {
    let declared = declared();
    let resource = json!({"userName": "ada", URN: {
        "site": {"city": "Turin", "floor": 3, "since": "2026-01-01T01:00:00+02:00"},
        "phones": [{"value": "1", "type": "desk"}, {"value": "2", "type": "home", "rate": 1.5}], "tags": ["A"]}});
    let query = |filter: String| {
        let parameters = [("filter".to_owned(), filter), ("sortBy".to_owned(), format!("{URN}:SITE.Floor"))];
        Query::parse_extended(ResourceType::User, &parameters, Dialect::Strict, Extensions(&declared))
    };
    for (filter, holds) in [
        ("site.city eq \"turin\"", true),
        ("SITE.FLOOR gt 2", true),
        ("site.since eq \"2025-12-31T23:00:00Z\"", true),
        ("phones[type eq \"desk\" and value eq \"1\"]", true),
        ("phones[TYPE eq \"desk\" and value eq \"2\"]", false),
        ("phones.type eq \"home\"", true),
        ("phones eq \"2\"", true),
        ("phones[rate ge 1.5]", true),
        ("tags[value eq \"a\"]", true),
        ("site pr", true),
    ] {
        let read = query(format!("{URN}:{filter}")).unwrap_or_else(|error| panic!("{filter}: {error}"));
        assert_eq!(read.filter.expect("is there").matches(&resource, &Extensions(&declared)), holds, "{filter}");
        assert_eq!(read.sort.expect("is there").by.to_string(), format!("{URN}:site.floor"));
    }
    for wrong in
        ["site.street pr", "site[city eq \"x\"]", "phones[colour pr]", "phones[primary gt true]", "tags[type pr]"]
    {
        assert!(query(format!("{URN}:{wrong}")).is_err(), "{wrong}");
    }
    let cut = |only: Option<&str>, without: Option<&str>| {
        let qualify = |text: &str| format!("{URN}:{text}");
        let (only, without) = (only.map(qualify), without.map(qualify));
        let projection = Projection::parse(ResourceType::User, only.as_deref(), without.as_deref());
        projection.apply(resource.clone())[URN].clone()
    };
    assert_eq!(cut(Some("site.city"), None), json!({"site": {"city": "Turin"}}));
    assert_eq!(cut(Some("phones.type"), None), json!({"phones": [{"type": "desk"}, {"type": "home"}]}));
    assert_eq!(cut(None, Some("SITE.floor"))["site"], json!({"city": "Turin", "since": "2026-01-01T01:00:00+02:00"}));
}

#[test]
fn what_cannot_be_declared_of_parts_is_named() {
    let refused = |attribute: Value| {
        let schema = json!({"urn": URN, "attributes": [attribute]});
        let schema: ExtensionSchema = serde_json::from_value(schema).expect("is a schema");
        Extensions(&[schema]).check().err().unwrap_or_default()
    };
    assert_eq!(refused(json!({"name": "a", "type": "complex", "sub_attributes": [{"name": "b"}]})), "");
    assert!(refused(json!({"name": "a", "type": "complex"})).contains("between 1 and 50 parts"));
    assert!(refused(json!({"name": "a", "sub_attributes": [{"name": "b"}]})).contains("its type is complex"));
    let nested = json!({"name": "a", "type": "complex", "sub_attributes": [{"name": "b", "type": "complex"}]});
    assert!(refused(nested).contains("a.b"));
    let twice = json!({"name": "a", "type": "complex", "sub_attributes": [{"name": "b"}, {"name": "B"}]});
    assert!(refused(twice).contains("declared twice"));
    let primary = json!({"name": "a", "type": "complex", "sub_attributes": [{"name": "primary"}]});
    assert!(refused(primary).contains("boolean"));
    let dotted = json!({"name": "a", "type": "complex", "sub_attributes": [{"name": "b.c"}]});
    assert!(refused(dotted).contains("is no name"));
}

#[test]
fn what_is_told_is_what_is_declared_now() {
    let declared = declared();
    let kept = json!({"urn:gone:2.0:User": {"a": 1}, URN: {
        "site": {"city": "Turin", "street": "x"}, "tags": "a", "gone": 1, "phones": [{"colour": 1}]}});
    let told = |urn: &str| Extensions(&declared).told(urn, &kept[urn]);
    assert_eq!(told(URN), Some(json!({"site": {"city": "Turin"}, "tags": ["a"]})));
    assert_eq!(told("urn:gone:2.0:User"), None);
}

#[test]
fn discovery_tells_the_parts() {
    let told = declared_json(&declared()[0]);
    let site = &told["attributes"][0];
    assert_eq!((&site["type"], &site["multiValued"]), (&json!("complex"), &json!(false)));
    assert_eq!(site["subAttributes"][1]["name"], "floor");
    assert_eq!(
        (&site["subAttributes"][1]["type"], &site["subAttributes"][1]["multiValued"]),
        (&json!("integer"), &json!(false))
    );
    assert!(told["attributes"][2].get("subAttributes").is_none());
}
