//! Organizations, their clusters and custom roles.

use super::{StoreError, Tx, args};
use crate::model::{Cluster, ClusterId, CustomRole, Instant, Organization, OrganizationId, RoleId, fold};

type OrganizationRow = (OrganizationId, String, String, Option<i64>, Option<Instant>, Instant);
type ClusterRow = (ClusterId, String, String, Option<String>, Option<Instant>, Option<String>);

fn organization((id, slug, name, mapping_version, ownerless_since, created_at): OrganizationRow) -> Organization {
    Organization { id, slug, name, mapping_version, ownerless_since, created_at }
}

fn cluster((id, slug, name, external_id, gone_since, name_there): ClusterRow) -> Cluster {
    Cluster { id, slug, name, external_id, gone_since, name_there }
}

macro_rules! select_organizations {
    ($rest:literal) => {
        concat!("SELECT id, slug, name, mapping_version, ownerless_since, created_at FROM organizations ", $rest)
    };
}

macro_rules! select_clusters {
    ($rest:literal) => {
        concat!("SELECT id, slug, name, external_id, gone_since, name_there FROM clusters ", $rest)
    };
}

impl Tx {
    /// Writes a new organization. Its slug is unique in the deployment.
    pub async fn insert_organization(&mut self, organization: &Organization) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO organizations (id, slug, name, mapping_version, ownerless_since, access_epoch, created_at)
             VALUES (?1, ?2, ?3, NULL, NULL, 0, ?4)",
            args![organization.id, organization.slug, organization.name, organization.created_at],
        )
        .await
        .map(drop)
    }

    /// One organization.
    pub async fn organization(&mut self, id: &OrganizationId) -> Result<Option<Organization>, StoreError> {
        let row = self.first(select_organizations!("WHERE id = ?1"), args![id]).await?;
        Ok(row.map(organization))
    }

    /// One organization by its slug, compared exactly.
    pub async fn organization_by_slug(&mut self, slug: &str) -> Result<Option<Organization>, StoreError> {
        let row = self.first(select_organizations!("WHERE slug = ?1"), args![slug]).await?;
        Ok(row.map(organization))
    }

    /// Every organization of the deployment, by slug. For local commands.
    pub async fn every_organization(&mut self) -> Result<Vec<Organization>, StoreError> {
        let rows = self.all(select_organizations!("ORDER BY slug"), args![]).await?;
        Ok(rows.into_iter().map(organization).collect())
    }

    /// The tables that have an organization's rows: whatever the schema says has such a column, so that none is forgotten.
    pub async fn tables_of_organizations(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = self.pick(
            "SELECT t.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND c.name = 'organization' ORDER BY t.name",
            "SELECT CAST(table_name AS TEXT) FROM information_schema.columns
             WHERE table_schema = current_schema() AND column_name = 'organization' ORDER BY table_name",
        );
        let rows: Vec<(String,)> = self.all(sql, args![]).await?;
        Ok(rows.into_iter().map(|(table,)| table).collect())
    }

    /// Deletes every row of an organization, its own included; how many there were. Nobody else's is touched.
    pub async fn delete_organization(&mut self, id: &OrganizationId) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for table in self.tables_of_organizations().await? {
            // The name is the schema's own, and no caller's.
            let sql = format!("DELETE FROM {table} WHERE organization = ?1");
            deleted += self.run_built(sql, args![id]).await?;
        }
        Ok(deleted + self.run("DELETE FROM organizations WHERE id = ?1", args![id]).await?)
    }

    /// How many rows of an organization each table has.
    pub async fn count_organization(&mut self, id: &OrganizationId) -> Result<Vec<(String, i64)>, StoreError> {
        let mut counts = Vec::new();
        for table in self.tables_of_organizations().await? {
            let sql = format!("SELECT count(*) FROM {table} WHERE organization = ?1");
            let rows: Vec<(i64,)> = self.all_built(sql, args![id].to_vec()).await?;
            counts.push((table, rows.first().map_or(0, |(count,)| *count)));
        }
        Ok(counts)
    }

    /// Holds the organization's row until the transaction ends: the owners' invariants are checked under it.
    pub async fn lock_organization(&mut self, id: &OrganizationId) -> Result<(), StoreError> {
        let _: Option<(i64,)> =
            self.first("SELECT access_epoch FROM organizations WHERE id = ?1 FOR UPDATE", args![id]).await?;
        Ok(())
    }

    /// Marks the organization as without a reachable owner since `since`, or as owned again.
    pub async fn set_ownerless(&mut self, id: &OrganizationId, since: Option<Instant>) -> Result<(), StoreError> {
        self.run("UPDATE organizations SET ownerless_since = ?2 WHERE id = ?1", args![id, since]).await.map(drop)
    }

    /// Drops every cached decision about the organization.
    pub async fn move_organization_epoch(&mut self, id: &OrganizationId) -> Result<(), StoreError> {
        self.move_vocabulary();
        self.run("UPDATE organizations SET access_epoch = access_epoch + 1 WHERE id = ?1", args![id]).await.map(drop)
    }

    /// Declares a cluster. Its slug is unique in the organization when folded.
    pub async fn insert_cluster(
        &mut self,
        organization: &OrganizationId,
        cluster: &Cluster,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO clusters (organization, id, slug, slug_folded, name, external_id, created_at, gone_since, name_there)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            args![
                organization,
                cluster.id,
                cluster.slug,
                fold(&cluster.slug),
                cluster.name,
                cluster.external_id,
                now,
                cluster.gone_since,
                cluster.name_there
            ],
        )
        .await
        .map(drop)
    }

    /// Every cluster of the organization, by slug.
    pub async fn clusters(&mut self, organization: &OrganizationId) -> Result<Vec<Cluster>, StoreError> {
        let rows =
            self.all(select_clusters!("WHERE organization = ?1 ORDER BY slug_folded"), args![organization]).await?;
        Ok(rows.into_iter().map(cluster).collect())
    }

    /// One cluster.
    pub async fn cluster(
        &mut self,
        organization: &OrganizationId,
        id: &ClusterId,
    ) -> Result<Option<Cluster>, StoreError> {
        let row = self.first(select_clusters!("WHERE organization = ?1 AND id = ?2"), args![organization, id]).await?;
        Ok(row.map(cluster))
    }

    /// Writes a cluster as it now is.
    pub async fn update_cluster(&mut self, organization: &OrganizationId, cluster: &Cluster) -> Result<(), StoreError> {
        self.run(
            "UPDATE clusters SET slug = ?3, slug_folded = ?4, name = ?5, external_id = ?6, gone_since = ?7, name_there = ?8
             WHERE organization = ?1 AND id = ?2",
            args![
                organization,
                cluster.id,
                cluster.slug,
                fold(&cluster.slug),
                cluster.name,
                cluster.external_id,
                cluster.gone_since,
                cluster.name_there
            ],
        )
        .await
        .map(drop)
    }

    /// Removes a cluster. What is held there has to be closed first.
    pub async fn delete_cluster(&mut self, organization: &OrganizationId, id: &ClusterId) -> Result<bool, StoreError> {
        let rows =
            self.run("DELETE FROM clusters WHERE organization = ?1 AND id = ?2", args![organization, id]).await?;
        Ok(rows == 1)
    }

    /// Writes an organization's slug and name.
    pub async fn rename_organization(&mut self, organization: &Organization) -> Result<(), StoreError> {
        self.run(
            "UPDATE organizations SET slug = ?2, name = ?3 WHERE id = ?1",
            args![organization.id, organization.slug, organization.name],
        )
        .await
        .map(drop)
    }

    /// One cluster by its slug, compared folded.
    pub async fn cluster_by_slug(
        &mut self,
        organization: &OrganizationId,
        slug: &str,
    ) -> Result<Option<Cluster>, StoreError> {
        let row = self
            .first(select_clusters!("WHERE organization = ?1 AND slug_folded = ?2"), args![organization, fold(slug)])
            .await?;
        Ok(row.map(cluster))
    }

    /// Every custom role of the organization, by name.
    pub async fn custom_roles(&mut self, organization: &OrganizationId) -> Result<Vec<CustomRole>, StoreError> {
        let rows: Vec<(RoleId, String, String)> = self
            .all(
                "SELECT id, name, capabilities FROM roles WHERE organization = ?1 ORDER BY name_folded",
                args![organization],
            )
            .await?;
        rows.into_iter()
            .map(|(id, name, capabilities)| {
                let capabilities = serde_json::from_str(&capabilities)
                    .map_err(|error| StoreError::Corrupt(format!("capabilities of role {id}: {error}")))?;
                Ok(CustomRole { id, name, capabilities })
            })
            .collect()
    }
}
