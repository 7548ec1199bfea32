//! Users, their identities and the facts about them.

use super::{
    StoreError, Tx, args,
    value::{json_text, texts},
};
use crate::model::{ConnectionId, IdentityKind, Instant, KeptUser, OrganizationId, User, UserId, fold};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// `SELECT` of a whole user, in the order of [`UserRow`], with what comes after `FROM users`.
macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "SELECT id, connection, user_name, external_id, display_name, email, directory_active, suspended_by_person, ",
            "removed_at, document, session_epoch, access_epoch, version, created_at, updated_at FROM users ",
            $rest
        )
    };
}

const HELD: &str = select_users!("WHERE organization = ?1 AND id = ?2 FOR UPDATE");

/// The columns of [`select_users`].
pub(super) type UserRow = (
    UserId,
    String,
    String,
    Option<String>,
    String,
    Option<String>,
    bool,
    bool,
    Option<Instant>,
    String,
    i64,
    i64,
    i64,
    Instant,
    Instant,
);

/// A connection's column: '' for what is local.
pub(super) fn connection_text(connection: Option<&ConnectionId>) -> &str {
    connection.map_or("", ConnectionId::as_str)
}

/// The other way round.
pub(super) fn connection_id(text: &str) -> Result<Option<ConnectionId>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| StoreError::Corrupt(format!("connection column: {error}")))
}

pub(super) fn document(text: &str, of: &UserId) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("document of user {of}: {error}")))
}

pub(super) fn user(row: UserRow) -> Result<User, StoreError> {
    read(kept(row)?)
}

/// With the document read.
pub(super) fn read(kept: KeptUser) -> Result<User, StoreError> {
    kept.try_with_document(|id, text| document(&text, id))
}

/// With the document as it is.
pub(super) fn kept(row: UserRow) -> Result<KeptUser, StoreError> {
    Ok(User {
        connection: connection_id(&row.1)?,
        document: row.9,
        id: row.0,
        user_name: row.2,
        external_id: row.3,
        display_name: row.4,
        email: row.5,
        directory_active: row.6,
        suspended_by_person: row.7,
        removed_at: row.8,
        session_epoch: row.10,
        access_epoch: row.11,
        version: row.12,
        created_at: row.13,
        updated_at: row.14,
    })
}

impl Tx {
    /// Writes a new user.
    pub async fn insert_user(&mut self, organization: &OrganizationId, user: &User) -> Result<(), StoreError> {
        self.later(
            "INSERT INTO users (organization, id, connection, user_name, user_name_folded, external_id, display_name,
                                email, email_folded, directory_active, suspended_by_person, removed_at, document,
                                session_epoch, access_epoch, version, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
            args![
                organization,
                user.id,
                connection_text(user.connection.as_ref()),
                user.user_name,
                fold(&user.user_name),
                user.external_id,
                user.display_name,
                user.email,
                user.email.as_deref().map(fold),
                user.directory_active,
                user.suspended_by_person,
                user.removed_at,
                json_text(&user.document)?,
                user.session_epoch,
                user.access_epoch,
                user.version,
                user.created_at,
                user.updated_at
            ],
        )
        .await
    }

    /// Writes a user as it now is.
    pub async fn update_user(&mut self, organization: &OrganizationId, user: &User) -> Result<(), StoreError> {
        self.later(
            "UPDATE users SET connection = ?3, user_name = ?4, user_name_folded = ?5, external_id = ?6,
                              display_name = ?7, email = ?8, email_folded = ?9, directory_active = ?10,
                              suspended_by_person = ?11, removed_at = ?12, document = ?13, session_epoch = ?14,
                              access_epoch = ?15, version = ?16, updated_at = ?17
             WHERE organization = ?1 AND id = ?2",
            args![
                organization,
                user.id,
                connection_text(user.connection.as_ref()),
                user.user_name,
                fold(&user.user_name),
                user.external_id,
                user.display_name,
                user.email,
                user.email.as_deref().map(fold),
                user.directory_active,
                user.suspended_by_person,
                user.removed_at,
                json_text(&user.document)?,
                user.session_epoch,
                user.access_epoch,
                user.version,
                user.updated_at
            ],
        )
        .await
    }

    /// One user, removed ones included.
    pub async fn user(&mut self, organization: &OrganizationId, id: &UserId) -> Result<Option<User>, StoreError> {
        self.kept_user(organization, id).await?.map(read).transpose()
    }

    /// One user with their document as it lies there, removed ones included.
    pub async fn kept_user(
        &mut self,
        organization: &OrganizationId,
        id: &UserId,
    ) -> Result<Option<KeptUser>, StoreError> {
        self.first(select_users!("WHERE organization = ?1 AND id = ?2"), args![organization, id])
            .await?
            .map(kept)
            .transpose()
    }

    /// One user, held until the transaction ends: read, change, write without another in between.
    pub async fn user_to_change(
        &mut self,
        organization: &OrganizationId,
        id: &UserId,
    ) -> Result<Option<User>, StoreError> {
        self.first(HELD, args![organization, id]).await?.map(user).transpose()
    }

    /// Asks for it with the next statement.
    pub fn soon_user_to_change(&mut self, organization: &OrganizationId, id: &UserId) {
        self.soon(HELD, || args![organization, id].to_vec());
    }

    /// Whose name at a provider this is, held until the transaction ends; removed ones included.
    pub async fn user_of_identity_to_change(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (kind, value): (IdentityKind, &str),
    ) -> Result<Option<User>, StoreError> {
        let sql = select_users!(
            "WHERE organization = ?1 AND id = (SELECT i.user_id FROM identities i WHERE i.organization = ?1
               AND i.connection = ?2 AND i.kind = ?3 AND i.value = ?4) FOR UPDATE"
        );
        self.first(sql, args![organization, connection, kind.name(), value]).await?.map(user).transpose()
    }

    /// Which of these a connection has, removed people left out.
    pub async fn known_users(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        ids: &BTreeSet<UserId>,
    ) -> Result<BTreeSet<UserId>, StoreError> {
        let rows: Vec<(UserId,)> = self
            .all(
                "SELECT u.id FROM texts_of(?3) AS asked CROSS JOIN users u
                 WHERE u.organization = ?1 AND u.id = asked.value AND u.connection = ?2 AND u.removed_at IS NULL",
                args![organization, connection, texts(ids)],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Whom a provider calls so: by the externalId, which comes first, or by the userName.
    pub async fn users_called(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        names: &BTreeSet<&str>,
    ) -> Result<HashMap<String, UserId>, StoreError> {
        let folded: BTreeSet<String> = names.iter().map(|name| fold(name)).collect();
        let rows: Vec<(i64, String, UserId)> = self
            .all(
                "SELECT 1, asked.value, u.id FROM texts_of(?3) AS asked CROSS JOIN users u
                 WHERE u.organization = ?1 AND u.connection = ?2 AND u.external_id = asked.value
                   AND u.removed_at IS NULL
                 UNION ALL
                 SELECT 2, asked.value, u.id FROM texts_of(?4) AS asked CROSS JOIN users u
                 WHERE u.organization = ?1 AND u.connection = ?2 AND u.user_name_folded = asked.value
                   AND u.removed_at IS NULL",
                args![organization, connection, texts(names), texts(&folded)],
            )
            .await?;
        let found: HashMap<(i64, String), UserId> = rows.into_iter().map(|(how, name, id)| ((how, name), id)).collect();
        let called = |name: &str| found.get(&(1, name.to_owned())).or_else(|| found.get(&(2, fold(name)))).cloned();
        Ok(names.iter().filter_map(|name| Some(((*name).to_owned(), called(name)?))).collect())
    }

    /// The user of this name in this connection, compared folded.
    pub async fn user_by_name(
        &mut self,
        organization: &OrganizationId,
        connection: Option<&ConnectionId>,
        user_name: &str,
    ) -> Result<Option<User>, StoreError> {
        self.first(
            select_users!(
                "WHERE organization = ?1 AND connection = ?2 AND user_name_folded = ?3 AND removed_at IS NULL"
            ),
            args![organization, connection_text(connection), fold(user_name)],
        )
        .await?
        .map(user)
        .transpose()
    }

    /// The user of this externalId in this connection, compared exactly.
    pub async fn user_by_external_id(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        external_id: &str,
    ) -> Result<Option<User>, StoreError> {
        self.first(
            select_users!("WHERE organization = ?1 AND connection = ?2 AND external_id = ?3 AND removed_at IS NULL"),
            args![organization, connection, external_id],
        )
        .await?
        .map(user)
        .transpose()
    }

    /// The youngest deleted user of this externalId since `since`.
    pub async fn deleted_user(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        external_id: &str,
        since: Instant,
    ) -> Result<Option<User>, StoreError> {
        self.first(
            select_users!(
                "WHERE organization = ?1 AND connection = ?2 AND external_id = ?3 AND removed_at IS NOT NULL
                   AND removed_at >= ?4 ORDER BY removed_at DESC LIMIT 1"
            ),
            args![organization, connection, external_id, since],
        )
        .await?
        .map(user)
        .transpose()
    }

    /// Everybody with this address, compared folded.
    pub async fn users_by_email(
        &mut self,
        organization: &OrganizationId,
        email: &str,
    ) -> Result<Vec<User>, StoreError> {
        let rows = self
            .all(
                select_users!(
                    "WHERE organization = ?1 AND email_folded = ?2 AND removed_at IS NULL ORDER BY id LIMIT 10"
                ),
                args![organization, fold(email)],
            )
            .await?;
        rows.into_iter().map(user).collect()
    }

    /// Up to `limit` users of the organization whose id is greater than `after`; of removed ones, those since `removed`.
    pub async fn everybody_after(
        &mut self,
        organization: &OrganizationId,
        removed: Instant,
        (after, limit): (&str, i64),
    ) -> Result<Vec<User>, StoreError> {
        let rows = self
            .all(
                select_users!(
                    "WHERE organization = ?1 AND id > ?2 AND (removed_at IS NULL OR removed_at >= ?4) ORDER BY id LIMIT ?3"
                ),
                args![organization, after, limit, removed],
            )
            .await?;
        rows.into_iter().map(user).collect()
    }

    /// Up to `limit` users of the organization whose id is greater than `after`, removed ones left out.
    pub async fn users_after(
        &mut self,
        organization: &OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<User>, StoreError> {
        let rows = self
            .all(
                select_users!("WHERE organization = ?1 AND id > ?2 AND removed_at IS NULL ORDER BY id LIMIT ?3"),
                args![organization, after, limit],
            )
            .await?;
        rows.into_iter().map(user).collect()
    }
}
