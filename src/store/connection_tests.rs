//! Tests of connections, and what connections owe to them.

use super::{StoreError, Tx, args, value::json_text};
use crate::model::{ConnectionId, ConnectionTest, Instant, OrganizationId, TestId, TestResult};

type Row = (TestId, ConnectionId, String, Instant, Instant, Option<Instant>, Option<String>);

/// The last test by an owner that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// The SHA-256 of the sign-in settings that it was made with.
    pub settings: Vec<u8>,
}

impl Tx {
    /// Writes a test that begins; `link` is the hash of the token in its address.
    pub async fn insert_connection_test(
        &mut self,
        organization: &OrganizationId,
        test: &ConnectionTest,
        link: &[u8; 32],
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO connection_tests (organization, id, connection, link, started_by, started_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![organization, test.id, test.connection, link, test.started_by, test.started_at, test.expires_at],
        )
        .await
        .map(drop)
    }

    /// The test whose address has a token of this hash, with its organization.
    pub async fn connection_test_by_link(
        &mut self,
        link: &[u8; 32],
    ) -> Result<Option<(OrganizationId, TestId)>, StoreError> {
        self.first("SELECT organization, id FROM connection_tests WHERE link = ?1", args![link]).await
    }

    /// One test.
    pub async fn connection_test(
        &mut self,
        organization: &OrganizationId,
        id: &TestId,
    ) -> Result<Option<ConnectionTest>, StoreError> {
        self.first(
            "SELECT id, connection, started_by, started_at, expires_at, finished_at, result FROM connection_tests
             WHERE organization = ?1 AND id = ?2",
            args![organization, id],
        )
        .await?
        .map(test)
        .transpose()
    }

    /// Up to `limit` tests of a connection older than `before` (an id, or '' for the newest), the newest first.
    pub async fn connection_tests(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        before: &str,
        limit: i64,
    ) -> Result<Vec<ConnectionTest>, StoreError> {
        let rows: Vec<Row> = self
            .all(
                "SELECT id, connection, started_by, started_at, expires_at, finished_at, result FROM connection_tests
                 WHERE organization = ?1 AND connection = ?2 AND (?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4",
                args![organization, connection, before, limit],
            )
            .await?;
        rows.into_iter().map(test).collect()
    }

    /// Writes what a test found. False when it has ended already.
    pub async fn finish_connection_test(
        &mut self,
        organization: &OrganizationId,
        id: &TestId,
        (result, now): (&TestResult, Instant),
    ) -> Result<bool, StoreError> {
        let result = json_text(result)?;
        let rows = self
            .run(
                "UPDATE connection_tests SET finished_at = ?3, result = ?4
                 WHERE organization = ?1 AND id = ?2 AND finished_at IS NULL",
                args![organization, id, now, result],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Says that an owner's test of the connection succeeded.
    pub async fn set_connection_tested(
        &mut self,
        organization: &OrganizationId,
        id: &ConnectionId,
        tested: &Tested,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE connections SET tested_at = ?3, tested_by = ?4, tested_settings = ?5
             WHERE organization = ?1 AND id = ?2",
            args![organization, id, tested.at, tested.by, tested.settings],
        )
        .await
        .map(drop)
    }

    /// The last test of the connection by an owner that succeeded.
    pub async fn connection_tested(
        &mut self,
        organization: &OrganizationId,
        id: &ConnectionId,
    ) -> Result<Option<Tested>, StoreError> {
        let row: Option<(Option<Instant>, String, Option<Vec<u8>>)> = self
            .first(
                "SELECT tested_at, tested_by, tested_settings FROM connections WHERE organization = ?1 AND id = ?2",
                args![organization, id],
            )
            .await?;
        Ok(row.and_then(|(at, by, settings)| Some(Tested { at: at?, by, settings: settings? })))
    }
}

fn test(
    (id, connection, started_by, started_at, expires_at, finished_at, result): Row,
) -> Result<ConnectionTest, StoreError> {
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|error| StoreError::Corrupt(format!("result of test {id}: {error}")))
    };
    let result = result.map(read).transpose()?;
    Ok(ConnectionTest { id, connection, started_by, started_at, expires_at, finished_at, result })
}
