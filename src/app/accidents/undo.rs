//! Taking a span of one source's removals back.

use super::super::{App, Ctx, Error, Work, directory::TOMBSTONE};
use crate::{
    crypto::sha256,
    model::{Capability, Connection, EventId, EventKind, GroupId, Instant, UserId},
    plan::Diff,
    store::{Removed, Stretch},
};
use data_encoding::BASE64URL_NOPAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeSet, fmt};
use uuid::Builder;

/// What the token of a preview begins with.
const PREFIX: &str = "un1_";
/// Names and lines that are listed of each kind.
const LISTED: usize = 100;

/// What is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoWish {
    /// Whose removals: `scim:` and a connection's name or id.
    pub source: String,
    /// From this moment on,
    pub from: Instant,
    /// up to this one.
    pub to: Instant,
}

/// Something that comes back, or cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Restored {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// What an undo restores: before it is done, and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Undo {
    /// What was asked for.
    #[serde(flatten)]
    pub wish: UndoWish,
    /// The token of this preview: the undo is made with it, or refused when anything moved.
    pub preview: String,
    /// How many deleted groups come back, with the bindings that they held.
    pub groups: usize,
    /// How many deleted people come back, with their own bindings and keys.
    pub people: usize,
    /// How many suspended people come back, with their keys.
    pub activated: usize,
    /// How many memberships open again.
    pub memberships: usize,
    /// How many bindings of rules open again.
    pub bindings: usize,
    /// The first of the groups and people that come back.
    pub some: Vec<Restored>,
    /// What cannot come back, because another has its name by now.
    pub skipped: Vec<Restored>,
    /// What rules give and take because of it: the first lines.
    pub access: Vec<String>,
}

impl Undo {
    /// Whether there is nothing to restore.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups + self.people + self.activated + self.memberships + self.bindings == 0
    }
}

impl fmt::Display for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UndoWish { source, from, to } = &self.wish;
        writeln!(f, "What {source} took away from {from} to {to}:")?;
        let counts = [
            ("deleted groups", self.groups),
            ("deleted people", self.people),
            ("suspended people", self.activated),
            ("memberships", self.memberships),
            ("bindings of rules", self.bindings),
        ];
        for (what, count) in counts {
            writeln!(f, "  {count} {what}")?;
        }
        for Restored { id, name } in &self.some {
            writeln!(f, "  + {name} ({id})")?;
        }
        for Restored { id, name } in &self.skipped {
            writeln!(f, "  ! {name} ({id}) stays away: another has that name by now")?;
        }
        for line in &self.access {
            writeln!(f, "  {line}")?;
        }
        f.write_str("Sessions do not come back: people sign in again.\n")
    }
}

/// The rows that come back.
struct Lost {
    groups: Vec<Removed<GroupId>>,
    people: Vec<Removed<UserId>>,
    suspended: Vec<Removed<UserId>>,
    memberships: BTreeSet<(GroupId, UserId)>,
}

impl App {
    /// What an undo would restore, and the token to make it with. Nothing changes.
    pub async fn preview_undo(&self, ctx: &Ctx, wish: &UndoWish) -> Result<Undo, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        // Made, looked at and dropped: so the preview says exactly what the undo does.
        let outcome = Box::pin(work.undo(wish)).await;
        work.tx.rollback().await?;
        outcome
    }

    /// Restores what one source took away in a span, as it was previewed; refused when anything moved since.
    pub async fn undo(&self, ctx: &Ctx, wish: &UndoWish, preview: &str) -> Result<Undo, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = match Box::pin(work.undo(wish)).await {
            Ok(undo) if undo.preview == preview => Ok(undo),
            Ok(undo) => {
                let detail = format!(
                    "what it restores has changed since the preview: now {} groups, {} people, {} suspended people and {} \
                     memberships; ask for a preview again",
                    undo.groups, undo.people, undo.activated, undo.memberships
                );
                Err(Error::conflict("preview_stale", detail))
            }
            Err(error) => Err(error),
        };
        Box::pin(work.finish(outcome)).await
    }
}

impl Work<'_> {
    async fn undo(&mut self, wish: &UndoWish) -> Result<Undo, Error> {
        if wish.from > wish.to {
            return Err(Error::invalid("from", "the span ends before it begins"));
        }
        if wish.from < self.ctx.now.minus(TOMBSTONE) {
            return Err(Error::invalid("from", "what went more than 30 days ago does not come back by an undo"));
        }
        let organization = self.ctx.organization.clone();
        self.tx.hold_directory(&organization, true).await?;
        let connection = self.source_of(&wish.source).await?;
        let stretch = Stretch { connection: connection.id.clone(), from: wish.from, to: wish.to };
        let lost = self.lost(&stretch).await?;
        self.touch_owners().await?;
        let diff = self.give_back(&lost).await?;
        self.tell_of_undo(wish, &lost, &diff);
        let preview = token(wish, &lost, &diff)?;
        let Lost { groups, people, suspended, memberships } = &lost;
        let names = |id: String, name: &str| Restored { id, name: name.to_owned() };
        let some = groups.iter().filter(|group| !group.taken).map(|group| names(group.id.to_string(), &group.name));
        let people_back = people.iter().filter(|user| !user.taken).chain(suspended);
        let some = some.chain(people_back.map(|user| names(user.id.to_string(), &user.name))).take(LISTED).collect();
        let skipped = groups.iter().filter(|group| group.taken).map(|group| names(group.id.to_string(), &group.name));
        let not_back = people.iter().filter(|user| user.taken).map(|user| names(user.id.to_string(), &user.name));
        Ok(Undo {
            wish: wish.clone(),
            preview,
            groups: groups.iter().filter(|group| !group.taken).count(),
            people: people.iter().filter(|user| !user.taken).count(),
            activated: suspended.len(),
            memberships: memberships.len(),
            bindings: diff.open.len(),
            some,
            skipped: skipped.chain(not_back).take(LISTED).collect(),
            access: match diff.is_empty() {
                true => Vec::new(),
                false => diff.to_string().lines().take(LISTED).map(str::to_owned).collect(),
            },
        })
    }

    async fn source_of(&mut self, source: &str) -> Result<Connection, Error> {
        let bad = || Error::invalid("source", "say scim: and a connection's name or id, such as scim:okta");
        let called = source.strip_prefix("scim:").filter(|called| !called.is_empty()).ok_or_else(bad)?;
        let folded = crate::model::fold(called);
        let connections = self.tx.connections(&self.ctx.organization).await?;
        let found = connections
            .into_iter()
            .find(|known| known.id.as_str() == called || crate::model::fold(&known.name) == folded);
        found.ok_or_else(|| Error::not_found("connection", called))
    }

    async fn lost(&mut self, stretch: &Stretch) -> Result<Lost, Error> {
        let organization = self.ctx.organization.clone();
        let groups = self.tx.groups_removed_in(&organization, stretch).await?;
        let people = self.tx.users_removed_in(&organization, stretch).await?;
        let actor = format!("connection {}", stretch.connection);
        let edge = |at: Instant, fill: u8| {
            EventId::from_uuid(Builder::from_unix_timestamp_millis(at.millis(), &[fill; 10]).into_uuid())
        };
        let (first, last) = (edge(stretch.from, 0), edge(stretch.to, u8::MAX));
        let ids = (actor.as_str(), first.as_str(), last.as_str());
        let mut suspended = self.tx.users_suspended_in(&organization, stretch, ids).await?;
        let comes = |id: &UserId| people.iter().any(|user| user.id == *id && !user.taken);
        // Who was suspended first and deleted then comes back altogether, or not at all.
        suspended.retain(|user| !user.taken || comes(&user.id));
        let group_ids: Vec<&GroupId> = groups.iter().filter(|group| !group.taken).map(|group| &group.id).collect();
        let user_ids: Vec<&UserId> = people.iter().filter(|user| !user.taken).map(|user| &user.id).collect();
        let memberships = self.tx.memberships_lost_in(&organization, stretch, (&group_ids, &user_ids)).await?;
        Ok(Lost { groups, people, suspended, memberships })
    }

    async fn give_back(&mut self, lost: &Lost) -> Result<Diff, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let groups: Vec<&GroupId> = lost.groups.iter().filter(|group| !group.taken).map(|group| &group.id).collect();
        let people: Vec<&UserId> = lost.people.iter().filter(|user| !user.taken).map(|user| &user.id).collect();
        let suspended: Vec<&UserId> = lost.suspended.iter().map(|user| &user.id).collect();
        if !groups.is_empty() {
            self.tx.revive_groups(&organization, &groups, now).await?;
        }
        if !people.is_empty() {
            self.tx.revive_users(&organization, &people, now).await?;
        }
        if !suspended.is_empty() {
            self.tx.reactivate_users(&organization, &suspended, now).await?;
        }
        if !lost.memberships.is_empty() {
            self.tx.reopen_memberships(&organization, &lost.memberships, now).await?;
        }
        self.resettle_everybody().await
    }

    fn tell_of_undo(&mut self, wish: &UndoWish, lost: &Lost, diff: &Diff) {
        let Lost { groups, people, suspended, memberships } = lost;
        let groups: Vec<String> =
            groups.iter().filter(|group| !group.taken).map(|group| group.id.to_string()).collect();
        let is_back = |user: &&Removed<UserId>| !user.taken;
        let comes = |id: &UserId| suspended.iter().any(|user| user.id == *id);
        let (active, inactive): (Vec<_>, Vec<_>) =
            people.iter().filter(is_back).partition(|user| user.active && !comes(&user.id));
        if groups.is_empty() && people.is_empty() && suspended.is_empty() && memberships.is_empty() && diff.is_empty() {
            return;
        }
        let detail = json!({
            "source": wish.source, "from": wish.from, "to": wish.to, "groups": groups.len(), "people": people.len(),
            "activated": suspended.len(), "memberships": memberships.len(), "bindings": diff.open.len(),
        });
        self.tell(EventKind::AccidentUndone, [self.ctx.organization.to_string()], detail);
        if !groups.is_empty() {
            self.tell(EventKind::GroupRevived, groups, json!({"how": "undo"}));
        }
        if !active.is_empty() {
            let ids: Vec<String> = active.iter().map(|user| user.id.to_string()).collect();
            self.tell(EventKind::UserRevived, ids, json!({"active": true, "how": "undo"}));
        }
        // They come back as they were: suspended, and that is what is told of them.
        let still: Vec<String> =
            inactive.iter().filter(|user| !comes(&user.id)).map(|user| user.id.to_string()).collect();
        if !still.is_empty() {
            self.tell(EventKind::UserSuspended, still, json!({"by": "directory", "how": "undo"}));
        }
        let back: Vec<String> = suspended.iter().filter(|user| user.active).map(|user| user.id.to_string()).collect();
        if !back.is_empty() {
            self.tell(EventKind::UserActivated, back, json!({"how": "undo"}));
        }
        if !memberships.is_empty() {
            let touched: BTreeSet<String> =
                memberships.iter().flat_map(|(group, user)| [group.to_string(), user.to_string()]).collect();
            let detail = json!({"came": memberships.len(), "went": 0, "waiting_changed": 0, "how": "undo"});
            self.tell(EventKind::GroupMembersChanged, touched, detail);
        }
        self.revoke_everybody();
        self.review_all_keys();
    }
}

/// What was shown, in few letters: the undo computes it anew, and the two must be the same.
fn token(wish: &UndoWish, lost: &Lost, diff: &Diff) -> Result<String, Error> {
    let ids = |removed: &Removed<UserId>| (removed.id.clone(), removed.taken, removed.active);
    let groups: Vec<_> = lost.groups.iter().map(|group| (&group.id, group.taken)).collect();
    let people: Vec<_> = lost.people.iter().chain(&lost.suspended).map(ids).collect();
    let closed: Vec<_> = diff.close.iter().map(|binding| &binding.id).collect();
    let shown = (wish, groups, people, &lost.memberships, &diff.open, closed);
    let bytes = serde_json::to_vec(&shown).map_err(Error::internal)?;
    Ok(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&sha256(&bytes))))
}
