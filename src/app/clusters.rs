//! Clusters: what roles are scoped to.

use super::{
    App, Ctx, Error, Work,
    organizations::{check_slug, checked_name},
    seen::{Seen, shown_revision, still},
};
use crate::{
    model::{Capability, Cluster, ClusterId, EventKind, Scope},
    plan::Diff,
};
use serde_json::json;

/// What is said of a cluster. What is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ClusterChange {
    /// The short name that the mapping says.
    pub slug: Option<String>,
    /// The name that people read.
    pub name: Option<String>,
    /// The id at Cast AI.
    pub external_id: ExternalIdChange,
}

/// What is said of a cluster's external id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExternalIdChange {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// It has none.
    Clear,
    /// It is this.
    Set(String),
}

/// What ended with a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedCluster {
    /// The cluster as it was.
    pub cluster: Cluster,
    /// How many bindings at its scope ended.
    pub bindings: usize,
}

impl App {
    /// Declares a cluster. Rules whose group names speak of it are evaluated again.
    pub async fn declare_cluster(
        &self,
        ctx: &Ctx,
        slug: &str,
        name: Option<&str>,
        external_id: Option<&str>,
    ) -> Result<Cluster, Error> {
        check_slug(slug)?;
        let cluster = Cluster {
            id: ClusterId::from_uuid(self.clock().uuid()),
            slug: slug.to_owned(),
            name: name.unwrap_or(slug).to_owned(),
            external_id: external_id.map(str::to_owned),
            gone_since: None,
            name_there: None,
        };
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_cluster(cluster)).await;
        work.finish(outcome).await
    }

    /// Every cluster.
    pub async fn clusters(&self, ctx: &Ctx) -> Result<Vec<Cluster>, Error> {
        let mut tx = self.read(ctx, Capability::ViewClusters).await?;
        Ok(tx.clusters(&ctx.organization).await?)
    }

    /// One cluster.
    pub async fn cluster(&self, ctx: &Ctx, id: &ClusterId) -> Result<Cluster, Error> {
        let mut tx = self.read(ctx, Capability::ViewClusters).await?;
        tx.cluster(&ctx.organization, id).await?.ok_or_else(|| Error::not_found("cluster", id.as_str()))
    }

    /// Renames a cluster or gives it another external id. Another slug has the rules that speak of it evaluated again.
    pub async fn change_cluster(
        &self,
        ctx: &Ctx,
        id: &ClusterId,
        (change, seen): (ClusterChange, Option<&Seen>),
    ) -> Result<Cluster, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.change_cluster(id, change, seen)).await;
        work.finish(outcome).await
    }

    /// Removes a cluster: every binding at its scope ends, whoever gave it.
    pub async fn remove_cluster(
        &self,
        ctx: &Ctx,
        id: &ClusterId,
        seen: Option<&Seen>,
    ) -> Result<RemovedCluster, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.remove_cluster(id, seen)).await;
        work.finish(outcome).await
    }

    /// The clusters on which a visitor holds a role: everybody may know what their own are called.
    pub async fn clusters_of(&self, visit: &super::Visit) -> Result<Vec<Cluster>, Error> {
        let held = |cluster: &Cluster| {
            let scope = Scope::cluster(cluster.id.clone());
            visit.access.derivations.iter().any(|derivation| derivation.scope == scope)
        };
        let mut clusters = self.store().read().await?.clusters(&visit.organization).await?;
        clusters.retain(held);
        Ok(clusters)
    }
}

impl Work<'_> {
    pub(super) async fn add_cluster(&mut self, cluster: Cluster) -> Result<Cluster, Error> {
        let organization = self.ctx.organization.clone();
        self.tx.hold_directory(&organization, true).await?;
        self.slug_is_free(&cluster).await?;
        self.tx.insert_cluster(&organization, &cluster, self.ctx.now).await?;
        self.tx.move_organization_epoch(&organization).await?;
        self.tell(EventKind::ClusterDeclared, [cluster.id.to_string()], json!({"slug": cluster.slug}));
        self.settle_everybody().await?;
        Ok(cluster)
    }

    async fn slug_is_free(&mut self, cluster: &Cluster) -> Result<(), Error> {
        let other = self.tx.cluster_by_slug(&self.ctx.organization, &cluster.slug).await?;
        match other.filter(|other| other.id != cluster.id) {
            Some(_) => Err(Error::conflict("taken", format!("there is a cluster “{}” already", cluster.slug))),
            None => Ok(()),
        }
    }

    pub(super) async fn change_cluster(
        &mut self,
        id: &ClusterId,
        change: ClusterChange,
        seen: Option<&Seen>,
    ) -> Result<Cluster, Error> {
        let organization = self.ctx.organization.clone();
        self.tx.hold_directory(&organization, true).await?;
        let found = self.tx.cluster(&organization, id).await?;
        let before = found.ok_or_else(|| Error::not_found("cluster", id.as_str()))?;
        still(seen, &shown_revision(&before))?;
        let mut after = before.clone();
        if let Some(slug) = change.slug {
            check_slug(&slug)?;
            after.slug = slug;
            self.slug_is_free(&after).await?;
        }
        if let Some(name) = &change.name {
            checked_name(name)?.clone_into(&mut after.name);
        }
        match change.external_id {
            ExternalIdChange::Keep => {}
            ExternalIdChange::Clear => after.external_id = None,
            ExternalIdChange::Set(id) => after.external_id = Some(id),
        }
        if after.external_id != before.external_id {
            // What was read of another cluster there says nothing of this one.
            (after.gone_since, after.name_there) = (None, None);
        }
        if after == before {
            return Ok(before);
        }
        self.tx.update_cluster(&organization, &after).await?;
        self.tx.move_organization_epoch(&organization).await?;
        let detail = json!({"slug": after.slug, "slug_before": before.slug, "external_id": after.external_id});
        self.tell(EventKind::ClusterChanged, [id.to_string()], detail);
        // Services ask about it by its slug, which is remembered; rules name it by slug or external id.
        self.revoke_everybody();
        self.settle_everybody().await?;
        Ok(after)
    }

    pub(super) async fn remove_cluster(
        &mut self,
        id: &ClusterId,
        seen: Option<&Seen>,
    ) -> Result<RemovedCluster, Error> {
        let organization = self.ctx.organization.clone();
        self.tx.hold_directory(&organization, true).await?;
        let found = self.tx.cluster(&organization, id).await?;
        let cluster = found.ok_or_else(|| Error::not_found("cluster", id.as_str()))?;
        still(seen, &shown_revision(&cluster))?;
        let close = self.tx.bindings_at(&organization, &Scope::cluster(id.clone())).await?;
        let bindings = close.len();
        self.tx.delete_cluster(&organization, id).await?;
        self.tx.move_organization_epoch(&organization).await?;
        let detail = json!({"slug": cluster.slug, "bindings": bindings});
        self.tell(EventKind::ClusterRemoved, [id.to_string()], detail);
        self.apply(&Diff { open: Vec::new(), close }, None).await?;
        self.revoke_everybody();
        self.settle_everybody().await?;
        Ok(RemovedCluster { cluster, bindings })
    }
}
