//! Documents, read and printed.

#![expect(clippy::indexing_slicing, reason = "a test stops where it is wrong")]

use super::*;
use crate::model::{Capability, ConnectionSettings, OidcSettings, Profile, SamlSettings};
use std::collections::{BTreeMap, BTreeSet};

fn now() -> Instant {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

/// Ada and Bob, okta with a group, a cluster, a role, a machine and a group.
fn known() -> Known {
    let names = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut there = State { name: Some("Acme".to_owned()), ..State::default() };
    there.schemas = Some(BTreeMap::new());
    let prod =
        ClusterState { slug: "prod".to_owned(), name: "Production".to_owned(), external_id: Some("c-1".to_owned()) };
    there.clusters = Some([("prod".to_owned(), prod)].into());
    let capabilities = BTreeSet::from([Capability::ViewBilling]);
    let role = RoleState { name: "Auditor".to_owned(), description: String::new(), capabilities };
    there.roles = Some([("auditor".to_owned(), role)].into());
    let mut settings = ConnectionSettings::of(Profile::Okta);
    settings.oidc = Some(OidcSettings::new("https://idp.test", "castgate"));
    settings.domains = vec!["acme.test".to_owned()];
    let okta = ConnectionState { name: "okta".to_owned(), enabled: true, settings };
    let mut settings = ConnectionSettings::of(Profile::Generic);
    settings.match_pairs = SamlSettings::match_pairs();
    settings.saml = Some(SamlSettings {
        metadata_url: Some("https://saml.test/metadata".to_owned()),
        entity_id: "https://saml.test".to_owned(),
        certificates: vec!["MIIB".to_owned()],
        ..SamlSettings::default()
    });
    let saml = ConnectionState { name: "partners".to_owned(), enabled: false, settings };
    there.connections = Some([("okta".to_owned(), okta), ("partners".to_owned(), saml)].into());
    let machine = AccountState { name: "CI".to_owned(), description: "builds: all".to_owned(), suspended: true };
    there.service_accounts = Some([("ci".to_owned(), machine)].into());
    let users = Some(BTreeSet::from(["ada@acme.test".to_owned()]));
    let group = GroupState { name: "Platform".to_owned(), users, service_accounts: Some(["ci".to_owned()].into()) };
    there.groups = Some([("platform".to_owned(), group)].into());
    let binding = |holder, role: &str, cluster: Option<&str>| BindingName {
        holder,
        role: role.to_owned(),
        cluster: cluster.map(str::to_owned),
    };
    let mut bindings = BTreeMap::new();
    bindings.insert(binding(Holder::Group("Platform".to_owned()), "auditor", Some("prod")), None);
    bindings.insert(binding(Holder::Group("okta/eng".to_owned()), "member", None), None);
    let until = Some("2027-01-31T23:59:59Z".parse().unwrap());
    bindings.insert(binding(Holder::User("bob".to_owned()), "viewer", None), until);
    there.bindings = Some(bindings);
    there.mapping = Some("# ours\ndefault: viewer\n\nrules: []\n".to_owned());
    let id = |number: u128| crate::model::UserId::from_uuid(uuid::Uuid::from_u128(number));
    let users = Names::of([(id(1), names(&["ada@acme.test", "usr_1"])), (id(2), names(&["bob", "okta/bob", "usr_2"]))]);
    let eng = crate::model::GroupId::from_uuid(uuid::Uuid::from_u128(3));
    let pushed = Names::of([(eng, names(&["okta/eng", "okta/id:e-1", "grp_3"]))]);
    Known { users, pushed, there, clusters_by_id: [("c-1".to_owned(), "prod".to_owned())].into() }
}

fn read(text: &str) -> Result<Wanted, Vec<String>> {
    let told = |found: Vec<Diagnostic>| found.iter().map(|one| one.told("acme.yaml")).collect();
    read_document(text, &known(), now()).map_err(told)
}

fn no_lines(_: &str, _: &str) -> Vec<String> {
    Vec::new()
}

#[test]
fn what_is_printed_is_read_as_the_same() {
    let known = known();
    let text = known.there.text();
    insta::assert_snapshot!(text);
    let wanted = read(&text).unwrap();
    assert_eq!(wanted.state, known.there, "{text}");
    let compared = compare((&known.there, &wanted.state), true, no_lines);
    assert_eq!(compared, Compared::default());
    assert_eq!(wanted.waiting, Vec::<String>::new());
}

#[test]
fn every_mistake_is_told_with_its_place_and_the_nearest_right_word() {
    let text = "cluster: []
clusters:
  - slug: dev
    nmae: Development
  - slug: dev2
roles:
  - name: biller
    capabilities: [view-billings]
connections:
  - name: entra
    settings: {profile: entraa}
  - name: okta
    settings:
      profile: okta
      dialect: strict
      oidc: {issuer: https://idp.test, client: x}
service_accounts:
  - description: nameless
groups:
  - name: Platform
    service_accounts: [c]
  - name: platform
bindings:
  - user: ada@acme.test
    role: auditr
  - group: Platfrom
    role: owner
    cluster: prd
  - {user: ada@acme.test, group: Platform, role: owner}
  - {user: bob, role: owner, until: soon}
mapping: {default: viewer}
";
    let found = read(text).unwrap_err();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn names_are_compared_folded_and_clusters_go_by_their_id_too() {
    let wanted = read("bindings: [{group: PLATFORM, role: AUDITOR, cluster: id:c-1}]").unwrap();
    let compared = compare((&known().there, &wanted.state), false, no_lines);
    assert!(compared.changes.is_empty(), "{compared:?}");
    assert_eq!(compared.left_alone.len(), 2);
}

#[test]
fn what_is_not_named_stays_without_prune_and_goes_with_it() {
    let wanted = read("groups: [{name: Platform, users: [bob]}]\nclusters:\nbindings: []").unwrap();
    let there = known().there;
    let stays = compare((&there, &wanted.state), false, no_lines);
    let actions = |found: &Compared| found.changes.iter().map(|one| (one.action, one.what.clone())).collect::<Vec<_>>();
    assert_eq!(actions(&stays), [(Action::Change, "group Platform".to_owned())]);
    assert_eq!(stays.changes[0].lines, ["+ user bob"]);
    assert_eq!(stays.left_alone.len(), 5, "{:?}", stays.left_alone);
    let goes = compare((&there, &wanted.state), true, no_lines);
    assert!(goes.left_alone.is_empty());
    assert_eq!(goes.changes.iter().filter(|one| one.action == Action::Remove).count(), 4);
    assert!(goes.changes.iter().any(|one| one.lines.contains(&"- user ada@acme.test".to_owned())));
    // Sections that are not there are nobody's business.
    assert!(!actions(&goes).iter().any(|(_, what)| what.starts_with("connection") || what.starts_with("role")));
}

#[test]
fn who_is_not_here_yet_is_waited_for_and_what_is_over_left_out() {
    let text = "bindings:
  - {user: carol@acme.test, role: viewer}
  - {user: adda@acme.test, role: viewer}
  - {group: okta/sre, role: viewer}
  - {user: ada@acme.test, role: viewer, until: 2020-01-01T00:00:00Z}
";
    let wanted = read(text).unwrap();
    assert_eq!(wanted.state.bindings, Some(BTreeMap::new()));
    insta::assert_snapshot!(wanted.waiting.join("\n"));
}

#[test]
fn a_mistake_in_the_mapping_is_told_by_its_place_in_the_document() {
    let text = "clusters: []\nmapping: |\n  default: viewer\n  rules:\n    - name: x\n      grant: ownr\n";
    let wanted = read(text).unwrap();
    let mapping = wanted.state.mapping.clone().unwrap();
    let checked = crate::mapping::check(&mapping, &crate::mapping::Vocabulary::default(), now());
    let found = wanted.in_document(text, checked.diagnostics);
    let role = found.iter().find(|one| one.message.contains("ownr")).unwrap();
    assert_eq!((role.line, role.column), (6, 14), "{role}");
}

#[test]
fn settings_that_are_left_out_are_what_the_profile_begins_with() {
    let text = "connections: [{name: entra, settings: {profile: entra, domains: [x.test]}}]";
    let wanted = read(text).unwrap().state.connections.unwrap().remove("entra").unwrap();
    let expected = ConnectionSettings { domains: vec!["x.test".to_owned()], ..ConnectionSettings::of(Profile::Entra) };
    assert_eq!(wanted.settings, expected);
}
