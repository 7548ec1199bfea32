//! Access reviews, what they found, and what was decided.

use super::{FromRow, RowRef, StoreError, Tx, args, value::json_text};
use crate::model::{
    AccessReview, AccessReviewId, Decided, Instant, OrganizationId, Proposal, ProposalId, ReviewProgress, Verdict,
};

impl FromRow for AccessReview {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let id: AccessReviewId = row.get(0)?;
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of review {id}"));
        let (limits, gaps): (String, String) = (row.get(2)?, row.get(6)?);
        let (closed_at, closed_by): (Option<Instant>, String) = (row.get(7)?, row.get(8)?);
        Ok(Self {
            limits: serde_json::from_str(&limits).map_err(|_| corrupt("limits"))?,
            gaps: serde_json::from_str(&gaps).map_err(|_| corrupt("gaps"))?,
            name: row.get(1)?,
            created_by: row.get(3)?,
            created_at: row.get(4)?,
            recorded_since: row.get(5)?,
            closed: closed_at.map(|at| (at, closed_by)),
            version: row.get(9)?,
            id,
        })
    }
}

/// `SELECT` of a whole review, with what comes after `FROM access_reviews`.
macro_rules! select_reviews {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, limits, created_by, created_at, recorded_since, gaps, closed_at, closed_by, version ",
            "FROM access_reviews ",
            $rest
        )
    };
}

impl FromRow for Proposal {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let id: ProposalId = row.get(0)?;
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of proposal {id}"));
        let (finding, verdict): (String, String) = (row.get(1)?, row.get(2)?);
        let (by, at): (String, Option<Instant>) = (row.get(3)?, row.get(4)?);
        let (applied_by, applied_at): (String, Option<Instant>) = (row.get(6)?, row.get(7)?);
        let decided = match (verdict.as_str(), at) {
            ("", _) | (_, None) => None,
            (word, Some(at)) => {
                let verdict = Verdict::ALL.into_iter().find(|known| known.name() == word);
                Some(Decided { verdict: verdict.ok_or_else(|| corrupt("verdict"))?, by, at, note: row.get(5)? })
            }
        };
        Ok(Self {
            finding: serde_json::from_str(&finding).map_err(|_| corrupt("finding"))?,
            decided,
            applied: applied_at.map(|at| (at, applied_by)),
            id,
        })
    }
}

/// The same of a proposal.
macro_rules! select_proposals {
    ($rest:literal) => {
        concat!(
            "SELECT id, finding, verdict, decided_by, decided_at, note, applied_by, applied_at FROM review_proposals ",
            $rest
        )
    };
}

impl Tx {
    /// Writes a new review.
    pub async fn insert_review(
        &mut self,
        organization: &OrganizationId,
        review: &AccessReview,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO access_reviews (organization, id, name, limits, created_by, created_at, recorded_since, gaps,
                                         closed_by, version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '', ?9)",
            args![
                organization,
                review.id,
                review.name,
                json_text(&review.limits)?,
                review.created_by,
                review.created_at,
                review.recorded_since,
                json_text(&review.gaps)?,
                review.version
            ],
        )
        .await
        .map(drop)
    }

    /// Writes what a review found.
    pub async fn insert_proposal(
        &mut self,
        organization: &OrganizationId,
        review: &AccessReviewId,
        proposal: &Proposal,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO review_proposals (organization, review, id, finding, verdict, decided_by, note, applied_by)
             VALUES (?1, ?2, ?3, ?4, '', '', '', '')",
            args![organization, review, proposal.id, json_text(&proposal.finding)?],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` reviews whose id is greater than `after`.
    pub async fn reviews_after(
        &mut self,
        organization: &OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<AccessReview>, StoreError> {
        self.all(
            select_reviews!("WHERE organization = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
            args![organization, after, limit],
        )
        .await
    }

    /// One review.
    pub async fn review(
        &mut self,
        organization: &OrganizationId,
        id: &AccessReviewId,
    ) -> Result<Option<AccessReview>, StoreError> {
        self.first(select_reviews!("WHERE organization = ?1 AND id = ?2"), args![organization, id]).await
    }

    /// One review, held until the transaction ends.
    pub async fn review_to_change(
        &mut self,
        organization: &OrganizationId,
        id: &AccessReviewId,
    ) -> Result<Option<AccessReview>, StoreError> {
        self.first(select_reviews!("WHERE organization = ?1 AND id = ?2 FOR UPDATE"), args![organization, id]).await
    }

    /// That a review changed, and whether it is closed.
    pub async fn update_review(
        &mut self,
        organization: &OrganizationId,
        review: &AccessReview,
    ) -> Result<(), StoreError> {
        let (at, by) = review.closed.as_ref().map(|(at, by)| (*at, by.as_str())).unzip();
        self.run(
            "UPDATE access_reviews SET closed_at = ?3, closed_by = ?4, version = ?5 WHERE organization = ?1 AND id = ?2",
            args![organization, review.id, at, by.unwrap_or_default(), review.version],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` of what a review found, behind this id.
    pub async fn proposals_after(
        &mut self,
        (organization, review): (&OrganizationId, &AccessReviewId),
        after: &str,
        limit: i64,
    ) -> Result<Vec<Proposal>, StoreError> {
        self.all(
            select_proposals!("WHERE organization = ?1 AND review = ?2 AND id > ?3 ORDER BY id LIMIT ?4"),
            args![organization, review, after, limit],
        )
        .await
    }

    /// One of them, held until the transaction ends.
    pub async fn proposal_to_change(
        &mut self,
        (organization, review): (&OrganizationId, &AccessReviewId),
        id: &ProposalId,
    ) -> Result<Option<Proposal>, StoreError> {
        self.first(
            select_proposals!("WHERE organization = ?1 AND review = ?2 AND id = ?3 FOR UPDATE"),
            args![organization, review, id],
        )
        .await
    }

    /// Writes what was decided about it and whether that was done.
    pub async fn update_proposal(
        &mut self,
        (organization, review): (&OrganizationId, &AccessReviewId),
        proposal: &Proposal,
    ) -> Result<(), StoreError> {
        let decided = proposal.decided.as_ref();
        let applied = proposal.applied.as_ref();
        self.run(
            "UPDATE review_proposals SET verdict = ?4, decided_by = ?5, decided_at = ?6, note = ?7, applied_by = ?8,
                                         applied_at = ?9
             WHERE organization = ?1 AND review = ?2 AND id = ?3",
            args![
                organization,
                review,
                proposal.id,
                decided.map_or("", |decided| decided.verdict.name()),
                decided.map_or("", |decided| decided.by.as_str()),
                decided.map(|decided| decided.at),
                decided.map_or("", |decided| decided.note.as_str()),
                applied.map_or("", |(_, by)| by.as_str()),
                applied.map(|(at, _)| *at)
            ],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` of what was decided and not done yet, the oldest first.
    pub async fn proposals_to_apply(
        &mut self,
        (organization, review): (&OrganizationId, &AccessReviewId),
        limit: i64,
    ) -> Result<Vec<Proposal>, StoreError> {
        self.all(
            select_proposals!(
                "WHERE organization = ?1 AND review = ?2 AND verdict NOT IN ('', 'keep') AND applied_at IS NULL
                 ORDER BY id LIMIT ?3"
            ),
            args![organization, review, limit],
        )
        .await
    }

    /// How far a review is.
    pub async fn review_progress(
        &mut self,
        (organization, review): (&OrganizationId, &AccessReviewId),
    ) -> Result<ReviewProgress, StoreError> {
        let row: Option<(i64, i64, i64, i64)> = self
            .first(
                "SELECT COUNT(*), COUNT(decided_at), COUNT(applied_at),
                        COUNT(CASE WHEN verdict NOT IN ('', 'keep') THEN 1 END)
                 FROM review_proposals WHERE organization = ?1 AND review = ?2",
                args![organization, review],
            )
            .await?;
        let (proposals, decided, applied, asked) = row.unwrap_or_default();
        Ok(ReviewProgress { proposals, decided, applied, to_apply: asked - applied })
    }
}
