//! Second factors and recovery codes. The secret lies sealed; of codes only hashes are here.

use super::{StoreError, Tx, args};
use crate::model::{Instant, OrganizationId, SecondFactor, UserId};

type Row = (Vec<u8>, i64, Instant, Option<Instant>);

impl Tx {
    /// Somebody's second factor, confirmed or not.
    pub async fn second_factor(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Option<SecondFactor>, StoreError> {
        let row: Option<Row> = self
            .first(
                "SELECT secret, last_step, created_at, confirmed_at FROM second_factors
                 WHERE organization = ?1 AND user_id = ?2",
                args![organization, user],
            )
            .await?;
        Ok(row.map(|(sealed, last_step, created_at, confirmed_at)| SecondFactor {
            sealed,
            last_step,
            created_at,
            confirmed_at,
        }))
    }

    /// Writes a secret that is still to be confirmed. False when there is a confirmed one, which stays.
    pub async fn offer_second_factor(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        sealed: &[u8],
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO second_factors (organization, user_id, secret, last_step, created_at)
                 VALUES (?1, ?2, ?3, 0, ?4)
                 ON CONFLICT (organization, user_id) DO UPDATE SET
                   secret = excluded.secret, last_step = 0, created_at = excluded.created_at
                 WHERE second_factors.confirmed_at IS NULL",
                args![organization, user, sealed, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Confirms a secret by the step of its first code. False when another one was offered meanwhile, or it is confirmed.
    pub async fn confirm_second_factor(
        &mut self,
        organization: &OrganizationId,
        (user, offered_at): (&UserId, Instant),
        step: i64,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE second_factors SET confirmed_at = ?5, last_step = ?4
                 WHERE organization = ?1 AND user_id = ?2 AND created_at = ?3 AND confirmed_at IS NULL",
                args![organization, user, offered_at, step, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Uses a step up. False when it, or a later one, was used before.
    pub async fn use_step(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        step: i64,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE second_factors SET last_step = ?3
                 WHERE organization = ?1 AND user_id = ?2 AND last_step < ?3 AND confirmed_at IS NOT NULL",
                args![organization, user, step],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Takes a second factor away, with its recovery codes. False when there was none.
    pub async fn delete_second_factor(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<bool, StoreError> {
        self.run("DELETE FROM recovery_codes WHERE organization = ?1 AND user_id = ?2", args![organization, user])
            .await?;
        let rows = self
            .run("DELETE FROM second_factors WHERE organization = ?1 AND user_id = ?2", args![organization, user])
            .await?;
        Ok(rows == 1)
    }

    /// Puts these codes in the place of whatever there were.
    pub async fn set_recovery_codes(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        hashes: &[[u8; 32]],
    ) -> Result<(), StoreError> {
        self.run("DELETE FROM recovery_codes WHERE organization = ?1 AND user_id = ?2", args![organization, user])
            .await?;
        for hash in hashes {
            self.run(
                "INSERT INTO recovery_codes (organization, user_id, hash) VALUES (?1, ?2, ?3)",
                args![organization, user, hash],
            )
            .await?;
        }
        Ok(())
    }

    /// Uses a recovery code up. False when there is none like it, or it was used.
    pub async fn use_recovery_code(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        hash: &[u8; 32],
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE recovery_codes SET used_at = ?4
                 WHERE organization = ?1 AND user_id = ?2 AND hash = ?3 AND used_at IS NULL",
                args![organization, user, hash, now],
            )
            .await?;
        Ok(rows == 1)
    }

    /// How many recovery codes are left.
    pub async fn recovery_codes_left(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<i64, StoreError> {
        let row: Option<(i64,)> = self
            .first(
                "SELECT count(*) FROM recovery_codes WHERE organization = ?1 AND user_id = ?2 AND used_at IS NULL",
                args![organization, user],
            )
            .await?;
        Ok(row.map_or(0, |(left,)| left))
    }
}
