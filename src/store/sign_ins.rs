//! Traces of sign-ins.

use super::{
    StoreError, Tx, args,
    users::{connection_id, connection_text},
    value::json_text,
};
use crate::model::{ConnectionId, Instant, OrganizationId, SignInCode, SignInFailure, SignInId, SignInTrace, fold};

type Row = (SignInId, SignInCode, String, Instant, String);

/// Which traces are looked for; what is none counts for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInSearch {
    /// Of this connection.
    pub connection: Option<ConnectionId>,
    /// Of this person: an id, or the address as it was typed.
    pub person: Option<String>,
    /// That failed for this reason.
    pub failure: Option<SignInFailure>,
}

impl Tx {
    /// Stores a trace.
    pub async fn insert_sign_in(
        &mut self,
        organization: &OrganizationId,
        trace: &SignInTrace,
    ) -> Result<(), StoreError> {
        let entry = json_text(&trace.entry)?;
        self.later(
            "INSERT INTO sign_ins (organization, id, code, connection, person, email_folded, failure, at, entry)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            args![
                organization,
                trace.id,
                trace.code,
                connection_text(trace.connection.as_ref()),
                trace.entry.user.as_ref().map(ToString::to_string).unwrap_or_default(),
                trace.entry.email.as_deref().map(fold).unwrap_or_default(),
                trace.entry.failure.map(SignInFailure::name).unwrap_or_default(),
                trace.at,
                entry
            ],
        )
        .await
    }

    /// Up to `limit` traces older than `before` (an id, or '' for the newest), the newest first.
    pub async fn sign_ins(
        &mut self,
        organization: &OrganizationId,
        search: &SignInSearch,
        before: &str,
        limit: i64,
    ) -> Result<Vec<SignInTrace>, StoreError> {
        let rows: Vec<Row> = self
            .all(
                "SELECT id, code, connection, at, entry FROM sign_ins
                 WHERE organization = ?1 AND (?2 = '' OR id < ?2) AND (?3 = '' OR connection = ?3)
                   AND (?4 = '' OR person = ?4 OR email_folded = ?4) AND (?5 = '' OR failure = ?5)
                 ORDER BY id DESC LIMIT ?6",
                args![
                    organization,
                    before,
                    search.connection.as_ref().map(ToString::to_string).unwrap_or_default(),
                    search.person.as_deref().map(fold).unwrap_or_default(),
                    search.failure.map(SignInFailure::name).unwrap_or_default(),
                    limit
                ],
            )
            .await?;
        rows.into_iter().map(trace).collect()
    }

    /// When the newest sign-ins were, up to `limit` of them, and whether each came in.
    pub async fn sign_in_times(
        &mut self,
        organization: &OrganizationId,
        limit: i64,
    ) -> Result<Vec<(Instant, bool)>, StoreError> {
        let rows: Vec<(Instant, String)> = self
            .all(
                "SELECT at, failure FROM sign_ins WHERE organization = ?1 ORDER BY id DESC LIMIT ?2",
                args![organization, limit],
            )
            .await?;
        Ok(rows.into_iter().map(|(at, failure)| (at, failure.is_empty())).collect())
    }

    /// The trace of a code.
    pub async fn sign_in(
        &mut self,
        organization: &OrganizationId,
        code: &SignInCode,
    ) -> Result<Option<SignInTrace>, StoreError> {
        self.first(
            "SELECT id, code, connection, at, entry FROM sign_ins WHERE organization = ?1 AND code = ?2",
            args![organization, code],
        )
        .await?
        .map(trace)
        .transpose()
    }

    /// Forgets traces from before `before`, and tests of connections with them; how many.
    pub async fn forget_sign_ins(&mut self, before: Instant) -> Result<u64, StoreError> {
        let traces = self.run("DELETE FROM sign_ins WHERE at < ?1", args![before]).await?;
        let tests = self.run("DELETE FROM connection_tests WHERE started_at < ?1", args![before]).await?;
        Ok(traces + tests)
    }
}

fn trace((id, code, connection, at, entry): Row) -> Result<SignInTrace, StoreError> {
    let entry =
        serde_json::from_str(&entry).map_err(|error| StoreError::Corrupt(format!("entry of sign-in {id}: {error}")))?;
    Ok(SignInTrace { connection: connection_id(&connection)?, code, id, at, entry })
}
