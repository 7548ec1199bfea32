//! Connections, their e-mail domains and SCIM tokens.

use super::{StoreError, Tx, args};
use crate::model::{Connection, ConnectionId, Instant, OrganizationId, ScimToken, TokenId, fold};

type ConnectionRow = (ConnectionId, String, bool, String, i64, bool, Instant, i64);
type TokenRow = (TokenId, ConnectionId, String, i64, Instant, Option<Instant>, Option<Instant>);

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
);

fn connection(row: ConnectionRow) -> Result<Connection, StoreError> {
    let (id, name, enabled, settings, epoch, pushes_groups, created_at, version) = row;
    let settings = serde_json::from_str(&settings)
        .map_err(|error| StoreError::Corrupt(format!("settings of connection {id}: {error}")))?;
    Ok(Connection { id, name, enabled, settings, epoch, pushes_groups, created_at, version })
}

fn token(row: TokenRow) -> ScimToken {
    let (id, connection, hint, slot, created_at, expires_at, last_used_at) = row;
    ScimToken { id, connection, hint, slot, created_at, expires_at, last_used_at }
}

fn settings_text(connection: &Connection) -> Result<String, StoreError> {
    serde_json::to_string(&connection.settings).map_err(|error| StoreError::Corrupt(error.to_string()))
}

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

impl Tx {
    /// Writes a new connection. Its name is unique in the organization when folded.
    pub async fn insert_connection(
        &mut self,
        organization: &OrganizationId,
        connection: &Connection,
        sealed_secret: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO connections (organization, id, name, name_folded, enabled, signs_in, settings, client_secret,
                                      epoch, pushes_groups, version, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            args![
                organization,
                connection.id,
                connection.name,
                fold(&connection.name),
                connection.enabled,
                connection.settings.oidc.is_some(),
                settings_text(connection)?,
                sealed_secret,
                connection.epoch,
                connection.pushes_groups,
                connection.version,
                connection.created_at
            ],
        )
        .await
        .map(drop)
    }

    /// Writes what changed on a connection; `version` must be the one it had before. False when somebody else was first.
    pub async fn update_connection(
        &mut self,
        organization: &OrganizationId,
        connection: &Connection,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE connections SET name = ?3, name_folded = ?4, enabled = ?5, signs_in = ?6, settings = ?7,
                                        epoch = ?8, pushes_groups = ?9, version = version + 1
                 WHERE organization = ?1 AND id = ?2 AND version = ?10",
                args![
                    organization,
                    connection.id,
                    connection.name,
                    fold(&connection.name),
                    connection.enabled,
                    connection.settings.oidc.is_some(),
                    settings_text(connection)?,
                    connection.epoch,
                    connection.pushes_groups,
                    connection.version
                ],
            )
            .await?;
        Ok(rows == 1)
    }

    /// From now on the groups of this connection's people come from its pushes.
    pub async fn mark_pushes_groups(
        &mut self,
        organization: &OrganizationId,
        id: &ConnectionId,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE connections SET pushes_groups = 1 WHERE organization = ?1 AND id = ?2 AND pushes_groups = 0",
            args![organization, id],
        )
        .await
        .map(drop)
    }

    /// Stores the sealed client secret.
    pub async fn set_client_secret(
        &mut self,
        organization: &OrganizationId,
        id: &ConnectionId,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE connections SET client_secret = ?3 WHERE organization = ?1 AND id = ?2",
            args![organization, id, sealed],
        )
        .await
        .map(drop)
    }

    /// The sealed client secret.
    pub async fn client_secret(
        &mut self,
        organization: &OrganizationId,
        id: &ConnectionId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Option<Vec<u8>>,)> = self
            .first("SELECT client_secret FROM connections WHERE organization = ?1 AND id = ?2", args![organization, id])
            .await?;
        Ok(row.and_then(|(secret,)| secret))
    }

    /// One connection.
    pub async fn connection(
        &mut self,
        organization: &OrganizationId,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        self.first(
            "SELECT id, name, enabled, settings, epoch, pushes_groups, created_at, version FROM connections
             WHERE organization = ?1 AND id = ?2",
            args![organization, id],
        )
        .await?
        .map(connection)
        .transpose()
    }

    /// Every connection of the organization, by name.
    pub async fn connections(&mut self, organization: &OrganizationId) -> Result<Vec<Connection>, StoreError> {
        let rows = self
            .all(
                "SELECT id, name, enabled, settings, epoch, pushes_groups, created_at, version FROM connections
                 WHERE organization = ?1 ORDER BY name_folded",
                args![organization],
            )
            .await?;
        rows.into_iter().map(connection).collect()
    }

    /// Says that the connection owns these domains (folded), and no others. Unique over the whole deployment.
    pub async fn set_domains(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        domains: &[String],
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run("DELETE FROM domains WHERE organization = ?1 AND connection = ?2", args![organization, connection])
            .await?;
        for domain in domains {
            self.run(
                "INSERT INTO domains (domain, organization, connection, verified_at) VALUES (?1, ?2, ?3, ?4)",
                args![domain, organization, connection, now],
            )
            .await?;
        }
        Ok(())
    }

    /// Who owns this domain (folded).
    pub async fn domain(&mut self, domain: &str) -> Result<Option<(OrganizationId, ConnectionId)>, StoreError> {
        self.first("SELECT organization, connection FROM domains WHERE domain = ?1", args![domain]).await
    }

    /// Writes a new SCIM token, whose slot must be free.
    pub async fn insert_scim_token(
        &mut self,
        organization: &OrganizationId,
        token: &ScimToken,
        (hash, epoch): (&[u8; 32], i64),
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO scim_tokens (hash, organization, id, connection, slot, hint, created_at, expires_at,
                                      connection_epoch)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            args![
                hash,
                organization,
                token.id,
                token.connection,
                token.slot,
                token.hint,
                token.created_at,
                token.expires_at,
                epoch
            ],
        )
        .await
        .map(drop)
    }

    /// The tokens of a connection that have not ended: not revoked, and made since it was last disabled.
    pub async fn scim_tokens(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Vec<ScimToken>, StoreError> {
        let rows = self
            .all(
                "SELECT t.id, t.connection, t.hint, t.slot, t.created_at, t.expires_at, t.last_used_at
                 FROM scim_tokens t JOIN connections c ON c.organization = t.organization AND c.id = t.connection
                 WHERE t.organization = ?1 AND t.connection = ?2 AND t.revoked_at IS NULL
                   AND t.connection_epoch = c.epoch
                 ORDER BY t.slot",
                args![organization, connection],
            )
            .await?;
        Ok(rows.into_iter().map(token).collect())
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
                 WHERE organization = ?1 AND connection = ?2 AND id = ?3 AND revoked_at IS NULL",
                args![organization, connection, id, now],
            )
            .await?;
        Ok(rows == 1)
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
                        c.pushes_groups, c.created_at, c.version
                 FROM scim_tokens t JOIN connections c ON c.organization = t.organization AND c.id = t.connection
                 WHERE t.hash = ?1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?2)
                   AND c.enabled = 1 AND c.epoch = t.connection_epoch",
                args![hash, now],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (token, organization, last_used_at, expires_at, id, name, enabled, settings, epoch, groups, made, version) =
            row;
        let connection = connection((id, name, enabled, settings, epoch, groups, made, version))?;
        Ok(Some(TokenHolder { token, organization, connection, last_used_at, expires_at }))
    }

    /// Notes that a token was accepted.
    pub async fn touch_scim_token(&mut self, hash: &[u8; 32], now: Instant) -> Result<(), StoreError> {
        self.run("UPDATE scim_tokens SET last_used_at = ?2 WHERE hash = ?1", args![hash, now]).await.map(drop)
    }
}
