//! What each end of somebody's access left behind.

use super::{StoreError, Tx, args};
use crate::model::{Instant, OrganizationId, ReceiptId, UserId};

/// One receipt, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Its id.
    pub id: ReceiptId,
    /// Whose access ended.
    pub user: UserId,
    /// When.
    pub at: Instant,
    /// What was signed: JSON, kept as it was.
    pub statement: String,
    /// The key that signed it.
    pub signer: String,
    /// The signature.
    pub signature: Vec<u8>,
}

type Row = (ReceiptId, UserId, Instant, String, String, Vec<u8>);

/// What somebody is let in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetIn {
    /// How many sessions are open.
    pub sessions: u64,
    /// When they were last let in, by one of these or by a key: to the minute, as it is noted.
    pub last: Option<Instant>,
}

const LET_IN: &str = "SELECT COUNT(*), MAX(last_seen_at),
            (SELECT MAX(last_used_at) FROM api_keys
             WHERE organization = ?1 AND owner = ?2 AND revoked_at IS NULL)
     FROM sessions WHERE organization = ?1 AND user_id = ?2 AND ended_at IS NULL";

impl Tx {
    /// What somebody is let in by, before it ends.
    pub async fn let_in(&mut self, organization: &OrganizationId, user: &UserId) -> Result<LetIn, StoreError> {
        let row: Option<(u64, Option<Instant>, Option<Instant>)> =
            self.first(LET_IN, args![organization, user]).await?;
        let (sessions, session, key) = row.unwrap_or_default();
        Ok(LetIn { sessions, last: session.max(key) })
    }

    /// Asks for it with the next statement.
    pub fn soon_let_in(&mut self, organization: &OrganizationId, user: &UserId) {
        self.soon(LET_IN, || args![organization, user].to_vec());
    }

    /// Keeps a receipt.
    pub async fn insert_receipt(
        &mut self,
        organization: &OrganizationId,
        receipt: &ReceiptRow,
    ) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO receipts (organization, id, user_id, at, statement, signer, signature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![
                organization,
                receipt.id,
                receipt.user,
                receipt.at,
                receipt.statement,
                receipt.signer,
                receipt.signature
            ],
        )
        .await
    }

    /// One receipt.
    pub async fn receipt(
        &mut self,
        organization: &OrganizationId,
        id: &ReceiptId,
    ) -> Result<Option<ReceiptRow>, StoreError> {
        let row: Option<Row> = self
            .first(
                "SELECT id, user_id, at, statement, signer, signature FROM receipts WHERE organization = ?1 AND id = ?2",
                args![organization, id],
            )
            .await?;
        Ok(row.map(|(id, user, at, statement, signer, signature)| ReceiptRow {
            id,
            user,
            at,
            statement,
            signer,
            signature,
        }))
    }

    /// Up to `limit` receipts older than `before` (an id, or '' for the newest), the newest first; of one person, if given.
    pub async fn receipts(
        &mut self,
        organization: &OrganizationId,
        user: Option<&UserId>,
        (before, limit): (&str, i64),
    ) -> Result<Vec<ReceiptRow>, StoreError> {
        let rows: Vec<Row> = match user {
            Some(user) => {
                self.all(
                    "SELECT id, user_id, at, statement, signer, signature FROM receipts
                     WHERE organization = ?1 AND user_id = ?2 AND (?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4",
                    args![organization, user, before, limit],
                )
                .await?
            }
            None => {
                self.all(
                    "SELECT id, user_id, at, statement, signer, signature FROM receipts
                     WHERE organization = ?1 AND (?2 = '' OR id < ?2) ORDER BY id DESC LIMIT ?3",
                    args![organization, before, limit],
                )
                .await?
            }
        };
        let receipt =
            |(id, user, at, statement, signer, signature)| ReceiptRow { id, user, at, statement, signer, signature };
        Ok(rows.into_iter().map(receipt).collect())
    }
}
