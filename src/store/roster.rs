//! A page of people and what a list says of them, and names in the place of ids: one statement for the whole page, never one for
//! each of its rows.

use super::{
    FromRow, RowRef, StoreError, Tx, args,
    bindings::{BindingRow, binding},
    value::texts,
};
use crate::model::{Binding, ConnectionId, Instant, OrganizationId, Subject, UserId};
use std::collections::{BTreeSet, HashMap};

/// The open bindings that reach each of some people: their own, and those of the groups that they are in.
const REACHING: &str = "SELECT asked.value, b.id, b.subject_kind, b.subject_id, b.role, b.scope_kind, b.scope_id, b.source_kind,
        b.source_detail, b.until, b.mapping_version, b.author, b.since
     FROM texts_of(?2) AS asked CROSS JOIN bindings b
     WHERE b.organization = ?1 AND b.subject_kind = 'user' AND b.subject_id = asked.value AND b.ended IS NULL
     UNION ALL
     SELECT asked.value, b.id, b.subject_kind, b.subject_id, b.role, b.scope_kind, b.scope_id, b.source_kind,
        b.source_detail, b.until, b.mapping_version, b.author, b.since
     FROM texts_of(?2) AS asked CROSS JOIN memberships m CROSS JOIN groups g CROSS JOIN bindings b
     WHERE m.organization = ?1 AND m.member_id = asked.value AND m.ended IS NULL
       AND g.organization = m.organization AND g.id = m.group_id AND g.removed_at IS NULL
       AND b.organization = m.organization AND b.subject_kind = 'group' AND b.subject_id = m.group_id AND b.ended IS NULL";

/// Whom a binding reaches.
struct Reaching(UserId, Binding);

impl FromRow for Reaching {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let columns: BindingRow = (
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
            row.get(7)?,
            row.get(8)?,
            row.get(9)?,
            row.get(10)?,
            row.get(11)?,
            row.get(12)?,
        );
        Ok(Self(row.get(0)?, binding(columns)?))
    }
}

/// What can be called by a name: the beginning of the ids, and the question for the names of some.
const NAMED: [(&str, &str); 5] = [
    (
        "usr_",
        "SELECT u.id, CASE WHEN u.display_name = '' THEN u.user_name ELSE u.display_name END
         FROM texts_of(?2) AS asked CROSS JOIN users u WHERE u.organization = ?1 AND u.id = asked.value",
    ),
    (
        "grp_",
        "SELECT g.id, g.display_name FROM texts_of(?2) AS asked CROSS JOIN groups g
         WHERE g.organization = ?1 AND g.id = asked.value",
    ),
    (
        "sva_",
        "SELECT s.id, s.name FROM texts_of(?2) AS asked CROSS JOIN service_accounts s
         WHERE s.organization = ?1 AND s.id = asked.value",
    ),
    (
        "inv_",
        "SELECT i.id, i.email FROM texts_of(?2) AS asked CROSS JOIN invitations i
         WHERE i.organization = ?1 AND i.id = asked.value",
    ),
    (
        "whk_",
        "SELECT w.id, w.name FROM texts_of(?2) AS asked CROSS JOIN webhooks w
         WHERE w.organization = ?1 AND w.id = asked.value",
    ),
];

impl Tx {
    /// The open bindings that reach each of some people, their own first.
    pub async fn bindings_reaching_users(
        &mut self,
        organization: &OrganizationId,
        users: &BTreeSet<UserId>,
    ) -> Result<HashMap<UserId, Vec<Binding>>, StoreError> {
        let rows: Vec<Reaching> = self.all(REACHING, args![organization, texts(users)]).await?;
        let mut reaching: HashMap<UserId, Vec<Binding>> = HashMap::new();
        for Reaching(user, binding) in rows {
            reaching.entry(user).or_default().push(binding);
        }
        for bindings in reaching.values_mut() {
            let of_group = |binding: &Binding| matches!(binding.terms.subject, Subject::Group(_));
            bindings.sort_by(|a, b| of_group(a).cmp(&of_group(b)).then_with(|| a.id.cmp(&b.id)));
        }
        Ok(reaching)
    }

    /// When each of some people was last here: in person, and by a key. Who was never seen is left out.
    pub async fn last_seen_of(
        &mut self,
        organization: &OrganizationId,
        users: &BTreeSet<UserId>,
    ) -> Result<HashMap<UserId, (Option<Instant>, Option<Instant>)>, StoreError> {
        let rows: Vec<(UserId, Option<Instant>, Option<Instant>)> = self
            .all(
                "SELECT p.user_id, p.in_person_at, p.by_key_at FROM texts_of(?2) AS asked CROSS JOIN people_seen p
                 WHERE p.organization = ?1 AND p.user_id = asked.value",
                args![organization, texts(users)],
            )
            .await?;
        Ok(rows.into_iter().map(|(user, in_person, by_key)| (user, (in_person, by_key))).collect())
    }

    /// The connections that brought the people and groups among some ids. Who is of none is left out.
    pub async fn connections_of(
        &mut self,
        organization: &OrganizationId,
        ids: &[String],
    ) -> Result<HashMap<String, ConnectionId>, StoreError> {
        let rows = self
            .all(
                "SELECT u.id, u.connection FROM texts_of(?2) AS asked CROSS JOIN users u
                 WHERE u.organization = ?1 AND u.id = asked.value AND u.connection <> ''
                 UNION ALL
                 SELECT g.id, g.connection FROM texts_of(?2) AS asked CROSS JOIN groups g
                 WHERE g.organization = ?1 AND g.id = asked.value AND g.connection <> ''",
                args![organization, texts(ids)],
            )
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// The names of the people, groups, service accounts, invitations and webhooks among some ids, whether they are here or gone:
    /// one statement for each kind that is among them.
    pub async fn names_of(
        &mut self,
        organization: &OrganizationId,
        ids: &BTreeSet<String>,
    ) -> Result<HashMap<String, String>, StoreError> {
        let mut names = HashMap::new();
        for (beginning, question) in NAMED {
            let asked: Vec<&String> = ids.iter().filter(|id| id.starts_with(beginning)).collect();
            if !asked.is_empty() {
                names.extend(self.all::<(String, String)>(question, args![organization, texts(&asked)]).await?);
            }
        }
        Ok(names)
    }
}
