//! E-mail domains: what connections claim, how it is shown, and for which of them single sign-on is enforced.

mod enforcement;
mod verification;

pub(super) use enforcement::{enforced_connection, enforced_elsewhere};

use super::{App, Ctx, Error, Work, connection_tests::tested_as_it_is};
use crate::{
    config::DomainProofs,
    crypto::sha256,
    model::{Capability, Connection, DomainClaim, DomainProof, EventKind, Instant, OrganizationId, fold},
    store::Tx,
};
use data_encoding::BASE32_NOPAD;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// A domain with what shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Domain")]
pub struct ShownDomain {
    /// What is known of it.
    #[serde(flatten)]
    pub claim: DomainClaim,
    /// What the connection is called.
    pub connection_name: String,
    /// The record that shows it.
    pub record: DomainRecord,
    /// When an owner's test of the connection as it is now succeeded; none: single sign-on cannot be enforced yet.
    pub tested_at: Option<Instant>,
}

/// A TXT record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DomainRecord {
    /// Its name.
    pub name: String,
    /// Its text.
    pub value: String,
}

impl DomainRecord {
    /// What an organization publishes for a domain. It says whose the domain is and opens nothing: it may be read by everybody.
    #[must_use]
    pub fn of(organization: &OrganizationId, domain: &str) -> Self {
        let mut tag = BASE32_NOPAD.encode(&sha256(format!("{organization}/{domain}").as_bytes())).to_ascii_lowercase();
        tag.truncate(32);
        Self { name: format!("_castgate.{domain}"), value: format!("castgate-verification={tag}") }
    }
}

impl App {
    /// Every domain that a connection claims.
    pub async fn domains(&self, ctx: &Ctx) -> Result<Vec<ShownDomain>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let mut shown = Vec::new();
        for claim in tx.domain_claims(&ctx.organization).await? {
            shown.push(show(&mut tx, &ctx.organization, claim).await?);
        }
        Ok(shown)
    }

    /// One of them.
    pub async fn domain(&self, ctx: &Ctx, domain: &str) -> Result<ShownDomain, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let claim = present(&mut tx, &ctx.organization, domain).await?;
        show(&mut tx, &ctx.organization, claim).await
    }
}

impl Work<'_> {
    /// After a connection's settings changed: what it claims now. Another connection of the organization may not claim the same;
    /// whose a domain is was shown by one organization of all.
    pub(super) async fn take_domains(&mut self, connection: &Connection) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let known = self.tx.domain_claims(&organization).await?;
        let wanted = &connection.settings.domains;
        for claim in known.iter().filter(|claim| claim.connection == connection.id) {
            if wanted.contains(&claim.domain) {
                continue;
            }
            if claim.is_enforced() {
                let detail = format!("single sign-on is enforced for {}: release the domain first", claim.domain);
                return Err(Error::conflict("enforced", detail));
            }
            self.tx.delete_domain_claim(&organization, &claim.domain).await?;
        }
        let believed = self.app.settings().domains.proof == DomainProofs::Settings;
        for domain in wanted {
            if let Some(claim) = known.iter().find(|claim| claim.domain == *domain) {
                if claim.connection != connection.id {
                    return Err(taken(domain));
                }
                continue;
            }
            self.refuse_taken(domain).await?;
            let claim = DomainClaim {
                domain: domain.clone(),
                connection: connection.id.clone(),
                claimed_at: self.ctx.now,
                proof: believed.then_some(DomainProof::Settings),
                verified_at: believed.then_some(self.ctx.now),
                checked_at: None,
                missing_since: None,
                answer: None,
                enforced_at: None,
                enforced_by: None,
            };
            self.tx.set_domain_claim(&organization, &claim).await?;
        }
        Ok(())
    }

    /// Refuses a domain that another organization has shown to be its own.
    async fn refuse_taken(&mut self, domain: &str) -> Result<(), Error> {
        let owner = self.tx.domain(domain).await?;
        match owner.is_some_and(|(organization, _)| organization != self.ctx.organization) {
            true => Err(taken(domain)),
            false => Ok(()),
        }
    }

    /// Writes a claim of which something is shown or not any more, and tells of it.
    async fn change_domain(&mut self, claim: &DomainClaim, kind: EventKind) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        self.tx.set_domain_claim(&organization, claim).await?;
        let detail = json!({"domain": claim.domain, "proof": claim.proof});
        self.tell(kind, [claim.connection.to_string()], detail);
        Ok(())
    }
}

fn taken(domain: &str) -> Error {
    Error::conflict("domain_taken", format!("the domain {domain} is verified for another connection"))
}

async fn present(tx: &mut Tx, organization: &OrganizationId, domain: &str) -> Result<DomainClaim, Error> {
    let domain = fold(domain.trim());
    let found = tx.domain_claim(organization, &domain).await?;
    found.ok_or_else(|| Error::not_found("domain", domain.chars().take(253).collect::<String>()))
}

async fn show(tx: &mut Tx, organization: &OrganizationId, claim: DomainClaim) -> Result<ShownDomain, Error> {
    let connection = tx.connection(organization, &claim.connection).await?;
    let tested = match &connection {
        Some(connection) => tested_as_it_is(tx, organization, connection).await?,
        None => None,
    };
    Ok(ShownDomain {
        connection_name: connection.map(|connection| connection.name).unwrap_or_default(),
        record: DomainRecord::of(organization, &claim.domain),
        tested_at: tested.map(|(at, _)| at),
        claim,
    })
}
