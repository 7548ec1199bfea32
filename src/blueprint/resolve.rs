//! From what is written to what is meant: every name is that of something that is there, or that the document itself makes.

use super::{
    document::{Document, Item, WrittenBinding, WrittenGroup},
    names::{Meant, Names},
    read::Placed,
    state::{AccountState, BindingName, ClusterState, ConnectionState, GroupState, Holder, RoleState, State},
};
use crate::{
    mapping::yaml::{Findings, did_you_mean},
    model::{BuiltInRole, GroupId, Instant, UserId, fold},
};
use std::collections::{BTreeMap, BTreeSet};

/// More names than this are not searched for the nearest one.
const MOST_WORDS: usize = 5_000;
/// So often the nearest name is searched for: further down nobody reads it, and each search looks at every name.
const MOST_SEARCHES: usize = 20;
/// Lines about who is waited for.
const MOST_WAITING: usize = 200;

/// What there is that a document may speak of and does not make.
#[derive(Debug, Clone)]
pub struct Known {
    /// Everybody who is here.
    pub users: Names<UserId>,
    /// The groups of providers.
    pub pushed: Names<GroupId>,
    /// Everything else as it is.
    pub there: State,
    /// Clusters that have an id at Cast AI, by it: their folded slugs.
    pub clusters_by_id: BTreeMap<String, String>,
}

/// A document that was read, and what of it waits for somebody to come.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is meant.
    pub state: State,
    /// People and groups of providers who are not here yet, and for what they are named.
    pub waiting: Vec<String>,
    /// Where the mapping's text is written, in characters.
    pub(super) mapping: Option<(usize, usize)>,
}

/// Resolves a document.
pub(super) struct Resolver<'r, 's> {
    pub(super) known: &'r Known,
    pub(super) findings: &'r mut Findings<'s>,
    pub(super) now: Instant,
    waiting: Vec<String>,
    more_waiting: usize,
    searches: usize,
    roles: BTreeSet<String>,
    clusters: BTreeMap<String, String>,
    accounts: BTreeSet<String>,
    /// Local groups by their folded names, as they are called.
    groups: BTreeMap<String, String>,
    connections: BTreeSet<String>,
}

fn keys<T>(section: Option<&BTreeMap<String, T>>) -> impl Iterator<Item = String> {
    section.into_iter().flat_map(|section| section.keys().cloned())
}

/// The nearest of the first names.
fn near<'w, W: AsRef<str> + ?Sized + 'w>(word: &str, known: impl Iterator<Item = &'w W>) -> Option<String> {
    did_you_mean(word, known.map(AsRef::as_ref).take(MOST_WORDS))
}

impl<'r, 's> Resolver<'r, 's> {
    pub(super) fn new(known: &'r Known, findings: &'r mut Findings<'s>, now: Instant) -> Self {
        let there = &known.there;
        let mut clusters: BTreeMap<String, String> =
            keys(there.clusters.as_ref()).map(|slug| (slug.clone(), slug)).collect();
        clusters.extend(known.clusters_by_id.iter().map(|(id, slug)| (format!("id:{id}"), slug.clone())));
        let local = there.groups.iter().flatten().map(|(key, group)| (key.clone(), group.name.clone()));
        Self {
            findings,
            now,
            waiting: Vec::new(),
            more_waiting: 0,
            searches: 0,
            roles: BuiltInRole::ALL
                .iter()
                .map(|role| role.name().to_owned())
                .chain(keys(there.roles.as_ref()))
                .collect(),
            clusters,
            accounts: keys(there.service_accounts.as_ref()).collect(),
            groups: local.collect(),
            connections: keys(there.connections.as_ref()).collect(),
            known,
        }
    }

    fn wrong(&mut self, at: usize, message: String, help: Option<String>) {
        let place = self.findings.source().place(at);
        self.findings.error(place, message, help);
    }

    fn waits(&mut self, what: String) {
        match self.waiting.len() < MOST_WAITING {
            true => self.waiting.push(what),
            false => self.more_waiting += 1,
        }
    }

    fn may_search(&mut self) -> bool {
        self.searches += 1;
        self.searches <= MOST_SEARCHES
    }

    /// A section by its keys; a second one of the same name is a finding.
    fn keyed<T, S>(
        &mut self,
        section: Option<Vec<Item<T>>>,
        what: &str,
        mut read: impl FnMut(&mut Self, Item<T>) -> Option<(String, S)>,
    ) -> Option<BTreeMap<String, S>> {
        let mut all = BTreeMap::new();
        for item in section? {
            let at = item.at;
            let Some((key, value)) = read(self, item) else { continue };
            if all.insert(key.clone(), value).is_some() {
                self.wrong(at, format!("the {what} “{key}” is written twice"), Some("keep one of them".to_owned()));
            }
        }
        Some(all)
    }

    /// What a document means. Names that it makes itself come first, whatever their order.
    pub(super) fn resolve(mut self, document: Document) -> Wanted {
        let mapping = document.mapping.as_ref().and_then(|text| text.extent);
        let clusters = self.keyed(document.clusters, "cluster", |_, Item { what, .. }| {
            let slug = what.slug.text;
            let name = what.name.unwrap_or_else(|| slug.clone());
            Some((fold(&slug), ClusterState { slug, name, external_id: what.external_id }))
        });
        for (key, cluster) in clusters.iter().flatten() {
            self.clusters.insert(key.clone(), key.clone());
            self.clusters.extend(cluster.external_id.iter().map(|id| (format!("id:{id}"), key.clone())));
        }
        let roles = self.keyed(document.roles, "role", |_, Item { what, .. }| {
            let (name, description, capabilities) = (what.name.text, what.description, what.capabilities);
            Some((fold(&name), RoleState { name, description, capabilities }))
        });
        self.roles.extend(keys(roles.as_ref()));
        let connections = self.keyed(document.connections, "connection", |_, Item { what, .. }| {
            let (name, enabled, settings) = (what.name.text, what.enabled, what.settings);
            Some((fold(&name), ConnectionState { name, enabled, settings }))
        });
        self.connections.extend(keys(connections.as_ref()));
        let accounts = self.keyed(document.service_accounts, "service account", |_, Item { what, .. }| {
            let (name, description, suspended) = (what.name.text, what.description, what.suspended);
            Some((fold(&name), AccountState { name, description, suspended }))
        });
        self.accounts.extend(keys(accounts.as_ref()));
        let written = document.groups.iter().flatten().map(|group| group.what.name.text.clone());
        // What is there keeps its letters until it is renamed: bindings to it are the same ones.
        for name in written {
            self.groups.entry(fold(&name)).or_insert(name);
        }
        let groups = self.keyed(document.groups, "group", |this, item| Some(this.group(item.what)));
        let bindings = document.bindings.map(|all| self.bindings(all));
        let schemas = self.keyed(document.schemas, "schema", |_, Item { what, .. }| Some((fold(&what.urn), what)));
        let state = State {
            name: document.organization.map(|organization| organization.name.text),
            schemas,
            clusters,
            roles,
            connections,
            service_accounts: accounts,
            groups,
            bindings,
            mapping: document.mapping.map(|text| text.text),
        };
        if self.more_waiting > 0 {
            self.waiting.push(format!("… and {} more", self.more_waiting));
        }
        Wanted { state, waiting: self.waiting, mapping }
    }

    fn group(&mut self, group: WrittenGroup) -> (String, GroupState) {
        let WrittenGroup { name, users, service_accounts } = group;
        let name = name.text;
        let of = format!("as a member of the group “{name}”");
        let users = users.map(|users| users.iter().filter_map(|user| self.user(user, &of)).collect());
        let machines = service_accounts.map(|all| all.iter().filter_map(|one| self.account(one)).collect());
        (fold(&name), GroupState { name, users, service_accounts: machines })
    }

    fn bindings(&mut self, all: Vec<Item<WrittenBinding>>) -> BTreeMap<BindingName, Option<Instant>> {
        let mut bindings = BTreeMap::new();
        for Item { at, what } in all {
            let until = what.until;
            let Some(name) = self.binding(at, what) else { continue };
            // What is over is not there, and nobody has to take it out of the file on the day.
            if until.is_some_and(|until| until <= self.now) {
                self.waits(format!("{name}: its end is past; it is left out"));
                continue;
            }
            if bindings.insert(name.clone(), until).is_some() {
                self.wrong(at, format!("the binding {name} is written twice"), Some("keep one of them".to_owned()));
            }
        }
        bindings
    }

    fn binding(&mut self, at: usize, binding: WrittenBinding) -> Option<BindingName> {
        let WrittenBinding { user, group, service_account, role, cluster, until: _ } = binding;
        let of = format!("for {}", role.text);
        let role = self.role(&role);
        let cluster = match &cluster {
            Some(cluster) => Some(self.cluster(cluster)?),
            None => None,
        };
        let holder = match (user, group, service_account) {
            (Some(user), None, None) => Holder::User(self.user(&user, &of)?),
            (None, Some(group), None) => Holder::Group(self.group_named(&group, &of)?),
            (None, None, Some(account)) => Holder::ServiceAccount(self.account(&account)?),
            _ => {
                let message = "a binding is of one user, one group or one service_account".to_owned();
                self.wrong(at, message, Some("write exactly one of the three".to_owned()));
                return None;
            }
        };
        Some(BindingName { holder, role: role?, cluster })
    }

    fn role(&mut self, role: &Placed) -> Option<String> {
        let name = fold(&role.text);
        if self.roles.contains(&name) {
            return Some(name);
        }
        let help = self.may_search().then(|| near(&role.text, self.roles.iter())).flatten();
        self.wrong(role.at(), format!("there is no role “{}”", role.text), help);
        None
    }

    fn cluster(&mut self, cluster: &Placed) -> Option<String> {
        let by_id = self.clusters.get(&cluster.text).filter(|_| cluster.text.starts_with("id:"));
        if let Some(slug) = by_id.or_else(|| self.clusters.get(&fold(&cluster.text))) {
            return Some(slug.clone());
        }
        let help = self.may_search().then(|| near(&cluster.text, self.clusters.keys())).flatten();
        let help = help.or_else(|| Some("declare it under clusters".to_owned()));
        self.wrong(cluster.at(), format!("there is no cluster “{}”", cluster.text), help);
        None
    }

    fn account(&mut self, account: &Placed) -> Option<String> {
        let name = fold(&account.text);
        if self.accounts.contains(&name) {
            return Some(name);
        }
        let help = self.may_search().then(|| near(&account.text, self.accounts.iter())).flatten();
        let help = help.or_else(|| Some("make it under service_accounts".to_owned()));
        self.wrong(account.at(), format!("there is no service account “{}”", account.text), help);
        None
    }

    /// People come by their providers or by invitation, and never by a document: who is not here yet is waited for.
    fn user(&mut self, user: &Placed, of: &str) -> Option<String> {
        match self.known.users.meant(&user.text) {
            Meant::One(_, name) => return Some(name.to_owned()),
            Meant::Several => {
                let choices = self.known.users.choices(&user.text).join(" or ");
                let message = format!("“{}” may be several people", user.text);
                self.wrong(user.at(), message, Some(format!("write {choices}")));
            }
            Meant::Nobody => {
                let known = self.known;
                let near = match known.users.unsure(&user.text) {
                    Some(write) => Some(format!("“{write}” may be another: write that, or show whose the domain is")),
                    None => self.may_search().then(|| near(&user.text, known.users.words())).flatten(),
                };
                let near = near.map(|near| format!("; {near}")).unwrap_or_default();
                self.waits(format!("nobody here is called “{}” yet, who is named {of}{near}", user.text));
            }
        }
        None
    }

    /// A local group by its name, a provider's by `connection/name`.
    fn group_named(&mut self, group: &Placed, of: &str) -> Option<String> {
        if let Some(name) = self.groups.get(&fold(&group.text)) {
            return Some(name.clone());
        }
        match self.known.pushed.meant(&group.text) {
            Meant::One(_, name) => return Some(name.to_owned()),
            Meant::Several => {
                let choices = self.known.pushed.choices(&group.text).join(" or ");
                let message = format!("“{}” may be several groups", group.text);
                self.wrong(group.at(), message, Some(format!("write {choices}")));
                return None;
            }
            Meant::Nobody => {}
        }
        let connection = group.text.split_once('/').map(|(connection, _)| fold(connection));
        if connection.is_some_and(|connection| self.connections.contains(&connection)) {
            self.waits(format!("the group “{}” was not pushed yet, which is named {of}", group.text));
            return None;
        }
        let may_search = self.may_search();
        let words = || self.groups.values().map(String::as_str).chain(self.known.pushed.words());
        let help = may_search.then(|| near(&group.text, words())).flatten();
        let help = help.or_else(|| Some("a provider's group is written connection/name".to_owned()));
        self.wrong(group.at(), format!("there is no group “{}”", group.text), help);
        None
    }
}
