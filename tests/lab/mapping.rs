//! The demo's mapping over the demo's people.

use castgate::{
    lab::people::{self, Directory},
    mapping::{GroupFact, KnownCluster, KnownGroup, UserFacts, Vocabulary, check},
    model::{ClusterId, Instant},
};
use serde_json::json;
use std::collections::BTreeMap;

/// 2026-11-21T08:00:00Z.
const NOW: Instant = Instant(1_795_248_000_000_000);

fn connection(directory: Directory) -> &'static str {
    match directory {
        Directory::Okta => people::OKTA,
        Directory::Entra => people::ENTRA,
    }
}

fn vocabulary() -> Vocabulary {
    let clusters = people::CLUSTERS.iter().zip(1..).map(|((slug, _), number)| KnownCluster {
        id: ClusterId::from_uuid(uuid::Uuid::from_u128(number)),
        slug: (*slug).to_owned(),
        external_id: None,
    });
    let groups = people::GROUPS.iter().map(|(name, directory)| KnownGroup {
        connection: connection(*directory).to_owned(),
        external_id: None,
        display_name: (*name).to_owned(),
    });
    Vocabulary {
        connections: vec![people::OKTA.to_owned(), people::ENTRA.to_owned()],
        clusters: clusters.collect(),
        groups: Some(groups.collect()),
        ..Vocabulary::default()
    }
}

#[test]
fn the_mapping_loads_without_a_finding_and_its_own_tests_hold() {
    let checked = check(people::MAPPING, &vocabulary(), NOW);
    assert!(checked.diagnostics.is_empty(), "{:#?}", checked.diagnostics);
}

#[test]
fn every_rule_gives_something_to_somebody() {
    let mapping = check(people::MAPPING, &vocabulary(), NOW).mapping.unwrap();
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for person in people::everybody() {
        let connection = connection(person.directory);
        let groups: Vec<GroupFact<'_>> =
            person.groups.iter().map(|name| GroupFact { connection, external_id: None, display_name: name }).collect();
        let attributes = json!({
            "title": person.title,
            "userType": person.user_type,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": person.department},
        });
        let mut outcomes =
            vec![mapping.for_user(&UserFacts { connection, attributes: &attributes, groups: &groups }, NOW)];
        outcomes.extend(groups.iter().map(|group| mapping.for_group(group, NOW)));
        for grant in outcomes.iter().flat_map(|outcome| &outcome.grants) {
            *told.entry(grant.rule.clone()).or_default() += 1;
        }
        if outcomes.iter().all(|outcome| outcome.grants.is_empty()) {
            *told.entry(format!("(the default of {connection})")).or_default() += 1;
        }
    }
    let told: Vec<String> = told.into_iter().map(|(rule, people)| format!("{people:>3}  {rule}")).collect();
    insta::assert_snapshot!(told.join("\n"), @"
      1  (the default of entra)
      4  (the default of okta)
      9  cluster teams
      5  contractors, until the contract ends
     21  engineers work on staging
      3  finance sees costs
      8  on call runs production
      2  platform owners
      4  the robot lab runs its own cluster
    ");
}
