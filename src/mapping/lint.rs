//! What loads, but is probably not what was meant.

use super::{
    diagnostic::{Findings, did_you_mean},
    owner::{asks_for_clusters, risks},
    pattern::{Hole, Match},
    rule::{GrantRole, Mapping, Matcher, Names, Rule, Targets},
    shadow::{shadows, whole},
    source::Extent,
    vocabulary::Vocabulary,
};
use crate::model::{Capability, Instant, fold};
use std::collections::{BTreeSet, HashMap};

/// Looks for what was probably not meant.
pub(super) fn lint(mapping: &Mapping, vocabulary: &Vocabulary, now: Instant, findings: &mut Findings<'_>) {
    let directory = vocabulary.groups.as_ref().map(|_| Directory::new(vocabulary));
    for rule in &mapping.rules {
        findings.about(Some(&rule.name));
        ended(rule, now, findings);
        for (message, help) in risks(rule) {
            warn(findings, rule.grant_extent, message, help);
        }
        for (message, help) in rule.when.iter().flat_map(super::condition::Condition::suspect) {
            warn(findings, rule.extent, message, help);
        }
        in_vain(rule, vocabulary, findings);
        twice(rule, findings);
        absence(rule, mapping, findings);
        unsaid_roles(rule, vocabulary, findings);
        forgotten_placeholder(rule, findings);
        powerful_by_name(rule, vocabulary, findings);
        useless_allow(rule, findings);
        if let Some(directory) = &directory {
            for matcher in &rule.groups {
                directory.look(matcher, mapping, findings);
            }
        }
    }
    shadows(mapping, vocabulary, findings);
    findings.about(None);
}

fn warn(findings: &mut Findings<'_>, extent: Extent, message: String, help: &str) {
    let place = findings.source().place(extent.start);
    findings.warning(place, message, Some(help.to_owned()));
}

fn ended(rule: &Rule, now: Instant, findings: &mut Findings<'_>) {
    if rule.ended(now) {
        let message = "this rule has ended and gives nothing any more".to_owned();
        warn(findings, rule.until_extent, message, "remove the rule, or move its date");
    }
}

/// What cannot give anybody anything, whoever there is.
fn in_vain(rule: &Rule, vocabulary: &Vocabulary, findings: &mut Findings<'_>) {
    if vocabulary.clusters.is_empty() && asks_for_clusters(rule) {
        let message = "no cluster is declared, so {cluster} stands for nothing".to_owned();
        warn(findings, rule.extent, message, "declare the clusters first");
    }
    if let (GrantRole::Fixed(role), Targets::Clusters { .. }) = (&rule.grant, &rule.targets)
        && !whole(role, vocabulary).into_iter().any(Capability::counts_on_a_cluster)
    {
        let message = "nothing that this role allows counts on a cluster".to_owned();
        warn(findings, rule.grant_extent, message, "leave clusters out, or grant another role");
    }
    for matcher in &rule.groups {
        if matches!(&matcher.names, Names::Name(name) if name.contains('*')) {
            let message = format!("the star in {} is a star, and stands for nothing else", matcher.shown.value);
            warn(
                findings,
                matcher.shown.extent,
                message,
                "patterns have {cluster} and {role}; name other groups one by one",
            );
        }
    }
}

/// What stands twice in a list.
fn twice(rule: &Rule, findings: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    for matcher in &rule.groups {
        if !seen.insert(matcher.key()) {
            let message = format!("{} stands here twice", matcher.shown.value);
            warn(findings, matcher.shown.extent, message, "one is enough");
        }
    }
    if let Targets::Clusters { known, .. } = &rule.targets {
        let different: BTreeSet<_> = known.iter().collect();
        if different.len() < known.len() {
            warn(findings, rule.extent, "one of the clusters stands here twice".to_owned(), "one is enough");
        }
    }
}

fn absence(rule: &Rule, mapping: &Mapping, findings: &mut Findings<'_>) {
    if rule.when.as_ref().is_some_and(|when| when.holds_of_nobody(&mapping.words)) {
        let message = "this condition also holds of people of whom nothing is known".to_owned();
        let help = "ask for the attribute to be there too, as in: title pr and not (title co \"Intern\")";
        warn(findings, rule.extent, message, help);
    }
}

fn unsaid_roles(rule: &Rule, vocabulary: &Vocabulary, findings: &mut Findings<'_>) {
    let asks = rule.when.as_ref().is_some_and(|when| when.asks_for("roles"));
    if asks && !vocabulary.roles_are_said {
        let message = "this condition asks for roles, and no connection says any".to_owned();
        warn(
            findings,
            rule.extent,
            message,
            "let a connection say them: its setting read_roles, or a claim in attributes",
        );
    }
}

fn forgotten_placeholder(rule: &Rule, findings: &mut Findings<'_>) {
    if rule.fills(Hole::Cluster) && rule.targets == Targets::Organization {
        let message = "the groups name a {cluster}, and the role is granted in the whole organization".to_owned();
        warn(findings, rule.grant_extent, message, "add clusters: [\"{cluster}\"]");
    }
    if rule.fills(Hole::Role) && rule.grant != GrantRole::Captured {
        let message = "the groups name a {role}, and the rule grants another one".to_owned();
        warn(findings, rule.grant_extent, message, "write grant: \"{role}\"");
    }
}

/// A custom role that manages members or the organization is nearly an owner, and `{role}` may stand for it.
fn powerful_by_name(rule: &Rule, vocabulary: &Vocabulary, findings: &mut Findings<'_>) {
    if rule.grant != GrantRole::Captured || rule.targets != Targets::Organization {
        return;
    }
    let powers = [Capability::ManageMembers, Capability::ManageOrganization];
    let powerful =
        vocabulary.custom_roles.iter().filter(|role| powers.iter().any(|power| role.capabilities.contains(power)));
    let names: Vec<&str> = powerful.map(|role| role.name.as_str()).collect();
    if !names.is_empty() {
        let message = format!("whoever names groups in the directory can give themselves {}", names.join(" or "));
        warn(findings, rule.grant_extent, message, "grant such a role by a rule of its own");
    }
}

fn useless_allow(rule: &Rule, findings: &mut Findings<'_>) {
    if rule.allow_owner && rule.grant != GrantRole::Captured {
        let message = "allow: [owner] has no effect here".to_owned();
        warn(findings, rule.grant_extent, message, "it concerns rules that grant \"{role}\"; leave it out");
    }
}

/// The groups that the directory has.
struct Directory<'v> {
    /// Folded connection and name → the external id.
    names: HashMap<(String, String), Option<&'v str>>,
    ids: BTreeSet<(String, &'v str)>,
}

impl<'v> Directory<'v> {
    fn new(vocabulary: &'v Vocabulary) -> Self {
        let mut directory = Self { names: HashMap::new(), ids: BTreeSet::new() };
        for group in vocabulary.groups.iter().flatten() {
            let connection = fold(&group.connection);
            let id = group.external_id.as_deref();
            directory.ids.extend(id.map(|id| (connection.clone(), id)));
            directory.names.insert((connection, fold(&group.display_name)), id);
        }
        directory
    }

    /// Whether a matcher means a group that there is.
    fn look(&self, matcher: &Matcher, mapping: &Mapping, findings: &mut Findings<'_>) {
        let Some(connection) = &matcher.connection else { return };
        let place = findings.source().place(matcher.shown.extent.start);
        let shown = &matcher.shown.value;
        let of_connection =
            || self.names.keys().filter(|(owner, _)| owner == connection).map(|(_, name)| name.as_str());
        let nobody = |help| (format!("no group {shown} is known, so this matches nobody yet"), help);
        let (message, help) = match &matcher.names {
            Names::Name(name) => match self.names.get(&(connection.clone(), name.clone())) {
                Some(Some(id)) => {
                    let help = format!("write id:{id}, and a group renamed or pushed under this name changes nothing");
                    (format!("{shown} is named by display name, and its id is known"), Some(help))
                }
                Some(None) => return,
                None if findings.has_room() => nobody(did_you_mean(name, of_connection())),
                None => nobody(None),
            },
            Names::Id(id) if self.ids.contains(&(connection.clone(), id.as_str())) => return,
            Names::Id(_) => nobody(None),
            Names::Pattern(pattern) => {
                let fits = |name: &str| matches!(pattern.meet(name, &mapping.words), Match::One(_));
                if of_connection().any(fits) {
                    return;
                }
                nobody(Some("{cluster} and {role} match known values only".to_owned()))
            }
        };
        findings.warning(place, message, help);
    }
}
