//! The feed of events: in the order of their numbers, from 1 without a gap. Whoever asks for what is behind the last number that
//! they have misses nothing and sees nothing twice.

use super::{App, Ctx, Error};
use crate::model::{Capability, Event};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// The longest wait for something to happen.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often somebody who waits is looked after.
const LOOK: Duration = Duration::from_millis(250);
/// Who may wait at once, of all organizations and of one.
pub(super) const MOST_WAITING: (usize, usize) = (64, 8);
/// Who is without such a place waits this long for the answer, so that nobody asks again at once; so many at most, of all
/// organizations and of one.
const PAUSE: Duration = Duration::from_secs(1);
pub(super) const MOST_PAUSING: (usize, usize) = (512, 64);

/// Events that follow one another.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "EventFeed")]
pub struct Feed {
    /// The events, the oldest first, with consecutive numbers.
    pub items: Vec<Event>,
    /// What to send as `after` for what comes next.
    pub next: i64,
    /// The number of the newest event that there is.
    pub newest: i64,
}

impl App {
    /// Up to `limit` events behind the number `after`. Where there is none, something may happen for as long as `wait`.
    pub async fn event_feed(&self, ctx: &Ctx, (after, limit): (i64, i64), wait: Duration) -> Result<Feed, Error> {
        let (long, short) = (&self.inner.waiting, &self.inner.pausing);
        let wants = !wait.is_zero();
        let place = wants.then(|| long.place(&ctx.organization)).flatten();
        let pause = (wants && place.is_none()).then(|| short.place(&ctx.organization)).flatten();
        let (longest, look) = match (&place, &pause) {
            (Some(_), _) => (LONGEST_WAIT, LOOK),
            (None, Some(_)) => (PAUSE, PAUSE),
            (None, None) => (Duration::ZERO, LOOK),
        };
        let until = tokio::time::Instant::now() + wait.min(longest);
        loop {
            // Asked anew each time: whoever may not any more is told nothing that happened since.
            let ctx = Ctx { now: self.clock().now(), ..ctx.clone() };
            let mut tx = self.read(&ctx, Capability::ManageOrganization).await?;
            let newest = tx.last_event_number(&ctx.organization).await?;
            if after < 0 || after > newest {
                let detail = format!("send a number from 0 to {newest}, the newest that there is");
                return Err(Error::invalid("after", detail));
            }
            let items =
                if newest > after { tx.events_after(&ctx.organization, after, limit).await? } else { Vec::new() };
            drop(tx);
            if !items.is_empty() || tokio::time::Instant::now() >= until {
                let next = items.last().and_then(|event| event.number).unwrap_or(after);
                return Ok(Feed { items, next, newest });
            }
            tokio::time::sleep(look).await;
        }
    }
}
