//! A whole organization as a document: exported, planned, applied.
//!
//! The document becomes steps, each of which is the same as anywhere else; all of them are one change, in one transaction, under
//! one guard of the owners. A plan takes the same steps and undoes them, so it cannot disagree with what is done. Keys that the
//! change touches are shown first and chosen for as with every other change of roles.

mod everybody;
mod fingerprint;
mod impact;
mod prepared;
mod steps;
mod there;

pub(super) use prepared::Configuring;

use super::{App, Ctx, Error, RoleChange, Work, key_safe::nothing_done};
use crate::{
    blueprint::{Change, Compared, Known, Step, ToldChanges, Wanted, compare, read_document},
    crypto::sha256,
    mapping::Diagnostic,
    model::Capability,
    plan::{Fate, Impact, TextDiff},
};
use data_encoding::HEXLOWER;
use everybody::Everybody;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use steps::Ids;
use there::{There, there};

/// Lines of a mapping that a plan shows.
const MOST_LINES: usize = 200;
/// What whoever speaks of a whole organization has to hold.
const NEEDED: [Capability; 3] =
    [Capability::ManageOrganization, Capability::ManageMembers, Capability::CreateServiceAccountKeys];

/// A document that is to be made true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The YAML.
    pub text: String,
    /// Whether what a section of it does not name is deleted.
    #[serde(default)]
    pub prune: bool,
    /// What a plan of it gave: when it would do something else by now, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

/// What a document would do, or did. Its `Display` is what a terminal shows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConfigurationPlan {
    /// What to send with the document, so that what was seen is done, or nothing.
    pub plan: String,
    /// What changes.
    pub changes: Vec<Change>,
    /// What is there and not in the document, and stays.
    pub left_alone: Vec<String>,
    /// Who is named and not here yet: they are left out until they are.
    pub waiting: Vec<String>,
    /// Warnings about the mapping, by their places in the document.
    pub warnings: Vec<Diagnostic>,
    /// What that does to people.
    pub impact: Impact,
}

impl ConfigurationPlan {
    /// With its fingerprint, which has to be the one that was seen, if one was.
    fn of(
        wanted: &Configuration,
        Compared { changes, left_alone }: Compared,
        waiting: Vec<String>,
        (impact, warnings): (Impact, Vec<Diagnostic>),
    ) -> Result<Self, Error> {
        let plan = fingerprint::of(&changes, &impact)?;
        if let Some(seen) = &wanted.plan {
            fingerprint::check(seen, &plan)?;
        }
        Ok(Self { plan, changes, left_alone, waiting, warnings, impact })
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl fmt::Display for ConfigurationPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan: _, changes, left_alone, waiting, warnings: _, impact } = self;
        write!(f, "{}", ToldChanges { changes, left_alone, waiting })?;
        if changes.is_empty() { Ok(()) } else { write!(f, "\n{impact}") }
    }
}

/// An organization as a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExportedConfiguration {
    /// The YAML. Nothing in it is secret, and nothing an id.
    pub text: String,
}

impl App {
    /// The organization as a document that makes another one like it.
    pub async fn export_configuration(&self, ctx: &Ctx) -> Result<ExportedConfiguration, Error> {
        let There { known, ids: _ } = self.there_now(ctx).await?;
        Ok(ExportedConfiguration { text: known.there.text() })
    }

    /// What a document would do, to what there is and to people. Every step is taken and undone.
    pub async fn plan_configuration(&self, ctx: &Ctx, wanted: &Configuration) -> Result<ConfigurationPlan, Error> {
        let there = self.there_now(ctx).await?;
        let configuring = self.prepared_at(ctx, wanted, &there, false).await?;
        // Most plans of a repository change nothing, and nobody's pushes wait for one to say so.
        if let Some(nothing) = self.nothing_to_do(ctx, (wanted, &configuring), &there.known)? {
            return Ok(nothing);
        }
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        work.configuring = Some(configuring);
        let outcome = Box::pin(work.configure(wanted)).await;
        work.tx.rollback().await?;
        outcome
    }

    /// The plan of a document that is true already.
    fn nothing_to_do(
        &self,
        ctx: &Ctx,
        (wanted, configuring): (&Configuration, &Configuring),
        known: &Known,
    ) -> Result<Option<ConfigurationPlan>, Error> {
        let (document, compared) = self.compared(ctx, (wanted, configuring), known)?;
        if !compared.changes.is_empty() {
            return Ok(None);
        }
        ConfigurationPlan::of(wanted, compared, document.waiting, (Impact::none(), Vec::new())).map(Some)
    }

    fn compared(
        &self,
        ctx: &Ctx,
        (wanted, configuring): (&Configuration, &Configuring),
        known: &Known,
    ) -> Result<(Wanted, Compared), Error> {
        let read = read_document(&wanted.text, known, ctx.now);
        let mut document = read.map_err(|diagnostics| Error::Configuration { diagnostics })?;
        for (key, connection) in document.state.connections.iter_mut().flatten() {
            if let Some(found) = configuring.read_from_provider(key) {
                connection.settings = found;
            }
            connection.settings = self.checked(connection.settings.clone()).map_err(|error| match error {
                Error::Invalid { place, detail } => Error::invalid(format!("connection {key}: {place}"), detail),
                error => error,
            })?;
        }
        let compared = compare((&known.there, &document.state), wanted.prune, mapping_lines);
        Ok((document, compared))
    }

    /// Makes a document true, if that touches no API key: what touches one needs the preview of
    /// [`RoleChange::Configure`](super::RoleChange).
    pub async fn configure(&self, ctx: &Ctx, wanted: Configuration) -> Result<ConfigurationPlan, Error> {
        let configuring = self.prepared(ctx, &wanted, true).await?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        work.configuring = Some(configuring);
        let done = Box::pin(work.unseen(RoleChange::Configure(wanted))).await;
        let outcome = done.and_then(|done| done.configured.ok_or_else(nothing_done));
        work.finish(outcome).await
    }

    /// What is there now, for who holds all that a whole organization takes.
    async fn there_now(&self, ctx: &Ctx) -> Result<There, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        if let Some(held) = self.access_of_actor(&mut tx, ctx).await? {
            holds_all(&held)?;
        }
        let everybody = Everybody::load(self, &mut tx, ctx).await?;
        there(&mut tx, ctx, &everybody).await
    }
}

fn holds_all(held: &crate::access::Access) -> Result<(), Error> {
    let lacks = |capability: &&Capability| !held.can(**capability, &crate::model::Scope::Organization);
    match NEEDED.iter().find(lacks) {
        Some(capability) => Err(Error::Forbidden { need: super::Need::from(*capability).to_string() }),
        None => Ok(()),
    }
}

impl Work<'_> {
    /// What the actor held before a configuration began; else what they hold now.
    pub(super) async fn held_by_actor(&mut self) -> Result<Option<crate::access::Access>, Error> {
        match self.configuring.as_ref().and_then(|configuring| configuring.holds.clone()) {
            Some(held) => Ok(Some(held)),
            None => self.app.access_of_actor(&mut self.tx, self.ctx).await,
        }
    }

    /// Makes a document true, inside the transaction.
    pub(super) async fn configure(&mut self, wanted: &Configuration) -> Result<ConfigurationPlan, Error> {
        // Nobody pushes meanwhile, and the owners are looked at as they were before the first step.
        self.tx.hold_directory(&self.ctx.organization, true).await?;
        self.touch_owners().await?;
        let held = self.app.access_of_actor(&mut self.tx, self.ctx).await?;
        held.as_ref().map_or(Ok(()), holds_all)?;
        self.configuring.get_or_insert_default().holds = held;
        let (app, ctx) = (self.app, self.ctx);
        let before = Everybody::load(app, &mut self.tx, ctx).await?;
        let There { known, ids } = there(&mut self.tx, ctx, &before).await?;
        let configuring = self.configuring.get_or_insert_default();
        let (document, compared) = app.compared(ctx, (wanted, configuring), &known)?;
        let told = if compared.changes.is_empty() {
            (Impact::none(), Vec::new())
        } else {
            let ids = Ids::of(ids, known);
            let steps: Vec<Step> = compared.changes.iter().flat_map(|change| change.steps.iter().cloned()).collect();
            let mapped = self.take_steps(steps, ids).await.map_err(|error| match error {
                Error::Mapping { diagnostics } => {
                    Error::Configuration { diagnostics: document.in_document(&wanted.text, diagnostics) }
                }
                error => error,
            })?;
            // What the guard gives or takes belongs to what people hold afterwards.
            self.guard_owners().await?;
            let after = Everybody::load(app, &mut self.tx, ctx).await?;
            let (warnings, mapped) = match mapped {
                Some(plan) => (document.in_document(&wanted.text, plan.warnings), Some(plan.impact)),
                None => (Vec::new(), None),
            };
            (self.impact_of(&before, &after, mapped).await?, warnings)
        };
        ConfigurationPlan::of(wanted, compared, document.waiting, told)
    }
}

/// What differs between two mappings, line by line.
fn mapping_lines(before: &str, after: &str) -> Vec<String> {
    let changed = TextDiff::between(before, after).lines.into_iter().filter_map(|line| match line.fate {
        Fate::Stays => None,
        Fate::Comes => Some(format!("+ {}", line.text)),
        Fate::Goes => Some(format!("- {}", line.text)),
    });
    let mut lines: Vec<String> = changed.collect();
    if lines.len() > MOST_LINES {
        let more = lines.split_off(MOST_LINES);
        // What is not shown is a part of what was planned all the same: the fingerprint is made of these lines.
        let hash = HEXLOWER.encode(&sha256(more.join("\n").as_bytes())[..8]);
        lines.push(format!("… and {} more lines ({hash})", more.len()));
    }
    lines
}
