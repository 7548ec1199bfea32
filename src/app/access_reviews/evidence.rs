//! What a review comes to, for people and for auditors: names beside the ids, as JSON and as CSV.

use super::super::{App, Ctx, Error, csv_line};
use crate::{
    model::{
        AccessReview, AccessReviewId, Capability, Decided, Finding, Instant, OrganizationId, Proposal, ProposalId,
        ReviewProgress, Verdict,
    },
    store::Tx,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// Proposals that are read at once.
const CHUNK: i64 = 500;

/// What the evidence is, and what it is not.
const STATEMENT: &str = "Uses are those that castgate recorded: sessions and API keys that it let in, and capabilities that it \
                         weighed and found, for itself and for services that asked it by the capability's name. What a service \
                         decides by roles that it reads out of a token or a header is not recorded.";

/// One proposal, with the names of what it is about.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShownProposal {
    /// Its id.
    pub id: ProposalId,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// Whom or what it is about, for people.
    pub about: String,
    /// The same, in words.
    pub evidence: String,
    /// What may be decided.
    pub verdicts: Vec<Verdict>,
    /// What was.
    pub decided: Option<Decided>,
    /// When it was done.
    pub applied_at: Option<Instant>,
    /// By whom: an actor's text.
    pub applied_by: Option<String>,
}

/// A review as evidence.
#[derive(Debug)]
pub struct Evidence {
    /// The review.
    pub review: AccessReview,
    /// How far it is.
    pub progress: ReviewProgress,
    /// What it rests on.
    pub statement: &'static str,
    /// Everything that it found.
    pub proposals: Vec<ShownProposal>,
}

impl App {
    /// Up to `limit` of what a review found, behind this id.
    pub async fn review_proposals(
        &self,
        ctx: &Ctx,
        id: &AccessReviewId,
        (after, limit): (&str, i64),
    ) -> Result<Vec<ShownProposal>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        if tx.review(&ctx.organization, id).await?.is_none() {
            return Err(super::gone(id));
        }
        let proposals = tx.proposals_after((&ctx.organization, id), after, limit).await?;
        shown(&mut tx, &ctx.organization, proposals).await
    }

    /// The whole of a review.
    pub async fn review_evidence(&self, ctx: &Ctx, id: &AccessReviewId) -> Result<Evidence, Error> {
        let (review, progress) = self.access_review(ctx, id).await?;
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let mut proposals: Vec<ShownProposal> = Vec::new();
        loop {
            let after = proposals.last().map(|last| last.id.to_string()).unwrap_or_default();
            let more = tx.proposals_after((&ctx.organization, id), &after, CHUNK).await?;
            if more.is_empty() {
                return Ok(Evidence { review, progress, statement: STATEMENT, proposals });
            }
            proposals.extend(shown(&mut tx, &ctx.organization, more).await?);
        }
    }
}

/// The names of ids, each asked for once.
struct Names<'a> {
    tx: &'a mut Tx,
    organization: &'a OrganizationId,
    known: HashMap<String, String>,
}

impl Names<'_> {
    async fn of(&mut self, id: &str) -> Result<String, Error> {
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let name = self.look_up(id).await?.unwrap_or_else(|| id.to_owned());
        self.known.insert(id.to_owned(), name.clone());
        Ok(name)
    }

    async fn look_up(&mut self, id: &str) -> Result<Option<String>, Error> {
        if let Ok(user) = id.parse() {
            let found = self.tx.user(self.organization, &user).await?;
            return Ok(found.map(|user| match &user.email {
                Some(email) if email != user.label() => format!("{} <{email}>", user.label()),
                Some(_) | None => user.label().to_owned(),
            }));
        }
        if let Ok(account) = id.parse() {
            return Ok(self.tx.service_account(self.organization, &account).await?.map(|account| account.name));
        }
        if let Ok(invitation) = id.parse() {
            return Ok(self.tx.invitation(self.organization, &invitation).await?.map(|found| found.email));
        }
        if let Ok(key) = id.parse() {
            let name = self.tx.key_name(self.organization, &key).await?;
            return Ok(name.map(|name| format!("key “{name}”")));
        }
        Ok(None)
    }
}

async fn shown(
    tx: &mut Tx,
    organization: &OrganizationId,
    proposals: Vec<Proposal>,
) -> Result<Vec<ShownProposal>, Error> {
    /// Names that are written out; of more than that the number is enough.
    const NAMED: usize = 20;
    let mut names = Names { tx, organization, known: HashMap::new() };
    let mut all = Vec::with_capacity(proposals.len());
    for Proposal { id, finding, decided, applied } in proposals {
        let mut about = Vec::new();
        let subjects = finding.subjects();
        for subject in subjects.iter().take(NAMED).filter(|subject| !subject.starts_with("bnd_")) {
            about.push(names.of(subject).await?);
        }
        if subjects.len() > NAMED {
            about.push(format!("and {} more", subjects.len() - NAMED));
        }
        let (applied_at, applied_by) = applied.unzip();
        all.push(ShownProposal {
            id,
            about: about.join(", "),
            evidence: finding.to_string(),
            verdicts: finding.verdicts().to_vec(),
            finding,
            decided,
            applied_at,
            applied_by,
        });
    }
    Ok(all)
}

impl Evidence {
    /// One line for each proposal, as RFC 4180 has it. No cell is a formula, whatever a stranger called themselves.
    #[must_use]
    pub fn csv(&self) -> String {
        const HEAD: [&str; 12] = [
            "review",
            "proposal",
            "kind",
            "about",
            "ids",
            "evidence",
            "verdict",
            "decided_by",
            "decided_at",
            "note",
            "applied_by",
            "applied_at",
        ];
        let mut text = csv_line(&HEAD.map(str::to_owned));
        for one in &self.proposals {
            let decided = one.decided.as_ref();
            let at = |at: Option<Instant>| at.map(|at| at.to_string()).unwrap_or_default();
            text.push_str(&csv_line(&[
                self.review.name.clone(),
                one.id.to_string(),
                one.finding.kind().to_owned(),
                one.about.clone(),
                one.finding.subjects().join(" "),
                one.evidence.clone(),
                decided.map(|decided| decided.verdict.name().to_owned()).unwrap_or_default(),
                decided.map(|decided| decided.by.clone()).unwrap_or_default(),
                at(decided.map(|decided| decided.at)),
                decided.map(|decided| decided.note.clone()).unwrap_or_default(),
                one.applied_by.clone().unwrap_or_default(),
                at(one.applied_at),
            ]));
        }
        text
    }
}
