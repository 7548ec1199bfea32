//! Whom a push may mean.

use super::{
    FromRow, RowRef, StoreError, Tx, Value, args,
    users::{UserRow, user},
};
use crate::model::{ConnectionId, Instant, OrganizationId, User, fold};

/// What a push calls somebody: userName, externalId, address.
pub type Names<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// Everybody whom a push may mean.
#[derive(Debug, Default)]
pub struct Meant {
    /// The user of this externalId, compared exactly.
    pub by_external_id: Option<User>,
    /// The user of this name, compared folded.
    pub by_name: Option<User>,
    /// The youngest deleted user of this externalId.
    pub tombstone: Option<User>,
    /// Some of those outside of the connection who have this address, compared folded.
    pub by_email: Vec<User>,
    /// Whether a group of the connection may wait for somebody of these names.
    pub awaited: bool,
    /// Whether an invitation to this address is open.
    pub invited: bool,
}

/// By which of the questions it was found, and the user; none where the question is whether there is anything.
struct MeantRow(i64, Option<UserRow>);

impl FromRow for MeantRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let question = row.get(15)?;
        let user = if question == AWAITED || question == INVITED { None } else { Some(UserRow::from_row(row)?) };
        Ok(Self(question, user))
    }
}

/// One of the questions of [`Tx::users_meant`]: the columns of a user and the number of the question.
macro_rules! select_meant {
    ($number:literal, $condition:literal) => {
        concat!(
            "SELECT id, connection, user_name, external_id, display_name, email, directory_active, suspended_by_person, ",
            "removed_at, document, session_epoch, access_epoch, version, created_at, updated_at, ",
            $number,
            " AS question FROM users WHERE organization = ?1 AND ",
            $condition
        )
    };
}

/// One of the questions whether there is anything, in as many columns.
macro_rules! select_whether {
    ($number:literal, $condition:literal) => {
        concat!(
            " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ",
            $number,
            " WHERE EXISTS (SELECT 1 FROM ",
            $condition,
            ")"
        )
    };
}

const AWAITED: i64 = 5;
const INVITED: i64 = 6;

/// The question of [`Tx::users_meant`], and its arguments.
const MEANT: &str = concat!(
    select_meant!("1", "connection = ?2 AND external_id = ?4 AND removed_at IS NULL"),
    " UNION ALL ",
    select_meant!("2", "connection = ?2 AND user_name_folded = ?3 AND removed_at IS NULL"),
    " UNION ALL SELECT * FROM (",
    select_meant!("3", "connection = ?2 AND external_id = ?4 AND removed_at IS NOT NULL AND removed_at >= ?5"),
    " ORDER BY removed_at DESC LIMIT 1) AS tombstone UNION ALL SELECT * FROM (",
    select_meant!("4", "email_folded = ?6 AND removed_at IS NULL AND connection <> ?2"),
    " ORDER BY id LIMIT 10) AS namesakes",
    select_whether!("5", "pending_members WHERE organization = ?1 AND connection = ?2 AND value IN (?3, ?4, ?7)"),
    select_whether!("6", "invitations WHERE organization = ?1 AND email_folded = ?6 AND ended_at IS NULL")
);

fn meant(
    organization: &OrganizationId,
    connection: &ConnectionId,
    (user_name, external_id, email): Names<'_>,
    since: Instant,
) -> Vec<Value> {
    args![organization, connection, fold(user_name), external_id, since, email.map(fold), user_name].to_vec()
}

impl Tx {
    /// Everybody whom a push may mean, in one question: by externalId, by name, the youngest tombstone since `since`, and
    /// by address outside of the connection; and who waits for somebody like that.
    pub async fn users_meant(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        names: Names<'_>,
        since: Instant,
    ) -> Result<Meant, StoreError> {
        let asked = meant(organization, connection, names, since);
        let rows: Vec<MeantRow> = self.all(MEANT, &asked).await?;
        let mut meant = Meant::default();
        for MeantRow(question, row) in rows {
            match (question, row.map(user).transpose()?) {
                (1, user) => meant.by_external_id = user,
                (2, user) => meant.by_name = user,
                (3, user) => meant.tombstone = user,
                (AWAITED, _) => meant.awaited = true,
                (INVITED, _) => meant.invited = true,
                (_, user) => meant.by_email.extend(user),
            }
        }
        Ok(meant)
    }

    /// Asks for them with the next statement.
    pub fn soon_users_meant(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        names: Names<'_>,
        since: Instant,
    ) {
        self.soon(MEANT, || meant(organization, connection, names, since));
    }
}
