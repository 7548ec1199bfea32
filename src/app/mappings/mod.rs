//! Mapping drafts, checks, plans and publication.

mod everybody;
mod ground;
mod invited;
mod owner_ways;
mod person;
mod planning;
mod prepared;
mod publish;
mod replay;
mod survey;
mod versions;

pub(super) use everybody::wanted_of_everybody;
pub use owner_ways::OwnerWay;
pub(super) use prepared::Prepared;
pub use publish::Publication;

use super::{
    App, Ctx, Error, RoleChange, Seen, Work, in_force::vocabulary_of, key_safe::nothing_done, seen::text_revision,
};
use crate::{
    mapping::{Checked, Diagnostic, check},
    model::{Capability, EventKind, PlanId},
    plan::{Diff, Impact, Told},
    store::MappingVersion,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::fmt;
use survey::Survey;

/// What publishing a text would do, or did. Its `Display` is what a terminal shows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MappingPlan {
    /// The version that it became; none for a plan.
    pub version: Option<i64>,
    /// Of a plan: what it is published by. What has become worse since is refused then.
    pub plan: Option<PlanId>,
    /// Warnings of the check.
    pub warnings: Vec<Diagnostic>,
    /// Bindings to open and close.
    pub diff: Diff,
    /// What that does to people.
    pub impact: Impact,
}

impl MappingPlan {
    /// Whether nothing changes for anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { version: _, plan: _, warnings: _, diff, impact } = self;
        diff.is_empty() && impact.people.is_empty() && impact.invitations.is_empty()
    }
}

impl fmt::Display for MappingPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version: _, plan: _, warnings: _, diff, impact } = self;
        write!(f, "{}", Told { diff, impact })
    }
}

impl App {
    /// Checks a text against the organization as it is now, without keeping it.
    pub async fn check_mapping(&self, ctx: &Ctx, text: &str) -> Result<Checked, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let (words, _) = vocabulary_of(&mut tx, &ctx.organization, true).await?;
        Ok(check(text, &words, ctx.now))
    }

    /// Saves a draft. A text that does not compile is not kept.
    pub async fn draft_mapping(&self, ctx: &Ctx, text: &str) -> Result<Checked, Error> {
        self.replace_draft(ctx, text, &Draft::Whatever).await
    }

    /// Saves a draft in the place of the one that its author saw: two people who edit at once both notice.
    pub async fn replace_draft(&self, ctx: &Ctx, text: &str, seen: &Draft) -> Result<Checked, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = match work.refuse_lost_edit(seen).await {
            Ok(()) => work.save_draft(text).await,
            Err(error) => Err(error),
        };
        work.finish(outcome).await
    }

    /// The draft, and the version in force.
    pub async fn mapping(&self, ctx: &Ctx) -> Result<(Option<String>, Option<MappingVersion>), Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let draft = tx.mapping_draft(&ctx.organization).await?;
        let version = match tx.mapping_state(&ctx.organization).await?.0 {
            Some(version) => tx.mapping_version(&ctx.organization, version).await?,
            None => None,
        };
        Ok((draft, version))
    }

    /// What publishing the text would do: the same as publishing, without its last step, on a snapshot. Nobody waits for it.
    pub async fn plan_mapping(&self, ctx: &Ctx, text: &str) -> Result<MappingPlan, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let planned = Box::pin(self.planned(&mut tx, ctx, text)).await?;
        drop(tx);
        self.keep_plan(ctx, text, planned.plan).await
    }

    /// Publishes a text: a new version, in force from now on.
    pub async fn publish_mapping(&self, ctx: &Ctx, text: &str) -> Result<MappingPlan, Error> {
        self.publish(ctx, Publication::of(text)).await
    }

    /// Publishes a text as it was planned: what has become worse since is refused, and says what. The same plan twice is one
    /// version.
    pub async fn publish(&self, ctx: &Ctx, publication: Publication) -> Result<MappingPlan, Error> {
        let change = RoleChange::Publish(publication);
        let (prepared, ctx) = self.prepared_publication(ctx, &change).await;
        let mut work = self.begin(&ctx, Capability::ManageOrganization).await?;
        work.prepared = prepared;
        let done = work.unseen(change).await;
        let outcome = done.and_then(|done| done.plan.ok_or_else(nothing_done));
        work.finish(outcome).await
    }
}

/// Which draft a new one replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// Whichever there is.
    Whatever,
    /// One of these revisions.
    This(Seen),
    /// None: there must be no draft yet, or the caller has to say which one they saw.
    Unsaid,
}

impl Work<'_> {
    async fn refuse_lost_edit(&mut self, seen: &Draft) -> Result<(), Error> {
        // The organization's row is taken first: two who save at once come one after the other.
        self.tx.lock_organization(&self.ctx.organization).await?;
        let current = self.tx.mapping_draft(&self.ctx.organization).await?.map(|text| text_revision(&text));
        match (seen, current) {
            (Draft::Whatever, _) | (Draft::Unsaid, None) => Ok(()),
            (Draft::This(seen), Some(current)) if seen.is(&current) => Ok(()),
            (Draft::This(_), _) => Err(Error::Stale),
            (Draft::Unsaid, Some(_)) => Err(Error::Unseen),
        }
    }

    async fn save_draft(&mut self, text: &str) -> Result<Checked, Error> {
        let organization = self.ctx.organization.clone();
        let (words, _) = vocabulary_of(&mut self.tx, &organization, true).await?;
        let checked = check(text, &words, self.ctx.now);
        if checked.mapping.is_none() {
            return Err(Error::Mapping { diagnostics: checked.diagnostics });
        }
        let author = self.ctx.actor.to_string();
        self.tx.save_mapping_draft(&organization, (text, &author), self.ctx.now).await?;
        self.tell(EventKind::MappingDrafted, [organization.to_string()], json!({"bytes": text.len()}));
        Ok(checked)
    }
}
