//! E-mail domains: what connections claim, and what was shown of it.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, DomainClaim, DomainProof, Instant, OrganizationId, UserId};

type Row = (
    String,
    ConnectionId,
    Instant,
    String,
    Option<Instant>,
    Option<Instant>,
    Option<Instant>,
    String,
    Option<Instant>,
    String,
);

macro_rules! select_claims {
    ($rest:literal) => {
        concat!(
            "SELECT domain, connection, claimed_at, proof, verified_at, checked_at, missing_since, answer, enforced_at,
                    enforced_by FROM domain_claims ",
            $rest
        )
    };
}

impl Tx {
    /// Who owns this domain (folded), as far as it was shown.
    pub async fn domain(&mut self, domain: &str) -> Result<Option<(OrganizationId, ConnectionId)>, StoreError> {
        self.first("SELECT organization, connection FROM domains WHERE domain = ?1", args![domain]).await
    }

    /// Every domain that the organization's connections claim.
    pub async fn domain_claims(&mut self, organization: &OrganizationId) -> Result<Vec<DomainClaim>, StoreError> {
        let rows: Vec<Row> =
            self.all(select_claims!("WHERE organization = ?1 ORDER BY domain"), args![organization]).await?;
        rows.into_iter().map(claim).collect()
    }

    /// One of them.
    pub async fn domain_claim(
        &mut self,
        organization: &OrganizationId,
        domain: &str,
    ) -> Result<Option<DomainClaim>, StoreError> {
        let row: Option<Row> =
            self.first(select_claims!("WHERE organization = ?1 AND domain = ?2"), args![organization, domain]).await?;
        row.map(claim).transpose()
    }

    /// Writes a claim as it is now, and whether the domain is shown to be the connection's. A domain has one owner in the whole
    /// deployment: whose it is already has to be asked before.
    pub async fn set_domain_claim(
        &mut self,
        organization: &OrganizationId,
        claim: &DomainClaim,
    ) -> Result<(), StoreError> {
        self.delete_domain_claim(organization, &claim.domain).await?;
        self.run(
            "INSERT INTO domain_claims (organization, domain, connection, claimed_at, proof, verified_at, checked_at,
                                        missing_since, answer, enforced_at, enforced_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            args![
                organization,
                claim.domain,
                claim.connection,
                claim.claimed_at,
                claim.proof.map(DomainProof::name).unwrap_or_default(),
                claim.verified_at,
                claim.checked_at,
                claim.missing_since,
                claim.answer.clone().unwrap_or_default(),
                claim.enforced_at,
                claim.enforced_by.clone().unwrap_or_default()
            ],
        )
        .await?;
        if let (Some(_), Some(at)) = (claim.proof, claim.verified_at) {
            self.run(
                "INSERT INTO domains (domain, organization, connection, verified_at) VALUES (?1, ?2, ?3, ?4)",
                args![claim.domain, organization, claim.connection, at],
            )
            .await?;
        }
        Ok(())
    }

    /// Forgets a claim, and that it was shown.
    pub async fn delete_domain_claim(&mut self, organization: &OrganizationId, domain: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM domains WHERE organization = ?1 AND domain = ?2", args![organization, domain]).await?;
        self.run("DELETE FROM domain_claims WHERE organization = ?1 AND domain = ?2", args![organization, domain])
            .await
            .map(drop)
    }

    /// Claims of any organization that rest on DNS and were last asked for before `before`, the longest ago first.
    pub async fn domains_to_check(
        &mut self,
        before: Instant,
        limit: i64,
    ) -> Result<Vec<(OrganizationId, String)>, StoreError> {
        self.all(
            "SELECT organization, domain FROM domain_claims WHERE proof = 'dns' AND checked_at < ?1
             ORDER BY checked_at LIMIT ?2",
            args![before, limit],
        )
        .await
    }

    /// People of a domain (folded) who have a session that did not begin by this connection.
    pub async fn people_in_by_other_ways(
        &mut self,
        organization: &OrganizationId,
        (domain, connection): (&str, &ConnectionId),
    ) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(UserId,)> = self
            .all(
                "SELECT DISTINCT u.id FROM users u
                   JOIN sessions s ON s.organization = u.organization AND s.user_id = u.id
                 WHERE u.organization = ?1 AND u.removed_at IS NULL AND s.ended_at IS NULL AND s.connection <> ?3
                   AND substr(u.email_folded, length(u.email_folded) - length(CAST(?2 AS TEXT))) = '@' || ?2",
                args![organization, domain, connection],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// How many pending invitations go to people of a domain (folded).
    pub async fn invitations_of_domain(
        &mut self,
        organization: &OrganizationId,
        domain: &str,
        now: Instant,
    ) -> Result<i64, StoreError> {
        let row: Option<(i64,)> = self
            .first(
                "SELECT COUNT(*) FROM invitations
                 WHERE organization = ?1 AND ended_at IS NULL AND expires_at > ?3
                   AND substr(email_folded, length(email_folded) - length(CAST(?2 AS TEXT))) = '@' || ?2",
                args![organization, domain, now],
            )
            .await?;
        Ok(row.map_or(0, |(count,)| count))
    }
}

fn claim(row: Row) -> Result<DomainClaim, StoreError> {
    let (domain, connection, claimed_at, proof, verified_at, checked_at, missing_since, answer, enforced_at, by) = row;
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let proof = some(proof).map(|proof| proof.parse()).transpose().map_err(StoreError::Corrupt)?;
    Ok(DomainClaim {
        domain,
        connection,
        claimed_at,
        proof,
        verified_at,
        checked_at,
        missing_since,
        answer: some(answer),
        enforced_at,
        enforced_by: some(by),
    })
}
