//! What is there and what is wanted become changes. A plan and what is done compare in the same way: they cannot disagree.

use super::{
    state::{AccountState, BindingName, ClusterState, ConnectionState, GroupState, Holder, RoleState, State},
    written,
};
use crate::model::{ExtensionSchema, Instant};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is done to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is made.
    Add,
    /// It is changed.
    Change,
    /// It is taken away.
    Remove,
}

/// One change of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// To what: `cluster prod-eu`.
    pub what: String,
    /// In detail, each with its sign: `+`, `~` or `-`.
    pub lines: Vec<String>,
    /// How it is done.
    #[serde(skip)]
    pub steps: Vec<Step>,
}

/// One thing to do, in names. They are done in the order of their kinds, which is that of this list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Gives the organization a name.
    Rename(String),
    /// Declares a schema for all connections.
    DeclareSchema(ExtensionSchema),
    /// Makes a schema this.
    ChangeSchema(ExtensionSchema),
    /// Declares a cluster.
    AddCluster(ClusterState),
    /// Makes a cluster this.
    ChangeCluster(ClusterState),
    /// Makes a custom role.
    AddRole(RoleState),
    /// Makes a custom role this.
    ChangeRole(RoleState),
    /// Makes a connection.
    AddConnection(ConnectionState),
    /// Makes a connection's settings these.
    ConfigureConnection(ConnectionState),
    /// Enables or disables a connection.
    SwitchConnection(ConnectionState),
    /// Makes a service account.
    AddAccount(AccountState),
    /// Makes a service account this.
    ChangeAccount(AccountState),
    /// Makes a local group.
    AddGroup(String),
    /// Writes a local group's name in other letters.
    RenameGroup(String),
    /// Gives a role, or another end to one that was given.
    Give(BindingName, Option<Instant>),
    /// Puts somebody into a local group, by its folded name.
    Join(String, Holder),
    /// Puts a mapping into force.
    Publish(String),
    /// Takes what a person gave.
    Take(BindingName),
    /// Takes somebody out of a local group.
    Leave(String, Holder),
    /// Deletes a local group.
    RemoveGroup(String),
    /// Closes a service account.
    RemoveAccount(String),
    /// Deletes a connection, with everybody whom it brought.
    RemoveConnection(String),
    /// Deletes a custom role.
    RemoveRole(String),
    /// Removes a cluster.
    RemoveCluster(String),
    /// Takes a schema back.
    RemoveSchema(String),
}

impl Step {
    /// Its place among the others.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Rename(_) => 0,
            Self::DeclareSchema(_) => 1,
            Self::ChangeSchema(_) => 2,
            Self::AddCluster(_) => 3,
            Self::ChangeCluster(_) => 4,
            Self::AddRole(_) => 5,
            Self::ChangeRole(_) => 6,
            Self::AddConnection(_) => 7,
            Self::ConfigureConnection(_) => 8,
            Self::SwitchConnection(_) => 9,
            Self::AddAccount(_) => 10,
            Self::ChangeAccount(_) => 11,
            Self::AddGroup(_) => 12,
            Self::RenameGroup(_) => 13,
            Self::Give(..) => 14,
            Self::Join(..) => 15,
            Self::Publish(_) => 16,
            Self::Take(_) => 17,
            Self::Leave(..) => 18,
            Self::RemoveGroup(_) => 19,
            Self::RemoveAccount(_) => 20,
            Self::RemoveConnection(_) => 21,
            Self::RemoveRole(_) => 22,
            Self::RemoveCluster(_) => 23,
            Self::RemoveSchema(_) => 24,
        }
    }
}

/// What a document would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// What it changes, section by section.
    pub changes: Vec<Change>,
    /// What is there and not in it, and stays.
    pub left_alone: Vec<String>,
}

/// Compares an organization with what is wanted of it. What a section does not name is deleted only with `prune`; `lines` says
/// how two texts of a mapping differ.
#[must_use]
pub fn compare(
    (there, wanted): (&State, &State),
    prune: bool,
    lines: impl FnOnce(&str, &str) -> Vec<String>,
) -> Compared {
    let mut comparison = Comparison { prune, found: Compared::default() };
    comparison.name(there, wanted);
    comparison.sections(there, wanted);
    comparison.groups(there, wanted);
    comparison.bindings(there, wanted);
    comparison.mapping(there, wanted, lines);
    comparison.found
}

/// A section whose items are compared by what is written of them.
struct Section<'s, T> {
    what: &'static str,
    there: Option<&'s BTreeMap<String, T>>,
    wanted: Option<&'s BTreeMap<String, T>>,
    write: fn(&T) -> Value,
    add: fn(&T) -> Vec<Step>,
    change: fn(&T, &T) -> Vec<Step>,
    remove: fn(String) -> Step,
}

/// What a kind of members is called, which of a group they are, and how one is meant.
type MemberKind = (&'static str, fn(&GroupState) -> Option<&BTreeSet<String>>, fn(String) -> Holder);

struct Comparison {
    prune: bool,
    found: Compared,
}

impl Comparison {
    fn change(&mut self, action: Action, what: String, lines: Vec<String>, steps: Vec<Step>) {
        self.found.changes.push(Change { action, what, lines, steps });
    }

    /// Something that is there and not in the document.
    fn absent(&mut self, what: String, step: Step) {
        if self.prune {
            self.change(Action::Remove, what, Vec::new(), vec![step]);
        } else {
            self.found.left_alone.push(what);
        }
    }

    fn name(&mut self, there: &State, wanted: &State) {
        if let Some(name) = wanted.name.as_ref().filter(|name| there.name.as_ref() != Some(name)) {
            let before = there.name.as_deref().unwrap_or_default();
            let lines = vec![format!("~ name: {} → {}", Value::from(before), Value::from(name.as_str()))];
            self.change(Action::Change, "organization".to_owned(), lines, vec![Step::Rename(name.clone())]);
        }
    }

    fn sections(&mut self, there: &State, wanted: &State) {
        self.section(&Section {
            what: "schema",
            there: there.schemas.as_ref(),
            wanted: wanted.schemas.as_ref(),
            write: written::schema,
            add: |one| vec![Step::DeclareSchema(one.clone())],
            change: |_, one| vec![Step::ChangeSchema(one.clone())],
            remove: Step::RemoveSchema,
        });
        self.section(&Section {
            what: "cluster",
            there: there.clusters.as_ref(),
            wanted: wanted.clusters.as_ref(),
            write: written::cluster,
            add: |one| vec![Step::AddCluster(one.clone())],
            change: |_, one| vec![Step::ChangeCluster(one.clone())],
            remove: Step::RemoveCluster,
        });
        self.section(&Section {
            what: "role",
            there: there.roles.as_ref(),
            wanted: wanted.roles.as_ref(),
            write: written::role,
            add: |one| vec![Step::AddRole(one.clone())],
            change: |_, one| vec![Step::ChangeRole(one.clone())],
            remove: Step::RemoveRole,
        });
        self.section(&Section {
            what: "connection",
            there: there.connections.as_ref(),
            wanted: wanted.connections.as_ref(),
            write: written::connection,
            add: |one| vec![Step::AddConnection(one.clone())],
            change: |before, one| {
                let settings = (before.settings != one.settings).then(|| Step::ConfigureConnection(one.clone()));
                let switched = (before.enabled != one.enabled).then(|| Step::SwitchConnection(one.clone()));
                settings.into_iter().chain(switched).collect()
            },
            remove: Step::RemoveConnection,
        });
        self.section(&Section {
            what: "service account",
            there: there.service_accounts.as_ref(),
            wanted: wanted.service_accounts.as_ref(),
            write: written::account,
            add: |one| vec![Step::AddAccount(one.clone())],
            change: |_, one| vec![Step::ChangeAccount(one.clone())],
            remove: Step::RemoveAccount,
        });
    }

    fn section<T: PartialEq>(&mut self, section: &Section<'_, T>) {
        let Section { what, there, wanted, write, add, change, remove } = section;
        let Some(wanted) = wanted else { return };
        let nothing = BTreeMap::new();
        let there = there.unwrap_or(&nothing);
        for (key, one) in *wanted {
            let what = format!("{what} {key}");
            match there.get(key) {
                None => self.change(Action::Add, what, fields(&Value::Null, &write(one)), add(one)),
                Some(before) if before != one => {
                    let (lines, steps) = (fields(&write(before), &write(one)), change(before, one));
                    // Of a connection's name the letters alone may differ: it keeps the ones that it has.
                    if !steps.is_empty() {
                        self.change(Action::Change, what, lines, steps);
                    }
                }
                Some(_) => {}
            }
        }
        for key in there.keys().filter(|key| !wanted.contains_key(*key)) {
            self.absent(format!("{what} {key}"), remove(key.clone()));
        }
    }

    fn groups(&mut self, there: &State, wanted: &State) {
        let Some(wanted) = &wanted.groups else { return };
        let nothing = BTreeMap::new();
        let there = there.groups.as_ref().unwrap_or(&nothing);
        for (key, group) in wanted {
            let before = there.get(key);
            let (mut lines, mut steps) = (Vec::new(), Vec::new());
            match before {
                None => steps.push(Step::AddGroup(group.name.clone())),
                Some(before) if before.name != group.name => {
                    lines.push(format!("~ name: {} → {}", before.name, group.name));
                    steps.push(Step::RenameGroup(group.name.clone()));
                }
                Some(_) => {}
            }
            self.members(key, (before, group), (&mut lines, &mut steps));
            let action = if before.is_none() { Action::Add } else { Action::Change };
            if !steps.is_empty() {
                self.change(action, format!("group {}", group.name), lines, steps);
            }
        }
        for (key, group) in there.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
            self.absent(format!("group {}", group.name), Step::RemoveGroup(key.clone()));
        }
    }

    /// Whoever is in a group and not named stays in it, unless the document is all there shall be.
    fn members(
        &mut self,
        key: &str,
        (before, group): (Option<&GroupState>, &GroupState),
        (lines, steps): (&mut Vec<String>, &mut Vec<Step>),
    ) {
        let kinds: [MemberKind; 2] = [
            ("user", |group| group.users.as_ref(), Holder::User),
            ("service account", |group| group.service_accounts.as_ref(), Holder::ServiceAccount),
        ];
        let nobody = BTreeSet::new();
        for (kind, of, holder) in kinds {
            let Some(named) = of(group) else { continue };
            let there = before.and_then(of).unwrap_or(&nobody);
            for name in named.difference(there) {
                lines.push(format!("+ {kind} {name}"));
                steps.push(Step::Join(key.to_owned(), holder(name.clone())));
            }
            for name in there.difference(named) {
                if self.prune {
                    lines.push(format!("- {kind} {name}"));
                    steps.push(Step::Leave(key.to_owned(), holder(name.clone())));
                } else {
                    self.found.left_alone.push(format!("{kind} {name} in the group {}", group.name));
                }
            }
        }
    }

    fn bindings(&mut self, there: &State, wanted: &State) {
        let Some(wanted) = &wanted.bindings else { return };
        let nothing = BTreeMap::new();
        let there = there.bindings.as_ref().unwrap_or(&nothing);
        let ends = |until: &Option<Instant>| until.map_or_else(|| "never".to_owned(), |until| until.to_string());
        for (name, until) in wanted {
            let steps = vec![Step::Give(name.clone(), *until)];
            match there.get(name) {
                None => {
                    let lines = until.iter().map(|until| format!("+ until: {until}")).collect();
                    self.change(Action::Add, format!("binding {name}"), lines, steps);
                }
                Some(before) if before != until => {
                    let lines = vec![format!("~ until: {} → {}", ends(before), ends(until))];
                    self.change(Action::Change, format!("binding {name}"), lines, steps);
                }
                Some(_) => {}
            }
        }
        for name in there.keys().filter(|name| !wanted.contains_key(name)) {
            self.absent(format!("binding {name}"), Step::Take(name.clone()));
        }
    }

    fn mapping(&mut self, there: &State, wanted: &State, lines: impl FnOnce(&str, &str) -> Vec<String>) {
        let Some(text) = wanted.mapping.as_ref().filter(|text| there.mapping.as_ref() != Some(text)) else { return };
        let lines = lines(there.mapping.as_deref().unwrap_or_default(), text);
        let action = if there.mapping.is_none() { Action::Add } else { Action::Change };
        self.change(action, "mapping".to_owned(), lines, vec![Step::Publish(text.clone())]);
    }
}

/// Every value by its path: `settings.oidc.issuer`.
fn flat(value: &Value, path: &str, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flat(value, &path, into);
            }
        }
        other => drop(into.insert(path.to_owned(), other.to_string())),
    }
}

/// What differs, field by field.
fn fields(before: &Value, after: &Value) -> Vec<String> {
    let (mut was, mut is) = (BTreeMap::new(), BTreeMap::new());
    flat(before, "", &mut was);
    flat(after, "", &mut is);
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let line = |name: &String| match (was.get(name), is.get(name)) {
        (None, Some(now)) => Some(format!("+ {name}: {now}")),
        (Some(then), None) => Some(format!("- {name}: {then}")),
        (Some(then), Some(now)) if then != now => Some(format!("~ {name}: {then} → {now}")),
        (Some(_) | None, _) => None,
    };
    names.into_iter().filter_map(line).collect()
}
