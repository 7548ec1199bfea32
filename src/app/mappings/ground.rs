//! What an evaluation of everybody stands on: the organization's groups with what they hold before and after, and what decides
//! for whole connections. People come on top of it, a piece at a time.

use crate::{
    access::Default,
    app::{
        Error,
        access::default_of_connection,
        funnel::{ConnectionNames, is_rule, wanted_of_group},
        owners::gives_owner,
    },
    mapping::Mapping,
    model::{
        Binding, ConnectionId, CustomRole, DomainClaim, Group, Instant, OrganizationId, Source, Subject, Terms, UserId,
        UserState,
    },
    plan::{Diff, diff},
    store::{EVERYBODY, Person, Tx},
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A group that is there.
#[derive(Debug)]
pub(super) struct GroupGround {
    pub(super) group: Group,
    /// What it holds before the change.
    pub(super) before: Vec<Terms>,
    /// And after it.
    pub(super) after: Vec<Terms>,
    /// Whether that is something else.
    pub(super) touched: bool,
    /// The rules that give it something, by their places.
    pub(super) rules: Vec<usize>,
    pub(super) owner_before: bool,
    pub(super) owner_after: bool,
}

/// What people get of a connection whom nothing else gives anything.
#[derive(Debug)]
struct Defaults {
    before: Default,
    after: Default,
}

/// What decides for whole connections.
#[derive(Debug)]
struct Doors {
    defaults: HashMap<ConnectionId, Defaults>,
    /// Connections by which people can sign in now.
    sign_in: HashSet<ConnectionId>,
    /// Domains, with their `@`, whose people sign in by this connection alone.
    enforced: Vec<(String, ConnectionId)>,
}

impl Doors {
    async fn load(
        tx: &mut Tx,
        organization: &OrganizationId,
        before: Option<(&Mapping, &ConnectionNames)>,
        after: (&Mapping, &ConnectionNames),
    ) -> Result<Self, Error> {
        let connections = tx.connections(organization).await?;
        let default = |id: &ConnectionId| Defaults {
            before: default_of_connection(Some(id), before),
            after: default_of_connection(Some(id), Some(after)),
        };
        let defaults = connections.iter().map(|one| (one.id.clone(), default(&one.id))).collect();
        let sign_in = connections.into_iter().filter(|one| one.enabled && one.settings.signs_in());
        let sign_in = sign_in.map(|one| one.id).collect();
        let enforced = tx.domain_claims(organization).await?.into_iter().filter(DomainClaim::is_enforced);
        let enforced = enforced.map(|claim| (format!("@{}", claim.domain), claim.connection)).collect();
        Ok(Self { defaults, sign_in, enforced })
    }
}

/// What holds for everybody.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) now: Instant,
    pub(super) mapping: Mapping,
    pub(super) names: ConnectionNames,
    pub(super) groups: Vec<GroupGround>,
    /// By id.
    pub(super) group_places: HashMap<String, usize>,
    /// The open bindings of people, by their ids.
    pub(super) held: HashMap<String, Vec<Binding>>,
    pub(super) custom: Vec<CustomRole>,
    /// The rules with their lines, and their places by name.
    pub(super) rules: Vec<(String, usize)>,
    pub(super) rule_places: HashMap<String, usize>,
    doors: Doors,
    /// People of whom it has to be known what they may do afterwards.
    pub(super) asked_of: BTreeSet<UserId>,
}

impl Ground {
    /// What a connection's people get by default, before and after.
    pub(super) fn defaults_of(&self, connection: Option<&ConnectionId>) -> (&Default, &Default) {
        let found = connection.and_then(|id| self.doors.defaults.get(id));
        found.map_or((&Default::Nobody, &Default::Nobody), |defaults| (&defaults.before, &defaults.after))
    }

    /// The connection by which people sign in, if there is one alone.
    pub(super) fn only_sign_in(&self) -> Option<&ConnectionId> {
        let mut all = self.doors.sign_in.iter();
        all.next().filter(|_| all.next().is_none())
    }

    /// Active, and with a way to sign in that works: what the store's question for an owner asks too.
    pub(super) fn is_reachable(&self, person: &Person) -> bool {
        let by_connection = person.connection.as_ref().is_none_or(|id| self.doors.sign_in.contains(id));
        let elsewhere = |(domain, only): &(String, ConnectionId)| {
            person.email_folded.as_ref().is_some_and(|email| email.ends_with(domain))
                && person.connection.as_ref() != Some(only)
        };
        person.state() == UserState::Active && by_connection && !self.doors.enforced.iter().any(elsewhere)
    }

    /// The places of the rules that made these terms.
    pub(super) fn places_of<'t>(&self, terms: impl Iterator<Item = &'t Terms>) -> Vec<usize> {
        let rule = |terms: &Terms| match &terms.source {
            Source::Rule { name } => self.rule_places.get(name).copied(),
            Source::Person | Source::Invitation { .. } | Source::File | Source::Floor => None,
        };
        terms.filter_map(rule).collect()
    }
}

/// Whether these terms make somebody an owner who counts: without end, and not by the floor.
pub(super) fn makes_owner(terms: &Terms) -> bool {
    gives_owner(terms) && terms.until.is_none()
}

/// What a change of the mapping does to groups, and to subjects that are not there any more.
fn group_ground(
    group: Group,
    bindings: &[Binding],
    (mapping, names): (&Mapping, &ConnectionNames),
    now: Instant,
) -> (GroupGround, Diff) {
    let wanted: BTreeSet<Terms> = wanted_of_group(mapping, names, &group, now).into_iter().collect();
    let wanted: Vec<Terms> = wanted.into_iter().collect();
    let change = diff(bindings, &wanted, is_rule);
    let before: Vec<Terms> = bindings.iter().map(|binding| binding.terms.clone()).collect();
    let others = before.iter().filter(|terms| !is_rule(&terms.source)).cloned();
    let after: Vec<Terms> = others.chain(wanted).collect();
    let ground = GroupGround {
        owner_before: before.iter().any(makes_owner),
        owner_after: after.iter().any(makes_owner),
        touched: !change.is_empty(),
        rules: Vec::new(),
        group,
        before,
        after,
    };
    (ground, change)
}

/// Loads all but the people, and says what changes for groups.
pub(super) async fn load(
    tx: &mut Tx,
    (organization, now): (&OrganizationId, Instant),
    (mapping, names): (Mapping, ConnectionNames),
    before: Option<(&Mapping, &ConnectionNames)>,
) -> Result<(Ground, Diff), Error> {
    let doors = Doors::load(tx, organization, before, (&mapping, &names)).await?;
    let custom = tx.custom_roles(organization).await?;
    let groups = tx.groups_after(organization, "", EVERYBODY).await?;
    let (mut of_groups, mut held) = (HashMap::<String, Vec<Binding>>::new(), HashMap::<String, Vec<Binding>>::new());
    for binding in tx.bindings_asked(organization, &crate::store::BindingQuery::default(), "", EVERYBODY).await? {
        match &binding.terms.subject {
            Subject::User(id) => held.entry(id.to_string()).or_default().push(binding),
            Subject::Group(id) => of_groups.entry(id.to_string()).or_default().push(binding),
            Subject::ServiceAccount(_) => {}
        }
    }
    let rules: Vec<(String, usize)> =
        mapping.reach().into_iter().filter_map(|reach| Some((reach.rule?, reach.line))).collect();
    let rule_places = rules.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
    let mut change = Diff { open: Vec::new(), close: Vec::new() };
    let (mut grounds, mut group_places) = (Vec::with_capacity(groups.len()), HashMap::new());
    for group in groups {
        group_places.insert(group.id.to_string(), grounds.len());
        let bindings = of_groups.remove(group.id.as_str()).unwrap_or_default();
        let (ground, more) = group_ground(group, &bindings, (&mapping, &names), now);
        change.open.extend(more.open);
        change.close.extend(more.close);
        grounds.push(ground);
    }
    // Of groups that were removed.
    let left = of_groups.into_values().flatten().filter(|binding| is_rule(&binding.terms.source));
    change.close.extend(left);
    let mut ground = Ground {
        now,
        mapping,
        names,
        groups: grounds,
        group_places,
        held,
        custom,
        rules,
        rule_places,
        doors,
        asked_of: BTreeSet::new(),
    };
    let places: Vec<Vec<usize>> = ground.groups.iter().map(|group| ground.places_of(group.after.iter())).collect();
    for (group, places) in ground.groups.iter_mut().zip(places) {
        group.rules = places;
        group.rules.sort_unstable();
        group.rules.dedup();
    }
    Ok((ground, change))
}
