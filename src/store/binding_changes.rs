//! Many bindings opened and closed by few statements: what publishing a mapping comes to.

use super::{StoreError, Tx, args, bindings::scope_columns, value::texts};
use crate::model::{Binding, BindingId, Instant, OrganizationId};
use std::fmt::Write as _;

/// Bindings in one statement: 13 parameters each, of the 32,766 that SQLite takes.
const AT_ONCE: usize = 200;
const COLUMNS: usize = 13;

impl Tx {
    /// Opens bindings. One with the same terms as one that is open already changes nothing.
    pub async fn open_bindings(&mut self, organization: &OrganizationId, all: &[Binding]) -> Result<(), StoreError> {
        for some in all.chunks(AT_ONCE) {
            let mut args = Vec::with_capacity(some.len() * COLUMNS);
            for binding in some {
                let terms = &binding.terms;
                let (scope_kind, scope_id) = scope_columns(&terms.scope);
                args.extend_from_slice(args![
                    organization,
                    binding.id,
                    terms.subject.kind(),
                    terms.subject.id(),
                    terms.role,
                    scope_kind,
                    scope_id,
                    terms.source.kind(),
                    terms.source.detail(),
                    binding.mapping_version,
                    binding.author,
                    binding.since,
                    terms.until
                ]);
            }
            self.run_built(insert(some.len()), &args).await?;
        }
        Ok(())
    }

    /// Closes bindings. Those that had ended stay as they are.
    pub async fn close_bindings(
        &mut self,
        organization: &OrganizationId,
        ids: &[&BindingId],
        (now, by): (Instant, &str),
    ) -> Result<(), StoreError> {
        for some in ids.chunks(AT_ONCE) {
            self.run(
                "UPDATE bindings SET ended = ?3, ended_by = ?4
                 WHERE organization = ?1 AND id IN (SELECT asked.value FROM texts_of(?2) AS asked) AND ended IS NULL",
                args![organization, texts(some), now, by],
            )
            .await?;
        }
        Ok(())
    }
}

fn insert(count: usize) -> String {
    let mut sql =
        "INSERT INTO bindings (organization, id, subject_kind, subject_id, role, scope_kind, scope_id, source_kind, \
                   source_detail, mapping_version, author, since, until) VALUES "
            .to_owned();
    for row in 0..count {
        let first = row * COLUMNS + 1;
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for place in first..first + COLUMNS {
            let comma = if place == first { "" } else { ", " };
            // Writing into a text does not fail.
            let _ = write!(sql, "{comma}?{place}");
        }
        sql.push(')');
    }
    sql.push_str(
        " ON CONFLICT (organization, subject_kind, subject_id, role, scope_kind, scope_id, source_kind, source_detail) \
         WHERE ended IS NULL DO NOTHING",
    );
    sql
}
