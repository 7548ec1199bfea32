//! Providers that have gone silent beyond their own habit: a push that never came makes no noise by itself, and the people whom it
//! was to suspend keep their access.

use super::{Actor, App, Ctx, Error, Need, Work, invitations::moment};
use crate::{
    model::{ConnectionId, EventKind, Instant},
    store::{Lull, Silence},
};
use serde_json::json;
use std::time::Duration;

/// Shorter silences are nobody's business.
const SHORTEST: Duration = Duration::from_hours(6);
/// So many times its usual pause is more than its habit.
const TIMES: u32 = 8;
/// Pushes closer together than this are one visit of the provider.
const VISIT: Duration = Duration::from_mins(10);
/// Below so many pauses nobody knows its habit.
const LEAST_PAUSES: usize = 20;
/// Pushes that are looked at for it.
const LOOKED_AT: i64 = 5000;

/// What a look came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SilenceRound {
    /// Providers of whose silence the owners were told.
    pub noticed: usize,
    /// Silences that are over.
    pub over: usize,
}

/// What 95 of 100 of a provider's pauses are shorter than, if its habit is known. `pushes` are the newest first.
fn usual_pause(pushes: &[Instant]) -> Option<Duration> {
    let micros = |pair: &[Instant]| match pair {
        [later, earlier] => u64::try_from(later.0 - earlier.0).ok(),
        _ => None,
    };
    let mut pauses: Vec<Duration> = pushes.windows(2).filter_map(micros).map(Duration::from_micros).collect();
    pauses.retain(|pause| *pause >= VISIT);
    pauses.sort_unstable();
    if pauses.len() < LEAST_PAUSES {
        return None;
    }
    pauses.get((pauses.len() * 95).div_ceil(100) - 1).copied()
}

impl App {
    /// Looks which providers have been silent for much longer than is their habit, and which of them push again.
    pub async fn look_for_silence(&self) -> Result<SilenceRound, Error> {
        let now = self.clock().now();
        let lulls = self.store().read().await?.lulls(now.minus(SHORTEST)).await?;
        let mut round = SilenceRound::default();
        for lull in lulls {
            let organization = lull.organization.clone();
            let ctx = Ctx { actor: Actor::System, organization, now, request: self.new_request() };
            match lull.noticed {
                Some(noticed) if lull.last_push_at > noticed => {
                    let mut work = self.begin(&ctx, Need::Operator).await?;
                    let outcome = Box::pin(work.note_heard(&lull)).await;
                    round.over += usize::from(work.finish(outcome).await?);
                }
                // Told once.
                Some(_) => {}
                None => round.noticed += usize::from(self.weigh_silence(&ctx, &lull).await?),
            }
        }
        Ok(round)
    }

    async fn weigh_silence(&self, ctx: &Ctx, lull: &Lull) -> Result<bool, Error> {
        let pushes = self.store().read().await?.push_times(&ctx.organization, &lull.connection, LOOKED_AT).await?;
        let Some(usual) = usual_pause(&pushes) else { return Ok(false) };
        if ctx.now < lull.last_push_at.plus(usual.saturating_mul(TIMES).max(SHORTEST)) {
            return Ok(false);
        }
        let (connection, last_push_at) = (lull.connection.clone(), lull.last_push_at);
        let silence = Silence { connection, last_push_at, usual, noticed_at: ctx.now };
        let mut work = self.begin(ctx, Need::Operator).await?;
        let outcome = Box::pin(work.note_silence(&silence)).await;
        work.finish(outcome).await
    }

    /// The connections whose provider has gone silent, and since when.
    pub async fn silences(&self, ctx: &Ctx) -> Result<Vec<(ConnectionId, Instant)>, Error> {
        let mut tx = self.read(ctx, crate::model::Capability::ManageOrganization).await?;
        let silences = tx.silences(&ctx.organization).await?;
        Ok(silences.into_iter().map(|silence| (silence.connection, silence.last_push_at)).collect())
    }
}

impl Work<'_> {
    /// False: another node was first.
    async fn note_silence(&mut self, silence: &Silence) -> Result<bool, Error> {
        let organization = self.ctx.organization.clone();
        if !self.tx.insert_silence(&organization, silence).await? {
            return Ok(false);
        }
        let id = &silence.connection;
        let Some(connection) = self.tx.connection(&organization, id).await? else {
            return Err(Error::not_found("connection", id.as_str()));
        };
        let usual = silence.usual.as_secs();
        let detail = json!({"last_push_at": silence.last_push_at, "usual_pause_seconds": usual});
        self.tell(EventKind::ConnectionSilent, [id.to_string()], detail);
        let notice = json!({
            "notice": "a provider has gone silent beyond its own habit", "connection": connection.name,
            "last_push_at": silence.last_push_at,
        });
        self.notify(&notice).await?;
        let subject = format!("“{}” has gone silent", connection.name);
        let lines = [
            format!(
                "The identity provider “{}” last pushed on {}. Its pauses are usually shorter than {} hours.",
                connection.name,
                moment(silence.last_push_at),
                usual.div_ceil(3600)
            ),
            "Whoever was suspended or taken out of a group there since may still have access here. Look whether provisioning is \
             paused or in quarantine at the provider, and whether its token has ended."
                .to_owned(),
        ];
        let command = format!("castgate connections tokens list {id}");
        self.write_to_the_owners(id.as_str(), &subject, &lines, &command).await?;
        Ok(true)
    }

    async fn note_heard(&mut self, lull: &Lull) -> Result<bool, Error> {
        if !self.tx.delete_silence(&self.ctx.organization, &lull.connection).await? {
            return Ok(false);
        }
        let detail = json!({"last_push_at": lull.last_push_at});
        self.tell(EventKind::ConnectionHeard, [lull.connection.to_string()], detail);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes at these minutes, the newest first.
    fn at(minutes: impl DoubleEndedIterator<Item = i64>) -> Vec<Instant> {
        minutes.rev().map(|minute| Instant(minute * 60_000_000)).collect()
    }

    #[test]
    fn bursts_are_one_visit_and_few_visits_are_no_habit() {
        assert_eq!(usual_pause(&at(0..1000)), None, "one long visit");
        assert_eq!(usual_pause(&at((0..20).map(|visit| visit * 60))), None, "nineteen pauses");
        let hourly = usual_pause(&at((0..21).map(|visit| visit * 60)));
        assert_eq!(hourly, Some(Duration::from_hours(1)));
        // A hundred pushes within a minute, once a week: the pauses are weeks.
        let weekly: Vec<Instant> = (0..30)
            .rev()
            .flat_map(|week| (0..100).rev().map(move |push| Instant(week * 604_800_000_000 + push * 600_000)))
            .collect();
        assert!(usual_pause(&weekly).unwrap() > Duration::from_hours(6 * 24));
    }

    #[test]
    fn one_long_pause_in_a_hundred_does_not_count() {
        let mut minutes: Vec<i64> = (0..200).map(|visit| visit * 30).collect();
        minutes.push(200 * 30 + 60 * 24 * 14);
        assert_eq!(usual_pause(&at(minutes.into_iter())), Some(Duration::from_mins(30)));
    }
}
