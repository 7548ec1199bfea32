//! Passwords, and the links by which they are chosen. Only hashes are here.

use super::{StoreError, Tx, args};
use crate::model::{Instant, OrganizationId, PasswordLink, StoredPassword, UserId};

type Row = (String, String, i64, Instant);

impl Tx {
    /// Somebody's password.
    pub async fn password(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Option<StoredPassword>, StoreError> {
        let row: Option<Row> = self
            .first(
                "SELECT hash, verified_email, version, changed_at FROM passwords
                 WHERE organization = ?1 AND user_id = ?2",
                args![organization, user],
            )
            .await?;
        Ok(row.map(password))
    }

    /// The same, held until the transaction ends.
    pub async fn password_to_change(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Option<StoredPassword>, StoreError> {
        let row: Option<Row> = self
            .first(
                "SELECT hash, verified_email, version, changed_at FROM passwords
                 WHERE organization = ?1 AND user_id = ?2 FOR UPDATE",
                args![organization, user],
            )
            .await?;
        Ok(row.map(password))
    }

    /// Writes somebody's password, in the place of the one before.
    pub async fn set_password(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        (hash, verified_email): (&str, &str),
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO passwords (organization, user_id, hash, verified_email, version, changed_at)
             VALUES (?1, ?2, ?3, ?4, 1, ?5)
             ON CONFLICT (organization, user_id) DO UPDATE SET
               hash = excluded.hash, verified_email = excluded.verified_email, version = passwords.version + 1,
               changed_at = excluded.changed_at",
            args![organization, user, hash, verified_email, now],
        )
        .await
        .map(drop)
    }

    /// Whether anybody of the organization has a password.
    pub async fn has_passwords(&mut self, organization: &OrganizationId) -> Result<bool, StoreError> {
        let row: Option<(i64,)> =
            self.first("SELECT version FROM passwords WHERE organization = ?1 LIMIT 1", args![organization]).await?;
        Ok(row.is_some())
    }

    /// Writes a link by which somebody may choose a password.
    pub async fn insert_password_link(
        &mut self,
        organization: &OrganizationId,
        (user, email): (&UserId, &str),
        hash: &[u8; 32],
        (now, expires_at): (Instant, Instant),
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO password_links (hash, organization, user_id, email, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            args![hash, organization, user, email, now, expires_at],
        )
        .await
        .map(drop)
    }

    /// Whose link it is, if it is good.
    pub async fn password_link(&mut self, hash: &[u8; 32], now: Instant) -> Result<Option<PasswordLink>, StoreError> {
        let row: Option<(OrganizationId, UserId, String)> = self
            .first(
                "SELECT organization, user_id, email FROM password_links
                 WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2",
                args![hash, now],
            )
            .await?;
        Ok(row.map(|(organization, user, email)| PasswordLink { organization, user, email }))
    }

    /// Until when the last link works by which somebody may choose a password.
    pub async fn password_link_until(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<Option<Instant>, StoreError> {
        let row: Option<(Option<Instant>,)> = self
            .first(
                "SELECT MAX(expires_at) FROM password_links
                 WHERE organization = ?1 AND user_id = ?2 AND used_at IS NULL AND expires_at > ?3",
                args![organization, user, now],
            )
            .await?;
        Ok(row.and_then(|(until,)| until))
    }

    /// Uses a link up. False when somebody else did, or its time is over.
    pub async fn use_password_link(&mut self, hash: &[u8; 32], now: Instant) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE password_links SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2",
                args![hash, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Ends whatever other links somebody has.
    pub async fn end_password_links(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE password_links SET used_at = ?3 WHERE organization = ?1 AND user_id = ?2 AND used_at IS NULL",
            args![organization, user, now],
        )
        .await
        .map(drop)
    }

    /// Forgets links and attempts that were over before `before`; how many.
    pub async fn forget_passwords(&mut self, before: Instant) -> Result<u64, StoreError> {
        let links = self.run("DELETE FROM password_links WHERE expires_at < ?1", args![before]).await?;
        let attempts = self.run("DELETE FROM throttles WHERE last_at < ?1 AND next_at < ?1", args![before]).await?;
        Ok(links + attempts)
    }
}

fn password((hash, verified_email, version, changed_at): Row) -> StoredPassword {
    StoredPassword { hash, verified_email, version, changed_at }
}
