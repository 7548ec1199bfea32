use super::*;
use crate::model::{BuiltInRole, Role};
use serde_json::{Value, json};

fn given(outcome: &Outcome) -> Vec<String> {
    let scope = |grant: &Grant| match &grant.scope {
        GrantScope::Organization => String::new(),
        GrantScope::Cluster(id) => {
            let known = vocabulary().clusters.into_iter().find(|known| known.id == *id);
            format!("@{}", known.unwrap().slug)
        }
    };
    outcome.grants.iter().map(|grant| format!("{}{} {}", grant.role, scope(grant), grant.rule)).collect()
}

fn misses(outcome: &Outcome) -> Vec<(MissKind, String)> {
    outcome.near_misses.iter().map(|miss| (miss.kind, miss.reason.clone())).collect()
}

fn user(mapping: &Mapping, attributes: &Value, groups: &[&str]) -> Outcome {
    let groups: Vec<GroupFact<'_>> = groups.iter().map(|name| group(name)).collect();
    mapping.for_user(&UserFacts { connection: "okta", attributes, groups: &groups }, now())
}

#[test]
fn a_group_is_found_by_name_in_any_letter_case() {
    let mapping = mapping(EXAMPLE);
    for name in ["castai-owners", "CastAI-Owners"] {
        assert_eq!(given(&mapping.for_group(&group(name), now())), ["owner platform owners"]);
    }
    assert!(mapping.for_group(&group("castai-owners "), now()).grants.is_empty());
    let elsewhere = GroupFact { connection: "contractors", ..group("castai-owners") };
    assert!(mapping.for_group(&elsewhere, now()).grants.is_empty(), "another connection's group of that name");
}

#[test]
fn an_id_is_compared_exactly_and_a_name_is_never_an_id() {
    let mapping = mapping("rules: [{name: a, groups: id:00G1, grant: viewer}]");
    let with_id = |id| GroupFact { external_id: id, ..group("id:00G1") };
    assert_eq!(mapping.for_group(&with_id(Some("00G1")), now()).grants.len(), 1);
    assert!(mapping.for_group(&with_id(Some("00g1")), now()).grants.is_empty());
    assert!(mapping.for_group(&with_id(None), now()).grants.is_empty());
}

#[test]
fn a_pattern_binds_each_group_it_matches() {
    let mapping = mapping(EXAMPLE);
    let outcome = |name: &str| mapping.for_group(&group(name), now());
    assert_eq!(given(&outcome("k8s-prod-viewer")), ["viewer@prod cluster teams"]);
    assert_eq!(given(&outcome("K8S-Staging-EU-Analyst")), ["analyst@staging-eu cluster teams"]);
    assert_eq!(given(&outcome("k8s-prod-eu-billing")).len(), 1, "custom roles are known values too");
    assert_eq!(
        outcome("k8s-prod-viewer").grants.first().unwrap().because.to_string(),
        "group okta/k8s-prod-viewer is k8s-{cluster}-{role} with {cluster} = prod and {role} = viewer"
    );
}

#[test]
fn what_a_pattern_does_not_know_is_a_near_miss() {
    let mapping = mapping(EXAMPLE);
    let outcome = |name: &str| mapping.for_group(&group(name), now());
    for name in ["k8s-qa-viewer", "k8s-prod-boss", "k8s-prod-owner", "k8s-qa-boss"] {
        assert!(outcome(name).grants.is_empty(), "{name}");
    }
    assert_eq!(
        misses(&outcome("k8s-qa-viewer")),
        [(
            MissKind::UnknownCluster,
            "group “k8s-qa-viewer” fits k8s-{cluster}-{role}, and no cluster “qa” is declared".into()
        )]
    );
    assert_eq!(
        misses(&outcome("k8s-prod-boss")),
        [(
            MissKind::UnknownRole,
            "group “k8s-prod-boss” fits k8s-{cluster}-{role}, and there is no role “boss”".into()
        )]
    );
    assert_eq!(misses(&outcome("k8s-prod-owner")).first().unwrap().0, MissKind::OwnerNotAllowed);
    for name in ["k8s-viewer", "k8s--viewer", "k8s-", "k8s", "xk8s-prod-viewer", ""] {
        assert_eq!(outcome(name), Outcome::default(), "{name}");
    }
}

#[test]
fn a_name_that_parses_in_two_ways_gives_nothing_and_says_both() {
    let mut vocabulary = vocabulary();
    vocabulary.custom_roles[0].name = "eu-viewer".to_owned();
    let mapping = mapping_with(EXAMPLE, &vocabulary);
    let outcome = mapping.for_group(&group("k8s-prod-eu-viewer"), now());
    assert!(outcome.grants.is_empty());
    assert_eq!(
        misses(&outcome),
        [(
            MissKind::Ambiguous,
            "group “k8s-prod-eu-viewer” fits k8s-{cluster}-{role} in two ways: \
             cluster prod and role eu-viewer, or cluster prod-eu and role viewer"
                .into()
        )]
    );
}

#[test]
fn a_placeholder_yields_owner_only_when_allowed() {
    let text = EXAMPLE.replace("grant: \"{role}\"", "grant: \"{role}\"\n    allow: [owner]");
    let mapping = mapping(&text);
    assert_eq!(given(&mapping.for_group(&group("k8s-prod-owner"), now())), ["owner@prod cluster teams"]);
}

#[test]
fn a_condition_binds_the_user() {
    let mapping = mapping(EXAMPLE);
    let finance = json!({"title": "Clerk", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "finance"}});
    assert_eq!(given(&user(&mapping, &finance, &[])), ["analyst finance sees costs"]);
    let intern = json!({"title": "Summer Intern", "department": "Finance"});
    assert!(user(&mapping, &intern, &[]).grants.is_empty());
    assert!(user(&mapping, &json!({}), &[]).grants.is_empty());
    assert!(mapping.for_group(&group("eng"), now()).grants.is_empty(), "a rule with when binds no group");
}

#[test]
fn groups_and_when_must_both_hold() {
    let mapping = mapping(EXAMPLE);
    let contractor = json!({"userType": "Contractor"});
    let expected = ["contractors, until the contract ends"; 2].map(str::to_owned);
    let outcome = user(&mapping, &contractor, &["ENG", "other"]);
    assert_eq!(outcome.grants.iter().map(|grant| grant.rule.clone()).collect::<Vec<_>>(), expected);
    let outcome = user(&mapping, &contractor, &["other"]);
    assert!(outcome.grants.is_empty());
    assert!(misses(&outcome).contains(&(MissKind::GroupMissing, "the person is in no group eng".into())));
    let outcome = user(&mapping, &json!({"userType": "Employee"}), &["eng"]);
    assert!(outcome.grants.is_empty());
    assert!(misses(&outcome).iter().any(|(kind, _)| *kind == MissKind::Condition), "{outcome:?}");
}

#[test]
fn a_rule_ends_with_its_last_day() {
    let mapping = mapping(EXAMPLE);
    let attributes = json!({"userType": "Contractor"});
    let groups = [group("eng")];
    let facts = UserFacts { connection: "okta", attributes: &attributes, groups: &groups };
    let at = |text: &str| mapping.for_user(&facts, text.parse().unwrap());
    assert_eq!(at("2027-01-31T23:59:59.999999Z").grants.len(), 2);
    let after = at("2027-02-01T00:00:00Z");
    assert!(after.grants.is_empty());
    assert!(misses(&after).iter().any(|(kind, _)| *kind == MissKind::Ended));
    assert_eq!(mapping.next_end(now()).unwrap().to_string(), "2027-02-01T00:00:00Z");
    assert_eq!(mapping.next_end("2027-02-01T00:00:00Z".parse().unwrap()), None);
}

#[test]
fn a_member_more_concerns_only_the_groups_of_conditions() {
    let mapping = mapping(EXAMPLE);
    assert!(mapping.has_user_rules());
    assert!(mapping.needs_user(&group("Eng")));
    assert!(!mapping.needs_user(&group("castai-owners")));
    assert!(!mapping.needs_user(&group("k8s-prod-viewer")));
}

#[test]
fn the_default_is_each_connections_own() {
    let mut vocabulary = vocabulary();
    vocabulary.connections.extend(["contractors".to_owned(), "entra".to_owned()]);
    let mapping = mapping_with("default: {Okta: analyst, contractors: none}", &vocabulary);
    assert_eq!(mapping.default_for("okta"), DefaultRole::Role(Role::BuiltIn(BuiltInRole::Analyst)));
    assert_eq!(mapping.default_for("Contractors"), DefaultRole::Nobody);
    assert_eq!(mapping.default_for("entra"), DefaultRole::Role(Role::VIEWER));
}

#[test]
fn with_several_connections_each_group_says_whose_it_is() {
    let mut vocabulary = vocabulary();
    vocabulary.connections.push("contractors".to_owned());
    let mapping = mapping_with("rules: [{name: a, groups: okta/eng, grant: viewer}]", &vocabulary);
    assert_eq!(mapping.for_group(&group("eng"), now()).grants.len(), 1);
    let theirs = GroupFact { connection: "contractors", ..group("eng") };
    assert!(mapping.for_group(&theirs, now()).grants.is_empty());
}

#[test]
fn clusters_go_by_slug_or_by_id() {
    let text = format!(
        "rules: [{{name: a, groups: eng, grant: viewer, clusters: [PROD, \"id:0000-2\", \"id:{}\"]}}]",
        cluster(3)
    );
    let mapping = mapping(&text);
    let expected = ["viewer@prod a", "viewer@prod-eu a", "viewer@staging-eu a"];
    assert_eq!(given(&mapping.for_group(&group("eng"), now())), expected);
}
