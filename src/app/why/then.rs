//! What counted for somebody at a moment.

use super::super::{App, Ctx, Error, access::default_of, funnel::group_fact, in_force::InForce};
use crate::{
    access::{Access, Default, Held},
    mapping::GroupFact,
    model::{CustomRole, Event, EventKind, FactSource, Group, Instant, Role, Subject, User, UserState},
    store::Tx,
};
use serde_json::Value;
use std::{collections::HashMap, sync::Arc};

/// Events that say what somebody's state is from then on,
pub(in crate::app) const STATES: [EventKind; 5] = [
    EventKind::UserCreated,
    EventKind::UserSuspended,
    EventKind::UserActivated,
    EventKind::UserRemoved,
    EventKind::UserRevived,
];
/// and those that say what a group is called.
const NAMES: [EventKind; 4] =
    [EventKind::GroupCreated, EventKind::GroupChanged, EventKind::GroupRemoved, EventKind::GroupRevived];

/// Somebody at a moment.
pub(super) struct Then {
    pub(super) at: Instant,
    pub(super) user: User,
    pub(super) state: UserState,
    /// The event that made it so.
    pub(super) state_event: Option<Event>,
    /// The bindings that reached them.
    pub(super) held: Vec<Held>,
    /// The groups that they were in, as they were called, and since when.
    pub(super) groups: Vec<(Group, Instant)>,
    pub(super) default: Default,
    pub(super) mapping: Option<Arc<InForce>>,
    pub(super) custom: Vec<CustomRole>,
    /// What was said of them, by whom and since when.
    pub(super) facts: Vec<(FactSource, Instant)>,
    pub(super) attributes: Value,
}

impl Then {
    pub(super) fn access(&self) -> Access {
        Access::of(self.state, &self.held, &self.default, &self.custom, self.at)
    }

    /// The groups of the directory that they were in, as rules saw them.
    pub(super) fn group_facts(&self) -> Vec<GroupFact<'_>> {
        let Some(mapping) = &self.mapping else { return Vec::new() };
        self.groups.iter().filter_map(|(group, _)| group_fact(&mapping.names, group)).collect()
    }
}

impl App {
    /// Reads what counted for somebody at a moment that is not in the future.
    pub(super) async fn then(&self, tx: &mut Tx, ctx: &Ctx, (user, at): (User, Instant)) -> Result<Then, Error> {
        let organization = &ctx.organization;
        let state_event = tx.last_event_about(organization, (user.id.as_str(), &STATES), at).await?;
        let state = if at >= ctx.now { user.state() } else { state_after(state_event.as_ref()) };
        let groups = groups_at(tx, ctx, &user, at).await?;
        let names: HashMap<&str, &Group> = groups.iter().map(|(group, _)| (group.id.as_str(), group)).collect();
        let mut subjects: Vec<Subject> = groups.iter().map(|(group, _)| Subject::Group(group.id.clone())).collect();
        subjects.push(Subject::User(user.id.clone()));
        let bindings = tx.bindings_at_moment(organization, &subjects, at).await?;
        let mut held = Vec::with_capacity(bindings.len());
        for binding in bindings {
            let group =
                names.get(binding.terms.subject.id()).map(|group| (group.id.clone(), group.display_name.clone()));
            held.push(Held { binding, group });
        }
        // One's own before those of groups, as they are weighed now.
        held.sort_by_key(|held| held.group.is_some());
        let mapping = self.mapping_then(tx, ctx, at).await?;
        let default = match &mapping {
            Some(compiled) => default_of(&user, Some((&compiled.mapping, &compiled.names))),
            None => default_of(&user, None),
        };
        let is_custom = |held: &Held| matches!(held.binding.terms.role, Role::Custom(_));
        let is_asked = held.iter().any(is_custom) || mapping.is_some();
        let custom = if is_asked { tx.custom_roles(organization).await? } else { Vec::new() };
        let claims = tx.facts_at(organization, &user.id, FactSource::Claims, at).await?;
        let pushed = tx.facts_at(organization, &user.id, FactSource::Scim, at).await?;
        let known = [(FactSource::Scim, &pushed), (FactSource::Claims, &claims)];
        let facts = known.into_iter().filter_map(|(source, said)| Some((source, said.as_ref()?.1))).collect();
        let said =
            |said: Option<(serde_json::Map<String, Value>, Instant)>| said.map(|(said, _)| said).unwrap_or_default();
        let attributes = match &mapping {
            Some(compiled) => {
                let own = (&user.id, user.user_name.as_str(), user.directory_active);
                let facts = compiled.names.shaped(user.connection.as_ref(), own, (said(claims), said(pushed)));
                Value::Object(facts)
            }
            None => Value::Null,
        };
        Ok(Then { at, user, state, state_event, held, groups, default, mapping, custom, facts, attributes })
    }

    async fn mapping_then(&self, tx: &mut Tx, ctx: &Ctx, at: Instant) -> Result<Option<Arc<InForce>>, Error> {
        let organization = &ctx.organization;
        if at >= ctx.now {
            return self.mapping_in_force(tx, organization, ctx.now).await;
        }
        match tx.mapping_at(organization, at).await? {
            Some(stored) => Ok(Some(Arc::new(self.compile_stored(tx, organization, (stored, -1), at).await?))),
            None => Ok(None),
        }
    }
}

/// The state that an event leaves somebody in.
pub(in crate::app) fn state_after(event: Option<&Event>) -> UserState {
    let Some(event) = event else { return UserState::Removed };
    let was_active = event.detail["active"].as_bool().unwrap_or(true);
    let came = [EventKind::UserCreated, EventKind::UserRevived].contains(&event.kind);
    if event.kind == EventKind::UserRemoved {
        UserState::Removed
    } else if event.kind == EventKind::UserActivated || (came && was_active) {
        UserState::Active
    } else {
        UserState::Suspended
    }
}

async fn groups_at(tx: &mut Tx, ctx: &Ctx, user: &User, at: Instant) -> Result<Vec<(Group, Instant)>, Error> {
    let mut groups = Vec::new();
    for (id, since) in tx.memberships_at(&ctx.organization, &user.id, at).await? {
        let Some(mut group) = tx.group(&ctx.organization, &id).await? else { continue };
        if group.updated_at > at {
            let named = tx.last_event_about(&ctx.organization, (id.as_str(), &NAMES), at).await?;
            if let Some(name) = named.as_ref().and_then(|event| event.detail["name"].as_str()) {
                name.clone_into(&mut group.display_name);
            }
        }
        groups.push((group, since));
    }
    groups.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    Ok(groups)
}
