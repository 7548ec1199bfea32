//! Who a user is at a provider, and what is known about them: identities and facts.

use super::{StoreError, Tx, args, users::document, value::json_text};
use crate::model::{ConnectionId, FactSource, IdentityKind, Instant, OrganizationId, UserId};
use serde_json::{Map, Value};

const FACTS: &str =
    "SELECT document FROM facts WHERE organization = ?1 AND user_id = ?2 AND source = ?3 AND ended IS NULL";

const LAST_FACTS: &str = "SELECT sequence, document, ended IS NULL FROM facts
     WHERE organization = ?1 AND user_id = ?2 AND source = ?3 ORDER BY sequence DESC LIMIT 1";

const INSERT_IDENTITY: &str = "INSERT INTO identities (organization, connection, kind, value, user_id, created_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (organization, connection, kind, value) DO NOTHING";

impl Tx {
    /// Lets a connection take somebody over. False when it may already.
    pub async fn approve_adoption(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        user: &UserId,
        (now, by): (Instant, &str),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO adoptions (organization, connection, user_id, approved_at, approved_by)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (organization, connection, user_id) DO NOTHING",
                args![organization, connection, user, now, by],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Whether a connection may take somebody over; from now on it may no more.
    pub async fn take_adoption(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        user: &UserId,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "DELETE FROM adoptions WHERE organization = ?1 AND connection = ?2 AND user_id = ?3",
                args![organization, connection, user],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Ties a name at a provider to a user. False when the name is somebody's already.
    pub async fn insert_identity(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (kind, value): (IdentityKind, &str),
        user: &UserId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self.run(INSERT_IDENTITY, args![organization, connection, kind.name(), value, user, now]).await?;
        Ok(rows == 1)
    }

    /// Ties a name at a provider to a user, unless it is somebody's already.
    pub async fn keep_identity(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (kind, value): (IdentityKind, &str),
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.later(INSERT_IDENTITY, args![organization, connection, kind.name(), value, user, now]).await
    }

    /// Gives a name at a provider to another user than before.
    pub async fn move_identity(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (kind, value): (IdentityKind, &str),
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE identities SET user_id = ?5, created_at = ?6
             WHERE organization = ?1 AND connection = ?2 AND kind = ?3 AND value = ?4",
            args![organization, connection, kind.name(), value, user, now],
        )
        .await
        .map(drop)
    }

    /// Whether a user is tied to any name of one kind at a provider.
    pub async fn has_identity(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        user: &UserId,
        kind: IdentityKind,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = self
            .first(
                "SELECT 1 FROM identities
                 WHERE organization = ?1 AND user_id = ?2 AND connection = ?3 AND kind = ?4 LIMIT 1",
                args![organization, user, connection, kind.name()],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Unties every name of one kind from a user: its externalId changed, or it was removed.
    pub async fn delete_identities(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        kind: IdentityKind,
    ) -> Result<(), StoreError> {
        self.later(
            "DELETE FROM identities WHERE organization = ?1 AND user_id = ?2 AND kind = ?3",
            args![organization, user, kind.name()],
        )
        .await
    }

    /// Whose name at a provider this is.
    pub async fn identity(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (kind, value): (IdentityKind, &str),
    ) -> Result<Option<UserId>, StoreError> {
        let row: Option<(UserId,)> = self
            .first(
                "SELECT user_id FROM identities
                 WHERE organization = ?1 AND connection = ?2 AND kind = ?3 AND value = ?4",
                args![organization, connection, kind.name(), value],
            )
            .await?;
        Ok(row.map(|(user,)| user))
    }

    /// What one source says of a user now.
    pub async fn facts(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        source: FactSource,
    ) -> Result<Option<Map<String, Value>>, StoreError> {
        let row: Option<(String,)> = self.first(FACTS, args![organization, user, source.name()]).await?;
        row.map(|(text,)| document(&text, user)).transpose()
    }

    /// Asks for it with the next statement.
    pub fn soon_facts(&mut self, organization: &OrganizationId, user: &UserId, source: FactSource) {
        self.soon(FACTS, || args![organization, user, source.name()].to_vec());
    }

    /// Asks with the next statement for what [`Tx::record_facts`] looks at.
    pub fn soon_last_facts(&mut self, organization: &OrganizationId, user: &UserId, source: FactSource) {
        self.soon(LAST_FACTS, || args![organization, user, source.name()].to_vec());
    }

    /// Writes the first thing that a source says of a user.
    pub async fn first_facts(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        source: FactSource,
        facts: &Map<String, Value>,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.insert_facts(organization, (user, source), (1, &json_text(facts)?), now).await
    }

    /// Closes what a source said of a user and writes what it says now. Nothing is written when nothing changed.
    pub async fn record_facts(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        source: FactSource,
        facts: &Map<String, Value>,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let text = json_text(facts)?;
        // The last one is the one that holds, or the one whose number the next follows.
        let last: Option<(i64, String, bool)> =
            self.first(LAST_FACTS, args![organization, user, source.name()]).await?;
        let sequence = match last {
            Some((_, known, true)) if known == text => return Ok(false),
            Some((sequence, _, true)) => {
                self.later(
                    "UPDATE facts SET ended = ?5
                     WHERE organization = ?1 AND user_id = ?2 AND source = ?3 AND sequence = ?4",
                    args![organization, user, source.name(), sequence, now],
                )
                .await?;
                sequence + 1
            }
            Some((sequence, _, false)) => sequence + 1,
            None => 1,
        };
        self.insert_facts(organization, (user, source), (sequence, &text), now).await?;
        Ok(true)
    }

    async fn insert_facts(
        &mut self,
        organization: &OrganizationId,
        (user, source): (&UserId, FactSource),
        (sequence, text): (i64, &str),
        now: Instant,
    ) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO facts (organization, user_id, source, sequence, document, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            args![organization, user, source.name(), sequence, text, now],
        )
        .await
    }

    /// The facts of a user's past end here: removed, and forgotten by its provider.
    pub async fn close_facts(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.later(
            "UPDATE facts SET ended = ?3 WHERE organization = ?1 AND user_id = ?2 AND ended IS NULL",
            args![organization, user, now],
        )
        .await
    }
}
