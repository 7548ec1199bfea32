//! What people use of what they hold, and when they were here last.

use super::{StoreError, Tx, args};
use crate::model::{Capability, ClusterId, Holder, Instant, OrganizationId, UserId};

/// Uses of one capability by one holder at one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityUse {
    /// Whose.
    pub holder: Holder,
    /// Of what.
    pub capability: Capability,
    /// On which cluster; none: on the whole organization.
    pub cluster: Option<ClusterId>,
    /// How often.
    pub uses: i64,
    /// The first of them.
    pub first_at: Instant,
    /// The last of them.
    pub last_at: Instant,
}

impl Tx {
    /// Since when uses are recorded in this organization: from now on, if nobody recorded one before.
    pub async fn uses_recorded_since(
        &mut self,
        organization: &OrganizationId,
        now: Instant,
    ) -> Result<Instant, StoreError> {
        self.run(
            "INSERT INTO use_records (organization, since)
             SELECT id, CAST(?2 AS BIGINT) FROM organizations WHERE id = ?1 ON CONFLICT (organization) DO NOTHING",
            args![organization, now],
        )
        .await?;
        Ok(self.use_records(organization).await?.unwrap_or(now))
    }

    /// Since when uses are recorded in this organization; none: nobody recorded one yet.
    pub async fn use_records(&mut self, organization: &OrganizationId) -> Result<Option<Instant>, StoreError> {
        let row = self.first("SELECT since FROM use_records WHERE organization = ?1", args![organization]).await?;
        Ok(row.map(|(since,)| since))
    }

    /// Adds uses of a capability. They were counted a while ago: of an organization that was deleted since nothing is left.
    pub async fn add_capability_uses(
        &mut self,
        organization: &OrganizationId,
        added: &CapabilityUse,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO capability_uses (organization, holder, capability, cluster, uses, first_at, last_at)
             SELECT id, CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS TEXT), CAST(?5 AS BIGINT), CAST(?6 AS BIGINT),
                    CAST(?7 AS BIGINT)
             FROM organizations WHERE id = ?1
             ON CONFLICT (organization, holder, capability, cluster)
             DO UPDATE SET uses = capability_uses.uses + excluded.uses, last_at = excluded.last_at",
            args![
                organization,
                added.holder,
                added.capability.name(),
                added.cluster.as_ref().map_or("", ClusterId::as_str),
                added.uses,
                added.first_at,
                added.last_at
            ],
        )
        .await
        .map(drop)
    }

    /// What somebody used, each capability at each scope.
    pub async fn capability_uses(
        &mut self,
        organization: &OrganizationId,
        holder: &Holder,
    ) -> Result<Vec<CapabilityUse>, StoreError> {
        let rows: Vec<(String, String, i64, Instant, Instant)> = self
            .all(
                "SELECT capability, cluster, uses, first_at, last_at FROM capability_uses
                 WHERE organization = ?1 AND holder = ?2 ORDER BY capability, cluster",
                args![organization, holder],
            )
            .await?;
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of a use by {holder}"));
        let of_row = |(capability, cluster, uses, first_at, last_at): (String, String, i64, Instant, Instant)| {
            let capability = capability.parse().map_err(|_| corrupt("capability"))?;
            let cluster = match cluster.as_str() {
                "" => None,
                id => Some(id.parse().map_err(|_| corrupt("cluster"))?),
            };
            Ok(CapabilityUse { holder: holder.clone(), capability, cluster, uses, first_at, last_at })
        };
        rows.into_iter().map(of_row).collect()
    }

    /// Notes that somebody was here in person.
    pub async fn see_in_person(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO people_seen (organization, user_id, in_person_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (organization, user_id) DO UPDATE SET in_person_at = excluded.in_person_at",
            args![organization, user, now],
        )
        .await
    }

    /// When somebody was last here: in person, and by a key.
    pub async fn last_seen(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<(Option<Instant>, Option<Instant>), StoreError> {
        let row = self
            .first(
                "SELECT in_person_at, by_key_at FROM people_seen WHERE organization = ?1 AND user_id = ?2",
                args![organization, user],
            )
            .await?;
        Ok(row.unwrap_or_default())
    }
}
