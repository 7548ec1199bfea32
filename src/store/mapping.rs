//! Mapping drafts and versions, and the row that points to the version in force.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId};

/// The version in force, if any, and the number that moves when something changes of which a mapping speaks.
pub type MappingState = (Option<i64>, i64);

/// A published mapping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MappingVersion {
    /// 1, 2, 3, …
    pub version: i64,
    /// The YAML.
    pub text: String,
    /// The names of the connections that there were when it was published.
    #[serde(skip)]
    pub connections: Vec<String>,
    /// Who published it.
    pub author: String,
    /// When.
    pub published_at: Instant,
    /// Why, in the author's words; empty when nobody said.
    pub reason: String,
}

/// What is published.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'a> {
    /// The YAML.
    pub text: &'a str,
    /// The names of the connections that there are.
    pub connections: &'a [String],
    /// Who publishes it.
    pub author: &'a str,
    /// Why; empty when nobody says.
    pub reason: &'a str,
}

pub(super) type VersionRow = (i64, String, String, String, Instant, String);

pub(super) fn mapping_version(
    (version, text, connections, author, published_at, reason): VersionRow,
) -> Result<MappingVersion, StoreError> {
    let connections = serde_json::from_str(&connections)
        .map_err(|error| StoreError::Corrupt(format!("connections of mapping version {version}: {error}")))?;
    Ok(MappingVersion { version, text, connections, author, published_at, reason })
}

impl Tx {
    /// Saves the draft.
    pub async fn save_mapping_draft(
        &mut self,
        organization: &OrganizationId,
        (text, author): (&str, &str),
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO mapping_drafts (organization, text, author, updated_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (organization) DO UPDATE SET text = ?2, author = ?3, updated_at = ?4",
            args![organization, text, author, now],
        )
        .await
        .map(drop)
    }

    /// The draft, if there is one.
    pub async fn mapping_draft(&mut self, organization: &OrganizationId) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            self.first("SELECT text FROM mapping_drafts WHERE organization = ?1", args![organization]).await?;
        Ok(row.map(|(text,)| text))
    }

    /// Adds the next version and makes it the one in force; its number.
    pub async fn publish_mapping(
        &mut self,
        organization: &OrganizationId,
        NewVersion { text, connections, author, reason }: NewVersion<'_>,
        now: Instant,
    ) -> Result<i64, StoreError> {
        self.move_vocabulary();
        let row: Option<(i64,)> = self
            .first(
                "SELECT coalesce(max(version), 0) + 1 FROM mapping_versions WHERE organization = ?1",
                args![organization],
            )
            .await?;
        let version = row.map_or(1, |(version,)| version);
        let connections = serde_json::json!(connections).to_string();
        self.run(
            "INSERT INTO mapping_versions (organization, version, text, connections, author, published_at, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![organization, version, text, connections, author, now, reason],
        )
        .await?;
        self.run("UPDATE organizations SET mapping_version = ?2 WHERE id = ?1", args![organization, version]).await?;
        Ok(version)
    }

    /// What a compiled mapping in memory is checked against: the version in force, and the number that moves whenever
    /// something changes of which a mapping speaks (clusters, roles, connections).
    pub async fn mapping_state(&mut self, organization: &OrganizationId) -> Result<MappingState, StoreError> {
        let row: Option<MappingState> = self
            .first("SELECT mapping_version, access_epoch FROM organizations WHERE id = ?1", args![organization])
            .await?;
        Ok(row.unwrap_or((None, 0)))
    }

    /// The same, as a push begins with it; none when the connection is disabled.
    pub async fn mapping_state_for_push(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Option<MappingState>, StoreError> {
        self.first(
            "SELECT o.mapping_version, o.access_epoch FROM connections c JOIN organizations o ON o.id = c.organization
             WHERE c.organization = ?1 AND c.id = ?2 AND c.enabled = 1",
            args![organization, connection],
        )
        .await
    }

    /// One version.
    pub async fn mapping_version(
        &mut self,
        organization: &OrganizationId,
        version: i64,
    ) -> Result<Option<MappingVersion>, StoreError> {
        let row = self
            .first(
                "SELECT version, text, connections, author, published_at, reason FROM mapping_versions
                 WHERE organization = ?1 AND version = ?2",
                args![organization, version],
            )
            .await?;
        row.map(mapping_version).transpose()
    }

    /// Up to `limit` versions that are older than `before`, the newest first.
    pub async fn mapping_versions(
        &mut self,
        organization: &OrganizationId,
        before: i64,
        limit: i64,
    ) -> Result<Vec<MappingVersion>, StoreError> {
        let rows = self
            .all(
                "SELECT version, text, connections, author, published_at, reason FROM mapping_versions
                 WHERE organization = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3",
                args![organization, before, limit],
            )
            .await?;
        rows.into_iter().map(mapping_version).collect()
    }
}
