//! Single sign-on enforced: people of a domain come in by its connection alone.

use super::{
    super::{App, Ctx, Error, TurnedAway, Work, sign_in::signs_in},
    ShownDomain, present, tested_as_it_is,
};
use crate::{
    model::{Capability, Connection, ConnectionId, EventKind, OrganizationId, fold},
    store::Tx,
};
use serde_json::json;
use std::collections::BTreeMap;

impl App {
    /// Enforces single sign-on for a domain: its people come in by the domain's connection alone, from now on. Who of them is in by
    /// another way is signed out; who of them is invited comes in by it.
    pub async fn enforce_domain(&self, ctx: &Ctx, domain: &str) -> Result<ShownDomain, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.enforce(domain)).await;
        work.finish(outcome).await?;
        self.domain(ctx, domain).await
    }

    /// Lets people of a domain come in by any way again.
    pub async fn release_domain(&self, ctx: &Ctx, domain: &str) -> Result<ShownDomain, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.release(domain)).await;
        work.finish(outcome).await?;
        self.domain(ctx, domain).await
    }
}

impl Work<'_> {
    async fn enforce(&mut self, domain: &str) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        // Before anything changes: whoever is an owner now must not be the last one because of it.
        self.touch_owners().await?;
        let mut claim = present(&mut self.tx, &organization, domain).await?;
        if claim.is_enforced() {
            return Ok(());
        }
        let connection = self.tx.connection(&organization, &claim.connection).await?;
        let connection = connection.ok_or_else(|| Error::internal("a domain of a connection that is not there"))?;
        self.refuse_untried(&connection, claim.proof.is_some()).await?;
        claim.enforced_at = Some(self.ctx.now);
        claim.enforced_by = Some(self.ctx.actor.to_string());
        self.tx.set_domain_claim(&organization, &claim).await?;
        let others = self.tx.people_in_by_other_ways(&organization, (&claim.domain, &claim.connection)).await?;
        for user in &others {
            if let Some(mut user) = self.tx.user_to_change(&organization, user).await? {
                self.end_access(&mut user, "signed out: single sign-on is enforced").await?;
                self.tx.update_user(&organization, &user).await?;
            }
        }
        // They come in by the connection now: whoever follows the link is led to it.
        let invited = self.tx.invitations_of_domain(&organization, &claim.domain, self.ctx.now).await?;
        let detail = json!({"domain": claim.domain, "signed_out": others.len(), "invitations": invited});
        self.tell(EventKind::DomainEnforced, [claim.connection.to_string()], detail);
        Ok(())
    }

    /// Only what was shown and tried may become the one way in.
    async fn refuse_untried(&mut self, connection: &Connection, verified: bool) -> Result<(), Error> {
        if !verified {
            return Err(Error::conflict(
                "not_verified",
                "the domain is not verified yet: publish its TXT record first",
            ));
        }
        if !signs_in(connection) {
            let detail = format!("the connection “{}” signs nobody in: enable it first", connection.name);
            return Err(Error::conflict("no_sign_in", detail));
        }
        if tested_as_it_is(&mut self.tx, &self.ctx.organization, connection).await?.is_none() {
            let detail = format!(
                "no owner has tested the connection “{}” as it is now: castgate connections test {}",
                connection.name, connection.name
            );
            return Err(Error::conflict("not_tested", detail));
        }
        Ok(())
    }

    async fn release(&mut self, domain: &str) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        self.touch_owners().await?;
        let mut claim = present(&mut self.tx, &organization, domain).await?;
        if claim.enforced_at.is_none() {
            return Ok(());
        }
        (claim.enforced_at, claim.enforced_by) = (None, None);
        self.tx.set_domain_claim(&organization, &claim).await?;
        self.tell(EventKind::DomainReleased, [claim.connection.to_string()], json!({"domain": claim.domain}));
        Ok(())
    }
}

/// The one connection by which somebody with this address may come in; none: any.
pub(in crate::app) async fn enforced_connection(
    tx: &mut Tx,
    organization: &OrganizationId,
    email: Option<&str>,
) -> Result<Option<ConnectionId>, Error> {
    let Some((_, domain)) = email.and_then(|email| email.trim().rsplit_once('@')) else { return Ok(None) };
    let claim = tx.domain_claim(organization, &fold(domain)).await?;
    Ok(claim.filter(crate::model::DomainClaim::is_enforced).map(|claim| claim.connection))
}

/// Turns somebody away who comes by another connection than the one of an address of theirs.
pub(in crate::app) async fn enforced_elsewhere(
    tx: &mut Tx,
    organization: &OrganizationId,
    (connection, addresses): (&ConnectionId, &[Option<&str>]),
) -> Result<(), Error> {
    // Mostly all of them lie in one domain, which is asked about once.
    let domain = |address: &&str| address.trim().rsplit_once('@').map(|(_, domain)| fold(domain));
    let several: BTreeMap<String, &str> =
        addresses.iter().flatten().filter_map(|address| Some((domain(address)?, *address))).collect();
    for address in several.into_values() {
        let only = enforced_connection(tx, organization, Some(address)).await?;
        if only.is_some_and(|only| only != *connection) {
            return Err(Error::TurnedAway(TurnedAway::Enforced));
        }
    }
    Ok(())
}
