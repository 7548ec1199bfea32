//! What was: rows that are closed and never deleted, read as of a moment.

use super::{
    StoreError, Tx, args,
    bindings::{BindingRow, binding},
    events::{EventRow, event},
    mapping::{MappingVersion, VersionRow, mapping_version},
    population::Piece,
    pushes::{PushRow, push},
    users::{UserRow, document, user},
    value::texts,
};
use crate::model::{
    Binding, Event, EventId, EventKind, FactSource, GroupId, Instant, OrganizationId, Push, RequestId, Subject, User,
    UserId, fold,
};
use serde_json::{Map, Value};

/// Somebody was in a group, since when.
pub type PastMembership = (GroupId, Instant);

impl Tx {
    /// The groups that somebody was in at a moment. One whose membership ended at that very moment is none of them.
    pub async fn memberships_at(
        &mut self,
        organization: &OrganizationId,
        member: &UserId,
        at: Instant,
    ) -> Result<Vec<PastMembership>, StoreError> {
        self.all(
            "SELECT group_id, since FROM memberships
             WHERE organization = ?1 AND member_id = ?2 AND ended IS NULL AND since <= ?3
             UNION ALL
             SELECT group_id, since FROM memberships
             WHERE organization = ?1 AND member_id = ?2 AND ended IS NOT NULL AND since <= ?3 AND ended > ?3",
            args![organization, member, at],
        )
        .await
    }

    /// The bindings that some subjects held at a moment, whose time was not over then.
    pub async fn bindings_at_moment(
        &mut self,
        organization: &OrganizationId,
        subjects: &[Subject],
        at: Instant,
    ) -> Result<Vec<Binding>, StoreError> {
        let ids: Vec<&str> = subjects.iter().map(Subject::id).collect();
        // The open ones by an index that begins with the kind, so each kind is asked for.
        let rows: Vec<BindingRow> = self
            .all(
                "SELECT b.id, b.subject_kind, b.subject_id, b.role, b.scope_kind, b.scope_id, b.source_kind,
                        b.source_detail, b.until, b.mapping_version, b.author, b.since
                 FROM texts_of(?2) AS asked CROSS JOIN bindings b
                 WHERE b.organization = ?1 AND b.subject_kind IN ('user', 'group', 'service_account')
                   AND b.subject_id = asked.value AND b.ended IS NULL AND b.since <= ?3
                   AND (b.until IS NULL OR b.until > ?3)
                 UNION ALL
                 SELECT b.id, b.subject_kind, b.subject_id, b.role, b.scope_kind, b.scope_id, b.source_kind,
                        b.source_detail, b.until, b.mapping_version, b.author, b.since
                 FROM texts_of(?2) AS asked CROSS JOIN bindings b
                 WHERE b.organization = ?1 AND b.subject_id = asked.value AND b.ended IS NOT NULL AND b.since <= ?3
                   AND b.ended > ?3 AND (b.until IS NULL OR b.until > ?3)
                 ORDER BY 1",
                args![organization, texts(&ids), at],
            )
            .await?;
        rows.into_iter().map(binding).collect()
    }

    /// What a source said of somebody at a moment, and since when.
    pub async fn facts_at(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        source: FactSource,
        at: Instant,
    ) -> Result<Option<(Map<String, Value>, Instant)>, StoreError> {
        let row: Option<(String, Instant)> = self
            .first(
                "SELECT document, since FROM facts
                 WHERE organization = ?1 AND user_id = ?2 AND source = ?3 AND since <= ?4
                   AND (ended IS NULL OR ended > ?4)
                 ORDER BY sequence DESC LIMIT 1",
                args![organization, user, source.name(), at],
            )
            .await?;
        row.map(|(text, since)| Ok((document(&text, user)?, since))).transpose()
    }

    /// The mapping that was in force at a moment.
    pub async fn mapping_at(
        &mut self,
        organization: &OrganizationId,
        at: Instant,
    ) -> Result<Option<MappingVersion>, StoreError> {
        let row: Option<VersionRow> = self
            .first(
                "SELECT version, text, connections, author, published_at, reason FROM mapping_versions
                 WHERE organization = ?1 AND published_at <= ?2 ORDER BY version DESC LIMIT 1",
                args![organization, at],
            )
            .await?;
        row.map(mapping_version).transpose()
    }

    /// Events of some kinds about each of a piece of the people since a moment, each person's in their order. Their subjects are
    /// not read: it is said beside each about whom it was asked.
    pub async fn events_of_piece(
        &mut self,
        organization: &OrganizationId,
        (after, last): Piece<'_>,
        kinds: &[EventKind],
        since: Instant,
    ) -> Result<Vec<(String, Event)>, StoreError> {
        type Row = (String, EventId, Option<i64>, Instant, String, String, RequestId, String);
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let rows: Vec<Row> = self
            .all(
                "SELECT s.subject, e.id, e.number, e.at, e.kind, e.actor, e.request, e.detail
                 FROM event_subjects s JOIN events e ON e.organization = s.organization AND e.id = s.event
                 WHERE s.organization = ?1 AND s.subject > ?2 AND s.subject <= ?3 AND e.at > ?5
                   AND e.kind IN (SELECT asked.value FROM texts_of(?4) AS asked)
                 ORDER BY s.subject, s.event",
                args![organization, after, last, texts(&names), since],
            )
            .await?;
        let about = |(subject, id, number, at, kind, actor, request, detail): Row| {
            Ok((subject, event((id, number, at, kind, actor, request, detail), Vec::new())?))
        };
        rows.into_iter().map(about).collect()
    }

    /// The last event of some kinds about something up to a moment. Its subjects are not read.
    pub async fn last_event_about(
        &mut self,
        organization: &OrganizationId,
        (subject, kinds): (&str, &[EventKind]),
        at: Instant,
    ) -> Result<Option<Event>, StoreError> {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let row: Option<EventRow> = self
            .first(
                "SELECT e.id, e.number, e.at, e.kind, e.actor, e.request, e.detail
                 FROM event_subjects s JOIN events e ON e.organization = s.organization AND e.id = s.event
                 WHERE s.organization = ?1 AND s.subject = ?2 AND e.at <= ?4
                   AND e.kind IN (SELECT asked.value FROM texts_of(?3) AS asked)
                 ORDER BY s.event DESC LIMIT 1",
                args![organization, subject, texts(&names), at],
            )
            .await?;
        row.map(|row| event(row, Vec::new())).transpose()
    }

    /// The events about something at exactly a moment, between two ids that enclose it. Their subjects are not read.
    pub async fn events_about_at(
        &mut self,
        organization: &OrganizationId,
        subject: &str,
        (after, before): (&EventId, &EventId),
        at: Instant,
    ) -> Result<Vec<Event>, StoreError> {
        let rows: Vec<EventRow> = self
            .all(
                "SELECT e.id, e.number, e.at, e.kind, e.actor, e.request, e.detail
                 FROM event_subjects s JOIN events e ON e.organization = s.organization AND e.id = s.event
                 WHERE s.organization = ?1 AND s.subject = ?2 AND s.event >= ?3 AND s.event <= ?4 AND e.at = ?5
                 ORDER BY s.event",
                args![organization, subject, after, before, at],
            )
            .await?;
        rows.into_iter().map(|row| event(row, Vec::new())).collect()
    }

    /// The line of the provisioning log of a request, looked for between two ids.
    pub async fn push_of_request(
        &mut self,
        organization: &OrganizationId,
        (after, before): (&str, &str),
        request: &RequestId,
    ) -> Result<Option<Push>, StoreError> {
        // A request's id is letters and digits but for one underscore, which stands for any letter and so for itself.
        let row: Option<PushRow> = self
            .first(
                "SELECT id, connection, at, entry FROM provisioning_log
                 WHERE organization = ?1 AND id >= ?2 AND id <= ?3 AND entry LIKE ?4 ORDER BY id LIMIT 1",
                args![organization, after, before, format!("%\"{request}\"%")],
            )
            .await?;
        row.map(push).transpose()
    }

    /// Up to `limit` people who are or were here and whose name or address begins so, folded; who is here first.
    pub async fn users_called_like(
        &mut self,
        organization: &OrganizationId,
        begin: &str,
        limit: i64,
    ) -> Result<Vec<User>, StoreError> {
        // What a stranger types is no pattern.
        let mut begin: String = fold(begin).replace('!', "!!").replace('%', "!%").replace('_', "!_");
        begin.push('%');
        let rows: Vec<UserRow> = self
            .all(
                "SELECT id, connection, user_name, external_id, display_name, email, directory_active, suspended_by_person,
                        removed_at, document, session_epoch, access_epoch, version, created_at, updated_at
                 FROM users
                 WHERE organization = ?1 AND (user_name_folded LIKE ?2 ESCAPE '!' OR email_folded LIKE ?2 ESCAPE '!')
                 ORDER BY CASE WHEN removed_at IS NULL THEN 0 ELSE 1 END, user_name_folded, id LIMIT ?3",
                args![organization, begin, limit],
            )
            .await?;
        rows.into_iter().map(user).collect()
    }
}
