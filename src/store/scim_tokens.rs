//! SCIM bearer tokens: those in a connection's two slots, and in slot 0 the access tokens of its OAuth clients.
//!
//! Both open the same door by the same statement, which asks for the hash alone.

use super::{FromRow, RowRef, StoreError, Tx, args, connections::connection};
use crate::model::{ClientId, Connection, ConnectionId, Instant, OrganizationId, RefusedUse, ScimToken, TokenId, Uses};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// A token and its organization, when it was last used, and its connection.
type HolderRow = (
    TokenId,
    OrganizationId,
    Option<Instant>,
    Option<Instant>,
    ConnectionId,
    String,
    bool,
    String,
    i64,
    bool,
    Instant,
    i64,
    Option<String>,
);

/// What a SCIM bearer token opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHolder {
    /// The token.
    pub token: TokenId,
    /// Its organization.
    pub organization: OrganizationId,
    /// Its connection, as it is now.
    pub connection: Connection,
    /// When it was last accepted.
    pub last_used_at: Option<Instant>,
    /// When it stops by itself.
    pub expires_at: Option<Instant>,
}

/// A token to be stored.
#[derive(Debug)]
pub struct NewScimToken<'a> {
    /// What people see of it.
    pub token: &'a ScimToken,
    /// The SHA-256 of its secret.
    pub hash: [u8; 32],
    /// The epoch of its connection, with which it ends.
    pub epoch: i64,
    /// The OAuth client whose access token it is; none for one in a slot.
    pub client: Option<&'a ClientId>,
}

/// A token that opens nothing, or not where it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedToken {
    /// Its organization.
    pub organization: OrganizationId,
    /// What is known of it.
    pub token: ScimToken,
    /// The first letters of the one that took its place.
    pub replacement: Option<String>,
    /// Whether its connection is enabled.
    pub enabled: bool,
    /// Whether its connection was not disabled since it was made.
    pub current: bool,
}

/// A token that ends soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiringToken {
    /// Its organization.
    pub organization: OrganizationId,
    /// What is known of it.
    pub token: ScimToken,
    /// Its connection's name.
    pub connection_name: String,
}

/// The columns of a token as people see it.
struct Columns(ScimToken);

const COLUMNS: usize = 14;

impl FromRow for Columns {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let (at, from, why): (Option<Instant>, Option<String>, Option<String>) =
            (row.get(11)?, row.get(12)?, row.get(13)?);
        let last_refused = at.map(|at| RefusedUse { at, from, why: why.unwrap_or_default() });
        Ok(Self(ScimToken {
            id: row.get(0)?,
            connection: row.get(1)?,
            hint: row.get(2)?,
            slot: row.get(3)?,
            created_at: row.get(4)?,
            expires_at: row.get(5)?,
            revoked_at: row.get(6)?,
            replaced_by: row.get(7)?,
            warned_days: row.get(8)?,
            uses: Uses { last_used_at: row.get(9)?, last_used_from: row.get(10)?, last_refused },
        }))
    }
}

/// The columns of a token in their order, and what is asked of `scim_tokens t` and `connections c`.
macro_rules! tokens {
    ($more:literal, $where:literal) => {
        concat!(
            "SELECT t.id, t.connection, t.hint, t.slot, t.created_at, t.expires_at, t.revoked_at, t.replaced_by, t.warned,
                    t.last_used_at, t.last_used_from, t.refused_at, t.refused_from, t.refused_why",
            $more,
            " FROM scim_tokens t JOIN connections c ON c.organization = t.organization AND c.id = t.connection ",
            $where
        )
    };
}

struct EndedRow(EndedToken);

impl FromRow for EndedRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let Columns(token) = Columns::from_row(row)?;
        Ok(Self(EndedToken {
            token,
            organization: row.get(COLUMNS)?,
            enabled: row.get(COLUMNS + 1)?,
            current: row.get(COLUMNS + 2)?,
            replacement: row.get(COLUMNS + 3)?,
        }))
    }
}

struct ExpiringRow(ExpiringToken);

impl FromRow for ExpiringRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let Columns(token) = Columns::from_row(row)?;
        Ok(Self(ExpiringToken { token, organization: row.get(COLUMNS)?, connection_name: row.get(COLUMNS + 1)? }))
    }
}

impl Tx {
    /// Writes a new token, whose slot must be free; slot 0 always is.
    pub async fn insert_scim_token(
        &mut self,
        organization: &OrganizationId,
        new: &NewScimToken<'_>,
    ) -> Result<(), StoreError> {
        let token = new.token;
        self.run(
            "INSERT INTO scim_tokens (hash, organization, id, connection, slot, hint, created_at, expires_at,
                                      connection_epoch, warned, client, last_used_at, last_used_from)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            args![
                new.hash,
                organization,
                token.id,
                token.connection,
                token.slot,
                token.hint,
                token.created_at,
                token.expires_at,
                new.epoch,
                token.warned_days,
                new.client,
                token.uses.last_used_at,
                token.uses.last_used_from
            ],
        )
        .await
        .map(drop)
    }

    /// The tokens in a connection's slots that have not ended: not revoked, and made since it was last disabled. One that has
    /// expired keeps its slot until another one needs it.
    pub async fn scim_tokens(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Vec<ScimToken>, StoreError> {
        let rows = self
            .all(
                tokens!(
                    "",
                    "WHERE t.organization = ?1 AND t.connection = ?2 AND t.slot > 0 AND t.revoked_at IS NULL
                       AND t.connection_epoch = c.epoch
                     ORDER BY t.slot"
                ),
                args![organization, connection],
            )
            .await?;
        Ok(rows.into_iter().map(|Columns(token)| token).collect())
    }

    /// The tokens of a connection that have ended, the newest first: who still comes with one is seen here.
    pub async fn ended_scim_tokens(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (now, limit): (Instant, i64),
    ) -> Result<Vec<ScimToken>, StoreError> {
        let rows = self
            .all(
                tokens!(
                    "",
                    "WHERE t.organization = ?1 AND t.connection = ?2 AND t.slot > 0
                       AND (t.revoked_at IS NOT NULL OR t.connection_epoch <> c.epoch OR t.expires_at <= ?3)
                     ORDER BY t.id DESC LIMIT ?4"
                ),
                args![organization, connection, now, limit],
            )
            .await?;
        Ok(rows.into_iter().map(|Columns(token)| token).collect())
    }

    /// Ends a token. False when there is none, or it had ended.
    pub async fn revoke_scim_token(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        id: &TokenId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE scim_tokens SET revoked_at = ?4
                 WHERE organization = ?1 AND connection = ?2 AND id = ?3 AND revoked_at IS NULL AND slot > 0",
                args![organization, connection, id, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Says that another token takes the place of this one, which ends at `until`. `warned` is what needs no telling any more.
    pub async fn replace_scim_token(
        &mut self,
        organization: &OrganizationId,
        (id, by): (&TokenId, &TokenId),
        (until, warned): (Instant, Option<i64>),
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE scim_tokens SET replaced_by = ?3, expires_at = ?4, warned = ?5 WHERE organization = ?1 AND id = ?2",
            args![organization, id, by, until, warned],
        )
        .await
        .map(drop)
    }

    /// What a token opens: nothing when it is unknown, revoked or expired, or its connection is disabled or was since.
    pub async fn scim_token_holder(
        &mut self,
        hash: &[u8; 32],
        now: Instant,
    ) -> Result<Option<TokenHolder>, StoreError> {
        let row: Option<HolderRow> = self
            .first(
                "SELECT t.id, t.organization, t.last_used_at, t.expires_at, c.id, c.name, c.enabled, c.settings, c.epoch,
                        c.pushes_groups, c.created_at, c.version,
                        (SELECT e.schemas FROM extension_schemas e WHERE e.organization = t.organization)
                 FROM scim_tokens t JOIN connections c ON c.organization = t.organization AND c.id = t.connection
                 WHERE t.hash = ?1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?2)
                   AND c.enabled = 1 AND c.epoch = t.connection_epoch",
                args![hash, now],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (
            token,
            organization,
            last_used_at,
            expires_at,
            id,
            name,
            enabled,
            settings,
            epoch,
            groups,
            made,
            version,
            shared,
        ) = row;
        let connection = connection((id, name, enabled, settings, epoch, groups, made, version, shared))?;
        Ok(Some(TokenHolder { token, organization, connection, last_used_at, expires_at }))
    }

    /// Notes that a token was accepted, and from where.
    pub async fn touch_scim_token(
        &mut self,
        hash: &[u8; 32],
        (now, from): (Instant, Option<&str>),
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE scim_tokens SET last_used_at = ?2, last_used_from = ?3 WHERE hash = ?1",
            args![hash, now, from],
        )
        .await
        .map(drop)
    }

    /// What is known of the token of this hash, whether it opens something or not.
    pub async fn scim_token_shown(&mut self, hash: &[u8; 32]) -> Result<Option<EndedToken>, StoreError> {
        let row = self
            .first(
                tokens!(
                    ", t.organization, c.enabled, CASE WHEN c.epoch = t.connection_epoch THEN 1 ELSE 0 END,
                     (SELECT r.hint FROM scim_tokens r WHERE r.organization = t.organization AND r.connection = t.connection
                        AND r.id = t.replaced_by)",
                    "WHERE t.hash = ?1"
                ),
                args![hash],
            )
            .await?;
        Ok(row.map(|EndedRow(ended)| ended))
    }

    /// Notes that somebody came with a token and was refused.
    pub async fn note_refused_token(&mut self, hash: &[u8; 32], refused: &RefusedUse) -> Result<(), StoreError> {
        self.run(
            "UPDATE scim_tokens SET refused_at = ?2, refused_from = ?3, refused_why = ?4 WHERE hash = ?1",
            args![hash, refused.at, refused.from, refused.why],
        )
        .await
        .map(drop)
    }

    /// Tokens of all organizations that end within 30, 7 or 1 days, and of which that was not told yet.
    pub async fn expiring_scim_tokens(&mut self, now: Instant, limit: i64) -> Result<Vec<ExpiringToken>, StoreError> {
        let rows = self
            .all(
                tokens!(
                    ", t.organization, c.name",
                    "WHERE t.expires_at > ?1 AND t.expires_at <= ?4 AND t.slot > 0 AND t.revoked_at IS NULL
                       AND c.enabled = 1 AND c.epoch = t.connection_epoch
                       AND (t.warned IS NULL OR (t.warned > 7 AND t.expires_at <= ?3)
                            OR (t.warned > 1 AND t.expires_at <= ?2))
                     ORDER BY t.expires_at LIMIT ?5"
                ),
                args![now, now.plus(DAY), now.plus(DAY * 7), now.plus(DAY * 30), limit],
            )
            .await?;
        Ok(rows.into_iter().map(|ExpiringRow(token)| token).collect())
    }

    /// Says that the end of a token was told of so many days before; false: somebody else did, or it is no matter any more.
    pub async fn mark_warned(
        &mut self,
        organization: &OrganizationId,
        id: &TokenId,
        days: i64,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE scim_tokens SET warned = ?3
                 WHERE organization = ?1 AND id = ?2 AND (warned IS NULL OR warned > ?3) AND revoked_at IS NULL",
                args![organization, id, days],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Forgets access tokens and used assertions that were over before `before`; how many.
    pub async fn forget_client_tokens(&mut self, before: Instant) -> Result<u64, StoreError> {
        let tokens = self.run("DELETE FROM scim_tokens WHERE expires_at < ?1 AND slot = 0", args![before]).await?;
        let assertions = self.run("DELETE FROM client_assertions WHERE expires_at < ?1", args![before]).await?;
        Ok(tokens + assertions)
    }
}
