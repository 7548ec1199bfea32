//! Set-up links. Only their hashes are here.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId, SetupLink, SetupLinkId};

type Row = (SetupLinkId, ConnectionId, String, Instant, Instant, Option<Instant>, Option<Instant>);

impl Tx {
    /// Writes a new link.
    pub async fn insert_setup_link(
        &mut self,
        organization: &OrganizationId,
        link: &SetupLink,
        hash: &[u8; 32],
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO setup_links (organization, id, connection, link, created_by, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![organization, link.id, link.connection, hash, link.created_by, link.created_at, link.expires_at],
        )
        .await
        .map(drop)
    }

    /// The links of a connection, the newest first.
    pub async fn setup_links(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Vec<SetupLink>, StoreError> {
        let rows: Vec<Row> = self
            .all(
                "SELECT id, connection, created_by, created_at, expires_at, revoked_at, last_used_at FROM setup_links
                 WHERE organization = ?1 AND connection = ?2 ORDER BY id DESC",
                args![organization, connection],
            )
            .await?;
        Ok(rows.into_iter().map(link).collect())
    }

    /// The organization of the link with this hash, and its id.
    pub async fn setup_link_by_hash(
        &mut self,
        hash: &[u8; 32],
    ) -> Result<Option<(OrganizationId, SetupLinkId)>, StoreError> {
        self.first("SELECT organization, id FROM setup_links WHERE link = ?1", args![hash]).await
    }

    /// One link that is good at `now`.
    pub async fn live_setup_link(
        &mut self,
        organization: &OrganizationId,
        id: &SetupLinkId,
        now: Instant,
    ) -> Result<Option<SetupLink>, StoreError> {
        let row: Option<Row> = self
            .first(
                "SELECT id, connection, created_by, created_at, expires_at, revoked_at, last_used_at FROM setup_links
                 WHERE organization = ?1 AND id = ?2 AND revoked_at IS NULL AND expires_at > ?3",
                args![organization, id, now],
            )
            .await?;
        Ok(row.map(link))
    }

    /// Ends a link. False when it has ended already.
    pub async fn revoke_setup_link(
        &mut self,
        organization: &OrganizationId,
        (connection, id): (&ConnectionId, &SetupLinkId),
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE setup_links SET revoked_at = ?4
                 WHERE organization = ?1 AND connection = ?2 AND id = ?3 AND revoked_at IS NULL AND expires_at > ?4",
                args![organization, connection, id, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Notes that something was done by a link.
    pub async fn touch_setup_link(
        &mut self,
        organization: &OrganizationId,
        id: &SetupLinkId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE setup_links SET last_used_at = ?3 WHERE organization = ?1 AND id = ?2",
            args![organization, id, now],
        )
        .await
        .map(drop)
    }
}

fn link((id, connection, created_by, created_at, expires_at, revoked_at, last_used_at): Row) -> SetupLink {
    SetupLink { id, connection, created_by, created_at, expires_at, revoked_at, last_used_at }
}
