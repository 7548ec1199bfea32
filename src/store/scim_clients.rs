//! The OAuth clients of connections, and the assertions that they have used.

use super::{FromRow, RowRef, StoreError, Tx, args};
use crate::model::{ClientId, ConnectionId, Instant, OrganizationId, RefusedUse, ScimClient, Uses};

/// By what a client shows who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientKeys {
    /// A secret of ours, by its SHA-256.
    Secret([u8; 32]),
    /// Its own keys: a JWK set.
    Inline(String),
    /// Its own keys, at this address.
    At(String),
}

/// A client that has not ended, with what it takes to let it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClient {
    /// Its organization.
    pub organization: OrganizationId,
    /// What people see of it.
    pub client: ScimClient,
    /// By what it shows who it is.
    pub keys: ClientKeys,
    /// The epoch of its connection.
    pub epoch: i64,
}

const COLUMNS: usize = 11;

/// The columns of a client in their order, and what is asked of `scim_clients t` and `connections c`.
macro_rules! clients {
    ($more:literal, $where:literal) => {
        concat!(
            "SELECT t.id, t.connection, t.name, t.hint, t.jwks_url, t.created_at, t.last_used_at, t.last_used_from,
                    t.refused_at, t.refused_from, t.refused_why",
            $more,
            " FROM scim_clients t JOIN connections c ON c.organization = t.organization AND c.id = t.connection ",
            "WHERE t.revoked_at IS NULL AND t.connection_epoch = c.epoch AND ",
            $where
        )
    };
}

struct Columns(ScimClient);

impl FromRow for Columns {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let (at, from, why): (Option<Instant>, Option<String>, Option<String>) =
            (row.get(8)?, row.get(9)?, row.get(10)?);
        let last_refused = at.map(|at| RefusedUse { at, from, why: why.unwrap_or_default() });
        Ok(Self(ScimClient {
            id: row.get(0)?,
            connection: row.get(1)?,
            name: row.get(2)?,
            hint: row.get(3)?,
            jwks_url: row.get(4)?,
            created_at: row.get(5)?,
            uses: Uses { last_used_at: row.get(6)?, last_used_from: row.get(7)?, last_refused },
        }))
    }
}

struct KnownRow(KnownClient);

impl FromRow for KnownRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let Columns(client) = Columns::from_row(row)?;
        let (hash, inline): (Option<Vec<u8>>, Option<String>) = (row.get(COLUMNS)?, row.get(COLUMNS + 1)?);
        let keys = match (hash, inline, &client.jwks_url) {
            (Some(hash), None, None) => ClientKeys::Secret(
                hash.try_into().map_err(|_| StoreError::Corrupt(format!("the hash of client {}", client.id)))?,
            ),
            (None, Some(inline), None) => ClientKeys::Inline(inline),
            (None, None, Some(url)) => ClientKeys::At(url.clone()),
            _ => return Err(StoreError::Corrupt(format!("the keys of client {}", client.id))),
        };
        Ok(Self(KnownClient { client, keys, organization: row.get(COLUMNS + 2)?, epoch: row.get(COLUMNS + 3)? }))
    }
}

impl Tx {
    /// Writes a new client.
    pub async fn insert_scim_client(&mut self, new: &KnownClient) -> Result<(), StoreError> {
        let (hash, inline) = match &new.keys {
            ClientKeys::Secret(hash) => (Some(*hash), None),
            ClientKeys::Inline(keys) => (None, Some(keys)),
            ClientKeys::At(_) => (None, None),
        };
        let client = &new.client;
        self.run(
            "INSERT INTO scim_clients (organization, id, connection, connection_epoch, name, secret_hash, hint, jwks,
                                       jwks_url, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            args![
                new.organization,
                client.id,
                client.connection,
                new.epoch,
                client.name,
                hash,
                client.hint,
                inline,
                client.jwks_url,
                client.created_at
            ],
        )
        .await
        .map(drop)
    }

    /// The clients of a connection that have not ended, the oldest first.
    pub async fn scim_clients(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Vec<ScimClient>, StoreError> {
        let rows = self
            .all(
                clients!("", "t.organization = ?1 AND t.connection = ?2 ORDER BY t.id"),
                args![organization, connection],
            )
            .await?;
        Ok(rows.into_iter().map(|Columns(client)| client).collect())
    }

    /// The client that calls itself so, if it has not ended and its connection is enabled. A client's id is the public half
    /// of a credential: like a hash it is unique over the whole deployment.
    pub async fn scim_client(&mut self, id: &ClientId) -> Result<Option<KnownClient>, StoreError> {
        let row = self
            .first(
                clients!(", t.secret_hash, t.jwks, t.organization, t.connection_epoch", "t.id = ?1 AND c.enabled = 1"),
                args![id],
            )
            .await?;
        Ok(row.map(|KnownRow(client)| client))
    }

    /// Ends a client and its access tokens. False when there is none, or it had ended.
    pub async fn revoke_scim_client(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        id: &ClientId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE scim_clients SET revoked_at = ?4
                 WHERE organization = ?1 AND connection = ?2 AND id = ?3 AND revoked_at IS NULL",
                args![organization, connection, id, now],
            )
            .await?;
        self.run(
            "UPDATE scim_tokens SET revoked_at = ?3 WHERE organization = ?1 AND client = ?2 AND revoked_at IS NULL",
            args![organization, id, now],
        )
        .await?;
        Ok(rows == 1)
    }

    /// Notes that a client was given an access token; false: it has ended meanwhile.
    pub async fn touch_scim_client(
        &mut self,
        organization: &OrganizationId,
        id: &ClientId,
        (now, from): (Instant, Option<&str>),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE scim_clients SET last_used_at = ?3, last_used_from = ?4
                 WHERE organization = ?1 AND id = ?2 AND revoked_at IS NULL",
                args![organization, id, now, from],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Notes that somebody came in a client's name and was refused.
    pub async fn note_refused_client(
        &mut self,
        organization: &OrganizationId,
        id: &ClientId,
        refused: &RefusedUse,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE scim_clients SET refused_at = ?3, refused_from = ?4, refused_why = ?5
             WHERE organization = ?1 AND id = ?2",
            args![organization, id, refused.at, refused.from, refused.why],
        )
        .await
        .map(drop)
    }

    /// Uses an assertion up; false: it was used before. Remembered until it is over by itself.
    pub async fn use_assertion(
        &mut self,
        organization: &OrganizationId,
        client: &ClientId,
        (jti, expires): (&[u8; 32], Instant),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO client_assertions (organization, client, jti, expires_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (organization, client, jti) DO NOTHING",
                args![organization, client, jti, expires],
            )
            .await?;
        Ok(rows == 1)
    }
}
