//! Terms of service and privacy policy: the deployment's documents, and who accepted them.

use super::{StoreError, Tx, args};
use crate::model::{Instant, OrganizationId, UserId};

/// One version of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsDocument {
    /// `terms` or `privacy`.
    pub kind: String,
    /// 1, 2, 3, …
    pub version: i64,
    /// Markdown.
    pub text: String,
    /// From when on people who accepted an older version must accept this one.
    pub binding_from: Instant,
}

/// Where a user stands with one document in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermsStanding {
    /// The version in force.
    pub version: i64,
    /// From when on people who accepted an older version must accept this one.
    pub binding_from: Instant,
    /// The newest version that the user accepted; 0: none.
    pub accepted: i64,
}

impl Tx {
    /// The newest version of each document.
    pub async fn current_terms(&mut self) -> Result<Vec<TermsDocument>, StoreError> {
        let rows: Vec<(String, i64, String, Instant)> = self
            .all(
                "SELECT t.kind, t.version, t.text, t.binding_from FROM terms t
                 WHERE t.version = (SELECT max(v.version) FROM terms v WHERE v.kind = t.kind) ORDER BY t.kind DESC",
                args![],
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(kind, version, text, binding_from)| TermsDocument { kind, version, text, binding_from })
            .collect())
    }

    /// The documents in force without their texts, and the newest version of each that a user accepted (0: none).
    pub async fn terms_of(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Vec<TermsStanding>, StoreError> {
        let rows: Vec<(i64, Instant, i64)> = self
            .all(
                "SELECT t.version, t.binding_from,
                        COALESCE((SELECT max(a.version) FROM terms_acceptances a
                                  WHERE a.organization = ?1 AND a.user_id = ?2 AND a.kind = t.kind), 0)
                 FROM terms t WHERE t.version = (SELECT max(v.version) FROM terms v WHERE v.kind = t.kind)",
                args![organization, user],
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(version, binding_from, accepted)| TermsStanding { version, binding_from, accepted })
            .collect())
    }

    /// Records a new version. False when another node was first.
    pub async fn insert_terms(&mut self, document: &TermsDocument, now: Instant) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO terms (kind, version, text, published_at, binding_from) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (kind, version) DO NOTHING",
                args![document.kind, document.version, document.text, now, document.binding_from],
            )
            .await?;
        Ok(rows == 1)
    }

    /// The newest version of each document that a user accepted.
    pub async fn accepted_terms(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        self.all(
            "SELECT kind, max(version) FROM terms_acceptances WHERE organization = ?1 AND user_id = ?2 GROUP BY kind",
            args![organization, user],
        )
        .await
    }

    /// Notes that a user accepted a version. False when they had.
    pub async fn insert_acceptance(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        (kind, version): (&str, i64),
        now: Instant,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO terms_acceptances (organization, user_id, kind, version, accepted_at)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (organization, user_id, kind, version) DO NOTHING",
                args![organization, user, kind, version, now],
            )
            .await?;
        Ok(rows == 1)
    }
}
