//! What PostgreSQL's planner knows of the tables.
//!
//! It chooses among indexes by what `ANALYZE` counted, and of a table that was never analysed it believes that every index leads
//! to one row: then a look-up by name may walk a whole organization. Its own autovacuum comes by once a minute, and a provider's
//! first sync fills empty tables in seconds. SQLite chooses by how many columns an index answers, and needs no counting.

use super::{Store, StoreError, Tx, args};

/// Rows that may have changed since a table was counted, and the share of its rows that may have besides. Twice as many rows are
/// found by the same indexes, and to count what a first sync fills takes the server a tenth of a second each time.
const CHANGED: i64 = 250;
const SHARE: f64 = 1.0;
/// Bytes of a table that was never counted: some hundred rows. How many have changed PostgreSQL tells a second late.
const FILLED: i64 = 65_536;

impl Store {
    /// Lets PostgreSQL count again what has changed much since it last did; says how many tables that were. Nothing on SQLite.
    pub async fn count_again(&self) -> Result<usize, StoreError> {
        if !self.is_postgres() {
            return Ok(0);
        }
        let mut tx = self.write("statistics").await?;
        let changed = tx.changed_tables().await?;
        if !changed.is_empty() {
            // Another node that counts the same at this moment is enough.
            tx.all_built::<(i64,)>(format!("ANALYZE (SKIP_LOCKED) {}", changed.join(", ")), Vec::new()).await?;
        }
        tx.commit().await?;
        Ok(changed.len())
    }
}

impl Tx {
    /// Tables, quoted, of which many rows have come, changed or gone since they were counted.
    async fn changed_tables(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = format!(
            "SELECT quote_ident(s.relname) FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
              WHERE s.schemaname = current_schema()
                AND (s.n_mod_since_analyze > ?1 + {SHARE} * GREATEST(c.reltuples, 0)
                     OR c.reltuples < 0 AND pg_relation_size(c.oid) > ?2)
              ORDER BY s.relname"
        );
        let found: Vec<(String,)> = self.all_built(sql, args![CHANGED, FILLED].to_vec()).await?;
        Ok(found.into_iter().map(|(name,)| name).collect())
    }
}
