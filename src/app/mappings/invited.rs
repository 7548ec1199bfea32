//! What a change of the mapping does to people who are invited and have not come yet: what rules would give their address, and
//! whether whoever invited them may still give what was offered.

use super::ground::Ground;
use crate::{
    access::{Access, Via, capabilities},
    app::{
        Ctx, Error,
        funnel::{ConnectionNames, scope_of},
    },
    mapping::{Mapping, UserFacts},
    model::{
        Capability, ConnectionId, Holder, Invitation, InvitationState, Role, Scope, Source, Subject, UserId, fold,
    },
    plan::{InvitationChange, Shift},
    store::{EVERYBODY, Tx},
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// A mapping, and what it calls connections.
type Under<'m> = (&'m Mapping, &'m ConnectionNames);

/// What rules give, and which of them.
type Given = BTreeMap<(Role, Scope), Vec<Via>>;

/// Every invitation that can be accepted.
pub(super) async fn pending(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Invitation>, Error> {
    let all = tx.invitations_after(&ctx.organization, "", EVERYBODY).await?;
    Ok(all.into_iter().filter(|one| one.state(ctx.now) == InvitationState::Pending).collect())
}

/// The invitations for which something changes.
pub(super) async fn changes(
    tx: &mut Tx,
    ctx: &Ctx,
    (ground, before): (&Ground, Option<Under<'_>>),
    (after, pending): (&HashMap<UserId, Access>, &[Invitation]),
) -> Result<Vec<InvitationChange>, Error> {
    let mut changes = Vec::new();
    for invitation in pending {
        let connection = connection_of(tx, ctx, (ground, &invitation.email)).await?;
        let of = |under: Under<'_>| of_address(under, connection.as_ref(), (ground, &invitation.email));
        let (had, has) = (before.map(of).unwrap_or_default(), of((&ground.mapping, &ground.names)));
        let (gains, loses) = (less(&has, &had), less(&had, &has));
        let withheld = match invitation.invited_by.as_ref().and_then(Holder::user).and_then(|id| after.get(id)) {
            Some(access) => withheld(tx, ctx, (ground, access), invitation).await?,
            None => None,
        };
        if withheld.is_some() || !gains.is_empty() || !loses.is_empty() {
            let (invitation, email) = (invitation.id.clone(), invitation.email.clone());
            changes.push(InvitationChange { invitation, email, gains, loses, withheld });
        }
    }
    Ok(changes)
}

/// The connection that would vouch for an address: that of its domain, or the only one by which people sign in.
async fn connection_of(
    tx: &mut Tx,
    ctx: &Ctx,
    (ground, email): (&Ground, &str),
) -> Result<Option<ConnectionId>, Error> {
    let domain = email.rsplit_once('@').map(|(_, domain)| fold(domain)).unwrap_or_default();
    match tx.domain(&domain).await? {
        Some((organization, connection)) if organization == ctx.organization => Ok(Some(connection)),
        Some(_) | None => Ok(ground.only_sign_in().cloned()),
    }
}

/// What rules with conditions give somebody of whom the address alone is known.
fn of_address(
    (mapping, names): Under<'_>,
    connection: Option<&ConnectionId>,
    (ground, email): (&Ground, &str),
) -> Given {
    let Some(connection) = names.get(connection) else { return Given::new() };
    let attributes = json!({"userName": email, "active": true, "emails": [{"value": email, "primary": true}]});
    let facts = UserFacts { connection, attributes: &attributes, groups: &[] };
    let mut given = Given::new();
    for grant in mapping.grants_for_user(&facts, ground.now) {
        let way = Via::Direct { source: Source::Rule { name: grant.rule } };
        given.entry((grant.role, scope_of(&grant.scope))).or_default().push(way);
    }
    given
}

fn less(all: &Given, without: &Given) -> Vec<Shift> {
    let new = all.iter().filter(|(what, _)| !without.contains_key(*what));
    new.map(|((role, scope), by)| Shift { role: role.clone(), scope: scope.clone(), by: by.clone() }).collect()
}

/// What of an offer somebody could not give any more.
async fn withheld(
    tx: &mut Tx,
    ctx: &Ctx,
    (ground, access): (&Ground, &Access),
    invitation: &Invitation,
) -> Result<Option<String>, Error> {
    if !access.can(Capability::ManageMembers, &Scope::Organization) {
        return Ok(Some(Capability::ManageMembers.to_string()));
    }
    let offer = &invitation.offer;
    let mut parts: Vec<(Role, Scope)> = offer.scopes().into_iter().map(|scope| (offer.role.clone(), scope)).collect();
    for group in &offer.groups {
        let bindings = tx.bindings_of(&ctx.organization, &Subject::Group(group.clone())).await?;
        parts.extend(bindings.into_iter().map(|binding| (binding.terms.role, binding.terms.scope)));
    }
    let lacking = |(role, scope): &(Role, Scope)| {
        let wanted = capabilities(role, scope, &ground.custom).unwrap_or_default();
        access.lacks(&wanted, scope).map(|missing| format!("{missing} at {scope}, which {role} gives"))
    };
    Ok(parts.iter().find_map(lacking))
}
