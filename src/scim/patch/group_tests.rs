use super::{tests::message, *};
use crate::scim::{MemberKind, MemberRef, ScimType};
use serde_json::json;

fn group(operations: Value) -> GroupPatch {
    Patch::parse(&message(operations), Dialect::Tolerant).unwrap().for_group().unwrap()
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn users(ids: &[&str]) -> Vec<MemberRef> {
    ids.iter().map(|id| MemberRef { value: (*id).to_owned(), display: None, kind: MemberKind::User }).collect()
}

#[test]
fn removing_members_is_about_the_listed_ones_unless_nothing_is_listed() {
    let members = |operation: Value| group(json!([operation])).members;
    let listed = members(json!({"op": "Remove", "path": "members", "value": [{"value": "a", "$ref": null}]}));
    assert_eq!(listed, [MemberChange::Remove(ids(&["a"]))]);
    assert_eq!(
        members(json!({"op": "remove", "path": "members", "value": {"value": "a"}})),
        [MemberChange::Remove(ids(&["a"]))]
    );
    assert_eq!(members(json!({"op": "remove", "path": "members"})), [MemberChange::RemoveAll]);
    assert_eq!(members(json!({"op": "remove", "path": "members", "value": []})), []);
    assert_eq!(members(json!({"op": "remove", "path": "members", "value": [{"value": ""}]})), []);
}

#[test]
fn a_filter_on_ids_removes_those_and_any_other_is_for_the_store() {
    let members = |filter: &str| group(json!([{"op": "remove", "path": format!("members[{filter}]")}])).members;
    assert_eq!(members(r#"value eq "a""#), [MemberChange::Remove(ids(&["a"]))]);
    assert_eq!(
        members(r#"value eq "a" or (VALUE Eq "b" or value eq "c")"#),
        [MemberChange::Remove(ids(&["a", "b", "c"]))]
    );
    for other in
        [r#"display sw "a""#, r#"value ne "a""#, r#"type eq "Group" and value eq "a""#, r#"not (value eq "a")"#]
    {
        assert!(matches!(members(other).as_slice(), [MemberChange::RemoveWhere(_)]), "{other}");
    }
}

#[test]
fn a_thousand_operations_of_one_member_are_one_change() {
    let one = |id: usize| json!({"op": "add", "path": "members", "value": [{"value": format!("u{id}")}]});
    let patch = group((0..1000).map(one).collect());
    let [MemberChange::Add(members)] = patch.members.as_slice() else { panic!("one change, got {:?}", patch.members) };
    assert_eq!(members.len(), 1000);
}

#[test]
fn changes_of_members_keep_their_order() {
    let patch = group(json!([
        {"op": "add", "path": "members", "value": [{"value": "a"}]},
        {"op": "remove", "path": "members[value eq \"b\"]"},
        {"op": "replace", "path": "members[value eq \"c\"]", "value": {"value": "d"}},
        {"op": "replace", "path": "members", "value": []},
        {"op": "add", "value": {"members": [{"value": "e"}], "displayName": "eng"}},
        {"op": "replace", "value": {"id": "x", "externalId": null, "members": null, "displayName": "ops"}},
    ]));
    assert_eq!((patch.display_name.as_deref(), patch.external_id), (Some("ops"), Some(None)));
    assert_eq!(
        patch.members,
        [
            MemberChange::Add(users(&["a"])),
            MemberChange::Remove(ids(&["b", "c"])),
            MemberChange::Add(users(&["d"])),
            MemberChange::Replace(vec![]),
            MemberChange::Add(users(&["e"])),
        ]
    );
}

#[test]
fn a_groups_name_cannot_go() {
    let refused = |operation: Value| {
        let error = Patch::parse(&message(json!([operation])), Dialect::Tolerant).unwrap().for_group().unwrap_err();
        error.scim_type
    };
    assert_eq!(refused(json!({"op": "remove", "path": "displayName"})), Some(ScimType::Mutability));
    assert_eq!(refused(json!({"op": "replace", "path": "displayName", "value": ""})), Some(ScimType::InvalidValue));
    assert_eq!(
        refused(json!({"op": "replace", "path": "members[value eq \"a\"].value", "value": "b"})),
        Some(ScimType::Mutability)
    );
    assert_eq!(refused(json!({"op": "replace", "path": "id", "value": "b"})), Some(ScimType::Mutability));
}
