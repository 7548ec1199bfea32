//! The last use and the last refusal of JWTs that a connection's provider signs itself.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId, RefusedUse, Uses};

type Row = (Option<Instant>, Option<String>, Option<Instant>, Option<String>, Option<String>);

impl Tx {
    /// When and from where such a JWT was last accepted and last refused.
    pub async fn provider_jwt_uses(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Uses, StoreError> {
        let row: Option<Row> = self
            .first(
                "SELECT last_used_at, last_used_from, refused_at, refused_from, refused_why FROM provider_jwts
                 WHERE organization = ?1 AND connection = ?2",
                args![organization, connection],
            )
            .await?;
        let Some((last_used_at, last_used_from, at, from, why)) = row else { return Ok(Uses::default()) };
        let last_refused = at.map(|at| RefusedUse { at, from, why: why.unwrap_or_default() });
        Ok(Uses { last_used_at, last_used_from, last_refused })
    }

    /// Notes that one was accepted.
    pub async fn touch_provider_jwt(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (now, from): (Instant, Option<&str>),
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO provider_jwts (organization, connection, last_used_at, last_used_from) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (organization, connection) DO UPDATE SET last_used_at = ?3, last_used_from = ?4",
            args![organization, connection, now, from],
        )
        .await
        .map(drop)
    }

    /// Notes that one was refused.
    pub async fn note_refused_jwt(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        refused: &RefusedUse,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO provider_jwts (organization, connection, refused_at, refused_from, refused_why)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (organization, connection) DO UPDATE SET refused_at = ?3, refused_from = ?4, refused_why = ?5",
            args![organization, connection, refused.at, refused.from, refused.why],
        )
        .await
        .map(drop)
    }
}
