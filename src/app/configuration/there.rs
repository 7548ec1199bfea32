//! What an organization is like now, in names, and the ids of what is named.

use super::everybody::{Everybody, is_by_a_person};
use crate::{
    app::{Ctx, Error},
    blueprint::{
        AccountState, BindingName, ClusterState, ConnectionState, GroupState, Holder, Known, Names, RoleState, State,
    },
    model::{
        Binding, BindingId, ClusterId, ConnectionId, DomainClaim, Group, GroupId, GroupOrigin, Instant, Role, RoleId,
        Scope, ServiceAccountId, Subject, UserId, fold,
    },
    store::{EVERYBODY, Tx},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The ids of what is named by its folded name, or by what a document calls it.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) clusters: BTreeMap<String, ClusterId>,
    pub(super) roles: BTreeMap<String, RoleId>,
    pub(super) connections: BTreeMap<String, ConnectionId>,
    pub(super) accounts: BTreeMap<String, ServiceAccountId>,
    /// The local ones.
    pub(super) groups: BTreeMap<String, GroupId>,
    /// Several rows may say the same: a person's and an invitation's.
    pub(super) bindings: BTreeMap<BindingName, Vec<BindingId>>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct There {
    pub(super) known: Known,
    pub(super) ids: Named,
}

/// Loads what is there. Nothing that a provider or a rule made is among it.
pub(super) async fn there(tx: &mut Tx, ctx: &Ctx, everybody: &Everybody) -> Result<There, Error> {
    let organization = &ctx.organization;
    let (mut state, mut ids) = (State::default(), Named::default());
    state.name = tx.organization(organization).await?.map(|found| found.name);
    let schemas = tx.schemas(organization).await?.into_iter().map(|kept| (fold(&kept.schema.urn), kept.schema));
    state.schemas = Some(schemas.collect());
    let (mut clusters, mut clusters_by_id) = (BTreeMap::new(), BTreeMap::new());
    for cluster in tx.clusters(organization).await? {
        let key = fold(&cluster.slug);
        ids.clusters.insert(key.clone(), cluster.id);
        clusters_by_id.extend(cluster.external_id.iter().map(|id| (id.clone(), key.clone())));
        clusters.insert(key, ClusterState { slug: cluster.slug, name: cluster.name, external_id: cluster.external_id });
    }
    state.clusters = Some(clusters);
    let mut roles = BTreeMap::new();
    for kept in tx.roles(organization).await? {
        let (key, role) = (fold(&kept.role.name), kept.role);
        ids.roles.insert(key.clone(), role.id);
        let (name, capabilities) = (role.name, role.capabilities);
        roles.insert(key, RoleState { name, description: kept.description, capabilities });
    }
    state.roles = Some(roles);
    let (mut connections, mut called) = (BTreeMap::new(), HashMap::new());
    for connection in tx.connections(organization).await? {
        let key = fold(&connection.name);
        called.insert(connection.id.to_string(), connection.name.clone());
        ids.connections.insert(key.clone(), connection.id);
        let (name, enabled, settings) = (connection.name, connection.enabled, connection.settings);
        connections.insert(key, ConnectionState { name, enabled, settings });
    }
    state.connections = Some(connections);
    let mut accounts = BTreeMap::new();
    for account in tx.service_accounts_after(organization, "", EVERYBODY).await? {
        let key = fold(&account.name);
        ids.accounts.insert(key.clone(), account.id);
        let (name, description, suspended) = (account.name, account.description, account.suspended);
        accounts.insert(key, AccountState { name, description, suspended });
    }
    state.service_accounts = Some(accounts);
    if let Some(version) = tx.mapping_state(organization).await?.0 {
        state.mapping = tx.mapping_version(organization, version).await?.map(|stored| stored.text);
    }
    let claims = tx.domain_claims(organization).await?;
    let (users, pushed) = (people(everybody, &called, &claims), providers_groups(everybody, &called));
    let mut machines: HashMap<GroupId, BTreeSet<String>> = HashMap::new();
    for group in everybody.groups.iter().filter(|group| group.origin == GroupOrigin::Local) {
        let inside = tx.machine_members(organization, &group.id).await?;
        machines.insert(group.id.clone(), inside.into_iter().map(|(_, name)| fold(&name)).collect());
    }
    local_groups(everybody, (&users, machines), (&mut state, &mut ids));
    bindings(everybody, (&users, &pushed), (&mut state, &mut ids), ctx.now);
    Ok(There { known: Known { users, pushed, there: state, clusters_by_id }, ids })
}

/// People by address, by userName, and by userName at their provider.
///
/// Where there are several providers, a bare address or userName is somebody's only if it lies in a domain that their provider
/// was shown to own: else whoever pushes a name first would be given what a document has for another.
fn people(everybody: &Everybody, called: &HashMap<String, String>, claims: &[DomainClaim]) -> Names<UserId> {
    let shown = claims.iter().filter(|claim| claim.proof.is_some());
    let owners: HashMap<&str, &ConnectionId> = shown.map(|claim| (claim.domain.as_str(), &claim.connection)).collect();
    let owned = |name: &str| name.rsplit_once('@').and_then(|(_, domain)| owners.get(fold(domain).as_str()).copied());
    let (mut names, mut unsure) = (Vec::new(), Vec::new());
    for person in everybody.people.values().map(|standing| &standing.person) {
        let by = person.connection.as_ref().and_then(|id| called.get(id.as_str()));
        let at = format!("{}/{}", by.map_or("local", String::as_str), person.user_name);
        let is_theirs = |name: &String| {
            let by = person.connection.as_ref();
            by.is_none() || called.len() == 1 || owned(name).is_some_and(|owner| Some(owner) == by)
        };
        let bare = [person.email.clone(), Some(person.user_name.clone())].into_iter().flatten();
        let (mut sure, others): (Vec<_>, Vec<_>) = bare.partition(is_theirs);
        unsure.extend(others.into_iter().map(|name| (name, at.clone())));
        sure.extend([at, person.id.to_string()]);
        names.push((person.id.clone(), sure));
    }
    Names::of(names).with_unsure(unsure)
}

/// The groups of providers by `connection/name`, where no local group is called so.
fn providers_groups(everybody: &Everybody, called: &HashMap<String, String>) -> Names<GroupId> {
    let is_local = |group: &&Group| group.origin == GroupOrigin::Local;
    let local: BTreeSet<String> =
        everybody.groups.iter().filter(is_local).map(|group| fold(&group.display_name)).collect();
    let names = everybody.groups.iter().filter(|group| !is_local(group)).map(|group| {
        let by = group.connection.as_ref().and_then(|id| called.get(id.as_str())).map_or("", String::as_str);
        let by_claims = (group.origin == GroupOrigin::Claims).then(|| format!("{by}/claims:{}", group.display_name));
        let by_id = group.external_id.as_ref().map(|id| format!("{by}/id:{id}"));
        let names = [Some(format!("{by}/{}", group.display_name)), by_claims, by_id, Some(group.id.to_string())];
        let names = names.into_iter().flatten().filter(|name| !local.contains(&fold(name)));
        (group.id.clone(), names.collect())
    });
    Names::of(names)
}

fn local_groups(
    everybody: &Everybody,
    (users, mut machines): (&Names<UserId>, HashMap<GroupId, BTreeSet<String>>),
    (state, ids): (&mut State, &mut Named),
) {
    let called: HashMap<&UserId, &str> = users.iter().collect();
    let mut groups = BTreeMap::new();
    for group in everybody.groups.iter().filter(|group| group.origin == GroupOrigin::Local) {
        let key = fold(&group.display_name);
        ids.groups.insert(key.clone(), group.id.clone());
        let members = everybody.members.get(group.id.as_str()).into_iter().flatten();
        let members = members.filter_map(|user| called.get(user)).map(|name| (*name).to_owned());
        let service_accounts = Some(machines.remove(&group.id).unwrap_or_default());
        let name = group.display_name.clone();
        groups.insert(key, GroupState { name, users: Some(members.collect()), service_accounts });
    }
    state.groups = Some(groups);
}

fn bindings(
    everybody: &Everybody,
    (users, pushed): (&Names<UserId>, &Names<GroupId>),
    (state, ids): (&mut State, &mut Named),
    now: Instant,
) {
    let people: HashMap<&UserId, &str> = users.iter().collect();
    let mut groups: HashMap<&GroupId, &str> = pushed.iter().collect();
    let local = everybody.groups.iter().filter(|group| group.origin == GroupOrigin::Local);
    groups.extend(local.map(|group| (&group.id, group.display_name.as_str())));
    let (accounts, roles, clusters) = (by_id(&ids.accounts), by_id(&ids.roles), by_id(&ids.clusters));
    let name = |binding: &Binding| -> Option<BindingName> {
        let holder = match &binding.terms.subject {
            Subject::User(id) => Holder::User((*people.get(id)?).to_owned()),
            Subject::Group(id) => Holder::Group((*groups.get(id)?).to_owned()),
            Subject::ServiceAccount(id) => Holder::ServiceAccount(accounts.get(id)?.clone()),
        };
        let role = match &binding.terms.role {
            Role::BuiltIn(role) => role.name().to_owned(),
            Role::Custom(id) => roles.get(id)?.clone(),
        };
        let cluster = match &binding.terms.scope {
            Scope::Organization => None,
            Scope::Cluster { id } => Some(clusters.get(id)?.clone()),
            Scope::Resource { .. } => return None,
        };
        Some(BindingName { holder, role, cluster })
    };
    let mut given: BTreeMap<BindingName, Option<Instant>> = BTreeMap::new();
    for binding in everybody.bindings.iter().filter(|binding| is_by_a_person(binding)) {
        let Some(name) = name(binding) else { continue };
        ids.bindings.entry(name.clone()).or_default().push(binding.id.clone());
        let until = binding.terms.until;
        if until.is_some_and(|until| until <= now) {
            continue;
        }
        // Of two that say the same, the longer one counts.
        let longer = |before: Option<Instant>| before.zip(until).map(|(one, other)| one.max(other));
        given.entry(name).and_modify(|before| *before = longer(*before)).or_insert(until);
    }
    state.bindings = Some(given);
}

fn by_id<K: std::hash::Hash + Eq + Clone>(all: &BTreeMap<String, K>) -> HashMap<K, String> {
    all.iter().map(|(key, id)| (id.clone(), key.clone())).collect()
}
