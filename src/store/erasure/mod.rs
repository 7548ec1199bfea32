//! What is personal of one person, everywhere: looked for, erased, and looked for again.
//!
//! What belongs to the person goes by their id. What may mention them goes by terms: their names, addresses and ids at providers,
//! in lower case. Bindings, memberships and events stay with the id alone, which says nothing of who it was.

mod events;
mod terms;

pub use terms::Terms;

use super::{StoreError, Tx, args, value::texts};
use crate::model::{Instant, OrganizationId, UserId};
use std::collections::BTreeMap;

/// Rows of one table that are erased, as words for people.
type Place = (&'static str, &'static str);

/// What is the person's alone. ?1 is the organization, ?2 the person.
const THEIRS: &[Place] = &[
    ("identities", "DELETE FROM identities WHERE organization = ?1 AND user_id = ?2"),
    ("facts", "DELETE FROM facts WHERE organization = ?1 AND user_id = ?2"),
    ("adoptions", "DELETE FROM adoptions WHERE organization = ?1 AND user_id = ?2"),
    ("pending_members", "DELETE FROM pending_members WHERE organization = ?1 AND value = ?2"),
    ("sessions", "DELETE FROM sessions WHERE organization = ?1 AND user_id = ?2"),
    ("sign_in_links", "DELETE FROM sign_in_links WHERE organization = ?1 AND user_id = ?2"),
    ("terms_acceptances", "DELETE FROM terms_acceptances WHERE organization = ?1 AND user_id = ?2"),
    ("passwords", "DELETE FROM passwords WHERE organization = ?1 AND user_id = ?2"),
    ("password_links", "DELETE FROM password_links WHERE organization = ?1 AND user_id = ?2"),
    ("second_factors", "DELETE FROM second_factors WHERE organization = ?1 AND user_id = ?2"),
    ("recovery_codes", "DELETE FROM recovery_codes WHERE organization = ?1 AND user_id = ?2"),
    ("people_seen", "DELETE FROM people_seen WHERE organization = ?1 AND user_id = ?2"),
    ("capability_uses", "DELETE FROM capability_uses WHERE organization = ?1 AND holder = ?2"),
    ("key_reviews", "DELETE FROM key_reviews WHERE organization = ?1 AND subject = ?2"),
    ("mirrored_keys", "DELETE FROM mirrored_keys WHERE organization = ?1 AND owner = ?2"),
    (
        "key_uses",
        "DELETE FROM key_uses WHERE organization = ?1
           AND key_id IN (SELECT id FROM api_keys WHERE organization = ?1 AND owner = ?2)",
    ),
    (
        "letters",
        "DELETE FROM letters WHERE organization = ?1
           AND (about = ?2 OR about IN (SELECT id FROM api_keys WHERE organization = ?1 AND owner = ?2)
             OR about IN (SELECT id FROM invitations WHERE organization = ?1 AND accepted_by = ?2))",
    ),
    ("idempotency", "DELETE FROM idempotency WHERE organization = ?1 AND actor LIKE '%' || ?2 || '%'"),
    // Answers that wait for whoever asks again are sealed, and nobody sees whom they speak of: all of them go. The requests stay
    // done.
    ("idempotency", "UPDATE idempotency SET answer = NULL WHERE organization = ?1 AND ?2 <> '' AND answer IS NOT NULL"),
    ("api_keys", "DELETE FROM api_keys WHERE organization = ?1 AND owner = ?2"),
    // Of a key that went to a service account: it is known who knows it still, and no more from where they used it.
    (
        "api_keys",
        "UPDATE api_keys SET last_used_from = NULL
         WHERE organization = ?1 AND known_by = ?2 AND last_used_from IS NOT NULL",
    ),
    ("sign_ins", "DELETE FROM sign_ins WHERE organization = ?1 AND person = ?2"),
    ("provisioning_log", "DELETE FROM provisioning_log WHERE organization = ?1 AND entry LIKE '%' || ?2 || '%'"),
    (
        "review_proposals",
        "UPDATE review_proposals SET note = ''
         WHERE organization = ?1 AND note <> '' AND finding LIKE '%' || ?2 || '%'",
    ),
    (
        "invitations",
        "UPDATE invitations SET email = 'erased', email_folded = id, delivery_reason = NULL, delivery_answer = NULL
         WHERE organization = ?1 AND accepted_by = ?2",
    ),
];

/// Whether a column is one of the terms ?2, or mentions one.
macro_rules! term {
    ($column:literal is) => {
        concat!("EXISTS (SELECT 1 FROM texts_of(?2) AS term WHERE lower(", $column, ") LIKE term.value ESCAPE '!')")
    };
    ($column:literal in) => {
        concat!(
            "EXISTS (SELECT 1 FROM texts_of(?2) AS term WHERE lower(",
            $column,
            ") LIKE '%' || term.value || '%' ESCAPE '!')"
        )
    };
}

/// What names the person and nothing else. ?1 is the organization, ?2 the terms.
const NAMING: &[Place] = &[
    (
        "letters",
        concat!(
            "DELETE FROM letters WHERE organization = ?1 AND about IN
               (SELECT id FROM invitations WHERE organization = ?1 AND ",
            term!("email" is),
            ")"
        ),
    ),
    (
        "invitations",
        concat!(
            "UPDATE invitations
             SET email = 'erased', email_folded = id, delivery_reason = NULL, delivery_answer = NULL,
                 ended_as = CASE WHEN ended_at IS NULL THEN 'revoked' ELSE ended_as END,
                 ended_at = COALESCE(ended_at, updated_at), version = version + 1
             WHERE organization = ?1 AND ",
            term!("email" is)
        ),
    ),
    (
        "pending_members",
        concat!(
            "DELETE FROM pending_members WHERE organization = ?1 AND (",
            term!("value" is),
            " OR ",
            term!("display" is),
            ")"
        ),
    ),
    ("sign_ins", concat!("DELETE FROM sign_ins WHERE organization = ?1 AND ", term!("email_folded" is))),
];

/// What mentions the person.
const MENTIONING: &[Place] = &[
    (
        "tolerance_counts",
        concat!("UPDATE tolerance_counts SET example = NULL WHERE organization = ?1 AND ", term!("example" in)),
    ),
    (
        "review_proposals",
        concat!("UPDATE review_proposals SET note = '' WHERE organization = ?1 AND ", term!("note" in)),
    ),
];

/// A table whose texts may mention the person among much else.
struct Noted {
    table: &'static str,
    /// Whether a provider sent or was answered it.
    traffic: bool,
    /// Ids and texts that may: ?1 the organization, ?2 the terms.
    find: &'static str,
    /// What becomes of one that does: ?2 is its id.
    erase: &'static str,
}

const NOTED: &[Noted] = &[
    Noted {
        table: "sign_ins",
        traffic: true,
        find: concat!("SELECT id, entry FROM sign_ins WHERE organization = ?1 AND ", term!("entry" in)),
        erase: "DELETE FROM sign_ins WHERE organization = ?1 AND id = ?2",
    },
    Noted {
        table: "connection_tests",
        traffic: true,
        find: concat!("SELECT id, result FROM connection_tests WHERE organization = ?1 AND ", term!("result" in)),
        erase: "DELETE FROM connection_tests WHERE organization = ?1 AND id = ?2",
    },
    Noted {
        table: "provisioning_log",
        traffic: true,
        find: concat!("SELECT id, entry FROM provisioning_log WHERE organization = ?1 AND ", term!("entry" in)),
        erase: "DELETE FROM provisioning_log WHERE organization = ?1 AND id = ?2",
    },
    Noted {
        table: "outbox",
        traffic: false,
        find: concat!("SELECT id, payload FROM outbox WHERE organization = ?1 AND ", term!("payload" in)),
        erase: "UPDATE outbox SET payload = '{}' WHERE organization = ?1 AND id = ?2",
    },
    Noted {
        table: "api_keys",
        traffic: false,
        find: concat!("SELECT id, name FROM api_keys WHERE organization = ?1 AND ", term!("name" in)),
        erase: "UPDATE api_keys SET name = id WHERE organization = ?1 AND id = ?2",
    },
    // It stays, so that it counts once; what it was about goes.
    Noted {
        table: "signals",
        traffic: true,
        find: concat!("SELECT id, entry FROM signals WHERE organization = ?1 AND ", term!("entry" in)),
        erase:
            "UPDATE signals SET entry = '{\"request\":\"req_00000000000000000000000000\",\"issued_at\":0,\"events\":[]}'
                WHERE organization = ?1 AND id = ?2",
    },
];

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

    /// Erases what is somebody's and what mentions them, but for events; how many rows of which table.
    pub async fn erase_rows(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        terms: &Terms,
    ) -> Result<BTreeMap<&'static str, u64>, StoreError> {
        let mut erased: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (table, sql) in THEIRS {
            *erased.entry(table).or_default() += self.run(sql, args![organization, user]).await?;
        }
        let patterns = terms.patterns();
        for (table, sql) in NAMING {
            *erased.entry(table).or_default() += self.run(sql, args![organization, terms.exactly()]).await?;
        }
        for (table, sql) in MENTIONING {
            *erased.entry(table).or_default() += self.run(sql, args![organization, patterns]).await?;
        }
        let traffic = terms.of_traffic();
        for Noted { table, traffic: is_traffic, find, erase } in NOTED {
            let sought = if *is_traffic { &traffic } else { &patterns };
            let may: Vec<(String, String)> = self.all(find, args![organization, sought]).await?;
            let says = |text: &str| if *is_traffic { terms.are_in_traffic(text) } else { terms.are_in_json(text) };
            for (id, _) in may.iter().filter(|(_, text)| says(text)) {
                *erased.entry(table).or_default() += self.run(erase, args![organization, id]).await?;
            }
        }
        erased.retain(|_, rows| *rows > 0);
        Ok(erased)
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

    /// Where one of the terms stands in an organization still, whatever the table: its name, and how many rows.
    pub async fn rows_mentioning(
        &mut self,
        organization: &OrganizationId,
        terms: &Terms,
    ) -> Result<BTreeMap<String, i64>, StoreError> {
        let patterns = terms.patterns();
        let mut found = BTreeMap::new();
        for table in self.tables_of_organizations().await? {
            let columns = self.text_columns(&table).await?;
            let clauses: Vec<String> = columns
                .iter()
                .map(|column| format!("lower({column}) LIKE '%' || term.value || '%' ESCAPE '!'"))
                .collect();
            if clauses.is_empty() {
                continue;
            }
            let sql = format!(
                "SELECT count(*) FROM {table} WHERE organization = ?1
                   AND EXISTS (SELECT 1 FROM texts_of(?2) AS term WHERE {})",
                clauses.join(" OR ")
            );
            let rows: Vec<(i64,)> = self.all_built(sql, args![organization, patterns].to_vec()).await?;
            let count = rows.first().map_or(0, |(count,)| *count);
            if count > 0 {
                found.insert(table, count);
            }
        }
        Ok(found)
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
