//! What is personal of one person, everywhere: found, erased, and looked for again.
//!
//! What belongs to the person goes by their id. What may mention them goes by terms: their names, addresses and ids at providers,
//! in lower case. Bindings, memberships and events stay with the id alone, which says nothing of who it was.

mod events;
mod places;
mod terms;

pub use terms::Terms;

use super::{StoreError, Tx, args, value::texts};
use crate::model::{Instant, OrganizationId, UserId};
use places::{Fate, NOTED, Noted, PLACES, Place, USED, is_one_of};
use std::collections::{BTreeMap, BTreeSet};

/// How many rows were found, or erased, and which of those that had to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundRows {
    /// By table.
    pub rows: BTreeMap<&'static str, u64>,
    /// The ids of those that were read, by table.
    read: BTreeMap<&'static str, Vec<String>>,
}

impl FoundRows {
    /// Adds rows of a table that are found elsewhere, by their ids.
    pub fn add(&mut self, table: &'static str, ids: impl IntoIterator<Item = String>) {
        let found = self.read.entry(table).or_default();
        let before = found.len();
        found.extend(ids);
        *self.rows.entry(table).or_default() += (found.len() - before) as u64;
    }

    /// Adds events whose details go: they stay in their places, and count as no rows.
    pub fn add_events(&mut self, ids: impl IntoIterator<Item = String>) {
        self.read.entry("events").or_default().extend(ids);
    }

    /// Whether a row of this table is erased, as SQL; ?5 are the ids that were read. None where no row of it is.
    fn goes(&self, table: &str) -> Option<String> {
        let places = is_one_of(PLACES.iter().filter(|place| place.table == table));
        let read =
            self.read.contains_key(table).then(|| "id IN (SELECT found.value FROM texts_of(?5) AS found)".to_owned());
        let person = (table == "users").then(|| "id = ?2".to_owned());
        let all: Vec<String> = [places, read, person].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(" OR "))
    }
}

impl Tx {
    /// When a person's data was erased, if it was.
    pub async fn erased_at(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Option<Instant>, StoreError> {
        let row: Option<(Option<Instant>,)> = self
            .first("SELECT erased_at FROM users WHERE organization = ?1 AND id = ?2", args![organization, user])
            .await?;
        Ok(row.and_then(|(at,)| at))
    }

    /// Everything that was ever known of somebody, as JSON documents, and by which names providers know them.
    pub async fn known_of(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let documents: Vec<(String,)> = self
            .all(
                "SELECT document FROM facts WHERE organization = ?1 AND user_id = ?2
                 UNION SELECT document FROM users WHERE organization = ?1 AND id = ?2",
                args![organization, user],
            )
            .await?;
        let names: Vec<(String,)> = self
            .all(
                "SELECT value FROM identities WHERE organization = ?1 AND user_id = ?2
                 UNION SELECT email FROM invitations WHERE organization = ?1 AND accepted_by = ?2
                 UNION SELECT email_folded FROM sign_ins WHERE organization = ?1 AND person = ?2
                 UNION SELECT verified_email FROM passwords WHERE organization = ?1 AND user_id = ?2
                 UNION SELECT email FROM password_links WHERE organization = ?1 AND user_id = ?2",
                args![organization, user],
            )
            .await?;
        let texts = |rows: Vec<(String,)>| rows.into_iter().map(|(text,)| text).collect();
        Ok((texts(documents), texts(names)))
    }

    /// By which of somebody's names others are known too: whoever lives on keeps what mentions them.
    pub async fn shared_names(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        terms: &Terms,
    ) -> Result<Vec<String>, StoreError> {
        let asked = texts(&terms.iter().collect::<Vec<_>>());
        let rows: Vec<(String,)> = self
            .all(
                "SELECT asked.value FROM texts_of(?3) AS asked
                 WHERE EXISTS (SELECT 1 FROM users u WHERE u.organization = ?1 AND u.id <> ?2 AND u.removed_at IS NULL
                                                       AND u.email_folded = asked.value)
                    OR EXISTS (SELECT 1 FROM users u WHERE u.organization = ?1 AND u.id <> ?2 AND u.removed_at IS NULL
                                                       AND u.user_name_folded = asked.value)",
                args![organization, user, asked],
            )
            .await?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// What of an organization's rows is somebody's or mentions them, but for events and for letters that only say so inside.
    /// Nothing is changed: it may be asked of a snapshot.
    pub async fn find_rows(
        &mut self,
        organization: &OrganizationId,
        (user, terms): (&UserId, &Terms),
    ) -> Result<FoundRows, StoreError> {
        let mut found = FoundRows::default();
        let known = args![organization, user, terms.exactly(), terms.patterns()].to_vec();
        let tables: BTreeSet<&'static str> = PLACES.iter().map(|place| place.table).collect();
        for table in tables {
            let Some(which) = is_one_of(PLACES.iter().filter(|place| place.table == table)) else { continue };
            let sql = format!("SELECT count(*) FROM {table} WHERE organization = ?1 AND {USED} AND ({which})");
            let count: Vec<(i64,)> = self.all_built(sql, known.clone()).await?;
            let count = count.first().map_or(0, |(count,)| *count);
            found.rows.insert(table, u64::try_from(count).unwrap_or_default());
        }
        for noted in NOTED {
            let sought = if noted.traffic { terms.of_traffic() } else { terms.patterns() };
            let Noted { table, text, fate, .. } = noted;
            // What goes anyway is counted already.
            let goes = PLACES
                .iter()
                .filter(|place| place.table == *table && (place.fate == Fate::Gone || place.fate == *fate));
            let sql = format!(
                "SELECT id, {text} FROM {table} WHERE organization = ?1 AND {USED}
                   AND CASE WHEN {} THEN 0 ELSE 1 END = 1
                   AND EXISTS (SELECT 1 FROM texts_of(?5) AS term
                               WHERE lower({table}.{text}) LIKE '%' || term.value || '%' ESCAPE '!')",
                is_one_of(goes).unwrap_or_else(|| "1 = 0".to_owned())
            );
            let may: Vec<(String, String)> = self.all_built(sql, [known.as_slice(), args![sought]].concat()).await?;
            let says = |text: &str| if noted.traffic { terms.are_in_traffic(text) } else { terms.are_in_json(text) };
            found.add(table, may.into_iter().filter(|(_, text)| says(text)).map(|(id, _)| id));
        }
        found.rows.retain(|_, rows| *rows > 0);
        Ok(found)
    }

    /// The letters that go by what they are about; what they say is sealed.
    pub async fn letters_found(
        &mut self,
        organization: &OrganizationId,
        (user, terms): (&UserId, &Terms),
    ) -> Result<BTreeSet<String>, StoreError> {
        let Some(which) = is_one_of(PLACES.iter().filter(|place| place.table == "letters")) else {
            return Ok(BTreeSet::new());
        };
        let sql = format!("SELECT id FROM letters WHERE organization = ?1 AND {USED} AND ({which})");
        let known = args![organization, user, terms.exactly(), terms.patterns()].to_vec();
        let ids: Vec<(String,)> = self.all_built(sql, known).await?;
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }

    /// Erases what was found, but for events: what had to be read by its id, and all other rows by what they are.
    pub async fn erase_rows(
        &mut self,
        organization: &OrganizationId,
        (user, terms): (&UserId, &Terms),
        found: &FoundRows,
    ) -> Result<(), StoreError> {
        let known = args![organization, user, terms.exactly(), terms.patterns()].to_vec();
        for Place { table, fate, which } in PLACES {
            self.run_built(format!("{} AND {USED} AND ({which})", fate.statement(table)), &known).await?;
        }
        for Noted { table, fate, .. } in NOTED {
            let Some(ids) = found.read.get(table).filter(|ids| !ids.is_empty()) else { continue };
            let sql = format!("{} AND id IN (SELECT found.value FROM texts_of(?2) AS found)", fate.statement(table));
            self.run_built(sql, args![organization, texts(ids)]).await?;
        }
        Ok(())
    }

    /// Leaves of a person's row the id alone.
    pub async fn blank_user(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE users SET user_name = id, user_name_folded = id, external_id = NULL, display_name = '', email = NULL,
                              email_folded = NULL, document = '{}', erased_at = ?3, version = version + 1
             WHERE organization = ?1 AND id = ?2",
            args![organization, user, now],
        )
        .await
        .map(drop)
    }

    /// Where one of the terms stands in an organization still, whatever the table: its name, and how many rows. Before an erasure,
    /// of the rows that it does not find.
    pub async fn rows_mentioning(
        &mut self,
        organization: &OrganizationId,
        (user, terms): (&UserId, &Terms),
        found: Option<&FoundRows>,
    ) -> Result<BTreeMap<String, i64>, StoreError> {
        let mut mentioning = BTreeMap::new();
        for table in self.tables_of_organizations().await? {
            let columns = self.text_columns(&table).await?;
            let clauses: Vec<String> = columns
                .iter()
                .map(|column| format!("lower({table}.{column}) LIKE '%' || term.value || '%' ESCAPE '!'"))
                .collect();
            if clauses.is_empty() {
                continue;
            }
            let sql = format!(
                "SELECT count(*) FROM {table} WHERE organization = ?1 AND {USED} AND ?5 <> ''
                   AND CASE WHEN {} THEN 0 ELSE 1 END = 1
                   AND EXISTS (SELECT 1 FROM texts_of(?4) AS term WHERE {})",
                found.and_then(|found| found.goes(&table)).unwrap_or_else(|| "1 = 0".to_owned()),
                clauses.join(" OR ")
            );
            let read = found.and_then(|found| found.read.get(table.as_str())).map_or_else(|| texts(&[""; 0]), texts);
            let known = args![organization, user, terms.exactly(), terms.patterns(), read].to_vec();
            let rows: Vec<(i64,)> = self.all_built(sql, known).await?;
            let count = rows.first().map_or(0, |(count,)| *count);
            if count > 0 {
                mentioning.insert(table, count);
            }
        }
        Ok(mentioning)
    }

    /// The columns of a table that hold texts, as the schema says.
    async fn text_columns(&mut self, table: &str) -> Result<Vec<String>, StoreError> {
        let sql = self.pick(
            "SELECT name FROM pragma_table_info(?1) WHERE type = 'TEXT' AND name <> 'organization' ORDER BY name",
            "SELECT CAST(column_name AS TEXT) FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = ?1 AND data_type = 'text'
               AND column_name <> 'organization' ORDER BY column_name",
        );
        let rows: Vec<(String,)> = self.all(sql, args![table]).await?;
        Ok(rows.into_iter().map(|(column,)| column).collect())
    }
}
