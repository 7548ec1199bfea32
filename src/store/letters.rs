//! Letters that wait to be sent. What they say lies sealed, and goes with the sending.

use super::{StoreError, Tx, args};
use crate::model::{Instant, JobId, OrganizationId};

/// A letter whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLetter {
    /// Whose.
    pub organization: OrganizationId,
    /// Its id.
    pub id: JobId,
    /// The id of what it is about.
    pub about: String,
    /// The letter, sealed.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub created_at: Instant,
    /// When it was due.
    pub due_at: Instant,
    /// How often it was tried.
    pub attempts: i64,
}

/// The letters of one organization that wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LettersWaiting {
    /// How many.
    pub count: i64,
    /// When the oldest was written.
    pub oldest: Option<Instant>,
    /// How often the one that was tried most was tried.
    pub attempts: i64,
}

type Row = (OrganizationId, JobId, String, Vec<u8>, Instant, Instant, i64);

fn letter((organization, id, about, sealed, created_at, due_at, attempts): Row) -> DueLetter {
    DueLetter { organization, id, about, sealed, created_at, due_at, attempts }
}

impl Tx {
    /// How many letters of an organization wait, and since when.
    pub async fn letters_waiting(&mut self, organization: &OrganizationId) -> Result<LettersWaiting, StoreError> {
        let row: Option<(i64, Option<Instant>, Option<i64>)> = self
            .first(
                "SELECT COUNT(*), MIN(created_at), MAX(attempts) FROM letters WHERE organization = ?1",
                args![organization],
            )
            .await?;
        let (count, oldest, attempts) = row.unwrap_or_default();
        Ok(LettersWaiting { count, oldest, attempts: attempts.unwrap_or_default() })
    }

    /// Puts a letter into the post; due at once.
    pub async fn insert_letter(
        &mut self,
        organization: &OrganizationId,
        (id, about): (&JobId, &str),
        sealed: &[u8],
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO letters (organization, id, about, sealed, created_at, due_at, attempts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0)",
            args![organization, id, about, sealed, now],
        )
        .await
        .map(drop)
    }

    /// Up to `limit` letters of all organizations that are due, the longest due first.
    pub async fn due_letters(&mut self, now: Instant, limit: i64) -> Result<Vec<DueLetter>, StoreError> {
        let rows = self
            .all(
                "SELECT organization, id, about, sealed, created_at, due_at, attempts FROM letters
                 WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
                args![now, limit],
            )
            .await?;
        Ok(rows.into_iter().map(letter).collect())
    }

    /// All letters of an organization that wait.
    pub async fn letters_of(&mut self, organization: &OrganizationId) -> Result<Vec<DueLetter>, StoreError> {
        let rows = self
            .all(
                "SELECT organization, id, about, sealed, created_at, due_at, attempts FROM letters
                 WHERE organization = ?1 ORDER BY id",
                args![organization],
            )
            .await?;
        Ok(rows.into_iter().map(letter).collect())
    }

    /// Takes a due letter in hand: nobody else tries it before `until`. False when somebody else has it, or it is gone.
    pub async fn claim_letter(&mut self, letter: &DueLetter, until: Instant) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE letters SET due_at = ?4, attempts = attempts + 1
                 WHERE organization = ?1 AND id = ?2 AND due_at = ?3",
                args![letter.organization, letter.id, letter.due_at, until],
            )
            .await?;
        Ok(rows == 1)
    }

    /// When a letter is tried again.
    pub async fn postpone_letter(
        &mut self,
        organization: &OrganizationId,
        id: &JobId,
        until: Instant,
    ) -> Result<(), StoreError> {
        self.run("UPDATE letters SET due_at = ?3 WHERE organization = ?1 AND id = ?2", args![organization, id, until])
            .await
            .map(drop)
    }

    /// Destroys a letter: it was sent, or never will be.
    pub async fn delete_letter(&mut self, organization: &OrganizationId, id: &JobId) -> Result<(), StoreError> {
        self.run("DELETE FROM letters WHERE organization = ?1 AND id = ?2", args![organization, id]).await.map(drop)
    }

    /// Destroys whatever letters there are about something: what they say is true no more.
    pub async fn delete_letters_about(&mut self, organization: &OrganizationId, about: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM letters WHERE organization = ?1 AND about = ?2", args![organization, about])
            .await
            .map(drop)
    }
}
