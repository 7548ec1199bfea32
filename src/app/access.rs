//! What somebody may do now, with the reasons.

use super::{App, Ctx, Error, funnel::ConnectionNames};
use crate::{
    access::{Access, Default, Held},
    mapping::{DefaultRole, Mapping},
    model::{Capability, Instant, OrganizationId, Role, Subject, User, UserId},
    store::Tx,
};
use std::collections::HashMap;

impl App {
    /// What a person may do, with the mapping in force.
    pub(super) async fn access_of(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        user: &User,
        now: Instant,
    ) -> Result<Access, Error> {
        let default = match self.mapping_in_force(tx, organization, now).await? {
            Some(compiled) => default_of(user, Some((&compiled.mapping, &compiled.names))),
            None => default_of(user, None),
        };
        access_with(tx, organization, (user, &default), now).await
    }

    /// What a person may do and why, for somebody who may see it: themselves or who manages members.
    pub async fn access(&self, ctx: &Ctx, user: &UserId) -> Result<Access, Error> {
        let own = ctx.actor.user() == Some(user);
        let need = if own { super::Need::Self_ } else { Capability::ManageMembers.into() };
        let mut tx = self.read(ctx, need).await?;
        let user = tx.user(&ctx.organization, user).await?.ok_or_else(|| Error::not_found("user", user.as_str()))?;
        self.access_of(&mut tx, &ctx.organization, &user, ctx.now).await
    }
}

/// What somebody gets whom nothing else gives anything. Only a provider's people have a default.
pub(super) fn default_of(user: &User, mapping: Option<(&Mapping, &ConnectionNames)>) -> Default {
    if user.connection.is_none() {
        return Default::Nobody;
    }
    let Some((mapping, names)) = mapping else { return Default::Role(Role::VIEWER) };
    // A connection that is gone vouches for nobody.
    let Some(name) = names.get(user.connection.as_ref()) else { return Default::Nobody };
    match mapping.default_for(name) {
        DefaultRole::Role(role) => Default::Role(role),
        DefaultRole::Nobody => Default::Nobody,
    }
}

/// What a person may do under a given default.
pub(super) async fn access_with(
    tx: &mut Tx,
    organization: &OrganizationId,
    (user, default): (&User, &Default),
    now: Instant,
) -> Result<Access, Error> {
    let bindings = tx.bindings_reaching(organization, &user.id).await?;
    let through_groups = bindings.iter().any(|binding| matches!(binding.terms.subject, Subject::Group(_)));
    let mut names = HashMap::new();
    if through_groups {
        let groups = tx.groups_of(organization, &user.id).await?;
        names.extend(groups.into_iter().map(|group| (group.id, group.display_name)));
    }
    let custom = match bindings.iter().any(|binding| matches!(binding.terms.role, Role::Custom(_))) {
        true => tx.custom_roles(organization).await?,
        false => Vec::new(),
    };
    let held: Vec<Held> = bindings
        .into_iter()
        .map(|binding| {
            let group = match &binding.terms.subject {
                Subject::Group(id) => Some((id.clone(), names.get(id).cloned().unwrap_or_default())),
                Subject::User(_) | Subject::ServiceAccount(_) => None,
            };
            Held { binding, group }
        })
        .collect();
    Ok(Access::of(user.state(), &held, default, &custom, now))
}
