//! The way back: from what somebody holds to the binding, the rule, the group, and what a provider or a person did.

use super::{
    super::{Ctx, Error, funnel::group_fact},
    then::Then,
};
use crate::{
    access::{Access, Default, Derivation, Held, Via},
    mapping::{
        BindingGround, FactGround, GrantScope, Grounds, MembershipGround, Outcome, PushTold, RuleGround, Told,
        UserFacts,
    },
    model::{Capability, Event, EventId, EventKind, Group, Instant, PushId, Scope, Source, UserState},
    store::Tx,
};
use std::time::Duration;
use uuid::{Builder, Uuid};

/// A line of the provisioning log is as old as its request, and its change at most so much younger.
const LONGEST_PUSH: Duration = Duration::from_mins(5);

/// Every way in which a capability is held at a scope.
pub(super) async fn of(
    tx: &mut Tx,
    ctx: &Ctx,
    then: &Then,
    (can, scope): (Capability, &Scope),
) -> Result<Vec<Grounds>, Error> {
    let mut all = Vec::new();
    for held in &then.held {
        let alone = std::slice::from_ref(held);
        let access = Access::of(UserState::Active, alone, &Default::Nobody, &then.custom, then.at);
        if let Some(derivation) = access.why(can, scope) {
            all.push(of_binding(tx, ctx, then, (held, derivation.clone())).await?);
        }
    }
    if let Some(derivation) = then.access().why(can, scope).filter(|held| held.via == Via::Default) {
        all.push(of_default(then, derivation.clone()));
    }
    Ok(all)
}

fn of_default(then: &Then, held: Derivation) -> Grounds {
    let rule = then.mapping.as_ref().map(|mapping| RuleGround {
        name: None,
        version: mapping.version,
        line: 1,
        because: "for people whom no rule gives anything".to_owned(),
    });
    Grounds { held, binding: None, membership: None, rule, facts: Vec::new() }
}

async fn of_binding(
    tx: &mut Tx,
    ctx: &Ctx,
    then: &Then,
    (held, derivation): (&Held, Derivation),
) -> Result<Grounds, Error> {
    let binding = &held.binding;
    let told = told_at(tx, ctx, (binding.terms.subject.id(), &[EventKind::AccessChanged]), binding.since).await?;
    let ground = BindingGround {
        id: binding.id.clone(),
        author: by(tx, ctx, &binding.author).await?,
        since: binding.since,
        told,
    };
    let through = held.group.as_ref().and_then(|(id, _)| then.groups.iter().find(|(group, _)| group.id == *id));
    let membership = match through {
        Some((group, since)) => Some(MembershipGround {
            group: group.id.clone(),
            name: group.display_name.clone(),
            since: *since,
            told: told_at(tx, ctx, (then.user.id.as_str(), &CAME), *since).await?,
        }),
        None => None,
    };
    let rule = rule_of(then, held, through.map(|(group, _)| group));
    let mut facts = Vec::new();
    if rule.is_some() && through.is_none() {
        for (source, since) in &then.facts {
            let told = told_at(tx, ctx, (then.user.id.as_str(), &SAID), *since).await?;
            facts.push(FactGround { source: source.name(), since: *since, told });
        }
    }
    Ok(Grounds { held: derivation, binding: Some(ground), membership, rule, facts })
}

/// Events by which somebody comes into a group,
const CAME: [EventKind; 6] = [
    EventKind::GroupMembersChanged,
    EventKind::UserRevived,
    EventKind::InvitationAccepted,
    EventKind::SessionStarted,
    EventKind::UserCreated,
    EventKind::UserLinked,
];
/// and by which something is said of them.
const SAID: [EventKind; 6] = [
    EventKind::UserCreated,
    EventKind::UserChanged,
    EventKind::UserRevived,
    EventKind::SessionStarted,
    EventKind::UserLinked,
    EventKind::UserActivated,
];

/// The rule of a binding, as it stood in the mapping in force, and what met it.
fn rule_of(then: &Then, held: &Held, group: Option<&Group>) -> Option<RuleGround> {
    let Source::Rule { name } = &held.binding.terms.source else { return None };
    let compiled = then.mapping.as_ref()?;
    let reach = compiled.mapping.reach().into_iter().find(|reach| reach.rule.as_deref() == Some(name))?;
    let outcome = match group {
        Some(group) => group_fact(&compiled.names, group).map(|fact| compiled.mapping.for_group(&fact, then.at)),
        None => compiled.names.get(then.user.connection.as_ref()).map(|connection| {
            let groups = then.group_facts();
            compiled.mapping.for_user(&UserFacts { connection, attributes: &then.attributes, groups: &groups }, then.at)
        }),
    };
    let because = outcome.and_then(|outcome| because(&outcome, name, held)).unwrap_or_default();
    Some(RuleGround { name: Some(name.clone()), version: compiled.version, line: reach.line, because })
}

fn because(outcome: &Outcome, rule: &str, held: &Held) -> Option<String> {
    let terms = &held.binding.terms;
    let is_there = |scope: &GrantScope| match (scope, &terms.scope) {
        (GrantScope::Organization, Scope::Organization) => true,
        (GrantScope::Cluster(one), Scope::Cluster { id }) => one == id,
        (GrantScope::Organization | GrantScope::Cluster(_), _) => false,
    };
    let found =
        outcome.grants.iter().find(|grant| grant.rule == rule && grant.role == terms.role && is_there(&grant.scope));
    found.map(|grant| grant.because.to_string())
}

/// What made somebody's state what it was.
pub(super) async fn of_state(tx: &mut Tx, ctx: &Ctx, then: &Then) -> Result<Option<Told>, Error> {
    match &then.state_event {
        Some(event) => told(tx, ctx, event.clone()).await.map(Some),
        None => Ok(None),
    }
}

/// What happened to something at exactly a moment: an event of one of these kinds, else the first one.
async fn told_at(
    tx: &mut Tx,
    ctx: &Ctx,
    (subject, kinds): (&str, &[EventKind]),
    at: Instant,
) -> Result<Option<Told>, Error> {
    let enclosed = (EventId::from_uuid(edge(at, 0)), EventId::from_uuid(edge(at, u8::MAX)));
    let events = tx.events_about_at(&ctx.organization, subject, (&enclosed.0, &enclosed.1), at).await?;
    let wanted = kinds.iter().find_map(|kind| events.iter().find(|event| event.kind == *kind));
    match wanted.or_else(|| events.first()) {
        Some(event) => told(tx, ctx, event.clone()).await.map(Some),
        None => Ok(None),
    }
}

async fn told(tx: &mut Tx, ctx: &Ctx, event: Event) -> Result<Told, Error> {
    let after = PushId::from_uuid(edge(event.at.minus(LONGEST_PUSH), 0));
    let before = PushId::from_uuid(edge(event.at.plus(LONGEST_PUSH), u8::MAX));
    let push = match event.actor.starts_with("connection ") {
        true => tx.push_of_request(&ctx.organization, (after.as_str(), before.as_str()), &event.request).await?,
        false => None,
    };
    Ok(Told {
        event: event.id,
        kind: event.kind,
        at: event.at,
        by: by(tx, ctx, &event.actor).await?,
        actor: event.actor,
        request: event.request,
        push: push.map(|push| PushTold { id: push.id, method: push.entry.method, path: push.entry.path }),
    })
}

/// The first or the last id of a millisecond.
fn edge(at: Instant, fill: u8) -> Uuid {
    Builder::from_unix_timestamp_millis(at.millis(), &[fill; 10]).into_uuid()
}

/// An actor's text with the name of the connection or the person in it.
async fn by(tx: &mut Tx, ctx: &Ctx, actor: &str) -> Result<String, Error> {
    let name = match actor.split_once(' ') {
        Some(("connection", id)) => match id.parse() {
            Ok(id) => tx.connection(&ctx.organization, &id).await?.map(|connection| connection.name),
            Err(_) => None,
        },
        Some(("user", id)) => match id.parse() {
            Ok(id) => tx.user(&ctx.organization, &id).await?.map(|user| user.user_name),
            Err(_) => None,
        },
        Some(_) | None => None,
    };
    Ok(name.map_or_else(|| actor.to_owned(), |name| format!("{actor} “{name}”")))
}
