//! Publishing: what a plan showed, as far as it has not become worse since.

use super::{MappingPlan, planning::Planned};
use crate::{
    app::{App, Ctx, Error, Work},
    crypto::sha256,
    model::{Capability, EventKind, PlanId, UserId},
    plan::{Diff, Impact},
    store::{KeptPlan, NewVersion},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::HashSet, time::Duration};

/// How long a plan can be published.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Bytes that stand for one thing that a plan takes from somebody.
const TAKEN: usize = 8;
/// Things that became worse, in a refusal.
const NAMED: usize = 10;
const LONGEST_REASON: usize = 500;

/// A mapping that is to come into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The YAML.
    pub text: String,
    /// The plan that somebody has seen: what has become worse since is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// Why, for whoever reads the versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Publication {
    /// A text of which no plan was seen, without a reason.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self { text: text.to_owned(), plan: None, reason: None }
    }
}

fn digest(key: &str) -> [u8; TAKEN] {
    let mut short = [0; TAKEN];
    short.iter_mut().zip(sha256(key.as_bytes())).for_each(|(to, from)| *to = from);
    short
}

/// What has become worse since a plan: a loss that it did not show, a key that carries less, an owner fewer.
fn worse(kept: &KeptPlan, impact: &Impact) -> Vec<String> {
    let shown: HashSet<&[u8]> = kept.takes.chunks_exact(TAKEN).collect();
    let taken = impact.takes().into_iter().filter(|taken| !shown.contains(digest(&taken.key).as_slice()));
    let mut worse: Vec<String> = taken.map(|taken| taken.words).collect();
    let left: HashSet<&UserId> = impact.owners.iter().map(|owner| &owner.user).collect();
    let gone = kept.owners.iter().filter(|owner| !left.contains(owner));
    worse.extend(gone.map(|owner| format!("{owner} would be no owner who can be reached")));
    worse
}

impl App {
    /// Keeps of a plan what publishing it is compared with.
    pub(super) async fn keep_plan(&self, ctx: &Ctx, text: &str, mut plan: MappingPlan) -> Result<MappingPlan, Error> {
        let mut takes: Vec<[u8; TAKEN]> = plan.impact.takes().iter().map(|taken| digest(&taken.key)).collect();
        takes.sort_unstable();
        takes.dedup();
        let kept = KeptPlan {
            id: PlanId::from_uuid(self.clock().uuid()),
            author: ctx.actor.to_string(),
            made_at: ctx.now,
            text: sha256(text.as_bytes()).to_vec(),
            takes: takes.concat(),
            owners: plan.impact.owners.iter().map(|owner| owner.user.clone()).collect(),
            version: None,
        };
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        work.tx.keep_mapping_plan(&ctx.organization, &kept, ctx.now.minus(KEPT)).await?;
        // It changes nothing for anybody, so that there is nothing to tell.
        work.commit_notes().await?;
        plan.plan = Some(kept.id);
        Ok(plan)
    }
}

impl Work<'_> {
    /// Makes a text the mapping in force, inside the transaction.
    pub(in crate::app) async fn publish(&mut self, publication: &Publication) -> Result<MappingPlan, Error> {
        let organization = self.ctx.organization.clone();
        // A push at the same moment would be judged by the version before, and stay so.
        self.tx.hold_directory(&organization, true).await?;
        let reason = publication.reason.as_deref().unwrap_or_default().trim();
        if reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
            return Err(Error::invalid("reason", format!("one line of at most {LONGEST_REASON} characters")));
        }
        self.touch_owners().await?;
        let kept = match &publication.plan {
            Some(id) => Some(self.kept_plan(id, &publication.text).await?),
            None => None,
        };
        if let Some(version) = kept.as_ref().and_then(|kept| kept.version) {
            return self.published_already(version).await;
        }
        let (app, ctx) = (self.app, self.ctx);
        let planned = match self.caught_up(&publication.text).await? {
            Some(surveyed) => Box::pin(app.concluded(&mut self.tx, ctx, surveyed)).await?,
            None => Box::pin(app.planned(&mut self.tx, ctx, &publication.text)).await?,
        };
        let Planned { plan, connections, moves } = planned;
        if let Some(kept) = &kept {
            refuse_worse(kept, &plan.impact)?;
        }
        let author = ctx.actor.to_string();
        let new = NewVersion { text: &publication.text, connections: &connections, author: &author, reason };
        let version = self.tx.publish_mapping(&organization, new, ctx.now).await?;
        if let Some(kept) = &kept {
            self.tx.use_mapping_plan(&organization, &kept.id, version).await?;
        }
        let MappingPlan { diff, .. } = &plan;
        let detail = json!({
            "version": version, "opened": diff.open.len(), "closed": diff.close.len(), "reason": reason,
        });
        self.tell(EventKind::MappingPublished, [organization.to_string()], detail);
        self.apply(diff, Some(version)).await?;
        self.revoke_everybody();
        self.role_moves = moves;
        // Whose default changes has no binding that says so.
        self.review_all_keys();
        Ok(MappingPlan { version: Some(version), ..plan })
    }

    async fn kept_plan(&mut self, id: &PlanId, text: &str) -> Result<KeptPlan, Error> {
        let kept = self.tx.mapping_plan(&self.ctx.organization, id).await?;
        let kept = kept.filter(|kept| kept.made_at > self.ctx.now.minus(KEPT));
        let kept = kept.ok_or_else(|| Error::not_found("plan", id.as_str()))?;
        if kept.text != sha256(text.as_bytes()) {
            let detail = "the plan is that of another text: plan this one, and publish it by that plan";
            return Err(Error::conflict("plan_of_another_text", detail));
        }
        Ok(kept)
    }

    /// The same plan again: somebody did not get the answer.
    async fn published_already(&mut self, version: i64) -> Result<MappingPlan, Error> {
        let (in_force, _) = self.tx.mapping_state(&self.ctx.organization).await?;
        if in_force != Some(version) {
            let detail =
                format!("the plan was published as version {version}, and another is in force since: plan again");
            return Err(Error::conflict("plan_published", detail));
        }
        let diff = Diff { open: Vec::new(), close: Vec::new() };
        let owner_left = self.tx.reachable_owner(&self.ctx.organization, false).await?.is_some();
        let impact = Impact { owner_left, ..Impact::default() };
        Ok(MappingPlan { version: Some(version), plan: None, warnings: Vec::new(), diff, impact })
    }
}

fn refuse_worse(kept: &KeptPlan, impact: &Impact) -> Result<(), Error> {
    let worse = worse(kept, impact);
    if worse.is_empty() {
        return Ok(());
    }
    let named = worse.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    let more = if worse.len() > NAMED { format!("; and {} more", worse.len() - NAMED) } else { String::new() };
    let detail = format!("since it was planned this has become worse: {named}{more}. Nothing was changed; plan again");
    Err(Error::conflict("plan_worse", detail))
}
