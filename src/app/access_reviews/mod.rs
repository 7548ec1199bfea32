//! Access reviews: who holds what for no visible reason.
//!
//! A review [looks](findings) once, and keeps what it found with the evidence: ids and moments. People decide about each
//! proposal; who decided and when stays with it. What was decided is [applied](applying) like any change, by a preview that lists
//! the keys it touches. What was used since it was found is not applied: the decision rests on evidence that is no longer true.
//!
//! The evidence is what castgate records itself. People were here when a session or a key of theirs was; a key was used when it
//! opened something. That an Owner uses nothing that needs Owner means: since uses are recorded, and for the whole of the days
//! asked for, neither they nor a key of theirs was let in by a capability that Owner gives and Member does not — not here, and
//! not at a service that asks castgate by the capability's name. A service that reads roles out of a token decides by itself; of
//! that nothing is known, and the [exported](evidence) evidence says so.

mod applying;
mod evidence;
mod findings;

pub use evidence::{Evidence, ShownProposal};

use super::{App, Ctx, Error, Work};
use crate::model::{
    AccessReview, AccessReviewId, Capability, Decided, EventKind, Finding, Instant, Proposal, ProposalId, ReviewLimits,
    ReviewProgress, Verdict,
};
use serde_json::json;
use std::collections::BTreeMap;

/// The longest name of a review, and the longest reason, in letters.
const LONGEST_NAME: usize = 100;
const LONGEST_NOTE: usize = 500;
/// The most decisions in one request.
const MOST_DECISIONS: usize = 500;

/// What somebody decides about one proposal.
#[derive(Debug, Clone)]
pub struct Decision {
    /// About what.
    pub proposal: ProposalId,
    /// What; none: what was decided before is taken back.
    pub verdict: Option<Verdict>,
    /// Why.
    pub note: String,
}

impl App {
    /// Looks at everybody, and keeps what is found.
    pub async fn start_access_review(
        &self,
        ctx: &Ctx,
        name: &str,
        limits: ReviewLimits,
    ) -> Result<(AccessReview, ReviewProgress), Error> {
        let name = checked_name(name)?;
        check(&limits)?;
        // Whoever asks uses what lets them ask: it is written with the rest before anything is looked at.
        drop(self.read(ctx, Capability::ManageMembers).await?);
        self.write_key_uses().await?;
        let looked = self.look_for(ctx, &limits).await?;
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.keep_review(name, limits, looked)).await;
        work.finish(outcome).await
    }

    /// Up to `limit` reviews whose id is greater than `after`, with how far they are.
    pub async fn access_reviews(
        &self,
        ctx: &Ctx,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(AccessReview, ReviewProgress)>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let mut all = Vec::new();
        for review in tx.reviews_after(&ctx.organization, after, limit).await? {
            let progress = tx.review_progress((&ctx.organization, &review.id)).await?;
            all.push((review, progress));
        }
        Ok(all)
    }

    /// One review, with how far it is.
    pub async fn access_review(&self, ctx: &Ctx, id: &AccessReviewId) -> Result<(AccessReview, ReviewProgress), Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let review = tx.review(&ctx.organization, id).await?.ok_or_else(|| gone(id))?;
        let progress = tx.review_progress((&ctx.organization, id)).await?;
        Ok((review, progress))
    }

    /// Decides about proposals of a review, all or none.
    pub async fn decide_in_review(
        &self,
        ctx: &Ctx,
        id: &AccessReviewId,
        decisions: &[Decision],
    ) -> Result<ReviewProgress, Error> {
        if decisions.is_empty() || decisions.len() > MOST_DECISIONS {
            return Err(Error::invalid("decisions", format!("send 1 to {MOST_DECISIONS}")));
        }
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.decide_all(id, decisions)).await;
        work.finish(outcome).await
    }

    /// Closes a review: what was not decided stays as it is, and what was decided is evidence.
    pub async fn close_access_review(
        &self,
        ctx: &Ctx,
        id: &AccessReviewId,
    ) -> Result<(AccessReview, ReviewProgress), Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.close_review(id)).await;
        work.finish(outcome).await?;
        self.access_review(ctx, id).await
    }
}

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
struct Looked {
    findings: Vec<Finding>,
    gaps: Vec<String>,
}

impl Work<'_> {
    async fn keep_review(
        &mut self,
        name: String,
        limits: ReviewLimits,
        Looked { findings, gaps }: Looked,
    ) -> Result<(AccessReview, ReviewProgress), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let review = AccessReview {
            id: AccessReviewId::from_uuid(self.app.clock().uuid()),
            name,
            limits,
            created_by: self.ctx.actor.to_string(),
            created_at: now,
            recorded_since: self.tx.uses_recorded_since(&organization, now).await?,
            gaps,
            closed: None,
            version: 1,
        };
        self.tx.insert_review(&organization, &review).await?;
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &findings {
            *found.entry(finding.kind()).or_default() += 1;
        }
        self.tell(EventKind::ReviewStarted, [review.id.to_string()], json!({"limits": limits, "found": found}));
        let proposals = i64::try_from(findings.len()).unwrap_or(i64::MAX);
        for finding in findings {
            let id = ProposalId::from_uuid(self.app.clock().uuid());
            let proposal = Proposal { id, finding, decided: None, applied: None };
            self.tx.insert_proposal(&organization, &review.id, &proposal).await?;
        }
        Ok((review, ReviewProgress { proposals, ..ReviewProgress::default() }))
    }

    /// The review, held until the change is made, if it is open.
    async fn open_review(&mut self, id: &AccessReviewId) -> Result<AccessReview, Error> {
        let found = self.tx.review_to_change(&self.ctx.organization, id).await?;
        let review = found.ok_or_else(|| gone(id))?;
        match &review.closed {
            None => Ok(review),
            Some((at, by)) => {
                let detail = format!("the review “{}” was closed at {at} by {by}: begin another one", review.name);
                Err(Error::conflict("review_closed", detail))
            }
        }
    }

    async fn decide_all(&mut self, id: &AccessReviewId, decisions: &[Decision]) -> Result<ReviewProgress, Error> {
        let organization = self.ctx.organization.clone();
        let mut review = self.open_review(id).await?;
        let mut told = Vec::with_capacity(decisions.len());
        let mut subjects = vec![id.to_string()];
        for decision in decisions {
            let proposal = self.decide(id, decision).await?;
            subjects.extend(proposal.finding.subjects());
            told.push(json!({"proposal": proposal.id, "kind": proposal.finding.kind(), "verdict": decision.verdict}));
        }
        review.version += 1;
        self.tx.update_review(&organization, &review).await?;
        self.tell(EventKind::ReviewDecided, subjects, json!({"decisions": told}));
        Ok(self.tx.review_progress((&organization, id)).await?)
    }

    async fn decide(&mut self, review: &AccessReviewId, decision: &Decision) -> Result<Proposal, Error> {
        let organization = self.ctx.organization.clone();
        let Decision { proposal: id, verdict, note } = decision;
        let found = self.tx.proposal_to_change((&organization, review), id).await?;
        let mut proposal = found.ok_or_else(|| Error::not_found("proposal", id.as_str()))?;
        if proposal.applied.is_some() {
            return Err(Error::conflict("already_applied", format!("{id}: what was decided has been done")));
        }
        if note.chars().count() > LONGEST_NOTE || note.chars().any(|letter| letter.is_control() && letter != '\n') {
            return Err(Error::invalid("note", format!("say why in at most {LONGEST_NOTE} letters")));
        }
        if let Some(verdict) = verdict {
            let may = proposal.finding.verdicts();
            if !may.contains(verdict) {
                let words: Vec<_> = may.iter().map(|verdict| verdict.name()).collect();
                let detail = format!("{id} ({}) can be decided as {}", proposal.finding.kind(), words.join(" or "));
                return Err(Error::invalid("verdict", detail));
            }
            // Nobody vouches for themselves.
            let own = self.ctx.actor.holder().map(|holder| holder.to_string());
            if own.is_some_and(|own| proposal.finding.subjects().contains(&own)) {
                let detail = format!("{id} is about your own access: somebody else decides about that");
                return Err(Error::conflict("own_access", detail));
            }
        }
        let (by, at) = (self.ctx.actor.to_string(), self.ctx.now);
        proposal.decided = verdict.map(|verdict| Decided { verdict, by, at, note: note.clone() });
        self.tx.update_proposal((&organization, review), &proposal).await?;
        Ok(proposal)
    }

    async fn close_review(&mut self, id: &AccessReviewId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let mut review = self.open_review(id).await?;
        review.closed = Some((self.ctx.now, self.ctx.actor.to_string()));
        review.version += 1;
        self.tx.update_review(&organization, &review).await?;
        let progress = self.tx.review_progress((&organization, id)).await?;
        self.tell(EventKind::ReviewClosed, [id.to_string()], json!({"progress": progress}));
        Ok(())
    }
}

fn gone(id: &AccessReviewId) -> Error {
    Error::not_found("access review", id.as_str())
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", format!("give the review a name of 1 to {LONGEST_NAME} letters")));
    }
    Ok(name.to_owned())
}

fn check(limits: &ReviewLimits) -> Result<(), Error> {
    let ReviewLimits { account_days, key_days, invitation_days, owner_days, group_of } = limits;
    let days = [account_days, key_days, invitation_days, owner_days];
    if !days.into_iter().all(|days| (1..=3650).contains(days)) {
        return Err(Error::invalid("limits", "give numbers of days from 1 to 3650"));
    }
    if !(2..=1000).contains(group_of) {
        return Err(Error::invalid("limits", "give a group_of from 2 to 1000"));
    }
    Ok(())
}

/// The moment so many days ago.
fn days_ago(now: Instant, days: u32) -> Instant {
    now.minus(std::time::Duration::from_hours(24 * u64::from(days)))
}
