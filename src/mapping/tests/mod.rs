//! What the mapping promises.

mod checking;
mod defects;
mod evaluating;
mod places;
mod properties;

use super::*;
use crate::model::{Capability, ClusterId, CustomRole, Instant, RoleId};
use uuid::Uuid;

pub(super) const EXAMPLE: &str = include_str!("../../../fixtures/mapping/example.yaml");

/// 2026-11-21T08:30:00Z.
pub(super) fn now() -> Instant {
    "2026-11-21T08:30:00Z".parse().unwrap()
}

pub(super) fn cluster(number: u128) -> ClusterId {
    ClusterId::from_uuid(Uuid::from_u128(number))
}

/// Clusters prod, prod-eu, staging-eu, staging-us; the connection okta; a custom role billing.
pub(super) fn vocabulary() -> Vocabulary {
    let slugs = ["prod", "prod-eu", "staging-eu", "staging-us"];
    let clusters = slugs.iter().zip(1..).map(|(slug, number)| KnownCluster {
        id: cluster(number),
        slug: (*slug).to_owned(),
        external_id: Some(format!("0000-{number}")),
    });
    Vocabulary {
        connections: vec!["okta".to_owned()],
        clusters: clusters.collect(),
        custom_roles: vec![CustomRole {
            id: RoleId::from_uuid(Uuid::from_u128(9)),
            name: "Billing".to_owned(),
            capabilities: [Capability::AccessBilling, Capability::ViewBilling].into(),
        }],
        ..Vocabulary::default()
    }
}

/// Checks a text and shows what was found.
pub(super) fn found(text: &str, vocabulary: &Vocabulary) -> String {
    let checked = check(text, vocabulary, now());
    assert_eq!(
        checked.mapping.is_none(),
        checked.errors().next().is_some(),
        "a mapping exactly when there is no error"
    );
    let texts: Vec<String> = checked.diagnostics.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

/// A mapping that must compile.
pub(super) fn mapping_with(text: &str, vocabulary: &Vocabulary) -> Mapping {
    let checked = check(text, vocabulary, now());
    checked.mapping.unwrap_or_else(|| panic!("{}", found(text, vocabulary)))
}

pub(super) fn mapping(text: &str) -> Mapping {
    mapping_with(text, &vocabulary())
}

pub(super) fn group(name: &str) -> GroupFact<'_> {
    GroupFact { connection: "okta", external_id: None, display_name: name }
}
