//! Everything that is sealed under the master key, in one list: a rotation that forgot a column would lose it.

use super::{StoreError, Tx, args};

/// One column of sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    page: [&'static str; 2],
    set: [&'static str; 2],
    signers: &'static str,
}

/// One sealed value and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// The organization's id, or `-`.
    pub organization: String,
    /// The row's key.
    pub row: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// A column, and how its place was told to the sealing: the organization, and the row's key in the words of SQLite and of
/// PostgreSQL where they differ. The bytes of a value that name its key are those of [`crate::crypto::seal`].
macro_rules! column {
    ($table:literal . $column:literal, organization: $organization:literal, row: $row:literal) => {
        column!($table . $column, organization: $organization, row: $row, $row)
    };
    ($table:literal . $column:literal, organization: $organization:literal, row: $sqlite:literal, $postgres:literal) => {
        SealedColumn {
            table: $table,
            column: $column,
            page: [
                column!(page $table, $column, $organization, $sqlite),
                column!(page $table, $column, $organization, $postgres),
            ],
            set: [
                column!(set $table, $column, $organization, $sqlite),
                column!(set $table, $column, $organization, $postgres),
            ],
            signers: concat!(
                "SELECT substr(", $column, ", 2, 8), COUNT(*) FROM ", $table, " WHERE ", $column,
                " IS NOT NULL GROUP BY 1 ORDER BY 1"
            ),
        }
    };
    (page $table:literal, $column:literal, $organization:literal, $row:literal) => {
        concat!(
            "SELECT ", $organization, ", ", $row, ", ", $column, " FROM ", $table, " WHERE ", $column,
            " IS NOT NULL AND (", $organization, ", ", $row, ") > (?1, ?2) ORDER BY ", $organization, ", ", $row,
            " LIMIT ?3"
        )
    };
    (set $table:literal, $column:literal, $organization:literal, $row:literal) => {
        concat!(
            "UPDATE ", $table, " SET ", $column, " = ?4 WHERE ", $organization, " = ?1 AND ", $row, " = ?2 AND ",
            $column, " = ?3"
        )
    };
}

impl SealedColumn {
    /// All of them. Whoever seals a value into another column adds it here.
    pub const ALL: &'static [Self] = &[
        column!("connections"."client_secret", organization: "organization", row: "id"),
        column!("sessions"."id_token", organization: "organization", row: "id"),
        column!("signing_keys"."secret", organization: "CAST('-' AS TEXT)", row: "id"),
        column!("saml_keys"."secret", organization: "organization", row: "id"),
        column!("client_keys"."secret", organization: "organization", row: "id"),
        column!("letters"."sealed", organization: "organization", row: "id"),
        column!("second_factors"."secret", organization: "organization", row: "user_id"),
        column!("webhooks"."secret", organization: "organization", row: "id"),
        column!("webhooks"."old_secret", organization: "organization", row: "id"),
        column!("cast_ai_links"."api_key", organization: "organization", row: "organization"),
        column!("audit_keys"."secret", organization: "CAST('-' AS TEXT)", row: "id"),
        column!(
            "idempotency"."answer", organization: "organization",
            row: "actor || '/' || lower(hex(caller_key))", "actor || '/' || encode(caller_key, 'hex')"
        ),
    ];
}

impl Tx {
    /// Up to `limit` values of a column behind a place, by organization and row.
    pub async fn sealed_values(
        &mut self,
        column: &SealedColumn,
        (organization, row): (&str, &str),
        limit: i64,
    ) -> Result<Vec<SealedValue>, StoreError> {
        let [sqlite, postgres] = column.page;
        let page = self.pick(sqlite, postgres);
        let rows = self.all(page, args![organization, row, limit]).await?;
        Ok(rows.into_iter().map(|(organization, row, sealed)| SealedValue { organization, row, sealed }).collect())
    }

    /// Puts another sealing in the place of the one that was read. False when somebody changed it meanwhile.
    pub async fn seal_again(
        &mut self,
        column: &SealedColumn,
        before: &SealedValue,
        sealed: &[u8],
    ) -> Result<bool, StoreError> {
        let [sqlite, postgres] = column.set;
        let set = self.pick(sqlite, postgres);
        let rows = self.run(set, args![before.organization, before.row, before.sealed, sealed]).await?;
        Ok(rows == 1)
    }

    /// The ids of the keys that sealed a column's values, and how many values each.
    pub async fn sealed_under(&mut self, column: &SealedColumn) -> Result<Vec<(Vec<u8>, i64)>, StoreError> {
        self.all(column.signers, &[]).await
    }
}
