//! What the deployment's operator does to whole organizations: list, rename, delete. Local and loud: no organization's role
//! may do it, the log warns of it, and the organization's own events tell of it as long as it has any.

use super::{
    App, Error, Need,
    organizations::{check_slug, checked_name},
};
use crate::{cache::Revocation, model::Organization};

/// How often what came in meanwhile is swept up. A request that had begun before ends within seconds.
const SWEEPS: usize = 5;

/// An organization that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedOrganization {
    /// As it was.
    pub organization: Organization,
    /// How many rows of it there were.
    pub rows: u64,
}

impl App {
    /// Every organization of the deployment, by slug.
    pub async fn organizations(&self) -> Result<Vec<Organization>, Error> {
        Ok(self.store().read().await?.every_organization().await?)
    }

    /// Gives an organization another slug or name. Addresses with the old slug lead nowhere from now on.
    pub async fn rename_organization(
        &self,
        slug: &str,
        new_slug: Option<&str>,
        name: Option<&str>,
    ) -> Result<Organization, Error> {
        if let Some(slug) = new_slug {
            check_slug(slug)?;
        }
        let name = name.map(checked_name).transpose()?;
        let found = self.organization_by_slug(slug).await?;
        let ctx = self.operator(found.id);
        let mut work = self.begin(&ctx, Need::Operator).await?;
        let outcome = Box::pin(work.rename((new_slug, name), None)).await;
        let renamed = work.finish(outcome).await?;
        tracing::warn!(organization = %renamed.id, from = slug, to = renamed.slug, "the operator renamed an organization");
        Ok(renamed)
    }

    /// Deletes an organization with everything in it, for good. `repeated` is the slug, said a second time.
    pub async fn delete_organization(&self, slug: &str, repeated: &str) -> Result<DeletedOrganization, Error> {
        if slug != repeated {
            let detail = format!("“{repeated}” is not “{slug}”: repeat the organization's slug to delete it");
            return Err(Error::invalid("confirm", detail));
        }
        let organization = self.organization_by_slug(slug).await?;
        tracing::warn!(organization = %organization.id, slug, "the operator deletes an organization");
        let mut rows = 0;
        for sweep in 0..SWEEPS {
            let mut tx = self.store().write("delete organization").await?;
            tx.hold_directory(&organization.id, true).await?;
            tx.lock_organization(&organization.id).await?;
            let deleted = tx.delete_organization(&organization.id).await?;
            tx.commit().await?;
            rows += deleted;
            if sweep == 0 {
                // From now on no credential of it opens anything; what had begun before may still write a last row.
                let organization = organization.id.clone();
                self.cache().publish(Revocation::Organization { organization }).await;
            } else if deleted == 0 {
                break;
            }
        }
        tracing::warn!(organization = %organization.id, slug, rows, "the operator deleted an organization");
        Ok(DeletedOrganization { organization, rows })
    }
}
