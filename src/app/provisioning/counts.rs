//! What providers got away with, counted from the log: each line once, however often and wherever it is counted.

use crate::{
    app::{App, Ctx, Error},
    model::{Capability, ConnectionId, Instant, OrganizationId, Push, PushId, ToleranceCount},
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Builder;

/// How old a line is before it goes into the counts for good: no transaction that writes one lives nearly as long, so that none
/// comes to lie before a line that is counted already.
const SETTLED: Duration = Duration::from_mins(10);
/// Lines that are counted, or forgotten, by one commit.
const CHUNK: i64 = 500;
/// Chunks of one organization in a round.
const MOST_CHUNKS: usize = 200;

/// What a round of counting and forgetting did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PushRound {
    /// Lines that went into the counts.
    pub counted: usize,
    /// Lines that were forgotten: older than the settings keep them.
    pub forgotten: u64,
}

/// Counts by connection and tolerance.
type Counts = BTreeMap<(ConnectionId, String), ToleranceCount>;

fn add(counts: &mut Counts, push: &Push) {
    for tolerated in &push.entry.tolerances {
        let count = counts.entry((push.connection.clone(), tolerated.name.clone())).or_insert_with(|| ToleranceCount {
            tolerance: tolerated.name.clone(),
            times: 0,
            first_at: push.at,
            last_at: push.at,
            example: None,
        });
        merge(
            count,
            &ToleranceCount {
                tolerance: tolerated.name.clone(),
                times: u64::from(push.entry.times),
                first_at: push.at,
                last_at: push.at,
                example: tolerated.example.clone(),
            },
        );
    }
}

fn merge(count: &mut ToleranceCount, more: &ToleranceCount) {
    count.times += more.times;
    count.first_at = count.first_at.min(more.first_at);
    count.last_at = count.last_at.max(more.last_at);
    if more.example.is_some() {
        count.example.clone_from(&more.example);
    }
}

/// An id that is before all that are made from `at` on.
fn before(at: Instant) -> PushId {
    PushId::from_uuid(Builder::from_unix_timestamp_millis(at.millis(), &[0; 10]).into_uuid())
}

impl App {
    /// What a connection got away with, and how often: what is in the counts, and the lines behind them.
    pub async fn tolerances(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Vec<ToleranceCount>, Error> {
        self.catch_up("").await;
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let organization = &ctx.organization;
        if tx.connection(organization, connection).await?.is_none() {
            return Err(Error::not_found("connection", connection.as_str()));
        }
        let mut counts = Counts::new();
        let mut after = tx.counted_pushes(organization).await?;
        loop {
            let lines = tx.pushes_between(organization, (&after, "psh_~"), CHUNK).await?;
            lines.iter().filter(|push| push.connection == *connection).for_each(|push| add(&mut counts, push));
            match lines.last() {
                Some(last) if i64::try_from(lines.len()) == Ok(CHUNK) => last.id.as_str().clone_into(&mut after),
                Some(_) | None => break,
            }
        }
        for count in tx.tolerances(organization, connection).await? {
            match counts.entry((connection.clone(), count.tolerance.clone())) {
                std::collections::btree_map::Entry::Vacant(free) => drop(free.insert(count)),
                std::collections::btree_map::Entry::Occupied(mut newer) => {
                    let newer = newer.get_mut();
                    let newest = newer.example.clone();
                    merge(newer, &count);
                    newer.example = newest.or(newer.example.take());
                }
            }
        }
        Ok(counts.into_values().collect())
    }

    /// Counts what has settled, and forgets what is older than the log keeps.
    pub async fn keep_pushes(&self) -> Result<PushRound, Error> {
        let mut round = PushRound::default();
        let mut after = String::new();
        loop {
            let next = self.store().read().await?.organization_with_pushes(&after).await?;
            let Some(organization) = next else { return Ok(round) };
            let (settled, old) = self.settled_and_old(&organization).await?;
            if settled {
                self.count_settled(&organization, &mut round).await?;
            }
            if old {
                self.forget_pushes(&organization, &mut round).await?;
            }
            organization.as_str().clone_into(&mut after);
        }
    }

    /// Whether there is something to count, and something to forget: most rounds find neither, and write nothing.
    async fn settled_and_old(&self, organization: &OrganizationId) -> Result<(bool, bool), Error> {
        let mut tx = self.store().read().await?;
        let counted = tx.counted_pushes(organization).await?;
        let settled = tx.pushes_between(organization, (&counted, self.settled().as_str()), 1).await?;
        let old = tx.pushes_between(organization, ("", self.oldest().as_str()), 1).await?;
        Ok((!settled.is_empty(), !old.is_empty()))
    }

    /// Lines before this are in the log for good.
    fn settled(&self) -> PushId {
        before(self.clock().now().minus(SETTLED))
    }

    /// Lines before this are kept no longer.
    fn oldest(&self) -> PushId {
        before(self.clock().now().minus(self.settings().scim.log_kept.get()))
    }

    async fn count_settled(&self, organization: &OrganizationId, round: &mut PushRound) -> Result<(), Error> {
        let until = self.settled();
        for _ in 0..MOST_CHUNKS {
            let mut tx = self.store().write("count tolerances").await?;
            let counted = tx.hold_counted_pushes(organization).await?;
            let lines = tx.pushes_between(organization, (&counted, until.as_str()), CHUNK).await?;
            let Some(last) = lines.last() else { return Ok(tx.rollback().await?) };
            let mut counts = Counts::new();
            for push in &lines {
                add(&mut counts, push);
            }
            for ((connection, _), count) in &counts {
                tx.add_tolerances(organization, connection, count).await?;
            }
            tx.set_counted_pushes(organization, &last.id).await?;
            tx.commit().await?;
            round.counted += lines.len();
        }
        Ok(())
    }

    async fn forget_pushes(&self, organization: &OrganizationId, round: &mut PushRound) -> Result<(), Error> {
        let oldest = self.oldest();
        for _ in 0..MOST_CHUNKS {
            let mut tx = self.store().write("forget pushes").await?;
            // What is not counted yet is not forgotten.
            let counted = tx.counted_pushes(organization).await?;
            let forgotten = tx.forget_pushes(organization, (oldest.as_str(), &counted), CHUNK).await?;
            tx.commit().await?;
            round.forgotten += forgotten;
            if forgotten == 0 {
                break;
            }
        }
        Ok(())
    }
}
