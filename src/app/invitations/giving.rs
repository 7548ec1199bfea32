//! What an invitation offers, and whether whoever answers for it holds that much.

use super::super::{Error, Work};
use crate::{
    access::{Access, capabilities},
    model::{
        BuiltInRole, Capability, CustomRole, GroupId, GroupOrigin, Holder, Offer, OrganizationId, Role, Scope, Source,
        Subject, Terms, UserId,
    },
    store::Tx,
};

/// Whoever answers for an offer, and what there is to know about them.
#[derive(Debug)]
struct Giver {
    /// What they hold; none: the operator, whom roles do not bind.
    held: Option<Access>,
    custom: Vec<CustomRole>,
}

impl Work<'_> {
    /// The offer that these words mean.
    pub(super) async fn offer(&mut self, role: &Role, clusters: &[String], groups: &[String]) -> Result<Offer, Error> {
        if clusters.len() > super::MOST_NAMED || groups.len() > super::MOST_NAMED {
            let detail = format!("name at most {} clusters and as many groups", super::MOST_NAMED);
            return Err(Error::invalid("invitations", detail));
        }
        self.role_exists(role).await?;
        let mut offer = Offer { role: role.clone(), clusters: Vec::new(), groups: Vec::new() };
        for cluster in clusters {
            if let Scope::Cluster { id } = self.scope_named(Some(cluster)).await? {
                offer.clusters.push(id);
            }
        }
        for group in groups {
            offer.groups.push(self.local_group_named(group).await?);
        }
        offer.clusters.sort();
        offer.clusters.dedup();
        offer.groups.sort();
        offer.groups.dedup();
        Ok(offer)
    }

    async fn local_group_named(&mut self, called: &str) -> Result<GroupId, Error> {
        if let Ok(id) = called.parse::<GroupId>() {
            return Ok(self.local_group(&id).await?.id);
        }
        let organization = self.ctx.organization.clone();
        let found = self.tx.group_by_name(&organization, None, GroupOrigin::Local, called).await?;
        Ok(found.ok_or_else(|| Error::not_found("local group", called))?.id)
    }

    /// Nobody offers what they do not hold.
    pub(super) async fn may_offer(&mut self, offer: &Offer) -> Result<(), Error> {
        let held = self.app.access_of_actor(&mut self.tx, self.ctx).await?;
        let giver = self.giver(held).await?;
        match self.lacks(&giver, offer).await? {
            Some(need) => Err(Error::Forbidden { need }),
            None => Ok(()),
        }
    }

    /// What somebody who answered for an offer could not give of it now; nothing: they can give all of it.
    pub(super) async fn withheld(&mut self, holder: Option<&Holder>, offer: &Offer) -> Result<Option<String>, Error> {
        let organization = self.ctx.organization.clone();
        let now = self.ctx.now;
        let held = match holder {
            None => None,
            Some(Holder::User(id)) => Some(match self.tx.user(&organization, id).await? {
                Some(user) => self.app.access_of(&mut self.tx, &organization, &user, now).await?,
                None => Access::none(),
            }),
            Some(Holder::ServiceAccount(id)) => Some(match self.tx.service_account(&organization, id).await? {
                Some(account) => self.app.access_of_service_account(&mut self.tx, &organization, &account, now).await?,
                None => Access::none(),
            }),
        };
        let giver = self.giver(held).await?;
        if giver.held.as_ref().is_some_and(|held| !held.can(Capability::ManageMembers, &Scope::Organization)) {
            return Ok(Some(Capability::ManageMembers.to_string()));
        }
        self.lacks(&giver, offer).await
    }

    async fn giver(&mut self, held: Option<Access>) -> Result<Giver, Error> {
        Ok(Giver { held, custom: self.tx.custom_roles(&self.ctx.organization.clone()).await? })
    }

    async fn lacks(&mut self, giver: &Giver, offer: &Offer) -> Result<Option<String>, Error> {
        let organization = self.ctx.organization.clone();
        let Some(held) = &giver.held else { return Ok(None) };
        let mut parts: Vec<(Role, Scope)> =
            offer.scopes().into_iter().map(|scope| (offer.role.clone(), scope)).collect();
        // Whoever comes into a group gets all that the group was given.
        for group in &offer.groups {
            let bindings = self.tx.bindings_of(&organization, &Subject::Group(group.clone())).await?;
            parts.extend(bindings.into_iter().map(|binding| (binding.terms.role, binding.terms.scope)));
        }
        let lacking = |(role, scope): &(Role, Scope)| {
            let wanted = capabilities(role, scope, &giver.custom).unwrap_or_default();
            held.lacks(&wanted, scope).map(|missing| format!("{missing} at {scope}, which {role} gives"))
        };
        Ok(parts.iter().find_map(lacking))
    }

    /// What of an offer is still there: a cluster, a group or a role that went since gives nothing to anybody.
    pub(super) async fn still_there(&mut self, offer: &Offer) -> Result<Option<Offer>, Error> {
        let organization = self.ctx.organization.clone();
        let mut left = Offer { role: offer.role.clone(), clusters: Vec::new(), groups: Vec::new() };
        for cluster in &offer.clusters {
            if self.tx.cluster(&organization, cluster).await?.is_some() {
                left.clusters.push(cluster.clone());
            }
        }
        for group in &offer.groups {
            let found = self.tx.group_to_change(&organization, group).await?;
            if found.is_some_and(|found| found.removed_at.is_none()) {
                left.groups.push(group.clone());
            }
        }
        // No cluster left is not the whole organization.
        let nowhere = left.clusters.is_empty() && !offer.clusters.is_empty();
        Ok(if nowhere { None } else { Some(left) })
    }

    /// The bindings that an accepted offer comes to.
    pub(super) fn terms_offered(user: &UserId, source: &Source, offer: &Offer) -> Vec<Terms> {
        let terms = |scope| Terms {
            subject: Subject::User(user.clone()),
            role: offer.role.clone(),
            scope,
            source: source.clone(),
            until: None,
        };
        offer.scopes().into_iter().map(terms).collect()
    }
}

/// An offer as people read it, a line for each part.
pub(super) async fn in_words(tx: &mut Tx, organization: &OrganizationId, offer: &Offer) -> Result<Vec<String>, Error> {
    let role = match &offer.role {
        Role::BuiltIn(BuiltInRole::Owner) => "Owner".to_owned(),
        Role::BuiltIn(BuiltInRole::Member) => "Member".to_owned(),
        Role::BuiltIn(BuiltInRole::Analyst) => "Analyst".to_owned(),
        Role::BuiltIn(BuiltInRole::Viewer) => "Viewer".to_owned(),
        Role::Custom(id) => {
            let custom = tx.custom_roles(organization).await?;
            custom.into_iter().find(|role| role.id == *id).map_or_else(|| id.to_string(), |role| role.name)
        }
    };
    let mut lines = Vec::new();
    if offer.clusters.is_empty() {
        lines.push(format!("{role} of the whole organization"));
    }
    for id in &offer.clusters {
        let found = tx.cluster(organization, id).await?;
        lines.extend(found.map(|cluster| format!("{role} on the cluster {}", cluster.slug)));
    }
    for id in &offer.groups {
        let found = tx.group(organization, id).await?;
        lines.extend(found.map(|group| format!("Membership in the group “{}”", group.display_name)));
    }
    Ok(lines)
}

/// Who answers for an offer, as people call them.
pub(super) async fn inviter(
    tx: &mut Tx,
    organization: &OrganizationId,
    holder: Option<&Holder>,
) -> Result<String, Error> {
    let name = match holder {
        None => None,
        Some(Holder::User(id)) => tx.user(organization, id).await?.map(|user| user.label().to_owned()),
        Some(Holder::ServiceAccount(id)) => tx.service_account(organization, id).await?.map(|account| account.name),
    };
    Ok(name.unwrap_or_else(|| "The administrator".to_owned()))
}
