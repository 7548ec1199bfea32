//! From a draft to rules: names become roles, clusters and connections, or findings.

use super::{
    condition::Condition,
    diagnostic::{Findings, did_you_mean, nearest},
    outcome::DefaultRole,
    parse::{DraftDefault, DraftRule, Text},
    pattern::{Hole, Pattern},
    rule::{Defaults, GrantRole, Matcher, Names, Rule, Targets},
    source::{Extent, Place},
    time::end_of,
    vocabulary::{Vocabulary, Words},
};
use crate::model::{Role, fold};
use std::collections::HashMap;

/// Longest name of a rule, in characters. It is written into every binding that the rule makes.
const LONGEST_NAME: usize = 200;

/// Resolves drafts against a vocabulary.
pub(super) struct Compiler<'c, 's> {
    pub(super) vocabulary: &'c Vocabulary,
    pub(super) words: &'c Words,
    pub(super) findings: &'c mut Findings<'s>,
    /// The folded names of rules and the lines they begin on.
    pub(super) taken: HashMap<String, usize>,
}

impl Compiler<'_, '_> {
    pub(super) fn place(&self, extent: Extent) -> Place {
        self.findings.source().place(extent.start)
    }

    pub(super) fn error(&mut self, extent: Extent, message: impl Into<String>, help: Option<String>) {
        let place = self.place(extent);
        self.findings.error(place, message, help);
    }

    /// The `default:` of a mapping. What cannot be resolved turns people away: less is safer than more.
    pub(super) fn defaults(&mut self, draft: Option<&DraftDefault>, broken: bool) -> Defaults {
        let viewer = DefaultRole::Role(Role::VIEWER);
        let mut defaults = Defaults { otherwise: viewer, connections: HashMap::new() };
        match draft {
            None if broken => defaults.otherwise = DefaultRole::Nobody,
            None => {}
            Some(DraftDefault::Everybody(text)) => {
                defaults.otherwise = self.default_role(text).unwrap_or(DefaultRole::Nobody);
            }
            Some(DraftDefault::Connections(pairs)) => {
                for (connection, role) in pairs {
                    let role = self.default_role(role).unwrap_or(DefaultRole::Nobody);
                    let folded = fold(&connection.value);
                    if !self.words.connections.contains_key(&folded) {
                        let help = self.nearest_connection(&connection.value);
                        self.error(connection.extent, format!("there is no connection “{}”", connection.value), help);
                    }
                    if defaults.connections.insert(folded, role).is_some() {
                        let message = format!("the connection “{}” stands here twice", connection.value);
                        self.error(connection.extent, message, None);
                    }
                }
            }
        }
        defaults
    }

    fn default_role(&mut self, text: &Text) -> Option<DefaultRole> {
        if text.value.eq_ignore_ascii_case("none") {
            return Some(DefaultRole::Nobody);
        }
        let role = self.role(text)?;
        if role == Role::OWNER {
            let place = self.place(text.extent);
            let message = "everybody whom no rule matches becomes an owner";
            self.findings.warning(place, message, Some("write default: viewer, or default: none".to_owned()));
        }
        Some(DefaultRole::Role(role))
    }

    fn nearest_connection(&self, name: &str) -> Option<String> {
        let known = &self.vocabulary.connections;
        let near = did_you_mean(name, known.iter().map(String::as_str));
        near.or_else(|| (!known.is_empty()).then(|| format!("the connections are {}", known.join(", "))))
    }

    /// A role by its name, or a finding.
    pub(super) fn role(&mut self, text: &Text) -> Option<Role> {
        let role = self.words.role(&text.value);
        if role.is_none() {
            let mut names: Vec<&str> = self.words.roles().map(|(_, name)| name).collect();
            names.sort_unstable();
            let help = did_you_mean(&text.value, names.iter().copied());
            let help = help.or_else(|| (names.len() <= 12).then(|| format!("the roles are {}", names.join(", "))));
            self.error(text.extent, format!("there is no role “{}”", text.value), help);
        }
        role
    }

    /// A cluster that is not there.
    pub(super) fn unknown_cluster(&mut self, extent: Extent, name: &str) {
        let mut slugs: Vec<&str> = if self.findings.has_room() { self.words.slugs().collect() } else { Vec::new() };
        slugs.sort_unstable();
        let help = did_you_mean(name, slugs).unwrap_or_else(|| "declare the cluster first".to_owned());
        self.error(extent, format!("there is no cluster “{name}”"), Some(help));
    }

    /// One rule. `None` when it must not be evaluated at all.
    pub(super) fn rule(&mut self, draft: DraftRule) -> Option<Rule> {
        let name = self.name(&draft);
        self.findings.about(name.as_deref());
        let errors = self.findings.errors();
        let groups: Vec<Option<Matcher>> = draft.groups.into_iter().map(|text| self.matcher(text)).collect();
        let when = draft.when.as_ref().map(|text| Condition::read(text, self.vocabulary, self.findings));
        if groups.is_empty() && when.is_none() && !draft.broken {
            let help = "a rule names groups, or has a when, or both; for everybody else there is default";
            self.error(draft.extent, "this rule says of nobody that they match", Some(help.to_owned()));
        }
        let grant = match &draft.grant {
            Some(text) if text.value == Hole::Role.word() => Some(GrantRole::Captured),
            Some(text) => self.role(text).map(GrantRole::Fixed),
            None => {
                if !draft.broken {
                    self.error(draft.extent, "this rule grants nothing", Some("add grant: and a role".to_owned()));
                }
                None
            }
        };
        let until = draft.until.as_ref().map(|text| self.until(text));
        let allow_owner = self.allow(&draft.allow);
        let sound = !draft.broken && self.findings.errors() == errors;
        let targets = self.targets(draft.clusters.as_deref());
        let extent_of = |text: Option<&Text>| text.map_or(draft.extent, |text| text.extent);
        let rule = Rule {
            name: name?,
            extent: draft.extent,
            groups: groups.into_iter().flatten().collect(),
            when: when.flatten(),
            grant: grant?,
            grant_extent: extent_of(draft.grant.as_ref()),
            targets,
            until: until.flatten(),
            until_extent: extent_of(draft.until.as_ref()),
            allow_owner,
        };
        let clusters_extent = draft.clusters.as_ref().and_then(|clusters| {
            clusters.iter().find(|text| text.value == Hole::Cluster.word()).map(|text| text.extent)
        });
        (sound && self.holes(&rule, clusters_extent)).then_some(rule)
    }

    /// The rule's name, when it has one that no other rule has.
    fn name(&mut self, draft: &DraftRule) -> Option<String> {
        let Some(name) = &draft.name else {
            if !draft.broken {
                let help = "add name: and some words; they are shown wherever a role came from this rule";
                self.error(draft.extent, "this rule has no name", Some(help.to_owned()));
            }
            return None;
        };
        self.findings.about(Some(&name.value));
        if name.value.chars().count() > LONGEST_NAME || name.value.chars().any(char::is_control) {
            let message = format!("a rule's name is one line of at most {LONGEST_NAME} characters");
            self.error(name.extent, message, None);
            return None;
        }
        let line = self.place(name.extent).line;
        if let Some(first) = self.taken.insert(fold(&name.value), line) {
            self.taken.insert(fold(&name.value), first);
            let message = format!("the rule on line {first} has the name “{}” already", name.value);
            self.error(name.extent, message, Some("names tell rules apart; choose another".to_owned()));
            return None;
        }
        Some(name.value.clone())
    }

    /// What a rule says of groups: `name`, `id:…`, a pattern, each perhaps after `connection/`.
    fn matcher(&mut self, text: Text) -> Option<Matcher> {
        let (connection, rest) = self.split_connection(&text)?;
        let names = match rest.strip_prefix("id:") {
            Some("") => {
                self.error(text.extent, "the group's id is missing after id:", None);
                return None;
            }
            Some(id) => Names::Id(id.to_owned()),
            None => match Pattern::parse(&rest) {
                None => Names::Name(fold(&rest)),
                Some(Ok(pattern)) => Names::Pattern(pattern),
                Some(Err(error)) => {
                    let help = "a group whose name has braces is named by its id, as in id:00g1ab2";
                    self.error(text.extent, error.to_string(), Some(help.to_owned()));
                    return None;
                }
            },
        };
        Some(Matcher { connection, names, shown: text })
    }

    /// The connection that a group is qualified with, folded, and the rest. `None` when it must say one and does not.
    pub(super) fn split_connection(&mut self, text: &Text) -> Option<(Option<String>, String)> {
        let known = &self.words.connections;
        let qualified = text.value.split_once('/').map(|(before, rest)| (before, fold(before), rest));
        if let Some((_, folded, rest)) = &qualified
            && known.contains_key(folded)
        {
            if rest.is_empty() {
                self.error(text.extent, "the group's name is missing after the connection", None);
                return None;
            }
            return Some((Some(folded.clone()), (*rest).to_owned()));
        }
        if known.len() <= 1 {
            return Some((known.keys().next().cloned(), text.value.clone()));
        }
        let mut names = self.vocabulary.connections.clone();
        names.sort();
        let near = qualified.and_then(|(before, _, rest)| {
            nearest(before, names.iter().map(String::as_str)).map(|near| format!("did you mean “{near}/{rest}”?"))
        });
        let example = || names.first().map(|first| format!("write {first}/{}", text.value));
        let message =
            format!("“{}” does not say whose group it is; the connections are {}", text.value, names.join(", "));
        self.error(text.extent, message, near.or_else(example));
        None
    }

    fn targets(&mut self, clusters: Option<&[Text]>) -> Targets {
        let Some(clusters) = clusters else { return Targets::Organization };
        let (mut known, mut unknown, mut captured) = (Vec::new(), Vec::new(), false);
        for text in clusters {
            if text.value == Hole::Cluster.word() {
                captured = true;
            } else if let Some(cluster) = self.words.cluster(&text.value) {
                known.push(cluster.clone());
            } else {
                self.unknown_cluster(text.extent, &text.value);
                unknown.push(text.value.clone());
            }
        }
        Targets::Clusters { known, unknown, captured }
    }

    fn until(&mut self, text: &Text) -> Option<crate::model::Instant> {
        let end = end_of(&text.value);
        if end.is_none() {
            let message =
                format!("“{}” is neither a date like 2027-01-31 nor a time like 2027-01-31T18:00:00Z", text.value);
            self.error(text.extent, message, None);
        }
        end
    }

    /// Whether `allow:` allows owner, which is all it can.
    fn allow(&mut self, allow: &[Text]) -> bool {
        for text in allow.iter().filter(|text| fold(&text.value) != "owner") {
            let message = format!("allow takes only owner, and not “{}”", text.value);
            self.error(text.extent, message, Some("the other roles need no allowing".to_owned()));
        }
        allow.iter().any(|text| fold(&text.value) == "owner")
    }

    /// Whether the placeholders a rule uses are filled by every one of its groups.
    fn holes(&mut self, rule: &Rule, clusters_extent: Option<Extent>) -> bool {
        let captured = matches!(rule.targets, Targets::Clusters { captured: true, .. });
        let uses = [
            (Hole::Role, rule.grant == GrantRole::Captured, rule.grant_extent),
            (Hole::Cluster, captured, clusters_extent.unwrap_or(rule.extent)),
        ];
        let mut whole = true;
        for (hole, used, extent) in uses {
            if used && !rule.fills(hole) {
                whole = false;
                let message = format!("{} is used here and not every group of the rule has it", hole.word());
                self.error(extent, message, Some(format!("write it into each of groups, as in k8s-{}", hole.word())));
            }
        }
        whole
    }
}
