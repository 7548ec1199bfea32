//! Making true what was read at Cast AI, and noting how it went.

use super::{
    super::{Actor, App, Ctx, Error, Need, Work},
    matching::{Change, Matched, What, matched},
    not_connected,
    reading::{Listed, read},
};
use crate::{
    model::{
        Capability, CastAiProblem, CastAiTrouble, ClusterId, EventKind, Instant, OrganizationId, UndecidedCluster,
    },
    store::{DueReading, ReadingNote},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// Organizations that are looked at in one round.
const MOST_DUE: i64 = 100;
/// How long a reading is in one node's hand: a node that dies with it lets another go on then.
const IN_HAND: Duration = Duration::from_mins(10);
/// The pause after the first failure; twice as long after each other one, up to the usual time.
const FIRST_PAUSE: Duration = Duration::from_mins(1);

/// What a reading came to: short names of clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CastAiReading {
    /// Why nothing was read; nothing: it went well.
    pub problem: Option<CastAiProblem>,
    /// How many clusters Cast AI lists.
    pub clusters: usize,
    /// Clusters that were not known.
    pub declared: Vec<String>,
    /// Clusters that a person had declared, and that have an id at Cast AI now.
    pub adopted: Vec<String>,
    /// Clusters that are called something else there.
    pub changed: Vec<String>,
    /// Clusters that are listed no more.
    pub gone: Vec<String>,
    /// Clusters that are listed again.
    pub returned: Vec<String>,
    /// Clusters of which nobody but a person can say what they are here.
    pub undecided: Vec<UndecidedCluster>,
}

/// What a round of readings came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CastAiRound {
    /// Organizations whose clusters were read.
    pub read: usize,
    /// Organizations of which nothing could be read.
    pub failed: usize,
}

impl App {
    /// Reads the clusters of every organization for which it is due.
    pub async fn read_due_clusters(&self) -> Result<CastAiRound, Error> {
        let due = self.store().read().await?.due_readings(self.clock().now(), MOST_DUE).await?;
        let mut round = CastAiRound::default();
        for one in due {
            if !self.claim(&one).await? {
                continue;
            }
            let (organization, now) = (one.organization, self.clock().now());
            let ctx = Ctx { actor: Actor::System, organization, now, request: self.new_request() };
            // One organization's trouble is no other one's.
            match self.read_for(&ctx, Need::Operator).await {
                Ok(reading) if reading.problem.is_none() => round.read += 1,
                Ok(_) => round.failed += 1,
                Err(error) => {
                    round.failed += 1;
                    tracing::warn!(organization = %ctx.organization, %error, "what Cast AI lists could not be taken in");
                }
            }
        }
        Ok(round)
    }

    async fn claim(&self, due: &DueReading) -> Result<bool, Error> {
        let mut tx = self.store().write("cast ai in hand").await?;
        let claimed = tx.claim_reading(due, self.clock().now().plus(IN_HAND)).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Reads the organization's clusters at Cast AI now.
    pub async fn read_clusters(&self, ctx: &Ctx) -> Result<CastAiReading, Error> {
        // Whoever may not is told before anybody is asked anything.
        drop(self.read(ctx, Capability::ManageOrganization).await?);
        self.read_for(ctx, Capability::ManageOrganization.into()).await
    }

    async fn read_for(&self, ctx: &Ctx, need: Need) -> Result<CastAiReading, Error> {
        let organization = &ctx.organization;
        let found = self.store().read().await?.cast_ai_key(organization).await?;
        let (sealed, given_at) = found.ok_or_else(not_connected)?;
        let key = self.open_cast_ai_key(organization, &sealed)?;
        let (reading, came) = match read(self.cast_ai_client(), &self.settings().cast_ai.url, &key).await {
            Ok(listed) => {
                let mut work = self.begin(ctx, need).await?;
                let outcome = Box::pin(work.take_in(&listed, given_at)).await;
                let reading = work.finish(outcome).await?;
                let came = Ok((i64::try_from(reading.clusters).unwrap_or(i64::MAX), reading.undecided.clone()));
                (reading, came)
            }
            Err(problem) => {
                let reading = CastAiReading { problem: Some(problem.clone()), ..CastAiReading::default() };
                (reading, Err(problem))
            }
        };
        self.note_reading(organization, given_at, came).await?;
        Ok(reading)
    }

    async fn note_reading(
        &self,
        organization: &OrganizationId,
        given_at: Instant,
        outcome: Result<(i64, Vec<UndecidedCluster>), CastAiProblem>,
    ) -> Result<(), Error> {
        let now = self.clock().now();
        let mut tx = self.store().write("cast ai was read").await?;
        let failures = tx.cast_ai_link(organization).await?.map_or(0, |link| link.failures);
        let usual = self.settings().cast_ai.read_every.get();
        let pause = match &outcome {
            // Asking again soon helps nobody whose key is refused.
            Ok(_) | Err(CastAiProblem { code: CastAiTrouble::KeyRefused, .. }) => usual,
            Err(_) => FIRST_PAUSE.saturating_mul(1 << failures.clamp(0, 16)).min(usual),
        };
        let note = ReadingNote { tried_at: now, due_at: now.plus(pause), outcome };
        tx.note_reading(organization, given_at, &note).await?;
        Ok(tx.commit().await?)
    }
}

impl Work<'_> {
    async fn take_in(&mut self, listed: &[Listed], given_at: Instant) -> Result<CastAiReading, Error> {
        let organization = self.ctx.organization.clone();
        self.tx.hold_directory(&organization, true).await?;
        // What was read by a key that is gone meanwhile may be another account's.
        let link = self.tx.cast_ai_link(&organization).await?;
        link.filter(|link| link.given_at == given_at).ok_or_else(not_connected)?;
        let known = self.tx.clusters(&organization).await?;
        let app = self.app;
        let new_id = || ClusterId::from_uuid(app.clock().uuid());
        let Matched { changes, undecided } = matched(&known, listed, self.ctx.now, new_id);
        let mut reading = CastAiReading { clusters: listed.len(), undecided, ..CastAiReading::default() };
        if changes.is_empty() {
            return Ok(reading);
        }
        for change in &changes {
            self.take_in_one(change, &mut reading).await?;
        }
        self.tx.move_organization_epoch(&organization).await?;
        let names_it = |change: &Change| matches!(change.what, What::New | What::Adopted);
        if changes.iter().any(names_it) {
            // Rules name clusters by short name or id; what is remembered of them is old.
            self.revoke_everybody();
            self.settle_everybody().await?;
        }
        Ok(reading)
    }

    async fn take_in_one(&mut self, change: &Change, reading: &mut CastAiReading) -> Result<(), Error> {
        let (organization, cluster) = (self.ctx.organization.clone(), &change.after);
        match change.what {
            What::New => self.tx.insert_cluster(&organization, cluster, self.ctx.now).await?,
            What::Adopted | What::Changed | What::Gone | What::Back => {
                self.tx.update_cluster(&organization, cluster).await?;
            }
        }
        let (kind, list) = match change.what {
            What::New => (EventKind::ClusterDeclared, &mut reading.declared),
            What::Adopted => (EventKind::ClusterChanged, &mut reading.adopted),
            What::Changed => (EventKind::ClusterChanged, &mut reading.changed),
            What::Gone => (EventKind::ClusterVanished, &mut reading.gone),
            What::Back => (EventKind::ClusterReturned, &mut reading.returned),
        };
        list.push(cluster.slug.clone());
        let detail = json!({
            "slug": cluster.slug, "name": cluster.name, "external_id": cluster.external_id, "from": "Cast AI",
        });
        self.tell(kind, [cluster.id.to_string()], detail);
        Ok(())
    }
}
