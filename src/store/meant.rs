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
}

/// A user, and by which of the four questions it was found.
struct MeantRow(i64, UserRow);

impl FromRow for MeantRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.get(15)?, UserRow::from_row(row)?))
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

/// The question of [`Tx::users_meant`], and its arguments.
const MEANT: &str = concat!(
    select_meant!("1", "connection = ?2 AND external_id = ?4 AND removed_at IS NULL"),
    " UNION ALL ",
    select_meant!("2", "connection = ?2 AND user_name_folded = ?3 AND removed_at IS NULL"),
    " UNION ALL SELECT * FROM (",
    select_meant!("3", "connection = ?2 AND external_id = ?4 AND removed_at IS NOT NULL AND removed_at >= ?5"),
    " ORDER BY removed_at DESC LIMIT 1) AS tombstone UNION ALL SELECT * FROM (",
    select_meant!("4", "email_folded = ?6 AND removed_at IS NULL AND connection <> ?2"),
    " ORDER BY id LIMIT 10) AS namesakes"
);

fn meant(
    organization: &OrganizationId,
    connection: &ConnectionId,
    (user_name, external_id, email): Names<'_>,
    since: Instant,
) -> Vec<Value> {
    args![organization, connection, fold(user_name), external_id, since, email.map(fold)].to_vec()
}

impl Tx {
    /// Everybody whom a push may mean, in one question: by externalId, by name, the youngest tombstone since `since`, and
    /// by address outside of the connection.
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
        for MeantRow(how, row) in rows {
            let user = user(row)?;
            match how {
                1 => meant.by_external_id = Some(user),
                2 => meant.by_name = Some(user),
                3 => meant.tombstone = Some(user),
                _ => meant.by_email.push(user),
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
