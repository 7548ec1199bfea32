use super::*;
use serde_json::json;

fn parse(body: &Value) -> (GroupDocument, Vec<Tolerance>) {
    GroupDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap()
}

fn user(value: &str) -> MemberRef {
    MemberRef { value: value.to_owned(), display: None, kind: MemberKind::User }
}

#[test]
fn absent_members_are_not_an_empty_list() {
    let base = json!({"schemas": [GROUP_SCHEMA], "displayName": "eng", "id": "mine", "meta": {}});
    assert_eq!(
        parse(&base),
        (
            GroupDocument {
                display_name: "eng".to_owned(),
                external_id: None,
                clears_external_id: false,
                members: None
            },
            vec![]
        )
    );
    let mut empty = base.clone();
    empty["members"] = json!([]);
    assert_eq!(parse(&empty).0.members, Some(vec![]));
    empty["members"] = json!(null);
    assert_eq!(parse(&empty).0.members, None);
}

#[test]
fn a_member_is_known_by_its_value_or_its_reference() {
    let (group, tolerances) = parse(&json!({"schemas": [GROUP_SCHEMA], "DISPLAYNAME": "eng", "Members": [
        {"Value": "u1", "$ref": null, "display": "Ada"},
        {"$ref": "https://x/scim/v2/Groups/g1"},
        {"value": "g2", "type": "group"},
        "u2", {"value": "u1"}, {"value": ""},
    ]}));
    let ada = MemberRef { display: Some("Ada".to_owned()), ..user("u1") };
    let group_of = |value: &str| MemberRef { kind: MemberKind::Group, ..user(value) };
    assert_eq!(group.members, Some(vec![ada, group_of("g1"), group_of("g2"), user("u2")]));
    assert_eq!(tolerances, [Tolerance::BareValue, Tolerance::RepeatedValue, Tolerance::HollowValue]);
}

#[test]
fn an_external_id_is_set_kept_or_cleared() {
    let external = |body: Value| {
        let group = parse(&body).0;
        (group.external_id, group.clears_external_id)
    };
    assert_eq!(external(json!({"displayName": "eng", "externalId": "x"})), (Some("x".to_owned()), false));
    assert_eq!(external(json!({"displayName": "eng"})), (None, false));
    assert_eq!(external(json!({"displayName": "eng", "externalId": null})), (None, true));
}

#[test]
fn a_group_without_a_name_is_refused() {
    for body in [json!({}), json!({"displayName": ""}), json!({"displayName": null})] {
        let error = GroupDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap_err();
        assert_eq!(error.detail, "“displayName” is required and must not be empty.");
    }
}

#[test]
fn a_member_that_is_no_object_is_refused_by_its_place() {
    let body = json!({"displayName": "eng", "members": [{"value": "u1"}, 7]});
    let error = GroupDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap_err();
    assert_eq!(error.detail, "“members[1]” takes an object with “value”, a member's id.");
}
