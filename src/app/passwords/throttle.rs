//! Guessing takes time: wrong attempts at one thing make the next one wait, twice as long each time, on every node.
//!
//! An attempt is counted before it is made and forgiven when it was right, so that a thousand at the same moment are a thousand.
//! What is not here is counted like what is: nobody learns by being made to wait. A browser that the person signed in with before is
//! counted by itself, so that a stranger who guesses locks nobody out.

use super::super::{App, Ctx, Error};
use crate::{
    crypto::sha256,
    model::{Instant, fold},
    store::{Attempts, Terms},
};
use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(2);

/// What attempts are counted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Of {
    /// One person's: right is right, and nothing is left of the wrong ones.
    One,
    /// One network address's, which many people share.
    Address,
}

/// One thing whose attempts are counted: the SHA-256 of its name, which may be somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) struct Counter {
    name: [u8; 32],
    of: Of,
}

impl Counter {
    /// `parts` say what it is. None of them holds a line break, or two things could have one name.
    pub(in crate::app) fn new(of: Of, parts: &[&str]) -> Self {
        let text: Vec<String> = parts.iter().map(|part| part.replace('\n', " ")).collect();
        Self { name: sha256(text.join("\n").as_bytes()), of }
    }
}

impl App {
    /// Counts an attempt. `Err` of the inner result: how long nothing is tried.
    pub(in crate::app) async fn count_attempt(&self, counters: &[Counter]) -> Result<Result<(), Duration>, Error> {
        let now = self.clock().now();
        let mut sorted = counters.to_vec();
        // In one order: two attempts that hold a row each would wait for each other.
        sorted.sort_by_key(|counter| counter.name);
        let mut tx = self.store().write("attempt").await?;
        let mut counted = Vec::with_capacity(sorted.len());
        for counter in &sorted {
            let before = tx.attempts_to_count(&counter.name, now).await?;
            if before.next_at > now {
                tx.rollback().await?;
                return Ok(Err(between(now, before.next_at)));
            }
            counted.push((counter, self.one_more(before, counter.of, now)));
        }
        for (counter, after) in counted {
            tx.set_attempts(&counter.name, after).await?;
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// The attempt was right.
    pub(in crate::app) async fn forgive_attempt(&self, counters: &[Counter]) -> Result<(), Error> {
        let of = |wanted: Of| -> Vec<[u8; 32]> {
            counters.iter().filter(|counter| counter.of == wanted).map(|counter| counter.name).collect()
        };
        let mut tx = self.store().write("attempt forgiven").await?;
        tx.forgive_attempts(&of(Of::One), &of(Of::Address)).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets what was counted of somebody's names and addresses, known or not.
    pub(in crate::app) async fn forget_attempts_of(&self, ctx: &Ctx, terms: &Terms) -> Result<(), Error> {
        let found = self.store().read().await?.organization(&ctx.organization).await?;
        let slug = found.map(|organization| fold(&organization.slug)).unwrap_or_default();
        let counters: Vec<Counter> = terms
            .iter()
            .flat_map(|term| {
                [["password", ctx.organization.as_str(), term], ["password", &slug, term], ["link", &slug, term]]
                    .map(|parts| Counter::new(Of::One, &parts))
            })
            .collect();
        self.forgive_attempt(&counters).await
    }

    fn one_more(&self, before: Attempts, of: Of, now: Instant) -> Attempts {
        let settings = &self.settings().passwords;
        let (free, longest) = match of {
            Of::One => (settings.attempts, settings.longest_wait.get()),
            Of::Address => (settings.address_attempts, settings.longest_wait.get()),
        };
        // Time forgets: one for each longest wait in which nothing came.
        let forgotten = between(before.last_at, now).as_secs() / longest.as_secs().max(1);
        let forgotten = i64::try_from(forgotten).unwrap_or(i64::MAX);
        let failures = before.failures.saturating_sub(forgotten).max(0).saturating_add(1);
        Attempts { failures, last_at: now, next_at: now.plus(wait(failures, i64::from(free), longest)) }
    }
}

/// How long the next attempt waits after so many.
fn wait(failures: i64, free: i64, longest: Duration) -> Duration {
    // Below what is free there is no such number.
    match u32::try_from(failures.saturating_sub(free)) {
        Ok(over) => FIRST.saturating_mul(2_u32.saturating_pow(over.min(31))).min(longest),
        Err(_) if failures < free => Duration::ZERO,
        Err(_) => longest,
    }
}

fn between(from: Instant, to: Instant) -> Duration {
    Duration::from_micros(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let longest = Duration::from_mins(15);
        let waits: Vec<u64> = (1..=16).map(|failures| wait(failures, 5, longest).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(wait(i64::MAX, 5, longest), longest);
    }

    #[test]
    fn two_things_have_two_names() {
        assert_ne!(Counter::new(Of::One, &["a", "b\nc"]), Counter::new(Of::One, &["a\nb", "c"]));
        assert_ne!(Counter::new(Of::One, &["a", "b"]), Counter::new(Of::One, &["b", "a"]));
    }
}
