//! Everybody, a piece at a time: what rules look at, by one statement for many people and never by one for each.

use super::{
    StoreError, Tx, args,
    groups::{GroupRow, group},
    key_changes::{KeptKey, OF_PIECE},
    users::connection_id,
    value::texts,
};
use crate::model::{ConnectionId, Group, Instant, OrganizationId, UserId, UserState};
use std::collections::BTreeSet;

/// A person, without what they are shown by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Who brought them; none for a local one.
    pub connection: Option<ConnectionId>,
    /// Unique in its connection.
    pub user_name: String,
    /// The name that people read; empty when nobody said one.
    pub display_name: String,
    /// Their address.
    pub email: Option<String>,
    /// The same, folded.
    pub email_folded: Option<String>,
    /// What the directory says.
    pub directory_active: bool,
    /// What a person in this organization said.
    pub suspended_by_person: bool,
    /// When they were deleted.
    pub removed_at: Option<Instant>,
}

impl Person {
    /// Whether they may come in.
    #[must_use]
    pub fn state(&self) -> UserState {
        match (self.removed_at, self.directory_active && !self.suspended_by_person) {
            (Some(_), _) => UserState::Removed,
            (None, true) => UserState::Active,
            (None, false) => UserState::Suspended,
        }
    }

    /// What to call them.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.display_name.is_empty() { &self.user_name } else { &self.display_name }
    }
}

/// A piece of the people: from behind the first id up to the last.
pub type Piece<'a> = (&'a str, &'a str);

/// What was so from one moment until another, or is so still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<T> {
    /// Of whom.
    pub user: String,
    /// What.
    pub what: T,
    /// Since when.
    pub since: Instant,
    /// Until when.
    pub ended: Option<Instant>,
}

type PersonRow = (UserId, String, String, String, Option<String>, Option<String>, bool, bool, Option<Instant>);

fn person(row: PersonRow) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.0,
        connection: connection_id(&row.1)?,
        user_name: row.2,
        display_name: row.3,
        email: row.4,
        email_folded: row.5,
        directory_active: row.6,
        suspended_by_person: row.7,
        removed_at: row.8,
    })
}

impl Tx {
    /// Up to `limit` people behind an id, removed ones left out.
    pub async fn people_after(
        &mut self,
        organization: &OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Person>, StoreError> {
        let rows = self
            .all(
                "SELECT id, connection, user_name, display_name, email, email_folded, directory_active,
                        suspended_by_person, removed_at
                 FROM users WHERE organization = ?1 AND id > ?2 AND removed_at IS NULL ORDER BY id LIMIT ?3",
                args![organization, after, limit],
            )
            .await?;
        rows.into_iter().map(person).collect()
    }

    /// A piece of the people, removed ones left out.
    pub async fn people_of_piece(
        &mut self,
        organization: &OrganizationId,
        (after, last): Piece<'_>,
    ) -> Result<Vec<Person>, StoreError> {
        let rows = self
            .all(
                "SELECT id, connection, user_name, display_name, email, email_folded, directory_active,
                        suspended_by_person, removed_at
                 FROM users WHERE organization = ?1 AND id > ?2 AND id <= ?3 AND removed_at IS NULL ORDER BY id",
                args![organization, after, last],
            )
            .await?;
        rows.into_iter().map(person).collect()
    }

    /// What is known of a piece of the people: who, by which source (`scim`, `claims`), and the document.
    pub async fn facts_of_piece(
        &mut self,
        organization: &OrganizationId,
        (after, last): Piece<'_>,
    ) -> Result<Vec<(String, String, String)>, StoreError> {
        self.all(
            "SELECT user_id, source, document FROM facts
             WHERE organization = ?1 AND user_id > ?2 AND user_id <= ?3 AND ended IS NULL",
            args![organization, after, last],
        )
        .await
    }

    /// Which groups a piece of the people is in: who, and the group's id. Removed groups are among them.
    pub async fn memberships_of_piece(
        &mut self,
        organization: &OrganizationId,
        (after, last): Piece<'_>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        self.all(
            "SELECT member_id, group_id FROM memberships
             WHERE organization = ?1 AND member_id > ?2 AND member_id <= ?3 AND member_kind = 'user' AND ended IS NULL
             ORDER BY member_id, group_id",
            args![organization, after, last],
        )
        .await
    }

    /// The keys of a piece of the people that are neither revoked nor expired.
    pub async fn keys_of_piece(
        &mut self,
        organization: &OrganizationId,
        (after, last): Piece<'_>,
        now: Instant,
    ) -> Result<Vec<KeptKey>, StoreError> {
        self.all(OF_PIECE, args![organization, after, last, now]).await
    }

    /// Up to `limit` people behind an id who are here or were at `since`.
    pub async fn people_since(
        &mut self,
        organization: &OrganizationId,
        since: Instant,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Person>, StoreError> {
        let rows = self
            .all(
                "SELECT id, connection, user_name, display_name, email, email_folded, directory_active,
                        suspended_by_person, removed_at
                 FROM users
                 WHERE organization = ?1 AND id > ?3 AND (removed_at IS NULL OR removed_at > ?2) ORDER BY id LIMIT ?4",
                args![organization, since, after, limit],
            )
            .await?;
        rows.into_iter().map(person).collect()
    }

    /// What was known of a piece of the people since a moment, by source and document.
    pub async fn facts_since(
        &mut self,
        organization: &OrganizationId,
        (after, last): Piece<'_>,
        since: Instant,
    ) -> Result<Vec<Span<(String, String)>>, StoreError> {
        let rows: Vec<(String, String, String, Instant, Option<Instant>)> = self
            .all(
                "SELECT user_id, source, document, since, ended FROM facts
                 WHERE organization = ?1 AND user_id > ?2 AND user_id <= ?3 AND (ended IS NULL OR ended > ?4)
                 ORDER BY user_id, source, sequence",
                args![organization, after, last, since],
            )
            .await?;
        let span = |(user, source, document, since, ended)| Span { user, what: (source, document), since, ended };
        Ok(rows.into_iter().map(span).collect())
    }

    /// Which groups a piece of the people was in since a moment, by the group's id.
    pub async fn memberships_since(
        &mut self,
        organization: &OrganizationId,
        (after, last): Piece<'_>,
        since: Instant,
    ) -> Result<Vec<Span<String>>, StoreError> {
        let rows: Vec<(String, String, Instant, Option<Instant>)> = self
            .all(
                "SELECT member_id, group_id, since, ended FROM memberships
                 WHERE organization = ?1 AND member_id > ?2 AND member_id <= ?3 AND member_kind = 'user' AND ended IS NULL
                 UNION ALL
                 SELECT member_id, group_id, since, ended FROM memberships
                 WHERE organization = ?1 AND member_id > ?2 AND member_id <= ?3 AND member_kind = 'user'
                   AND ended IS NOT NULL AND ended > ?4",
                args![organization, after, last, since],
            )
            .await?;
        Ok(rows.into_iter().map(|(user, what, since, ended)| Span { user, what, since, ended }).collect())
    }

    /// Every group of the directory that is there or was at `since`, under the name that it has now.
    pub async fn groups_since(
        &mut self,
        organization: &OrganizationId,
        since: Instant,
    ) -> Result<Vec<Group>, StoreError> {
        let rows: Vec<GroupRow> = self
            .all(
                "SELECT id, connection, origin, display_name, external_id, removed_at, version, created_at, updated_at
                 FROM groups WHERE organization = ?1 AND origin <> 'local' AND (removed_at IS NULL OR removed_at > ?2)
                 ORDER BY id",
                args![organization, since],
            )
            .await?;
        rows.into_iter().map(group).collect()
    }

    /// How many sessions some people have that are not over.
    pub async fn count_sessions_of(
        &mut self,
        organization: &OrganizationId,
        people: &BTreeSet<&UserId>,
        now: Instant,
    ) -> Result<usize, StoreError> {
        let row: Option<(i64,)> = self
            .first(
                "SELECT COUNT(*) FROM texts_of(?2) AS asked CROSS JOIN sessions s CROSS JOIN users u
                 WHERE s.organization = ?1 AND s.user_id = asked.value AND s.ended_at IS NULL AND s.expires_at > ?3
                   AND u.organization = s.organization AND u.id = s.user_id AND u.session_epoch = s.user_epoch",
                args![organization, texts(people), now],
            )
            .await?;
        Ok(row.and_then(|(count,)| usize::try_from(count).ok()).unwrap_or_default())
    }
}
