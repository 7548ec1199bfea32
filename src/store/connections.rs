//! Connections.

use super::{StoreError, Tx, args, value::json_text};
use crate::model::{Connection, ConnectionId, ConnectionSettings, Instant, KeptSchema, OrganizationId, fold};

/// A connection behind its organization.
type AtRow = (OrganizationId, ConnectionId, String, bool, String, i64, bool, Instant, i64, Option<String>);
/// The last one: what the organization declares for all.
pub(super) type ConnectionRow = (ConnectionId, String, bool, String, i64, bool, Instant, i64, Option<String>);

/// A connection from its columns.
pub(super) fn connection(row: ConnectionRow) -> Result<Connection, StoreError> {
    let (id, name, enabled, settings, epoch, pushes_groups, created_at, version, shared) = row;
    let settings: ConnectionSettings = serde_json::from_str(&settings)
        .map_err(|error| StoreError::Corrupt(format!("settings of connection {id}: {error}")))?;
    let mut schemas = settings.extensions.clone();
    for shared in kept_schemas(shared)? {
        if schemas.iter().all(|own| !own.urn.eq_ignore_ascii_case(&shared.schema.urn)) {
            schemas.push(shared.schema);
        }
    }
    Ok(Connection { id, name, enabled, settings, schemas, epoch, pushes_groups, created_at, version })
}

fn kept_schemas(text: Option<String>) -> Result<Vec<KeptSchema>, StoreError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    serde_json::from_str(&text).map_err(|error| StoreError::Corrupt(format!("schemas of an organization: {error}")))
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
                connection.settings.signs_in(),
                json_text(&connection.settings)?,
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
                    connection.settings.signs_in(),
                    json_text(&connection.settings)?,
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

    /// Deletes a connection with what lies beside it. Its people and groups are ended before; what happened stays.
    pub async fn delete_connection(
        &mut self,
        organization: &OrganizationId,
        id: &ConnectionId,
    ) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM domains WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM domain_claims WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM scim_tokens WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM scim_clients WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM provider_jwts WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM identities WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM pending_members WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM adoptions WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM tolerance_counts WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM client_keys WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM provider_logouts WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM connection_tests WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM setup_links WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM signal_streams WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM signals WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM signal_suspensions WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM silences WHERE organization = ?1 AND connection = ?2",
            "DELETE FROM connections WHERE organization = ?1 AND id = ?2",
        ] {
            self.run(statement, args![organization, id]).await?;
        }
        Ok(())
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
            "SELECT id, name, enabled, settings, epoch, pushes_groups, created_at, version,
                    (SELECT e.schemas FROM extension_schemas e WHERE e.organization = connections.organization)
             FROM connections WHERE organization = ?1 AND id = ?2",
            args![organization, id],
        )
        .await?
        .map(connection)
        .transpose()
    }

    /// The connection whose own address was asked for, with its organization. The id is all that such an address says: what
    /// is done there still has to be shown to belong to it.
    pub async fn connection_at(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Option<(OrganizationId, Connection)>, StoreError> {
        let row: Option<AtRow> = self
            .first(
                "SELECT organization, id, name, enabled, settings, epoch, pushes_groups, created_at, version,
                        (SELECT e.schemas FROM extension_schemas e WHERE e.organization = connections.organization)
                 FROM connections WHERE id = ?1",
                args![id],
            )
            .await?;
        row.map(|(organization, id, name, enabled, settings, epoch, groups, made, version, shared)| {
            Ok((organization, connection((id, name, enabled, settings, epoch, groups, made, version, shared))?))
        })
        .transpose()
    }

    /// Every connection of the organization, by name.
    pub async fn connections(&mut self, organization: &OrganizationId) -> Result<Vec<Connection>, StoreError> {
        let rows = self
            .all(
                "SELECT id, name, enabled, settings, epoch, pushes_groups, created_at, version,
                        (SELECT e.schemas FROM extension_schemas e WHERE e.organization = connections.organization)
                 FROM connections WHERE organization = ?1 ORDER BY name_folded",
                args![organization],
            )
            .await?;
        rows.into_iter().map(connection).collect()
    }

    /// The schemas that the organization declares for all its connections.
    pub async fn schemas(&mut self, organization: &OrganizationId) -> Result<Vec<KeptSchema>, StoreError> {
        let row: Option<(String,)> =
            self.first("SELECT schemas FROM extension_schemas WHERE organization = ?1", args![organization]).await?;
        kept_schemas(row.map(|(text,)| text))
    }

    /// Says which schemas the organization declares for all its connections.
    pub async fn set_schemas(
        &mut self,
        organization: &OrganizationId,
        schemas: &[KeptSchema],
    ) -> Result<(), StoreError> {
        let text = json_text(schemas)?;
        self.run(
            "INSERT INTO extension_schemas (organization, schemas) VALUES (?1, ?2)
             ON CONFLICT (organization) DO UPDATE SET schemas = excluded.schemas",
            args![organization, text],
        )
        .await
        .map(drop)
    }
}
