//! What the store holds, read while no gateway runs, and what must never be seen in it.

use super::{
    gateway::{Failure, Place},
    record::{Members, Person},
};
use castgate::{
    app::{AuditKeys, Auditor},
    model::OrganizationId,
    store::{Store, args},
};
use serde_json::Value;
use std::collections::HashMap;

/// People and groups by name, each with its id.
#[derive(Debug, Default)]
pub struct Seen {
    pub people: HashMap<String, (String, Person)>,
    pub groups: HashMap<String, (String, Members)>,
}

/// Each counts the rows that were written by half; all of them must be none.
const HALVES: [(&str, &str); 9] = [
    (
        "people without the facts that their row rests on",
        "SELECT COUNT(*) FROM users u WHERE u.organization = ?1 AND u.connection <> '' AND u.removed_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM facts f WHERE f.organization = u.organization AND f.user_id = u.id
                             AND f.source = 'scim' AND f.ended IS NULL AND f.document = u.document)",
    ),
    (
        "people without their identity",
        "SELECT COUNT(*) FROM users u WHERE u.organization = ?1 AND u.external_id IS NOT NULL AND u.removed_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.organization = u.organization
                             AND i.connection = u.connection AND i.kind = 'external_id' AND i.value = u.external_id
                             AND i.user_id = u.id)",
    ),
    (
        "identities, facts or memberships of nobody who is there",
        "SELECT COUNT(*) FROM
           (SELECT organization, user_id AS id FROM identities
            UNION ALL SELECT organization, user_id FROM facts WHERE ended IS NULL
            UNION ALL SELECT organization, member_id FROM memberships WHERE ended IS NULL) r
         WHERE r.organization = ?1
           AND NOT EXISTS (SELECT 1 FROM users u WHERE u.organization = r.organization AND u.id = r.id
                             AND u.removed_at IS NULL)",
    ),
    (
        "people whose coming is not told of exactly once",
        "SELECT COUNT(*) FROM users u WHERE u.organization = ?1
           AND 1 <> (SELECT COUNT(*) FROM event_subjects s
                       JOIN events e ON e.organization = s.organization AND e.id = s.event
                     WHERE s.organization = u.organization AND s.subject = u.id AND e.kind = 'user.created')",
    ),
    (
        "deleted people whose going is not told of exactly once",
        "SELECT COUNT(*) FROM users u WHERE u.organization = ?1 AND u.removed_at IS NOT NULL
           AND 1 <> (SELECT COUNT(*) FROM event_subjects s
                       JOIN events e ON e.organization = s.organization AND e.id = s.event
                     WHERE s.organization = u.organization AND s.subject = u.id AND e.kind = 'user.removed')",
    ),
    (
        "deactivated people of whose suspension nothing is told",
        "SELECT COUNT(*) FROM users u WHERE u.organization = ?1 AND u.directory_active = 0
           AND NOT EXISTS (SELECT 1 FROM event_subjects s
                       JOIN events e ON e.organization = s.organization AND e.id = s.event
                     WHERE s.organization = u.organization AND s.subject = u.id AND e.kind = 'user.suspended')",
    ),
    (
        "events of people's coming without the people",
        "SELECT COUNT(*) FROM events e WHERE e.organization = ?1 AND e.kind = 'user.created'
           AND NOT EXISTS (SELECT 1 FROM event_subjects s
                       JOIN users u ON u.organization = s.organization AND u.id = s.subject
                     WHERE s.organization = e.organization AND s.event = e.id)",
    ),
    (
        "groups whose version is not the number of changes that are told of",
        "SELECT COUNT(*) FROM groups g WHERE g.organization = ?1
           AND g.version <> 1 + (SELECT COUNT(*) FROM event_subjects s
                       JOIN events e ON e.organization = s.organization AND e.id = s.event
                     WHERE s.organization = g.organization AND s.subject = g.id AND e.kind = 'group.members_changed')",
    ),
    (
        "subjects of events that are not there",
        "SELECT COUNT(*) FROM event_subjects s WHERE s.organization = ?1
           AND NOT EXISTS (SELECT 1 FROM events e WHERE e.organization = s.organization AND e.id = s.event)",
    ),
];

/// Everybody and every group.
pub async fn look(store: &Store, organization: &OrganizationId) -> Result<Seen, Failure> {
    if store.is_postgres() {
        wait_for_the_dead(store).await?;
    }
    let mut tx = store.read().await?;
    let mut seen = Seen::default();
    let people: Vec<(String, String, String, bool, Option<i64>)> = tx
        .all(
            "SELECT id, user_name, document, directory_active, removed_at FROM users
             WHERE organization = ?1 AND connection <> ''",
            args![organization],
        )
        .await?;
    for (id, name, document, active, removed) in people {
        let document: Value = serde_json::from_str(&document)?;
        let title = document["title"].as_str().unwrap_or_default().parse()?;
        let person = if removed.is_some() { Person::Deleted } else { Person::Somebody { title, active } };
        seen.people.insert(name, (id, person));
    }
    let groups: Vec<(String, String)> =
        tx.all("SELECT id, display_name FROM groups WHERE organization = ?1", args![organization]).await?;
    let mut members: HashMap<String, Members> = HashMap::new();
    let memberships: Vec<(String, String)> = tx
        .all(
            "SELECT group_id, member_id FROM memberships WHERE organization = ?1 AND ended IS NULL",
            args![organization],
        )
        .await?;
    for (group, member) in memberships {
        members.entry(group).or_default().insert(member);
    }
    for (id, name) in groups {
        let inside = members.remove(&id).unwrap_or_default();
        seen.groups.insert(name, (id, inside));
    }
    tx.commit().await?;
    Ok(seen)
}

/// What was written by half.
pub async fn halves(store: &Store, organization: &OrganizationId) -> Result<Vec<String>, Failure> {
    let mut tx = store.read().await?;
    let mut wrong = Vec::new();
    for (what, sql) in HALVES {
        let count: Option<(i64,)> = tx.first(sql, args![organization]).await?;
        match count {
            Some((0,)) => {}
            Some((count,)) => wrong.push(format!("{what}: {count}")),
            None => wrong.push(format!("{what}: not counted")),
        }
    }
    tx.commit().await?;
    Ok(wrong)
}

/// What SQLite itself finds wrong with the file.
pub async fn integrity(store: &Store) -> Result<Vec<String>, Failure> {
    if store.is_postgres() {
        return Ok(Vec::new());
    }
    let mut tx = store.read().await?;
    let lines: Vec<(String,)> = tx.all("PRAGMA integrity_check", &[]).await?;
    tx.commit().await?;
    Ok(lines.into_iter().map(|(line,)| line).filter(|line| line != "ok").collect())
}

/// PostgreSQL may still be at the last words of a client that was killed: until it has let go of all of them, what was in
/// flight is neither done nor undone.
async fn wait_for_the_dead(store: &Store) -> Result<(), Failure> {
    loop {
        let mut tx = store.read().await?;
        let others: Option<(i64,)> = tx
            .first(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                   AND backend_type = 'client backend' AND state <> 'idle'",
                &[],
            )
            .await?;
        tx.commit().await?;
        if others == Some((0,)) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// The events that were sealed when the program was killed are as they were sealed; the rest wait for the next start.
pub async fn sealing(store: &Store, place: &Place) -> Result<Vec<String>, Failure> {
    let keys = AuditKeys::load(&mut store.read().await?, &place.sealer()?).await?;
    let audit = Auditor::new(store, &keys).verify(&place.organization, &[], |_| {}).await?;
    println!("{} events are sealed, {} wait", audit.events, audit.unsealed);
    Ok(audit.finding.iter().map(|finding| format!("sealing: {finding}")).collect())
}
