//! What is offered, and how it is found.

use super::*;
use crate::{
    filter::Dialect,
    model::{Capability, ClusterId, RoleId},
};
use std::collections::BTreeSet;

const BASE: &str = "https://castgate.example.com/scim/v2";

fn world() -> (Vec<CustomRole>, Vec<Cluster>) {
    let id: ClusterId = "cls_06h00krhv1t3jel88ooobccad0".parse().unwrap();
    let role: RoleId = "rol_06h00krhv1t3jel88ooobccad0".parse().unwrap();
    let cluster = Cluster {
        id,
        slug: "prod-eu".to_owned(),
        name: "Production Europe".to_owned(),
        external_id: None,
        gone_since: None,
        name_there: None,
    };
    let custom =
        CustomRole { id: role, name: "payer".to_owned(), capabilities: BTreeSet::from([Capability::AccessBilling]) };
    (vec![custom], vec![cluster])
}

fn page(parameters: &[(&str, &str)], dialect: RoleDialect) -> (u64, Vec<Value>) {
    let (custom, clusters) = world();
    let given: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let query = Query::parse(ResourceType::Role, &given, Dialect::Tolerant).unwrap();
    role_page(&offered_roles(&custom, &clusters), &query, 100, (dialect, BASE))
}

fn values(parameters: &[(&str, &str)]) -> Vec<String> {
    page(parameters, RoleDialect::Ietf).1.iter().map(|role| role["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_roles_and_their_containers_are_these() {
    let lines: Vec<String> = page(&[], RoleDialect::Ietf).1.iter().map(Value::to_string).collect();
    insta::assert_snapshot!("roles", lines.join("\n"));
    let lines: Vec<String> = page(&[], RoleDialect::Okta).1.iter().map(Value::to_string).collect();
    insta::assert_snapshot!("roles_okta", lines.join("\n"));
}

#[test]
fn a_role_contains_what_it_grants() {
    for pair in BuiltInRole::ALL.windows(2) {
        let [above, below] = pair else { panic!("two") };
        assert!(below.capabilities().iter().all(|capability| above.capabilities().contains(capability)));
    }
    let (custom, clusters) = world();
    let all = offered_roles(&custom, &clusters);
    for role in &all {
        assert!(role.contains.iter().all(|child| all.iter().any(|other| other.value == *child)), "{role:?}");
        assert!(
            role.contained_by.iter().all(|parent| {
                all.iter().any(|other| other.value == *parent && other.contains.contains(&role.value))
            })
        );
    }
}

#[test]
fn roles_are_found_sorted_and_paged_as_everything_else() {
    assert_eq!(values(&[("filter", "value eq \"Member\"")]), ["member"]);
    assert_eq!(values(&[("filter", "type eq \"cluster\" and supported eq true")]).len(), 3);
    assert_eq!(values(&[("filter", "containedBy eq \"cluster:prod-eu\""), ("count", "1")]), ["member@prod-eu"]);
    assert_eq!(values(&[("filter", "contains eq \"viewer\"")]), ["analyst"]);
    assert_eq!(values(&[("sortBy", "value"), ("count", "2")]), ["analyst", "analyst@prod-eu"]);
    let (total, two) = page(&[("startIndex", "2"), ("count", "1")], RoleDialect::Okta);
    assert_eq!((total, two.len(), two[0]["displayName"].as_str()), (8, 1, Some("Member")));
    let (_, cut) = page(&[("attributes", "display"), ("count", "1")], RoleDialect::Ietf);
    assert_eq!(cut[0], json!({"schemas": [ROLE_SCHEMA], "id": "owner", "display": "Owner"}));
    let unknown = [("filter".to_owned(), "rank eq 1".to_owned())];
    assert!(Query::parse(ResourceType::Role, &unknown, Dialect::Tolerant).is_err());
}

#[test]
fn an_id_is_called_by_its_value_in_a_mapping() {
    let (custom, clusters) = world();
    let id = format!("member@{}", clusters[0].id);
    let mut roles =
        json!([{"value": id, "primary": true}, {"value": "member"}, {"value": custom[0].id}, {"type": "x"}]);
    RoleNames::of(&custom, &clusters).name(&mut roles);
    assert_eq!(
        roles,
        json!([{"value": "member@prod-eu", "primary": true}, {"value": "member"}, {"value": "payer"}, {"type": "x"}])
    );
}
