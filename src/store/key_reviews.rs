//! Keys that are to be looked at after a change of rights that no person made here: a durable list of whose.

use super::{StoreError, Tx, args, value::texts};
use crate::model::{Instant, OrganizationId};

/// One look that is to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReview {
    /// In which organization.
    pub organization: OrganizationId,
    /// A user's id; a group's: its members'; empty: everybody's.
    pub subject: String,
    /// Since when.
    pub asked_at: Instant,
    /// How often it was asked for: one that is asked for again while it is done begins again.
    pub asked: i64,
    /// The owner of the last key that was looked at, and the key.
    pub after: (String, String),
}

impl Tx {
    /// Asks for looks at the keys of users, of groups' members or of everybody. Where nobody concerned has a key nothing is asked.
    pub async fn ask_key_reviews(
        &mut self,
        organization: &OrganizationId,
        subjects: &[String],
        now: Instant,
    ) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO key_reviews (organization, subject, asked_at, asked, after_owner, after_id)
             SELECT CAST(?1 AS TEXT), told.value, CAST(?3 AS BIGINT), 1, '', '' FROM texts_of(?2) AS told WHERE EXISTS
               (SELECT 1 FROM api_keys k WHERE k.organization = ?1 AND k.revoked_at IS NULL
                  AND k.owner >= CASE WHEN substr(told.value, 1, 4) = 'usr_' THEN told.value ELSE 'usr_' END
                  AND k.owner <= CASE WHEN substr(told.value, 1, 4) = 'usr_' THEN told.value ELSE 'usr`' END)
             ON CONFLICT (organization, subject) DO UPDATE SET asked = key_reviews.asked + 1, after_owner = '', after_id = ''",
            args![organization, texts(subjects), now],
        )
        .await
    }

    /// The looks that wait, the longest waiting first.
    pub async fn key_reviews(&mut self, limit: i64) -> Result<Vec<KeyReview>, StoreError> {
        let rows = self
            .all(
                "SELECT organization, subject, asked_at, asked, after_owner, after_id FROM key_reviews
                 ORDER BY asked_at LIMIT ?1",
                args![limit],
            )
            .await?;
        let review = |(organization, subject, asked_at, asked, owner, id)| KeyReview {
            organization,
            subject,
            asked_at,
            asked,
            after: (owner, id),
        };
        Ok(rows.into_iter().map(review).collect())
    }

    /// The same look as it is now, held until the transaction ends; nothing when another node has done it.
    pub async fn key_review_to_do(&mut self, review: &KeyReview) -> Result<Option<KeyReview>, StoreError> {
        let row = self
            .first(
                "SELECT asked_at, asked, after_owner, after_id FROM key_reviews
                 WHERE organization = ?1 AND subject = ?2 FOR UPDATE",
                args![review.organization, review.subject],
            )
            .await?;
        Ok(row.map(|(asked_at, asked, owner, id)| KeyReview { asked_at, asked, after: (owner, id), ..review.clone() }))
    }

    /// How far a look is.
    pub async fn go_on_with_key_review(
        &mut self,
        review: &KeyReview,
        (owner, id): (&str, &str),
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE key_reviews SET after_owner = ?3, after_id = ?4 WHERE organization = ?1 AND subject = ?2",
            args![review.organization, review.subject, owner, id],
        )
        .await
        .map(drop)
    }

    /// A look is done.
    pub async fn finish_key_review(&mut self, review: &KeyReview) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM key_reviews WHERE organization = ?1 AND subject = ?2 AND asked = ?3",
            args![review.organization, review.subject, review.asked],
        )
        .await
        .map(drop)
    }
}
