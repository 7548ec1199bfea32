//! Role bindings: opened and closed, never deleted.

use super::{StoreError, Tx, args};
use crate::model::{
    Binding, BindingId, BuiltInRole, GroupId, Instant, OrganizationId, Role, Scope, Source, Subject, Terms, UserId,
};

/// `SELECT` of a whole binding, in the order of [`BindingRow`], with what comes after the columns.
macro_rules! select_bindings {
    ($rest:literal) => {
        concat!(
            "SELECT b.id, b.subject_kind, b.subject_id, b.role, b.scope_kind, b.scope_id, b.source_kind, ",
            "b.source_detail, b.until, b.mapping_version, b.author, b.since ",
            $rest
        )
    };
}

/// Whole bindings, of whatever is asked for behind it.
pub(super) const ALL_BINDINGS: &str = select_bindings!("FROM bindings b");

const OF_SUBJECT: &str = select_bindings!(
    "FROM bindings b WHERE b.organization = ?1 AND b.subject_kind = ?2 AND b.subject_id = ?3 AND b.ended IS NULL
     ORDER BY b.id"
);

/// A member's own, and those of the groups that they are in.
const REACHING: &str = concat!(
    select_bindings!(
        "FROM bindings b WHERE b.organization = ?1 AND b.subject_kind = ?3 AND b.subject_id = ?2 AND b.ended IS NULL"
    ),
    " UNION ALL ",
    select_bindings!(
        "FROM memberships m
           JOIN groups g ON g.organization = m.organization AND g.id = m.group_id
           JOIN bindings b ON b.organization = m.organization AND b.subject_kind = 'group' AND b.subject_id = m.group_id
         WHERE m.organization = ?1 AND m.member_id = ?2 AND m.ended IS NULL AND g.removed_at IS NULL AND b.ended IS NULL"
    )
);

pub(super) type BindingRow =
    (BindingId, String, String, Role, String, String, String, String, Option<Instant>, Option<i64>, String, Instant);

fn corrupt(what: &str, id: &BindingId, text: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} “{text}” of binding {id}"))
}

fn subject(kind: &str, id: &str, of: &BindingId) -> Result<Subject, StoreError> {
    let parsed = match kind {
        "user" => id.parse().ok().map(Subject::User),
        "group" => id.parse().ok().map(Subject::Group),
        "service_account" => id.parse().ok().map(Subject::ServiceAccount),
        _ => None,
    };
    parsed.ok_or_else(|| corrupt("subject", of, id))
}

fn scope(kind: &str, id: &str, of: &BindingId) -> Result<Scope, StoreError> {
    match kind {
        "organization" => Ok(Scope::Organization),
        "cluster" => id.parse().map(Scope::cluster).map_err(|_| corrupt("cluster", of, id)),
        resource => Ok(Scope::Resource { resource: resource.to_owned(), id: id.to_owned() }),
    }
}

fn source(kind: &str, detail: String, of: &BindingId) -> Result<Source, StoreError> {
    match kind {
        "person" => Ok(Source::Person),
        "rule" => Ok(Source::Rule { name: detail }),
        "file" => Ok(Source::File),
        "floor" => Ok(Source::Floor),
        "invitation" => detail.parse().map(|id| Source::Invitation { id }).map_err(|_| corrupt("source", of, &detail)),
        other => Err(corrupt("source", of, other)),
    }
}

pub(super) fn binding(row: BindingRow) -> Result<Binding, StoreError> {
    let terms = Terms {
        subject: subject(&row.1, &row.2, &row.0)?,
        role: row.3,
        scope: scope(&row.4, &row.5, &row.0)?,
        source: source(&row.6, row.7, &row.0)?,
        until: row.8,
    };
    Ok(Binding { id: row.0, terms, mapping_version: row.9, author: row.10, since: row.11 })
}

/// The two columns of a scope.
pub(super) fn scope_columns(scope: &Scope) -> (&str, &str) {
    match scope {
        Scope::Organization => ("organization", ""),
        Scope::Cluster { id } => ("cluster", id.as_str()),
        Scope::Resource { resource, id } => (resource, id),
    }
}

impl Tx {
    /// Opens a binding. False when one with the same terms is open already.
    pub async fn open_binding(&mut self, organization: &OrganizationId, binding: &Binding) -> Result<bool, StoreError> {
        let terms = &binding.terms;
        let (scope_kind, scope_id) = scope_columns(&terms.scope);
        let rows = self
            .run(
                "INSERT INTO bindings (organization, id, subject_kind, subject_id, role, scope_kind, scope_id, source_kind,
                                       source_detail, mapping_version, author, since, until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                 ON CONFLICT (organization, subject_kind, subject_id, role, scope_kind, scope_id, source_kind,
                              source_detail) WHERE ended IS NULL DO NOTHING",
                args![
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
                ],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Closes a binding. False when it had ended.
    pub async fn close_binding(
        &mut self,
        organization: &OrganizationId,
        id: &BindingId,
        (now, by): (Instant, &str),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE bindings SET ended = ?3, ended_by = ?4 WHERE organization = ?1 AND id = ?2 AND ended IS NULL",
                args![organization, id, now, by],
            )
            .await?;
        Ok(rows == 1)
    }

    /// The open bindings of one subject, expired ones included.
    pub async fn bindings_of(
        &mut self,
        organization: &OrganizationId,
        subject: &Subject,
    ) -> Result<Vec<Binding>, StoreError> {
        let rows = self.all(OF_SUBJECT, args![organization, subject.kind(), subject.id()]).await?;
        rows.into_iter().map(binding).collect()
    }

    /// Asks for them with the next statement.
    pub fn soon_bindings_of(&mut self, organization: &OrganizationId, subject: &Subject) {
        self.soon(OF_SUBJECT, || args![organization, subject.kind(), subject.id()].to_vec());
    }

    /// The open bindings that reach a user: their own, and those of the groups they are in.
    pub async fn bindings_reaching(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
    ) -> Result<Vec<Binding>, StoreError> {
        self.bindings_reaching_member(organization, &Subject::User(user.clone())).await
    }

    /// The open bindings that reach a member of groups, person or machine: their own, and those of the groups they are in.
    pub async fn bindings_reaching_member(
        &mut self,
        organization: &OrganizationId,
        member: &Subject,
    ) -> Result<Vec<Binding>, StoreError> {
        let rows = self.all(REACHING, args![organization, member.id(), member.kind()]).await?;
        let mut found = rows.into_iter().map(binding).collect::<Result<Vec<_>, _>>()?;
        // Their own first. Sorted here: what comes of two questions lies in no index in order.
        found.sort_by(|a, b| {
            let of_group = |binding: &Binding| matches!(binding.terms.subject, Subject::Group(_));
            of_group(a).cmp(&of_group(b)).then_with(|| a.id.cmp(&b.id))
        });
        Ok(found)
    }

    /// Asks for them with the next statement.
    pub fn soon_bindings_reaching(&mut self, organization: &OrganizationId, user: &UserId) {
        let member = Subject::User(user.clone());
        self.soon(REACHING, || args![organization, member.id(), member.kind()].to_vec());
    }

    /// One open binding.
    pub async fn binding(
        &mut self,
        organization: &OrganizationId,
        id: &BindingId,
    ) -> Result<Option<Binding>, StoreError> {
        self.first(
            select_bindings!("FROM bindings b WHERE b.organization = ?1 AND b.id = ?2 AND b.ended IS NULL"),
            args![organization, id],
        )
        .await?
        .map(binding)
        .transpose()
    }

    /// Every open binding that a rule made.
    pub async fn rule_bindings(&mut self, organization: &OrganizationId) -> Result<Vec<Binding>, StoreError> {
        let rows = self
            .all(
                select_bindings!(
                    "FROM bindings b WHERE b.organization = ?1 AND b.source_kind = 'rule' AND b.ended IS NULL
                     ORDER BY b.id"
                ),
                args![organization],
            )
            .await?;
        rows.into_iter().map(binding).collect()
    }

    /// Whether a group gives its members Owner of the whole organization: then leaving it may leave no owner.
    pub async fn group_gives_owner(
        &mut self,
        organization: &OrganizationId,
        group: &GroupId,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = self
            .first(
                "SELECT 1 FROM bindings
                 WHERE organization = ?1 AND subject_kind = 'group' AND subject_id = ?2 AND role = ?3
                   AND scope_kind = 'organization' AND ended IS NULL LIMIT 1",
                args![organization, group, BuiltInRole::Owner.name()],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Somebody who can be reached as an owner: active, Owner of the organization without expiry, and not by the floor
    /// unless `floor_counts`; able to sign in: local, or of an enabled connection that signs people in.
    pub async fn reachable_owner(
        &mut self,
        organization: &OrganizationId,
        floor_counts: bool,
    ) -> Result<Option<UserId>, StoreError> {
        let row: Option<(UserId,)> = self
            .first(
                "SELECT u.id FROM bindings b
                   JOIN users u ON u.organization = b.organization AND u.id = b.subject_id
                   LEFT JOIN connections c ON c.organization = u.organization AND c.id = u.connection
                 WHERE b.organization = ?1 AND b.role = 'owner' AND b.scope_kind = 'organization'
                   AND b.subject_kind = 'user' AND b.ended IS NULL AND b.until IS NULL
                   AND (b.source_kind <> 'floor' OR ?2 = 1)
                   AND u.removed_at IS NULL AND u.directory_active = 1 AND u.suspended_by_person = 0
                   AND (u.connection = '' OR (c.enabled = 1 AND c.signs_in = 1))
                       AND NOT EXISTS (SELECT 1 FROM domain_claims d
                                       WHERE d.organization = u.organization AND d.enforced_at IS NOT NULL
                                         AND d.proof <> '' AND d.connection <> u.connection
                                         AND substr(u.email_folded, length(u.email_folded) - length(d.domain))
                                             = '@' || d.domain)
                 LIMIT 1",
                args![organization, floor_counts],
            )
            .await?;
        if row.is_some() {
            return Ok(row.map(|(user,)| user));
        }
        // The groups first, which are few: a join of everything reads all memberships of the organization.
        let groups: Vec<(GroupId,)> = self
            .all(
                "SELECT b.subject_id FROM bindings b
                   JOIN groups g ON g.organization = b.organization AND g.id = b.subject_id
                 WHERE b.organization = ?1 AND b.role = 'owner' AND b.scope_kind = 'organization'
                   AND b.subject_kind = 'group' AND b.ended IS NULL AND b.until IS NULL AND g.removed_at IS NULL",
                args![organization],
            )
            .await?;
        for (group,) in groups {
            let row: Option<(UserId,)> = self
                .first(
                    "SELECT u.id FROM memberships m
                       JOIN users u ON u.organization = m.organization AND u.id = m.member_id
                       LEFT JOIN connections c ON c.organization = u.organization AND c.id = u.connection
                     WHERE m.organization = ?1 AND m.group_id = ?2 AND m.member_kind = 'user' AND m.ended IS NULL
                       AND u.removed_at IS NULL AND u.directory_active = 1 AND u.suspended_by_person = 0
                       AND (u.connection = '' OR (c.enabled = 1 AND c.signs_in = 1))
                       AND NOT EXISTS (SELECT 1 FROM domain_claims d
                                       WHERE d.organization = u.organization AND d.enforced_at IS NOT NULL
                                         AND d.proof <> '' AND d.connection <> u.connection
                                         AND substr(u.email_folded, length(u.email_folded) - length(d.domain))
                                             = '@' || d.domain)
                     LIMIT 1",
                    args![organization, group],
                )
                .await?;
            if row.is_some() {
                return Ok(row.map(|(user,)| user));
            }
        }
        Ok(None)
    }

    /// Open bindings of any organization whose time was over at `now`, the oldest first.
    pub async fn expired_bindings(
        &mut self,
        now: Instant,
        limit: i64,
    ) -> Result<Vec<(OrganizationId, Binding)>, StoreError> {
        let ids: Vec<(OrganizationId, BindingId)> = self
            .all(
                "SELECT organization, id FROM bindings WHERE ended IS NULL AND until IS NOT NULL AND until <= ?1
                 ORDER BY until LIMIT ?2",
                args![now, limit],
            )
            .await?;
        let mut found = Vec::with_capacity(ids.len());
        for (organization, id) in ids {
            let row = self
                .first(
                    select_bindings!("FROM bindings b WHERE b.organization = ?1 AND b.id = ?2"),
                    args![organization, id],
                )
                .await?;
            if let Some(row) = row {
                found.push((organization, binding(row)?));
            }
        }
        Ok(found)
    }

    /// The open floor bindings.
    pub async fn floor_bindings(&mut self, organization: &OrganizationId) -> Result<Vec<Binding>, StoreError> {
        let rows = self
            .all(
                select_bindings!(
                    "FROM bindings b WHERE b.organization = ?1 AND b.source_kind = 'floor' AND b.ended IS NULL
                     ORDER BY b.id"
                ),
                args![organization],
            )
            .await?;
        rows.into_iter().map(binding).collect()
    }
}
