//! Requests that are done once, whoever repeats them.

use super::{StoreError, Tx, args};
use crate::model::{Instant, OrganizationId, RequestId};

/// Under which a repetition is found: the organization, the actor's text, and the hash of the caller's own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnceKey {
    /// In which organization.
    pub organization: OrganizationId,
    /// Whose.
    pub actor: String,
    /// The SHA-256 of what the caller calls it.
    pub hash: [u8; 32],
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnceRow {
    /// The SHA-256 of the request that came with it first.
    pub fingerprint: Vec<u8>,
    /// Which request does it.
    pub request: RequestId,
    /// Since when.
    pub begun_at: Instant,
    /// Whether its change is durable.
    pub done: bool,
    /// Its answer, sealed.
    pub answer: Option<Vec<u8>>,
}

type Columns = (Vec<u8>, RequestId, Instant, bool, Option<Vec<u8>>);

impl Tx {
    /// What is known of a key.
    pub async fn once(&mut self, key: &OnceKey) -> Result<Option<OnceRow>, StoreError> {
        let row: Option<Columns> = self
            .first(
                "SELECT fingerprint, request, begun_at, done, answer FROM idempotency
                 WHERE organization = ?1 AND actor = ?2 AND caller_key = ?3",
                args![key.organization, key.actor, key.hash],
            )
            .await?;
        Ok(row.map(|(fingerprint, request, begun_at, done, answer)| OnceRow {
            fingerprint,
            request,
            begun_at,
            done,
            answer,
        }))
    }

    /// Takes a key for a request; false: it is taken.
    pub async fn begin_once(
        &mut self,
        key: &OnceKey,
        fingerprint: &[u8; 32],
        (request, now): (&RequestId, Instant),
    ) -> Result<bool, StoreError> {
        let changed = self
            .run(
                "INSERT INTO idempotency (organization, actor, caller_key, fingerprint, request, begun_at, done)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) ON CONFLICT (organization, actor, caller_key) DO NOTHING",
                args![key.organization, key.actor, key.hash, fingerprint, request, now],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Takes a key from a request that never came to its end; false: it did, or somebody else took it.
    pub async fn take_over_once(
        &mut self,
        key: &OnceKey,
        from: &RequestId,
        (request, now): (&RequestId, Instant),
    ) -> Result<bool, StoreError> {
        let changed = self
            .run(
                "UPDATE idempotency SET request = ?5, begun_at = ?6
                 WHERE organization = ?1 AND actor = ?2 AND caller_key = ?3 AND request = ?4 AND done = 0",
                args![key.organization, key.actor, key.hash, from, request, now],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Says, in the change's own transaction, that it is done; false: another request has taken the key meanwhile.
    pub async fn finish_once(&mut self, key: &OnceKey, request: &RequestId) -> Result<bool, StoreError> {
        let changed = self
            .run(
                "UPDATE idempotency SET done = 1
                 WHERE organization = ?1 AND actor = ?2 AND caller_key = ?3 AND request = ?4",
                args![key.organization, key.actor, key.hash, request],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Keeps the answer.
    pub async fn answer_once(&mut self, key: &OnceKey, request: &RequestId, answer: &[u8]) -> Result<(), StoreError> {
        self.run(
            "UPDATE idempotency SET done = 1, answer = ?5
             WHERE organization = ?1 AND actor = ?2 AND caller_key = ?3 AND request = ?4",
            args![key.organization, key.actor, key.hash, request, answer],
        )
        .await
        .map(drop)
    }

    /// Gives a key back whose request changed nothing.
    pub async fn drop_once(&mut self, key: &OnceKey, request: &RequestId) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM idempotency
             WHERE organization = ?1 AND actor = ?2 AND caller_key = ?3 AND request = ?4 AND done = 0",
            args![key.organization, key.actor, key.hash, request],
        )
        .await
        .map(drop)
    }

    /// Forgets what was begun before `before`; how many.
    pub async fn forget_once(&mut self, before: Instant) -> Result<u64, StoreError> {
        self.run("DELETE FROM idempotency WHERE begun_at < ?1", args![before]).await
    }
}
