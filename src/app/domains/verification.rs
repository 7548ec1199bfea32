//! Who owns a domain: its DNS says so, again and again; or the operator does, at the machine itself.

use super::{
    super::{Actor, App, Ctx, Error, Need, Work},
    DomainRecord, ShownDomain, present,
};
use crate::model::{Capability, DomainClaim, DomainProof, EventKind, Instant, fold};
use serde_json::json;

/// Domains whose record is looked at in one round.
const CHUNK: i64 = 20;

/// What DNS says about a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// The record is there.
    Shown,
    /// It is not; and what is there instead.
    Missing(String),
    /// Nobody knows.
    None(String),
}

impl App {
    /// Asks DNS whether a domain is the organization's.
    pub async fn verify_domain(&self, ctx: &Ctx, domain: &str) -> Result<ShownDomain, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let claim = present(&mut tx, &ctx.organization, domain).await?;
        drop(tx);
        let record = DomainRecord::of(&ctx.organization, &claim.domain);
        let answer = self.look(&record).await;
        match answer {
            Answer::Shown => {
                let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
                let outcome = Box::pin(work.show_domain(&claim.domain)).await;
                work.finish(outcome).await?;
                self.domain(ctx, domain).await
            }
            Answer::Missing(ref why) | Answer::None(ref why) => {
                self.note_answer(ctx, &claim.domain, &answer).await?;
                let detail = format!("{why}; publish the TXT record {} with the text {}", record.name, record.value);
                Err(Error::conflict("not_verified", detail))
            }
        }
    }

    /// The operator says whose a domain is: where no DNS can be asked. A local command, and on record.
    pub async fn assert_domain(&self, slug: &str, domain: &str) -> Result<ShownDomain, Error> {
        let organization = self.organization_by_slug(slug).await?;
        let ctx = self.operator(organization.id);
        let mut work = self.begin(&ctx, Need::Operator).await?;
        let outcome = Box::pin(work.assert_domain(domain)).await;
        work.finish(outcome).await?;
        tracing::warn!(organization = slug, domain, "the operator asserted an e-mail domain: no DNS record shows it");
        self.domain(&ctx, domain).await
    }

    /// Looks again at records that were not looked at for a while; how many. What is gone for too long ends what rests on it.
    pub(in crate::app) async fn recheck_domains(&self) -> Result<usize, Error> {
        let now = self.clock().now();
        let due = now.minus(self.settings().domains.recheck.get());
        let domains = self.store().read().await?.domains_to_check(due, CHUNK).await?;
        for (organization, domain) in &domains {
            let answer = self.look(&DomainRecord::of(organization, domain)).await;
            let (actor, request) = (Actor::System, self.new_request());
            let ctx = Ctx { actor, organization: organization.clone(), now: self.clock().now(), request };
            let lost = self.note_answer(&ctx, domain, &answer).await?;
            if let Some(claim) = lost {
                let mut work = self.begin(&ctx, Need::Directory).await?;
                let outcome = Box::pin(work.lose_domain(claim)).await;
                work.finish(outcome).await?;
            }
        }
        Ok(domains.len())
    }

    async fn look(&self, record: &DomainRecord) -> Answer {
        match self.inner.texts.at(&record.name).await {
            Ok(texts) if texts.iter().any(|text| text.trim() == record.value) => Answer::Shown,
            Ok(texts) if texts.is_empty() => Answer::Missing(format!("there is no TXT record at {}", record.name)),
            Ok(texts) => {
                Answer::Missing(format!("the {} TXT records at {} say something else", texts.len(), record.name))
            }
            Err(error) => Answer::None(error.to_string()),
        }
    }

    /// Writes what DNS said of a domain that was shown before. The claim that is lost now, if it is.
    async fn note_answer(&self, ctx: &Ctx, domain: &str, answer: &Answer) -> Result<Option<DomainClaim>, Error> {
        let mut tx = self.store().write("domain looked at").await?;
        let Some(mut claim) = tx.domain_claim(&ctx.organization, domain).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        note(&mut claim, answer, ctx.now);
        if claim.proof.is_none() {
            // Nothing is missing that was never there.
            claim.missing_since = None;
        }
        tx.set_domain_claim(&ctx.organization, &claim).await?;
        tx.commit().await?;
        let patience = self.settings().domains.grace.get();
        Ok(Some(claim).filter(|claim| claim.missing_since.is_some_and(|since| since.plus(patience) <= ctx.now)))
    }
}

/// What an answer changes. No answer changes nothing: a name server that is away proves nothing.
fn note(claim: &mut DomainClaim, answer: &Answer, now: Instant) {
    claim.checked_at = Some(now);
    match answer {
        Answer::Shown => (claim.answer, claim.missing_since) = (None, None),
        Answer::Missing(why) => {
            claim.answer = Some(why.clone());
            claim.missing_since = claim.missing_since.or(Some(now));
        }
        Answer::None(why) => claim.answer = Some(why.clone()),
    }
}

impl Work<'_> {
    async fn show_domain(&mut self, domain: &str) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let mut claim = present(&mut self.tx, &organization, domain).await?;
        self.refuse_taken(domain).await?;
        note(&mut claim, &Answer::Shown, self.ctx.now);
        claim.proof = Some(DomainProof::Dns);
        claim.verified_at = Some(self.ctx.now);
        self.change_domain(&claim, EventKind::DomainVerified).await
    }

    async fn assert_domain(&mut self, domain: &str) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let domain = fold(domain.trim());
        let Some(mut claim) = self.tx.domain_claim(&organization, &domain).await? else {
            let detail =
                format!("no connection of the organization claims {domain}: add it to a connection's domains first");
            return Err(Error::conflict("not_claimed", detail));
        };
        self.refuse_taken(&domain).await?;
        claim.proof = Some(DomainProof::Operator);
        claim.verified_at = Some(self.ctx.now);
        (claim.missing_since, claim.answer) = (None, None);
        self.change_domain(&claim, EventKind::DomainAsserted).await?;
        self.notify(&json!({"what": "the operator asserted an e-mail domain", "domain": domain})).await
    }

    async fn lose_domain(&mut self, mut claim: DomainClaim) -> Result<(), Error> {
        // Enforcing rests on owning: whoever owns the domain now must not be held by it.
        self.touch_owners().await?;
        (claim.proof, claim.verified_at, claim.missing_since) = (None, None, None);
        (claim.enforced_at, claim.enforced_by) = (None, None);
        self.change_domain(&claim, EventKind::DomainLost).await?;
        let what = "a domain's TXT record is gone: its people are no longer led to the connection, and enforcing ended";
        self.notify(&json!({"what": what, "domain": claim.domain})).await
    }
}
