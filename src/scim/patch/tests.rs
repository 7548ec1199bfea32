use super::*;
use crate::scim::{ENTERPRISE_SCHEMA, ScimType};
use proptest::prelude::*;
use serde_json::json;

pub(super) fn message(operations: Value) -> Map<String, Value> {
    Map::from_iter([("schemas".to_owned(), json!([PATCH_SCHEMA])), ("Operations".to_owned(), operations)])
}

fn ada() -> UserDocument {
    let body = json!({
        "userName": "ada", "active": true, "name": {"givenName": "Ada", "familyName": "L"}, "title": "Countess",
        "emails": [{"value": "w@x", "type": "work", "primary": true}, {"value": "h@x", "type": "home"}],
        ENTERPRISE_SCHEMA: {"department": "R", "manager": {"value": "usr_9"}},
    });
    UserDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap().0
}

fn apply(operations: Value, dialect: Dialect) -> Result<Patched, ScimError> {
    Patch::parse(&message(operations), dialect)?.apply_to_user(&ada())
}

/// The document after one operation, in either dialect, if both agree.
fn after(op: &str, path: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    let operation = json!([{"op": op, "path": path, "value": value}]);
    let [tolerant, strict] = [Dialect::Tolerant, Dialect::Strict]
        .map(|dialect| apply(operation.clone(), dialect).unwrap().document.into_map());
    assert_eq!(tolerant, strict);
    Value::Object(tolerant)
}

fn tolerant(operations: Value) -> Value {
    Value::Object(apply(operations, Dialect::Tolerant).unwrap().document.into_map())
}

fn refused(operations: Value, dialect: Dialect) -> (Option<ScimType>, String) {
    let error = apply(operations, dialect).unwrap_err();
    assert_eq!(error.status, 400);
    (error.scim_type, error.detail)
}

#[test]
fn single_values_are_set_and_removed() {
    assert_eq!(after("add", "nickName", json!("A"))["nickName"], "A");
    assert_eq!(after("Replace", "TITLE", json!("Dr"))["title"], "Dr");
    assert_eq!(after("remove", "title", Value::Null).get("title"), None);
    assert_eq!(after("replace", "title", Value::Null).get("title"), None);
    assert_eq!(after("replace", "urn:ietf:params:scim:schemas:core:2.0:User:title", json!("Dr"))["title"], "Dr");
    assert_eq!(after("replace", "externalId", json!("e"))["externalId"], "e");
}

#[test]
fn parts_of_a_complex_value_are_set_and_the_others_stay() {
    assert_eq!(after("replace", "name.familyName", json!("K"))["name"], json!({"familyName": "K", "givenName": "Ada"}));
    assert_eq!(
        after("replace", "name", json!({"familyName": "K"}))["name"],
        json!({"familyName": "K", "givenName": "Ada"})
    );
    assert_eq!(after("replace", "name", json!({"familyName": null}))["name"], json!({"givenName": "Ada"}));
    assert_eq!(after("remove", "name.familyName", Value::Null)["name"], json!({"givenName": "Ada"}));
    assert_eq!(after("remove", "name", Value::Null).get("name"), None);
    let emptied =
        tolerant(json!([{"op": "remove", "path": "name.familyName"}, {"op": "remove", "path": "name.givenName"}]));
    assert_eq!(emptied.get("name"), None, "an empty object is no value");
}

#[test]
fn the_extension_is_reached_by_its_urn() {
    let path = |name: &str| format!("{ENTERPRISE_SCHEMA}:{name}");
    let inner = |document: Value| document.get(ENTERPRISE_SCHEMA).cloned();
    assert_eq!(inner(after("replace", &path("department"), json!("S"))).unwrap()["department"], "S");
    assert_eq!(inner(after("remove", &path("manager"), Value::Null)), Some(json!({"department": "R"})));
    assert_eq!(inner(after("replace", &path("manager.value"), json!("u"))).unwrap()["manager"]["value"], "u");
    assert_eq!(inner(after("remove", ENTERPRISE_SCHEMA, Value::Null)), None);
    assert_eq!(inner(after("add", ENTERPRISE_SCHEMA, json!({"division": "D"}))).unwrap()["division"], "D");
    assert_eq!(inner(after("replace", ENTERPRISE_SCHEMA, json!({"division": "D"}))).unwrap()["department"], "R");
    let pathless = tolerant(
        json!([{"op": "replace", "value": {ENTERPRISE_SCHEMA: {"department": null, "division": "D"}, "manager": null}}]),
    );
    assert_eq!(inner(pathless), Some(json!({"division": "D"})));
    let emptied = tolerant(json!([{"op": "remove", "path": "department"}, {"op": "remove", "path": "manager"}]));
    assert_eq!(inner(emptied), None);
}

#[test]
fn adding_to_a_list_appends_once_and_primary_moves() {
    let added = after("add", "emails", json!([{"value": "n@x", "primary": true}]));
    assert_eq!(
        added["emails"],
        json!([
            {"value": "w@x", "type": "work", "primary": false}, {"value": "h@x", "type": "home"}, {"value": "n@x", "primary": true},
        ])
    );
    let same =
        apply(json!([{"op": "add", "path": "emails", "value": [{"type": "home", "value": "h@x"}]}]), Dialect::Strict);
    assert!(!same.unwrap().changed);
    let twin = after("add", "emails", json!([{"type": "HOME", "value": "H@x", "display": "d"}]));
    assert_eq!(twin["emails"].as_array().unwrap().len(), 2, "the same value and type is the same value");
    assert_eq!(after("replace", "emails", json!([{"value": "n@x"}]))["emails"], json!([{"value": "n@x"}]));
    assert_eq!(after("replace", "emails", json!([])).get("emails"), None);
    assert_eq!(after("remove", "emails", Value::Null).get("emails"), None);
}

#[test]
fn a_filter_picks_the_values_that_change() {
    let emails = |document: Value| document.get("emails").cloned();
    let work = r#"emails[type eq "work"]"#;
    let home = json!({"value": "h@x", "type": "home"});
    assert_eq!(emails(after("remove", work, Value::Null)), Some(json!([home])));
    assert_eq!(
        emails(after("replace", &format!("{work}.value"), json!("n@x"))),
        Some(json!([{"value": "n@x", "type": "work", "primary": true}, home]))
    );
    assert_eq!(
        emails(after("replace", work, json!({"value": "n@x"}))),
        Some(json!([{"value": "n@x", "type": "work"}, home])),
        "it is replaced, and still satisfies the filter"
    );
    assert_eq!(
        emails(after("add", work, json!({"display": "d"}))),
        Some(json!([{"value": "w@x", "display": "d", "type": "work", "primary": true}, home]))
    );
    assert_eq!(
        emails(after("replace", r#"emails[value eq "H@X"].primary"#, json!(true))),
        Some(
            json!([{"value": "w@x", "type": "work", "primary": false}, {"value": "h@x", "type": "home", "primary": true}])
        )
    );
    assert_eq!(
        emails(after("remove", &format!("{work}.value"), Value::Null)),
        Some(json!([home])),
        "a label of nothing goes"
    );
    assert_eq!(emails(after("remove", "emails[value pr]", Value::Null)), None);
    let cross = json!([{"op": "remove", "path": r#"emails[type eq "home" and value co "w"]"#}]);
    assert!(!apply(cross.clone(), Dialect::Tolerant).unwrap().changed, "no one value is both");
    assert_eq!(refused(cross, Dialect::Strict).0, Some(ScimType::NoTarget));
}

#[test]
fn a_filter_that_matches_nothing_makes_a_value_only_for_the_tolerant() {
    let path = r#"phoneNumbers[type eq "mobile"].value"#;
    let two = json!([{"op": "Add", "path": path, "value": "1"}, {"op": "Add", "path": path, "value": "2"}]);
    assert_eq!(
        tolerant(two.clone())["phoneNumbers"],
        json!([{"value": "2", "type": "mobile"}]),
        "both meet the same value"
    );
    assert_eq!(refused(two, Dialect::Strict).0, Some(ScimType::NoTarget));
    let unclear = json!([{"op": "replace", "path": r#"phoneNumbers[type ne "mobile"].value"#, "value": "1"}]);
    assert_eq!(refused(unclear, Dialect::Tolerant).0, Some(ScimType::NoTarget));
    let primary = tolerant(
        json!([{"op": "add", "path": r#"emails[primary eq "True" and type eq "other"].value"#, "value": "o@x"}]),
    );
    assert_eq!(primary["emails"][2], json!({"value": "o@x", "type": "other", "primary": true}));
    assert_eq!(primary["emails"][0]["primary"], false);
}

#[test]
fn a_reference_goes_with_its_value() {
    let manager = |value: Value| {
        let before = json!([
            {"op": "add", "path": "manager", "value": {"value": "a", "$ref": "https://x/Users/a"}},
            {"op": "replace", "path": "manager", "value": value},
        ]);
        tolerant(before)[ENTERPRISE_SCHEMA]["manager"].clone()
    };
    assert_eq!(manager(json!("b")), json!({"value": "b"}));
    assert_eq!(manager(json!({"value": "a"})), json!({"value": "a", "$ref": "https://x/Users/a"}));
    assert_eq!(
        manager(json!({"value": "b", "$ref": "https://x/Users/b"})),
        json!({"value": "b", "$ref": "https://x/Users/b"})
    );
}

#[test]
fn endless_lists_are_refused() {
    let many = |count: usize| (0..count).map(|id| json!({"value": format!("{id}@x")})).collect::<Value>();
    assert!(apply(json!([{"op": "add", "path": "emails", "value": many(498)}]), Dialect::Strict).is_ok());
    assert_eq!(
        refused(json!([{"op": "add", "path": "emails", "value": many(499)}]), Dialect::Strict).0,
        Some(ScimType::TooMany)
    );
    assert_eq!(
        refused(json!([{"op": "add", "path": "emails", "value": many(501)}]), Dialect::Strict).0,
        Some(ScimType::TooMany)
    );
    let operations: Value = (0..1_001).map(|_| json!({"op": "remove", "path": "title"})).collect();
    assert_eq!(refused(operations, Dialect::Tolerant).0, Some(ScimType::TooMany));
}

#[test]
fn removing_with_a_list_removes_the_listed_only() {
    let listed = json!([{"op": "remove", "path": "emails", "value": [{"value": "W@x"}]}]);
    assert_eq!(refused(listed.clone(), Dialect::Strict).0, Some(ScimType::InvalidValue));
    let removed = tolerant(listed);
    assert_eq!(removed["emails"], json!([{"value": "h@x", "type": "home"}]));
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut golden = Vec::new();
    let cases = [
        json!({"op": "remove"}),
        json!({"op": "remove", "path": "userName"}),
        json!({"op": "replace", "path": "userName", "value": ""}),
        json!({"op": "replace", "path": "id", "value": "x"}),
        json!({"op": "replace", "path": "meta.version", "value": "x"}),
        json!({"op": "add", "path": "groups", "value": []}),
        json!({"op": "add", "path": "emails[", "value": "x"}),
        json!({"op": "add", "path": "emails[typ eq \"x\"].value", "value": "x"}),
        json!({"op": "add", "path": "name[givenName eq \"x\"].familyName", "value": "x"}),
        json!({"op": "add", "path": "title"}),
        json!({"op": "add", "value": "x"}),
        json!({"op": "move", "path": "title"}),
        json!({"path": "title", "value": "x"}),
        json!({"op": "add", "path": ["title"], "value": "x"}),
        json!({"op": "add", "path": "active", "value": "perhaps"}),
        json!("add"),
    ];
    for case in cases {
        let (scim_type, detail) = refused(json!([case]), Dialect::Tolerant);
        golden.push(format!("{case}\n  {}: {detail}", scim_type.unwrap().as_str()));
    }
    insta::assert_snapshot!("refusals", golden.join("\n"));
}

#[test]
fn what_is_unknown_is_let_pass_or_refused_by_dialect() {
    for (case, scim_type) in [
        (json!({"op": "replace", "path": "nonsense", "value": 1}), ScimType::InvalidPath),
        (json!({"op": "replace", "path": "urn:example:2.0:Thing:a", "value": 1}), ScimType::InvalidPath),
        (json!({"op": "replace", "path": "password", "value": "s"}), ScimType::InvalidPath),
        (json!({"op": "replace", "path": "department", "value": "R"}), ScimType::InvalidPath),
        (json!({"op": "replace", "value": {"title": "Countess"}}), ScimType::InvalidPath),
        (json!({"op": "replace", "path": "active", "value": "True"}), ScimType::InvalidValue),
    ] {
        let patched = apply(json!([case]), Dialect::Tolerant).unwrap();
        assert!(!patched.changed && !patched.tolerances.is_empty(), "{case}");
        assert_eq!(refused(json!([case]), Dialect::Strict).0, Some(scim_type), "{case}");
    }
}

#[test]
fn what_only_the_server_writes_is_ignored_inside_a_value() {
    let patched = apply(
        json!([{"op": "replace", "value": {"id": "x", "meta": {}, "groups": [], "schemas": [], "password": "s"}}]),
        Dialect::Tolerant,
    );
    assert!(!patched.unwrap().changed);
}

#[test]
fn the_message_itself_is_checked() {
    let parse = |body: Value| Patch::parse(body.as_object().unwrap(), Dialect::Tolerant);
    assert!(parse(json!({"operations": [{"OP": "ADD", "PATH": "title", "Value": "x"}]})).is_ok());
    assert!(parse(json!({})).is_err());
    assert!(parse(json!({"Operations": {}})).is_err());
    assert!(Patch::parse(json!({"Operations": []}).as_object().unwrap(), Dialect::Strict).is_err());
}

fn any_operation() -> impl Strategy<Value = Value> {
    let paths = [
        "title",
        "active",
        "name.givenName",
        "name",
        "emails",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[type eq \"new\"].value",
        "emails[primary eq true].display",
        "emails.type",
        "roles",
        "manager",
        "department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "roles[primary eq \"True\"].value",
        "nonsense",
    ];
    let values = [
        json!("x"),
        json!("y@x"),
        json!("False"),
        json!(true),
        json!(null),
        json!({"value": "v", "type": "work"}),
        json!([{"value": "w@x", "primary": true}, {"value": "v", "primary": "True"}]),
        json!([]),
        json!({"givenName": "G"}),
        json!({"department": "S", "manager": "m"}),
        json!([{"value": "{\"value\":\"Admin\"}"}]),
    ];
    (0..3_usize, prop::sample::select(paths.to_vec()), prop::sample::select(values.to_vec())).prop_map(
        |(op, path, value)| {
            let op = ["add", "Replace", "remove"].get(op).copied().unwrap_or("add");
            json!({"op": op, "path": path, "value": value})
        },
    )
}

#[test]
fn two_values_that_have_become_alike_are_one() {
    let operations = json!([
        {"op": "replace", "path": "emails", "value": [{"value": "v", "type": "a"}, {"value": "v", "type": "b"}]},
        {"op": "Replace", "path": "emails.type", "value": "x"},
    ]);
    let patched = Patch::parse(&message(operations), Dialect::Tolerant).unwrap().apply_to_user(&ada()).unwrap();
    assert_eq!(patched.document.as_map()["emails"], json!([{"value": "v", "type": "x"}]));
}

proptest! {
    #[test]
    fn patched_twice_with_one_operation_is_patched_once(operation in any_operation()) {
        let patch = Patch::parse(&message(json!([operation])), Dialect::Tolerant).unwrap();
        if let Ok(once) = patch.apply_to_user(&ada()) {
            let twice = patch.apply_to_user(&once.document).unwrap();
            prop_assert_eq!(once.document, twice.document);
            prop_assert!(!twice.changed);
        }
    }

    #[test]
    fn whatever_is_done_the_document_stays_normal(operations in prop::collection::vec(any_operation(), 1..6)) {
        if let Ok(patched) = Patch::parse(&message(json!(operations)), Dialect::Tolerant).unwrap().apply_to_user(&ada()) {
            let document = patched.document.as_map().clone();
            let (again, _) = UserDocument::parse(&document, Dialect::Tolerant).unwrap();
            prop_assert_eq!(again.as_map(), &document, "reading it again finds nothing to mend");
            let primary = document.get("emails").and_then(Value::as_array).map_or(0, |list| list.iter().filter(|email| email["primary"] == true).count());
            prop_assert!(primary <= 1);
        }
    }
}
