//! The provisioning log, and the counts of what providers got away with.

use super::{StoreError, Tx, args, value::json_text};
use crate::model::{ConnectionId, Instant, OrganizationId, Push, PushId, ToleranceCount};
use serde_json::json;

pub(super) type PushRow = (PushId, ConnectionId, Instant, String);
type CountRow = (String, u64, Instant, Instant, Option<String>);

/// Whose a token is or was, and why it opens nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPast {
    /// The organization.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// When it stops by itself.
    pub expires_at: Option<Instant>,
    /// Whether its connection is enabled, and was ever since the token was made.
    pub connected: bool,
}

const INSERT: &str =
    "INSERT INTO provisioning_log (organization, id, connection, at, entry) VALUES (?1, ?2, ?3, ?4, ?5)";

/// One message for all of them.
const INSERT_MANY: &str = "INSERT INTO provisioning_log (organization, id, connection, at, entry)
     SELECT r.o, r.i, r.c, r.a, r.e FROM jsonb_to_recordset(CAST(CAST(?1 AS TEXT) AS JSONB))
       AS r(o TEXT, i TEXT, c TEXT, a BIGINT, e TEXT)
     JOIN organizations ON organizations.id = r.o";

const INSERT_IF_THERE: &str = "INSERT INTO provisioning_log (organization, id, connection, at, entry)
     SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM organizations WHERE id = ?1)";

impl Tx {
    /// Appends a line to the provisioning log.
    pub async fn insert_push(&mut self, organization: &OrganizationId, push: &Push) -> Result<(), StoreError> {
        self.later(INSERT, args![organization, push.id, push.connection, push.at, json_text(&push.entry)?]).await
    }

    /// Appends lines of several organizations, of those that still are.
    pub async fn insert_pushes(&mut self, pushes: &[(OrganizationId, Push)]) -> Result<(), StoreError> {
        if self.is_postgres() {
            let mut rows = Vec::with_capacity(pushes.len());
            for (organization, push) in pushes {
                let (id, connection, at) = (&push.id, &push.connection, push.at.0);
                rows.push(json!({"o": organization, "i": id, "c": connection, "a": at, "e": json_text(&push.entry)?}));
            }
            return self.run(INSERT_MANY, args![json!(rows).to_string()]).await.map(drop);
        }
        for (organization, push) in pushes {
            self.run(INSERT_IF_THERE, args![organization, push.id, push.connection, push.at, json_text(&push.entry)?])
                .await?;
        }
        Ok(())
    }

    /// Up to `limit` lines older than `before` (an id, or '' for the newest), the newest first.
    pub async fn pushes(
        &mut self,
        organization: &OrganizationId,
        before: &str,
        limit: i64,
    ) -> Result<Vec<Push>, StoreError> {
        let rows: Vec<PushRow> = self
            .all(
                "SELECT id, connection, at, entry FROM provisioning_log
                 WHERE organization = ?1 AND (?2 = '' OR id < ?2) ORDER BY id DESC LIMIT ?3",
                args![organization, before, limit],
            )
            .await?;
        rows.into_iter().map(push).collect()
    }

    /// Up to `limit` lines behind one id and before another, the oldest first.
    pub async fn pushes_between(
        &mut self,
        organization: &OrganizationId,
        (after, before): (&str, &str),
        limit: i64,
    ) -> Result<Vec<Push>, StoreError> {
        let rows: Vec<PushRow> = self
            .all(
                "SELECT id, connection, at, entry FROM provisioning_log
                 WHERE organization = ?1 AND id > ?2 AND id < ?3 ORDER BY id LIMIT ?4",
                args![organization, after, before, limit],
            )
            .await?;
        rows.into_iter().map(push).collect()
    }

    /// The first organization behind `after` that has lines in the log.
    pub async fn organization_with_pushes(&mut self, after: &str) -> Result<Option<OrganizationId>, StoreError> {
        let row = self
            .first(
                "SELECT organization FROM provisioning_log WHERE organization > ?1 ORDER BY organization LIMIT 1",
                args![after],
            )
            .await?;
        Ok(row.map(|(organization,)| organization))
    }

    /// Forgets up to `limit` lines before an id that are in the counts, which go up to another; how many there were.
    pub async fn forget_pushes(
        &mut self,
        organization: &OrganizationId,
        (before, counted): (&str, &str),
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.run(
            "DELETE FROM provisioning_log WHERE organization = ?1 AND id IN
               (SELECT id FROM provisioning_log WHERE organization = ?1 AND id < ?2 AND id <= ?3 ORDER BY id LIMIT ?4)",
            args![organization, before, counted, limit],
        )
        .await
    }

    /// The last line that is in the counts; '' before the first.
    pub async fn counted_pushes(&mut self, organization: &OrganizationId) -> Result<String, StoreError> {
        let row =
            self.first("SELECT counted FROM tolerance_heads WHERE organization = ?1", args![organization]).await?;
        Ok(row.map(|(counted,)| counted).unwrap_or_default())
    }

    /// The same, held against everybody else who counts until the transaction ends.
    pub async fn hold_counted_pushes(&mut self, organization: &OrganizationId) -> Result<String, StoreError> {
        self.run(
            "INSERT INTO tolerance_heads (organization, counted) VALUES (?1, '') ON CONFLICT (organization) DO NOTHING",
            args![organization],
        )
        .await?;
        let row = self
            .first("SELECT counted FROM tolerance_heads WHERE organization = ?1 FOR UPDATE", args![organization])
            .await?;
        Ok(row.map(|(counted,)| counted).unwrap_or_default())
    }

    /// Says up to which line the counts go now.
    pub async fn set_counted_pushes(
        &mut self,
        organization: &OrganizationId,
        counted: &PushId,
    ) -> Result<(), StoreError> {
        self.run("UPDATE tolerance_heads SET counted = ?2 WHERE organization = ?1", args![organization, counted])
            .await
            .map(drop)
    }

    /// Adds to what is counted of a connection.
    pub async fn add_tolerances(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        count: &ToleranceCount,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO tolerance_counts (organization, connection, tolerance, times, first_at, last_at, example)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (organization, connection, tolerance) DO UPDATE SET
               times = tolerance_counts.times + excluded.times,
               first_at = CASE WHEN excluded.first_at < tolerance_counts.first_at
                               THEN excluded.first_at ELSE tolerance_counts.first_at END,
               last_at = CASE WHEN excluded.last_at > tolerance_counts.last_at
                              THEN excluded.last_at ELSE tolerance_counts.last_at END,
               example = COALESCE(excluded.example, tolerance_counts.example)",
            args![
                organization,
                connection,
                count.tolerance,
                i64::try_from(count.times).unwrap_or(i64::MAX),
                count.first_at,
                count.last_at,
                count.example
            ],
        )
        .await
        .map(drop)
    }

    /// What is counted of a connection.
    pub async fn tolerances(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Vec<ToleranceCount>, StoreError> {
        let rows: Vec<CountRow> = self
            .all(
                "SELECT tolerance, times, first_at, last_at, example FROM tolerance_counts
                 WHERE organization = ?1 AND connection = ?2 ORDER BY tolerance",
                args![organization, connection],
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(tolerance, times, first_at, last_at, example)| ToleranceCount {
                tolerance,
                times,
                first_at,
                last_at,
                example,
            })
            .collect())
    }

    /// Whose the token of this hash is or was; none when there never was one.
    pub async fn scim_token_past(&mut self, hash: &[u8; 32]) -> Result<Option<TokenPast>, StoreError> {
        let row = self
            .first(
                "SELECT t.organization, t.connection, t.revoked_at, t.expires_at, c.enabled, c.epoch, t.connection_epoch
                 FROM scim_tokens t JOIN connections c ON c.organization = t.organization AND c.id = t.connection
                 WHERE t.hash = ?1",
                args![hash],
            )
            .await?;
        let past = |row: (OrganizationId, ConnectionId, Option<Instant>, Option<Instant>, bool, i64, i64)| {
            let (organization, connection, revoked_at, expires_at, enabled, epoch, made_in) = row;
            TokenPast { organization, connection, revoked_at, expires_at, connected: enabled && epoch == made_in }
        };
        Ok(row.map(past))
    }
}

pub(super) fn push((id, connection, at, entry): PushRow) -> Result<Push, StoreError> {
    let entry =
        serde_json::from_str(&entry).map_err(|error| StoreError::Corrupt(format!("entry of push {id}: {error}")))?;
    Ok(Push { id, at, connection, entry })
}
