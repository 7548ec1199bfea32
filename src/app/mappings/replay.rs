//! The last days of pushes and sign-ins under a draft: facts and memberships are closed and never deleted, so that the past can
//! be evaluated as the present is.
//!
//! Whoever was suspended had nothing, whatever rules say: what came and went with that is told too. Groups are known by the names
//! that they have now.

use crate::{
    app::{
        App, Ctx, Error,
        funnel::{ConnectionNames, group_fact, terms_of, wanted_of_group},
        why::{STATES, state_after},
    },
    mapping::{DefaultRole, Mapping, MetGroup},
    model::{
        Capability, Event, EventKind, Group, Instant, OrganizationId, Role, Scope, Source, Subject, Terms, UserId,
        UserState,
    },
    plan::{Given, Replay, Stint, came_and_went},
    store::{Person, Piece, Span, Tx},
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

/// People that are loaded at once.
const PIECE: i64 = 500;
/// The longest past.
const MOST_DAYS: u32 = 90;

/// A mapping and what it calls connections.
struct Under {
    mapping: Mapping,
    names: ConnectionNames,
}

/// What was so about one person.
#[derive(Default)]
struct Past {
    facts: Vec<Span<(String, String)>>,
    groups: Vec<Span<String>>,
    /// Their state before anything that is looked at, where it ever was another one than it is,
    before: Option<UserState>,
    /// and from when on it was which.
    states: Vec<(Instant, UserState)>,
}

/// What was said of a piece of the people, and which groups they were in.
type Spans = (Vec<Span<(String, String)>>, Vec<Span<String>>);

impl Past {
    fn state_at(&self, person: &Person, at: Instant) -> UserState {
        let told = self.states.iter().rev().find(|(since, _)| *since <= at).map(|(_, state)| *state);
        told.or(self.before).unwrap_or_else(|| person.state())
    }
}

/// What the past is evaluated with.
struct Looking {
    draft: Under,
    in_force: Option<Under>,
    groups: HashMap<String, Group>,
    from: Instant,
    until: Instant,
}

impl App {
    /// What people would have had for a while under a text, in the last days, and have not any more.
    pub async fn replay_mapping(&self, ctx: &Ctx, text: &str, days: u32) -> Result<Replay, Error> {
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(Error::invalid("days", format!("give a number from 1 to {MOST_DAYS}")));
        }
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let organization = &ctx.organization;
        let from = ctx.now.minus(Duration::from_hours(24 * u64::from(days)));
        let (mapping, names) = self.compiled_text(&mut tx, ctx, text).await?;
        let in_force = self.mapping_in_force(&mut tx, organization, ctx.now).await?;
        let in_force = in_force.map(|known| Under { mapping: known.mapping.clone(), names: known.names.clone() });
        let groups = tx.groups_since(organization, from).await?;
        let groups = groups.into_iter().map(|group| (group.id.to_string(), group)).collect();
        let looking = Looking { draft: Under { mapping, names }, in_force, groups, from, until: ctx.now };
        let looking = Arc::new(looking);
        let mut replay = Replay { from, until: ctx.now, people: 0, moments: 0, stints: Vec::new() };
        let mut after = String::new();
        loop {
            let people = tx.people_since(organization, from, &after, PIECE).await?;
            let Some(last) = people.last() else { break };
            let piece = (after.as_str(), last.id.as_str());
            let facts = tx.facts_since(organization, piece, from).await?;
            let memberships = tx.memberships_since(organization, piece, from).await?;
            let states = states_since(&mut tx, (organization, piece), from).await?;
            after = last.id.to_string();
            let looking = Arc::clone(&looking);
            let piece = tokio::task::spawn_blocking(move || looking.at(people, (facts, memberships), states));
            let (looked_at, moments, stints) = piece.await.map_err(Error::internal)??;
            replay.people += looked_at;
            replay.moments += moments;
            replay.stints.extend(stints);
        }
        replay.stints.sort_by(|one, other| (one.from, &one.user).cmp(&(other.from, &other.user)));
        Ok(replay)
    }
}

/// The states of a piece of the people of whom any event tells since a moment.
async fn states_since(
    tx: &mut Tx,
    (organization, piece): (&OrganizationId, Piece<'_>),
    from: Instant,
) -> Result<HashMap<String, Past>, Error> {
    let mut pasts: HashMap<String, Past> = HashMap::new();
    for (user, event) in tx.events_of_piece(organization, piece, &STATES, from).await? {
        if !pasts.contains_key(&user) {
            let before = match state_before(&event) {
                Some(state) => state,
                None => state_after(tx.last_event_about(organization, (&user, &STATES), from).await?.as_ref()),
            };
            pasts.insert(user.clone(), Past { before: Some(before), ..Past::default() });
        }
        if let Some(past) = pasts.get_mut(&user) {
            past.states.push((event.at, state_after(Some(&event))));
        }
    }
    Ok(pasts)
}

/// The state that an event found somebody in; none: that has to be looked up.
fn state_before(event: &Event) -> Option<UserState> {
    // Whoever is removed may have been either, and an undo brings people back as suspended.
    let by_undo = event.detail.get("how").is_some();
    if [EventKind::UserCreated, EventKind::UserRevived].contains(&event.kind) {
        Some(UserState::Removed)
    } else if event.kind == EventKind::UserActivated {
        Some(UserState::Suspended)
    } else {
        (event.kind == EventKind::UserSuspended && !by_undo).then_some(UserState::Active)
    }
}

impl Looking {
    /// A piece of the people: how many had a past in that time, of how many moments, and what came and went.
    fn at(
        &self,
        people: Vec<Person>,
        (facts, memberships): Spans,
        mut pasts: HashMap<String, Past>,
    ) -> Result<(usize, usize, Vec<Stint>), Error> {
        for span in facts {
            pasts.entry(span.user.clone()).or_default().facts.push(span);
        }
        for span in memberships {
            pasts.entry(span.user.clone()).or_default().groups.push(span);
        }
        let (mut looked_at, mut moments, mut stints) = (0, 0, Vec::new());
        for person in people {
            let past = pasts.remove(person.id.as_str()).unwrap_or_default();
            let times = self.times(&person, &past);
            if times.is_empty() {
                continue;
            }
            looked_at += 1;
            moments += times.len();
            stints.extend(self.of_person(&person, &past, &times)?);
        }
        Ok((looked_at, moments, stints))
    }

    /// The moments at which something changed.
    fn times(&self, person: &Person, past: &Past) -> BTreeSet<Instant> {
        let facts = past.facts.iter().flat_map(|span| [Some(span.since), span.ended]);
        let groups = past.groups.iter().flat_map(|span| [Some(span.since), span.ended]);
        let states = past.states.iter().map(|(since, _)| Some(*since));
        let all = facts.chain(groups).chain(states).chain([person.removed_at]).flatten();
        all.filter(|at| *at > self.from && *at <= self.until).collect()
    }

    fn of_person(&self, person: &Person, past: &Past, times: &BTreeSet<Instant>) -> Result<Vec<Stint>, Error> {
        let mut states = Vec::with_capacity(times.len() + 1);
        for at in [self.from].iter().chain(times) {
            states.push((*at, state(&self.draft, &self.groups, (person, past), *at)?));
        }
        let mut stints = Vec::new();
        for (given, from, until) in came_and_went(&states) {
            let now = match &self.in_force {
                Some(in_force) => state(in_force, &self.groups, (person, past), from)?,
                None => BTreeSet::new(),
            };
            let in_force_too = now.iter().any(|other| other.role == given.role && other.scope == given.scope);
            let (user, label) = (person.id.clone(), person.label().to_owned());
            stints.push(Stint { user, label, given, from, until, in_force_too });
        }
        Ok(stints)
    }
}

fn held_at<T>(span: &Span<T>, at: Instant) -> bool {
    span.since <= at && span.ended.is_none_or(|ended| ended > at)
}

/// What a mapping would have given somebody at a moment.
fn state(
    under: &Under,
    all: &HashMap<String, Group>,
    (person, past): (&Person, &Past),
    at: Instant,
) -> Result<BTreeSet<Given>, Error> {
    let is_here = past.facts.is_empty() || past.facts.iter().any(|span| held_at(span, at));
    if !is_here
        || person.removed_at.is_some_and(|removed| removed <= at)
        || past.state_at(person, at) != UserState::Active
    {
        return Ok(BTreeSet::new());
    }
    let groups: Vec<&Group> =
        past.groups.iter().filter(|span| held_at(span, at)).filter_map(|span| all.get(&span.what)).collect();
    let mut terms: Vec<Terms> =
        groups.iter().flat_map(|group| wanted_of_group(&under.mapping, &under.names, group, at)).collect();
    if under.mapping.has_user_rules() && under.names.get(person.connection.as_ref()).is_some() {
        let said = (said(past, "claims", (&person.id, at))?, said(past, "scim", (&person.id, at))?);
        // Whoever is active is so for the directory too.
        let own = (&person.id, person.user_name.as_str(), true);
        let attributes = Value::Object(under.names.shaped(person.connection.as_ref(), own, said));
        let met: Vec<MetGroup<'_>> = groups
            .iter()
            .filter_map(|group| group_fact(&under.names, group))
            .map(|fact| under.mapping.meet_group(fact))
            .collect();
        let subject = Subject::User(person.id.clone());
        let grants = under.mapping.grants_for_member(&attributes, &met.iter().collect::<Vec<_>>(), at);
        terms.extend(grants.iter().map(|grant| terms_of(&subject, grant)));
    }
    let given = |terms: Terms| Given {
        role: terms.role,
        scope: terms.scope,
        rule: match terms.source {
            Source::Rule { name } => Some(name),
            Source::Person | Source::Invitation { .. } | Source::File | Source::Floor => None,
        },
    };
    let mut state: BTreeSet<Given> = terms.into_iter().map(given).collect();
    if let (true, Some(role)) = (state.is_empty(), default(under, person)) {
        state.insert(Given { role, scope: Scope::Organization, rule: None });
    }
    Ok(state)
}

fn default(under: &Under, person: &Person) -> Option<Role> {
    match under.mapping.default_for(under.names.get(person.connection.as_ref())?) {
        DefaultRole::Role(role) => Some(role),
        DefaultRole::Nobody => None,
    }
}

/// What a source said of somebody at a moment.
fn said(past: &Past, source: &str, (user, at): (&UserId, Instant)) -> Result<Map<String, Value>, Error> {
    let found = past.facts.iter().find(|span| span.what.0 == source && held_at(span, at));
    let read = found.map(|span| serde_json::from_str(&span.what.1)).transpose();
    let wrong = |error| Error::internal(format!("the facts about {user} cannot be read: {error}"));
    read.map_err(wrong).map(Option::unwrap_or_default)
}
