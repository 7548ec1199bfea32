//! How organizations read their clusters at Cast AI.

use super::{FromRow, RowRef, StoreError, Tx, args, value::json_text};
use crate::model::{CastAiLink, CastAiProblem, Instant, OrganizationId, UndecidedCluster};

/// An organization whose clusters are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueReading {
    /// Whose.
    pub organization: OrganizationId,
    /// When it was due.
    pub due_at: Instant,
}

/// What came of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingNote {
    /// When Cast AI was asked.
    pub tried_at: Instant,
    /// When it is asked next.
    pub due_at: Instant,
    /// What there was, or why nothing was read.
    pub outcome: Result<(i64, Vec<UndecidedCluster>), CastAiProblem>,
}

impl FromRow for CastAiLink {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let corrupt = |error: serde_json::Error| StoreError::Corrupt(format!("a reading of Cast AI: {error}"));
        let (problem, undecided): (Option<String>, String) = (row.get(7)?, row.get(9)?);
        Ok(Self {
            hint: row.get(0)?,
            given_by: row.get(1)?,
            given_at: row.get(2)?,
            due_at: row.get(3)?,
            tried_at: row.get(4)?,
            succeeded_at: row.get(5)?,
            failures: row.get(6)?,
            problem: problem.map(|text| serde_json::from_str(&text)).transpose().map_err(corrupt)?,
            clusters: row.get(8)?,
            undecided: serde_json::from_str(&undecided).map_err(corrupt)?,
        })
    }
}

impl Tx {
    /// How an organization reads its clusters at Cast AI, if it does.
    pub async fn cast_ai_link(&mut self, organization: &OrganizationId) -> Result<Option<CastAiLink>, StoreError> {
        self.first(
            "SELECT hint, given_by, given_at, due_at, tried_at, succeeded_at, failures, problem, clusters, undecided
             FROM cast_ai_links WHERE organization = ?1",
            args![organization],
        )
        .await
    }

    /// The sealed key, and since when it is the one.
    pub async fn cast_ai_key(
        &mut self,
        organization: &OrganizationId,
    ) -> Result<Option<(Vec<u8>, Instant)>, StoreError> {
        self.first("SELECT api_key, given_at FROM cast_ai_links WHERE organization = ?1", args![organization]).await
    }

    /// Puts a key in the place of any other. What was read by the one before says nothing of it.
    pub async fn set_cast_ai_key(
        &mut self,
        organization: &OrganizationId,
        sealed: &[u8],
        link: &CastAiLink,
    ) -> Result<(), StoreError> {
        self.delete_cast_ai_link(organization).await?;
        self.run(
            "INSERT INTO cast_ai_links (organization, api_key, hint, given_by, given_at, due_at, failures, clusters, undecided)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, '[]')",
            args![organization, sealed, link.hint, link.given_by, link.given_at, link.due_at],
        )
        .await
        .map(drop)
    }

    /// Forgets the key. False when there was none.
    pub async fn delete_cast_ai_link(&mut self, organization: &OrganizationId) -> Result<bool, StoreError> {
        let rows = self.run("DELETE FROM cast_ai_links WHERE organization = ?1", args![organization]).await?;
        Ok(rows == 1)
    }

    /// The organizations of the deployment whose clusters are to be read, the longest due first.
    pub async fn due_readings(&mut self, now: Instant, limit: i64) -> Result<Vec<DueReading>, StoreError> {
        let rows = self
            .all(
                "SELECT organization, due_at FROM cast_ai_links WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
                args![now, limit],
            )
            .await?;
        Ok(rows.into_iter().map(|(organization, due_at)| DueReading { organization, due_at }).collect())
    }

    /// Takes a reading in hand: no other node does it before `until`. False when another has it.
    pub async fn claim_reading(&mut self, due: &DueReading, until: Instant) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE cast_ai_links SET due_at = ?3 WHERE organization = ?1 AND due_at = ?2",
                args![due.organization, due.due_at, until],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Notes what came of a reading with the key that was given then. Nothing happens when another was given meanwhile.
    pub async fn note_reading(
        &mut self,
        organization: &OrganizationId,
        given_at: Instant,
        note: &ReadingNote,
    ) -> Result<(), StoreError> {
        let ReadingNote { tried_at, due_at, outcome } = note;
        match outcome {
            Ok((clusters, undecided)) => {
                self.run(
                    "UPDATE cast_ai_links SET tried_at = ?3, succeeded_at = ?3, due_at = ?4, failures = 0, problem = NULL,
                                              clusters = ?5, undecided = ?6
                     WHERE organization = ?1 AND given_at = ?2",
                    args![organization, given_at, tried_at, due_at, clusters, json_text(undecided)?],
                )
                .await
            }
            Err(problem) => {
                self.run(
                    "UPDATE cast_ai_links SET tried_at = ?3, due_at = ?4, failures = failures + 1, problem = ?5
                     WHERE organization = ?1 AND given_at = ?2",
                    args![organization, given_at, tried_at, due_at, json_text(problem)?],
                )
                .await
            }
        }
        .map(drop)
    }
}
