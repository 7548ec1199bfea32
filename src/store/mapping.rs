//! Mapping drafts and versions, and the row that points to the version in force.

use super::{StoreError, Tx, args};
use crate::model::{Instant, OrganizationId};

/// A published mapping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MappingVersion {
    /// 1, 2, 3, …
    pub version: i64,
    /// The YAML.
    pub text: String,
    /// Who published it.
    pub author: String,
    /// When.
    pub published_at: Instant,
}

fn mapping_version((version, text, author, published_at): (i64, String, String, Instant)) -> MappingVersion {
    MappingVersion { version, text, author, published_at }
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
        (text, author): (&str, &str),
        now: Instant,
    ) -> Result<i64, StoreError> {
        let row: Option<(i64,)> = self
            .first(
                "SELECT coalesce(max(version), 0) + 1 FROM mapping_versions WHERE organization = ?1",
                args![organization],
            )
            .await?;
        let version = row.map_or(1, |(version,)| version);
        self.run(
            "INSERT INTO mapping_versions (organization, version, text, author, published_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            args![organization, version, text, author, now],
        )
        .await?;
        self.run("UPDATE organizations SET mapping_version = ?2 WHERE id = ?1", args![organization, version]).await?;
        Ok(version)
    }

    /// The number of the version in force: what a compiled mapping in memory is checked against.
    pub async fn mapping_version_in_force(&mut self, organization: &OrganizationId) -> Result<Option<i64>, StoreError> {
        let row: Option<(Option<i64>,)> =
            self.first("SELECT mapping_version FROM organizations WHERE id = ?1", args![organization]).await?;
        Ok(row.and_then(|(version,)| version))
    }

    /// One version.
    pub async fn mapping_version(
        &mut self,
        organization: &OrganizationId,
        version: i64,
    ) -> Result<Option<MappingVersion>, StoreError> {
        let row = self
            .first(
                "SELECT version, text, author, published_at FROM mapping_versions
                 WHERE organization = ?1 AND version = ?2",
                args![organization, version],
            )
            .await?;
        Ok(row.map(mapping_version))
    }

    /// The newest versions first.
    pub async fn mapping_versions(
        &mut self,
        organization: &OrganizationId,
        limit: i64,
    ) -> Result<Vec<MappingVersion>, StoreError> {
        let rows = self
            .all(
                "SELECT version, text, author, published_at FROM mapping_versions
                 WHERE organization = ?1 ORDER BY version DESC LIMIT ?2",
                args![organization, limit],
            )
            .await?;
        Ok(rows.into_iter().map(mapping_version).collect())
    }

    /// The signing keys that have not been retired before `since`: (id, sealed key, made, retired), the youngest first.
    pub async fn signing_keys(
        &mut self,
        since: Instant,
    ) -> Result<Vec<(String, Vec<u8>, Instant, Option<Instant>)>, StoreError> {
        self.all(
            "SELECT id, secret, created_at, retired_at FROM signing_keys
             WHERE retired_at IS NULL OR retired_at > ?1 ORDER BY created_at DESC, id DESC",
            args![since],
        )
        .await
    }

    /// Stores a new signing key, sealed.
    pub async fn insert_signing_key(&mut self, id: &str, sealed: &[u8], now: Instant) -> Result<(), StoreError> {
        self.run("INSERT INTO signing_keys (id, secret, created_at) VALUES (?1, ?2, ?3)", args![id, sealed, now])
            .await
            .map(drop)
    }
}
