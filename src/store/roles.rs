//! Custom roles.

use super::{StoreError, Tx, args, value::json_text};
use crate::model::{CustomRole, Instant, KeptRole, KeyId, OrganizationId, RoleId, fold};

type RoleRow = (RoleId, String, String, String, i64, Instant, Instant);

macro_rules! select_roles {
    ($rest:literal) => {
        concat!("SELECT id, name, capabilities, description, version, created_at, updated_at FROM roles ", $rest)
    };
}

fn kept(
    (id, name, capabilities, description, version, created_at, updated_at): RoleRow,
) -> Result<KeptRole, StoreError> {
    let capabilities = serde_json::from_str(&capabilities)
        .map_err(|error| StoreError::Corrupt(format!("capabilities of role {id}: {error}")))?;
    let role = CustomRole { id, name, capabilities };
    // One that was made before changes were counted was last changed when it was made.
    Ok(KeptRole { role, description, version, created_at, updated_at: updated_at.max(created_at) })
}

impl Tx {
    /// Writes a new custom role. Its name is unique in the organization when folded.
    pub async fn insert_role(&mut self, organization: &OrganizationId, kept: &KeptRole) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO roles (organization, id, name, name_folded, capabilities, created_at, description, version,
                                updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            args![
                organization,
                kept.role.id,
                kept.role.name,
                fold(&kept.role.name),
                json_text(&kept.role.capabilities)?,
                kept.created_at,
                kept.description,
                kept.version,
                kept.updated_at
            ],
        )
        .await
        .map(drop)
    }

    /// Writes a custom role as it now is.
    pub async fn update_role(&mut self, organization: &OrganizationId, kept: &KeptRole) -> Result<(), StoreError> {
        self.run(
            "UPDATE roles SET name = ?3, name_folded = ?4, capabilities = ?5, description = ?6, version = ?7,
                              updated_at = ?8
             WHERE organization = ?1 AND id = ?2",
            args![
                organization,
                kept.role.id,
                kept.role.name,
                fold(&kept.role.name),
                json_text(&kept.role.capabilities)?,
                kept.description,
                kept.version,
                kept.updated_at
            ],
        )
        .await
        .map(drop)
    }

    /// Deletes a custom role. Whatever names it gives nothing from then on.
    pub async fn delete_role(&mut self, organization: &OrganizationId, id: &RoleId) -> Result<(), StoreError> {
        self.run("DELETE FROM roles WHERE organization = ?1 AND id = ?2", args![organization, id]).await.map(drop)
    }

    /// Every custom role with what is known of it, by name.
    pub async fn roles(&mut self, organization: &OrganizationId) -> Result<Vec<KeptRole>, StoreError> {
        let rows = self.all(select_roles!("WHERE organization = ?1 ORDER BY name_folded"), args![organization]).await?;
        rows.into_iter().map(kept).collect()
    }

    /// One custom role.
    pub async fn role(&mut self, organization: &OrganizationId, id: &RoleId) -> Result<Option<KeptRole>, StoreError> {
        self.first(select_roles!("WHERE organization = ?1 AND id = ?2"), args![organization, id])
            .await?
            .map(kept)
            .transpose()
    }

    /// One custom role, held until the transaction ends: it is neither changed nor deleted meanwhile.
    pub async fn role_to_change(
        &mut self,
        organization: &OrganizationId,
        id: &RoleId,
    ) -> Result<Option<KeptRole>, StoreError> {
        self.first(select_roles!("WHERE organization = ?1 AND id = ?2 FOR UPDATE"), args![organization, id])
            .await?
            .map(kept)
            .transpose()
    }

    /// Up to `limit` API keys that work still and whose own rights name this.
    pub async fn keys_that_name(
        &mut self,
        organization: &OrganizationId,
        name: &str,
        limit: i64,
    ) -> Result<Vec<KeyId>, StoreError> {
        let rows = self
            .all(
                "SELECT id FROM api_keys WHERE organization = ?1 AND revoked_at IS NULL AND rights LIKE ?2
                 ORDER BY id LIMIT ?3",
                args![organization, format!("%\"{name}\"%"), limit],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}
