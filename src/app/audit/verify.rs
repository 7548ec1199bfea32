//! Looks whether an organization's events are as they were sealed, in chunks and in constant memory.

use super::{
    super::Error,
    chain::{self, Link},
    checkpoint::{As, Checkpoint},
    displaced, erased,
    finding::{Finding, Wrong},
    keys::AuditKeys,
};
use crate::{
    model::{EventKind, OrganizationId},
    store::{EventRow, SealRow, Store, StoreError, Value},
};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Events and checkpoints that are read at once.
const CHUNK: i64 = 500;

/// The event that every organization begins with.
const BEGINS: EventKind = EventKind::OrganizationCreated;
/// Sorts behind every id.
const LAST_ID: &str = "\u{10ffff}";

/// What an audit of one organization came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// How many sealed events were looked at.
    pub events: i64,
    /// How many checkpoints were looked at.
    pub checkpoints: i64,
    /// How many of them have lost their detail to an erasure on request.
    pub erased: i64,
    /// How many events wait for their number; they are too new to say anything of.
    pub unsealed: i64,
    /// The first thing that is wrong, if anything is.
    pub finding: Option<Finding>,
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events that were looked at.
    pub done: i64,
    /// Events that there should be.
    pub of: i64,
}

/// Looks at sealed events. Needs a store that may be read, and the keys that sign.
#[derive(Debug)]
pub struct Auditor<'a> {
    store: &'a Store,
    keys: &'a AuditKeys,
}

/// Where the walk is.
struct Walk<'a> {
    organization: &'a OrganizationId,
    /// How far events were sealed when the audit began, if castgate signed it.
    head: Option<SealRow>,
    /// Whether a head lies there that castgate did not sign.
    forged: bool,
    /// Statements kept elsewhere, by number.
    anchors: Vec<&'a SealRow>,
    number: i64,
    /// The id of the event that was looked at last.
    id: Value,
    link: Link,
    /// Whether the event that every organization begins with was seen.
    begun: bool,
    /// The newest checkpoint that agreed.
    confirmed: i64,
    /// Checkpoints that are read and not reached yet, in order.
    ahead: VecDeque<SealRow>,
    /// The number up to which checkpoints were read; none: all of them were.
    read: Option<i64>,
    checkpoints: i64,
    /// Events whose detail was erased.
    erased: i64,
    /// The events of erasure that were asked for, by id, and whether each left just what is left.
    erasures: BTreeMap<String, bool>,
}

/// Either what was looked for, or the finding that ends the audit.
type Step<T> = Result<T, Stop>;

enum Stop {
    Found(Finding),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn found<T>(number: i64, id: Option<&Value>, wrong: Wrong) -> Step<T> {
    let id = id.and_then(|id| id.borrow().text().ok()).map(ToOwned::to_owned);
    Err(Stop::Found(Finding { number, id, wrong }))
}

impl<'a> Auditor<'a> {
    /// An auditor of what is in `store`.
    #[must_use]
    pub fn new(store: &'a Store, keys: &'a AuditKeys) -> Self {
        Self { store, keys }
    }

    /// Walks through the events of an organization to the first that is not as it was sealed. `anchors` are checkpoints
    /// that were kept elsewhere; those of other organizations are left out.
    pub async fn verify(
        &self,
        organization: &OrganizationId,
        anchors: &[Checkpoint],
        mut progress: impl FnMut(Progress),
    ) -> Result<Audit, Error> {
        let mut anchors: Vec<&SealRow> =
            anchors.iter().filter(|anchor| anchor.organization == *organization).map(|anchor| &anchor.seal).collect();
        anchors.sort_by_key(|anchor| anchor.number);
        let mut tx = self.store.read().await?;
        let head = readable(tx.event_head(organization).await);
        drop(tx);
        let unsealed = self.store.read().await?.count_unsealed(organization).await?;
        let mut walk = Walk::new(organization, anchors);
        match head? {
            Some(Some(head)) if self.keys.signed(organization, &head, As::Head) => walk.head = Some(head),
            Some(None) => {}
            Some(Some(_)) | None => walk.forged = true,
        }
        let outcome = self.walk(&mut walk, unsealed, &mut progress).await;
        let finding = match outcome {
            Ok(()) => None,
            Err(Stop::Found(finding)) => Some(finding),
            Err(Stop::Failed(error)) => return Err(error),
        };
        let (events, checkpoints, erased) = (walk.number, walk.checkpoints, walk.erased);
        Ok(Audit { events, checkpoints, erased, unsealed, finding })
    }

    async fn walk(&self, walk: &mut Walk<'_>, unsealed: i64, progress: &mut impl FnMut(Progress)) -> Step<()> {
        for anchor in &walk.anchors {
            let kinds = [As::Checkpoint, As::Head];
            if !kinds.iter().any(|kind| self.keys.signed(walk.organization, anchor, *kind)) {
                return found(anchor.number, None, Wrong::AnchorForged);
            }
        }
        let of = walk.head.as_ref().map_or(0, |head| head.number);
        loop {
            // A short transaction for each chunk: sealed events do not change, and a long one would hold the log up.
            let events =
                self.store.read().await?.sealed_events(walk.organization, (walk.number, &walk.id), CHUNK).await;
            let Some(events) = readable(events)? else { return found(walk.number + 1, None, Wrong::Changed) };
            let beyond = self.step(walk, &events).await?;
            if let Some(last) = events.last() {
                walk.id = last.id.clone();
            }
            progress(Progress { done: walk.number, of: of.max(walk.number) });
            if beyond || i64::try_from(events.len()).is_ok_and(|read| read < CHUNK) {
                break;
            }
        }
        self.end(walk, unsealed).await
    }

    /// Looks at a chunk. True when it reached events that were sealed after the audit began.
    async fn step(&self, walk: &mut Walk<'_>, events: &[EventRow]) -> Step<bool> {
        for event in events {
            let number = match event.number {
                Value::Int(number) => number,
                Value::Null | Value::Text(_) | Value::Blob(_) => {
                    return found(walk.number + 1, Some(&event.id), Wrong::Changed);
                }
            };
            if walk.head.as_ref().is_some_and(|head| number > head.number) && walk.is_at_head() {
                return Ok(true);
            }
            if number <= walk.number {
                return found(number, Some(&event.id), Wrong::Inserted);
            }
            if number > walk.number + 1 {
                return found(walk.number + 1, None, Wrong::Missing { through: number - 1 });
            }
            let link = chain::link(walk.organization, &walk.link, number, event);
            if event.chain != Value::Blob(link.to_vec()) {
                let now = displaced::look(self.store, walk.organization, (&walk.link, number), event).await?;
                let wrong = match now {
                    Some(now) if now == Some(number) => Wrong::Inserted,
                    Some(now) => Wrong::Displaced { now },
                    None => Wrong::Changed,
                };
                return found(number, Some(&event.id), wrong);
            }
            (walk.number, walk.link) = (number, link);
            self.erasure(walk, event).await?;
            walk.begun |= event.columns.get(1) == Some(&Value::Text(BEGINS.name().to_owned()));
            self.compare(walk).await?;
        }
        Ok(false)
    }

    /// An erased detail needs an event of erasure, and that one needs what it left to be just so.
    async fn erasure(&self, walk: &mut Walk<'_>, event: &EventRow) -> Step<()> {
        let is_erasure = event.columns.get(1) == Some(&Value::Text(EventKind::UserErased.name().to_owned()));
        if event.detail_hash != Value::Null || event.erased_by != Value::Null {
            walk.erased += 1;
            if !self.stands(walk, &event.erased_by).await? {
                return found(walk.number, Some(&event.id), Wrong::TakenAway);
            }
        } else if is_erasure && !self.stands(walk, &event.id).await? {
            return found(walk.number, Some(&event.id), Wrong::ErasureBroken);
        }
        Ok(())
    }

    async fn stands(&self, walk: &mut Walk<'_>, by: &Value) -> Step<bool> {
        let Ok(id) = by.borrow().text().map(ToOwned::to_owned) else { return Ok(false) };
        if let Some(known) = walk.erasures.get(&id) {
            return Ok(*known);
        }
        let stands = erased::stands(&mut self.store.read().await?, walk.organization, by).await?;
        walk.erasures.insert(id, stands);
        Ok(stands)
    }

    /// Compares what was signed at this number with what is there.
    async fn compare(&self, walk: &mut Walk<'_>) -> Step<()> {
        if let Some(after) = walk.read.filter(|_| walk.ahead.is_empty()) {
            let read = self.store.read().await?.checkpoints(walk.organization, after, CHUNK).await;
            let Some(read) = readable(read)? else { return found(walk.number, None, Wrong::CheckpointForged) };
            let is_all = i64::try_from(read.len()).is_ok_and(|count| count < CHUNK);
            walk.read = read.last().map(|last| last.number).filter(|_| !is_all);
            walk.ahead = read.into();
        }
        while walk.ahead.front().is_some_and(|checkpoint| checkpoint.number <= walk.number) {
            let Some(checkpoint) = walk.ahead.pop_front() else { break };
            self.confirm(walk, &checkpoint)?;
        }
        let (number, link) = (walk.number, walk.link);
        let signed = walk.anchors.iter().copied().chain(&walk.head).filter(|signed| signed.number == number);
        if signed.clone().any(|signed| signed.chain != link) {
            return found(walk.confirmed + 1, None, Wrong::Rechained { through: number });
        }
        Ok(())
    }

    fn confirm(&self, walk: &mut Walk<'_>, checkpoint: &SealRow) -> Step<()> {
        let number = checkpoint.number;
        if !self.keys.signed(walk.organization, checkpoint, As::Checkpoint) || number != walk.number {
            return found(number, None, Wrong::CheckpointForged);
        }
        if checkpoint.previous != walk.confirmed {
            return found(number, None, Wrong::CheckpointMissing);
        }
        if checkpoint.chain != walk.link {
            return found(walk.confirmed + 1, None, Wrong::Rechained { through: number });
        }
        walk.confirmed = number;
        walk.checkpoints += 1;
        Ok(())
    }

    /// After the last event: what was signed says that it is the last.
    async fn end(&self, walk: &mut Walk<'_>, unsealed: i64) -> Step<()> {
        let furthest = walk.anchors.iter().map(|anchor| anchor.number).max().unwrap_or(0);
        if walk.number > 0 && !walk.begun {
            return found(1, None, Wrong::BeginningGone);
        }
        let Some(head) = walk.head.as_ref().filter(|_| !walk.forged) else {
            return match (walk.forged, walk.number, unsealed, furthest) {
                (false, 0, 0, _) => found(0, None, Wrong::BeginningGone),
                (false, 0, _, 0) => Ok(()),
                (_, number, _, _) => found(number, None, Wrong::HeadForged),
            };
        };
        let through = head.number.max(furthest);
        if walk.number < through {
            return found(walk.number + 1, None, Wrong::TailCut { through });
        }
        if walk.confirmed != head.previous && walk.is_at_head() {
            return found(head.previous, None, Wrong::CheckpointMissing);
        }
        self.beyond(walk).await
    }

    /// What has been sealed while the audit went on has a head of its own; what has none was put there.
    async fn beyond(&self, walk: &Walk<'_>) -> Step<()> {
        let mut tx = self.store.read().await?;
        let head = tx.event_head(walk.organization).await?;
        let head = head.filter(|head| self.keys.signed(walk.organization, head, As::Head));
        let Some(head) = head else { return found(walk.number, None, Wrong::HeadForged) };
        if let Some(checkpoint) = tx.checkpoints(walk.organization, head.number, 1).await?.first() {
            return found(checkpoint.number, None, Wrong::CheckpointForged);
        }
        // Two events of one number: the second is beyond the head as much as one with a number of its own.
        let id = if walk.is_at_head() { walk.id.clone() } else { Value::Text(LAST_ID.to_owned()) };
        let after = tx.sealed_events(walk.organization, (head.number, &id), 1).await;
        let Some(events) = readable(after)? else { return found(head.number + 1, None, Wrong::Inserted) };
        match events.first() {
            Some(event) => {
                let number = event.number.borrow().int().unwrap_or(head.number + 1);
                found(number, Some(&event.id), Wrong::Inserted)
            }
            None => Ok(()),
        }
    }
}

impl<'a> Walk<'a> {
    fn new(organization: &'a OrganizationId, anchors: Vec<&'a SealRow>) -> Self {
        Self {
            organization,
            head: None,
            forged: false,
            anchors,
            number: 0,
            id: Value::Text(String::new()),
            link: chain::BEGINNING,
            begun: false,
            confirmed: 0,
            ahead: VecDeque::new(),
            read: Some(0),
            checkpoints: 0,
            erased: 0,
            erasures: BTreeMap::new(),
        }
    }

    fn is_at_head(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.number == self.number)
    }
}

/// What was read; nothing, where a row holds what it cannot hold.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Corrupt(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
