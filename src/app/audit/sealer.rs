//! The sealer: gives committed events their numbers and links, a batch at a time.
//!
//! Each batch is one short transaction, so that pushes get in between. Whatever kills the process in the middle of one undoes
//! it whole. Of several nodes that seal at once one moves the head; the others notice and leave the organization to it.

use super::{
    super::{App, Error},
    chain::{self, Link},
    checkpoint::{As, Checkpoint, signed},
    keys::AuditKeys,
};
use crate::{
    model::{Instant, OrganizationId},
    store::{SealRow, Value},
};
use std::time::Duration;

/// Events in a batch.
const BATCH: i64 = 128;
/// The longest rest between two full batches.
const LONGEST_REST: Duration = Duration::from_millis(500);
/// Events after which a checkpoint is kept, and minutes: whichever comes first.
const CHECKPOINT_EVENTS: i64 = 256;
const MINUTE: i64 = 60_000_000;

/// What a round of the sealer did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SealingRound {
    /// Events that got their numbers.
    pub events: usize,
    /// Checkpoints that were kept.
    pub checkpoints: usize,
    /// Organizations whose events could not be sealed because somebody tampered with them.
    pub refused: usize,
}

/// Events with the numbers and links that they are to get, and the statements that go with them.
struct Batch {
    links: Vec<(String, i64, Link)>,
    before: i64,
    head: SealRow,
    checkpoint: Option<SealRow>,
}

impl App {
    /// Seals what waits, of all organizations.
    pub async fn seal_events(&self) -> Result<SealingRound, Error> {
        let mut round = SealingRound::default();
        let mut after = String::new();
        while let Some(organization) = self.store().read().await?.organization_to_seal(&after).await? {
            let sealed = match organization.parse() {
                Ok(id) => self.seal_organization(&id, &mut round).await,
                Err(_) => Err(Error::internal("events lie under an organization that cannot be")),
            };
            match sealed {
                Ok(()) => {}
                Err(error @ Error::Unavailable(_)) => return Err(error),
                // One organization whose events were tampered with does not keep the others from being sealed.
                Err(error) => {
                    round.refused += 1;
                    tracing::error!(organization, ?error, "events cannot be sealed; run: castgate audit verify");
                }
            }
            after = organization;
        }
        Ok(round)
    }

    /// How far an organization's events are sealed, to be kept elsewhere: whoever cuts events here later, with all that
    /// tells of them, is found by it. None before the first was sealed.
    pub async fn audit_head(&self, organization: &OrganizationId) -> Result<Option<Checkpoint>, Error> {
        let head = self.store().read().await?.event_head(organization).await?;
        Ok(head.map(|seal| Checkpoint { organization: organization.clone(), seal }))
    }

    async fn seal_organization(&self, organization: &OrganizationId, round: &mut SealingRound) -> Result<(), Error> {
        loop {
            let began = tokio::time::Instant::now();
            let Some(batch) = self.next_batch(organization).await? else { return Ok(()) };
            let (events, checkpoint) = (batch.links.len(), batch.checkpoint.clone());
            if !self.write_batch(organization, batch).await? {
                // Another node was first and goes on.
                return Ok(());
            }
            round.events += events;
            if let Some(seal) = checkpoint {
                round.checkpoints += 1;
                let checkpoint = Checkpoint { organization: organization.clone(), seal };
                tracing::info!(target: "castgate::audit", %checkpoint, "events are sealed");
            }
            if events < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(());
            }
            // Those who push go first: while a directory is imported, sealing takes a twentieth of the time and follows behind.
            tokio::time::sleep((began.elapsed() * 19).min(LONGEST_REST)).await;
        }
    }

    /// Reads what waits and makes links of it. Events never change, so they are read beside the writers.
    async fn next_batch(&self, organization: &OrganizationId) -> Result<Option<Batch>, Error> {
        let mut tx = self.store().read().await?;
        let head = tx.event_head(organization).await?;
        let events = tx.unsealed_events(organization, BATCH).await?;
        drop(tx);
        if events.is_empty() {
            return Ok(None);
        }
        let keys = self.audit_keys()?;
        let (before, mut last) = end_of(&keys, organization, head.as_ref())?;
        let mut number = before;
        let mut links = Vec::with_capacity(events.len());
        for event in events {
            number += 1;
            last = chain::link(organization, &last, number, &event);
            let Value::Text(id) = event.id else {
                return Err(Error::internal("an event has an id that nobody here gave it"));
            };
            links.push((id, number, last));
        }
        let (now, key) = (self.clock().now(), keys.current()?);
        let previous = head.as_ref().map_or(0, |head| head.previous);
        let checkpoint = is_due(head.as_ref(), number, now)
            .then(|| signed(key, organization, (number, last), (now, previous), As::Checkpoint));
        let previous = checkpoint.as_ref().map_or(previous, |checkpoint| checkpoint.number);
        let head = signed(key, organization, (number, last), (now, previous), As::Head);
        Ok(Some(Batch { links, before, head, checkpoint }))
    }

    /// Writes all of a batch or nothing of it. False when another node moved the head meanwhile.
    async fn write_batch(&self, organization: &OrganizationId, batch: Batch) -> Result<bool, Error> {
        let mut tx = self.store().write("seal events").await?;
        if !tx.move_event_head(organization, batch.before, &batch.head).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        let numbered = tx.number_events(organization, &batch.links).await?;
        if usize::try_from(numbered) != Ok(batch.links.len()) {
            tx.rollback().await?;
            return Err(Error::internal("an event has a number that no sealer gave it"));
        }
        tx.move_webhook_heads(organization, batch.head.number).await?;
        if let Some(checkpoint) = &batch.checkpoint {
            tx.insert_checkpoint(organization, checkpoint).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// The number and link that the next event follows. Nothing is built on a head that somebody else wrote.
fn end_of(keys: &AuditKeys, organization: &OrganizationId, head: Option<&SealRow>) -> Result<(i64, Link), Error> {
    let Some(head) = head else { return Ok((0, chain::BEGINNING)) };
    let link = Link::try_from(head.chain.as_slice()).ok().filter(|_| keys.signed(organization, head, As::Head));
    let link = link.ok_or_else(|| Error::internal("the head of the events is not what the sealer signed"))?;
    Ok((head.number, link))
}

/// Whether a checkpoint is to be kept: the first one, then after so many events, and in every minute in which events happen.
fn is_due(head: Option<&SealRow>, number: i64, now: Instant) -> bool {
    head.is_none_or(|head| {
        number - head.previous >= CHECKPOINT_EVENTS || head.at.0.div_euclid(MINUTE) != now.0.div_euclid(MINUTE)
    })
}
