//! What holds after every step.

use super::model::Model;
use crate::harness::World;
use castgate::model::{Role, Scope, Source, Subject, Terms, User, UserId, UserState};
use std::collections::BTreeSet;

pub(super) async fn check(world: &World, model: &Model) -> Result<(), String> {
    owners(world).await?;
    second_plan(world).await?;
    memberships(world, model).await?;
    states(world, model).await
}

/// There is an owner who can be reached, or the organization says that there is none; the floor holds only while needed.
async fn owners(world: &World) -> Result<(), String> {
    let organization = &world.tenant.organization;
    let people = world.app.members(&world.operator(), "", 1000).await.unwrap();
    let connection = world.okta().await;
    let can_sign_in = |user: &User| {
        let signs_in = user.connection.is_none() || (connection.enabled && connection.settings.oidc.is_some());
        user.state() == UserState::Active && signs_in
    };
    let is_owner =
        |terms: &Terms| terms.role == Role::OWNER && terms.scope == Scope::Organization && terms.until.is_none();
    let (mut by_floor, mut otherwise) = (false, false);
    let mut tx = world.store.read().await.unwrap();
    for user in people.iter().filter(|user| can_sign_in(user)) {
        for binding in tx.bindings_reaching(organization, &user.id).await.unwrap() {
            if is_owner(&binding.terms) {
                let floor = binding.terms.source == Source::Floor;
                by_floor |= floor;
                otherwise |= !floor;
            }
        }
    }
    let floors = tx.floor_bindings(organization).await.unwrap();
    let ownerless = tx.organization(organization).await.unwrap().unwrap().ownerless_since.is_some();
    if ownerless == (by_floor || otherwise) {
        return Err(format!("ownerless: {ownerless}; reachable by the floor: {by_floor}, otherwise: {otherwise}"));
    }
    if otherwise && !floors.is_empty() {
        return Err(format!("the floor stays although an owner is reachable: {floors:?}"));
    }
    let first = Subject::User(world.tenant.owner.clone());
    let given = tx.bindings_of(organization, &first).await.unwrap();
    if !given.iter().any(|binding| binding.terms.source == Source::Person) {
        return Err("what a person gave was taken".to_owned());
    }
    Ok(())
}

/// What was settled change by change is what the mapping gives from scratch.
async fn second_plan(world: &World) -> Result<(), String> {
    let (_, version) = world.app.mapping(&world.operator()).await.unwrap();
    let Some(version) = version else { return Ok(()) };
    let plan = world.app.plan_mapping(&world.operator(), &version.text).await.map_err(|error| format!("{error:?}"))?;
    // What ended by itself gives nothing any more, and waits to be closed.
    let closes = plan.diff.close.iter().filter(|binding| binding.terms.until.is_none_or(|until| until > world.now()));
    if !plan.diff.open.is_empty() || closes.count() > 0 || !plan.impact.people.is_empty() {
        return Err(format!("the second plan is not empty: {}{}", plan.diff, plan.impact));
    }
    Ok(())
}

async fn memberships(world: &World, model: &Model) -> Result<(), String> {
    let organization = &world.tenant.organization;
    let mut tx = world.store.read().await.unwrap();
    for team in &model.teams {
        let members: BTreeSet<UserId> =
            tx.member_ids(organization, &team.id, castgate::store::EVERYBODY).await.unwrap().into_iter().collect();
        let waiting: BTreeSet<String> =
            tx.pending_members(organization, &team.id).await.unwrap().into_iter().map(|(value, _)| value).collect();
        if members != team.members || waiting != team.waiting {
            return Err(format!("{members:?} and {waiting:?} are in {}, and ought to be {team:?}", team.name));
        }
        let group = tx.group(organization, &team.id).await.unwrap().unwrap();
        if group.removed_at.is_some() != team.removed.is_some() || group.display_name != team.name {
            return Err(format!("{group:?} ought to be {team:?}"));
        }
    }
    Ok(())
}

async fn states(world: &World, model: &Model) -> Result<(), String> {
    let mut tx = world.store.read().await.unwrap();
    for person in model.people.values().flatten() {
        let user = tx.user(&world.tenant.organization, &person.id).await.unwrap().unwrap();
        let is = (user.directory_active, user.suspended_by_person, user.removed_at.is_some());
        if person.removed.is_none() && is != (person.active, person.suspended, false) {
            return Err(format!("{user:?} ought to be {person:?}"));
        }
        if person.removed.is_some() && !is.2 {
            return Err(format!("{user:?} ought to be removed"));
        }
    }
    Ok(())
}
