use super::{super::ENTERPRISE_SCHEMA, *};
use crate::scim::{Extensions, MemberKind, Projection};
use serde_json::{Map, Value, json, value::RawValue};

const META: ResourceMeta<'static> = ResourceMeta {
    id: "usr_1",
    base_url: "https://castgate.example.com/scim/v2",
    created: Instant(1_795_240_800_000_000),
    modified: Instant(1_795_240_801_000_000),
    version: "W/\"2\"",
};

const OWN: &str = "urn:example:2.0:User";

fn pretty(json: &RawValue) -> String {
    let json: Value = serde_json::from_str(json.get()).expect("is JSON");
    serde_json::to_string_pretty(&json).expect("serialises")
}

fn object(json: Value) -> Map<String, Value> {
    let Value::Object(object) = json else { unreachable!("is an object") };
    object
}

/// The same from what lies in the store and from what was just changed.
fn user(kept: &Map<String, Value>, active: bool, extensions: Extensions<'_>, groups: &[GroupRef<'_>]) -> Box<RawValue> {
    let changed = user_json(kept, active, extensions, META, groups).expect("serialises");
    let text = serde_json::to_string(kept).expect("serialises");
    let stored = user_json(&text, active, extensions, META, groups).expect("is read");
    assert_eq!(changed.get(), stored.get());
    stored
}

#[test]
fn a_user_is_answered_with_what_the_server_adds() {
    let kept = object(json!({"externalId": "00u1", "userName": "ada", ENTERPRISE_SCHEMA: {"department": "R&D"}}));
    let groups = [GroupRef { id: "grp_1", display: "eng" }];
    let answered = user(&kept, true, Extensions::default(), &groups);
    insta::assert_snapshot!("user", pretty(&answered));
    let all = Projection::default().apply(serde_json::from_str(answered.get()).expect("is JSON"));
    assert_eq!(all.to_string(), answered.get(), "without a projection nothing is cut");
}

#[test]
fn active_is_what_the_directory_says_unless_it_was_taken_away() {
    let active = |kept: Value| {
        let answered = user(&object(kept), false, Extensions::default(), &[]);
        let answered: Value = serde_json::from_str(answered.get()).expect("is JSON");
        answered.get("active").cloned()
    };
    assert_eq!(active(json!({"userName": "ada"})), Some(json!(false)));
    assert_eq!(active(json!({"userName": "ada", "active": null})), None);
}

#[test]
fn a_kept_name_and_value_are_passed_on_whatever_is_in_them() {
    let kept = object(json!({"userName": "a\"\\\u{7}\u{1f980}", "title": "\n", "urn:\"odd\"": {"a": 1.50}}));
    let answered = user(&kept, true, Extensions::default(), &[]);
    let answered: Value = serde_json::from_str(answered.get()).expect("is JSON");
    assert_eq!((&answered["userName"], &answered["title"]), (&kept["userName"], &kept["title"]));
    assert!(answered.get("urn:\"odd\"").is_none(), "nobody declares it");
    assert!(user_json(&"{\"userName\": ".to_owned(), true, Extensions::default(), META, &[]).is_err());
}

#[test]
fn of_schemas_of_their_own_people_are_told_what_is_declared_now() {
    let declared = [serde_json::from_value(json!({
    "urn": OWN, "attributes": [
        {"name": "tags", "multi_valued": true},
        {"name": "site", "type": "complex", "sub_attributes": [{"name": "city"}]},
    ]}))
    .expect("a schema")];
    let kept = object(json!({"userName": "ada", "urn:gone:2.0:User": {"a": 1}, ENTERPRISE_SCHEMA: {"department": "R"},
        OWN: {"tags": "a", "site": {"city": "Turin", "street": "x"}, "gone": 1}}));
    let answered = user(&kept, true, Extensions(&declared), &[]);
    let answered: Value = serde_json::from_str(answered.get()).expect("is JSON");
    assert_eq!(answered["schemas"], json!([ResourceType::User.schema(), ENTERPRISE_SCHEMA, OWN]));
    assert_eq!(answered[OWN], json!({"tags": ["a"], "site": {"city": "Turin"}}));
    assert!(answered.get("urn:gone:2.0:User").is_none());
}

#[test]
fn a_group_has_members_only_where_they_were_asked_for() {
    let members = [
        Member { id: "usr_1", display: None, kind: MemberKind::User },
        Member { id: "grp_2", display: Some("inner"), kind: MemberKind::Group },
    ];
    let meta = ResourceMeta { id: "grp_1", ..META };
    let group = |external_id, members: Option<&[Member<'_>]>| {
        pretty(&group_json("eng", external_id, meta, members).expect("serialises"))
    };
    insta::assert_snapshot!("group", group(Some("x"), Some(&members)));
    assert!(!group(None, None).contains("members"));
    assert!(group(None, Some(&[])).contains("\"members\": []"), "RFC 7643 §2.5 allows it, clients like it");
}

#[test]
fn an_empty_page_still_has_its_list() {
    let page = ListResponse::<Value>::by_index(Vec::new(), 0, 1);
    insta::assert_snapshot!(serde_json::to_string(&page).expect("serialises"), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#);
}
