//! Invitations: a role and groups, offered by mail to people who are not here yet.
//!
//! Whoever made, changed or sent an invitation last answers for it: nobody offers what they do not hold, and what they hold is
//! weighed [again](giving) when it is accepted. The link's token is stored as a hash; the letter that carries it lies sealed
//! until it is [sent](letters). Looking at a link changes nothing; it is used up by whoever [arrives](acceptance) through the
//! organization's provider and is who was invited.

mod acceptance;
mod bounces;
mod giving;
mod letters;

pub use acceptance::{Acceptance, InvitationShown};
pub use letters::LettersRound;
pub(super) use letters::moment;

use super::{App, Ctx, Error, Work, seen::Seen};
use crate::{
    crypto::{Secret, TokenKind, token},
    mail::checked_address,
    model::{Capability, Delivery, EventKind, Invitation, InvitationId, InvitationState, JobId, Offer, Role, fold},
};
use serde_json::{Value, json};
use std::time::Duration;

/// The most addresses that are invited at once.
pub const MOST_INVITED: usize = 100;
/// The most domains of an allow-list, clusters and groups of an offer.
const MOST_NAMED: usize = 100;

/// Somebody who is to be invited.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The address.
    pub email: String,
    /// The role.
    pub role: Role,
    /// Clusters by slug or id; none: the whole organization.
    pub clusters: Vec<String>,
    /// Local groups by id or name.
    pub groups: Vec<String>,
}

/// Why an address was not invited. The others were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotInvited {
    /// The address, as it was sent.
    pub email: String,
    /// A stable word.
    pub code: &'static str,
    /// What was wrong, and what to do.
    pub detail: String,
}

/// What a pending invitation is to offer. What is left out stays.
#[derive(Debug, Clone, Default)]
pub struct OfferChange {
    /// The role.
    pub role: Option<Role>,
    /// Clusters by slug or id; an empty list: the whole organization.
    pub clusters: Option<Vec<String>>,
    /// Local groups by id or name.
    pub groups: Option<Vec<String>>,
    /// The version that the change is meant for.
    pub if_match: Option<i64>,
}

impl App {
    /// Invites people. Each address is judged by itself: those that cannot be invited are told of, the others are invited.
    pub async fn invite(
        &self,
        ctx: &Ctx,
        wishes: Vec<Wish>,
        life: Option<Duration>,
    ) -> Result<Vec<Result<Invitation, NotInvited>>, Error> {
        if wishes.is_empty() || wishes.len() > MOST_INVITED {
            return Err(Error::invalid("invitations", format!("invite 1 to {MOST_INVITED} addresses at once")));
        }
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.invite_all(wishes, life)).await;
        work.finish(outcome).await
    }

    /// Up to `limit` invitations whose id is greater than `after`.
    pub async fn invitations(&self, ctx: &Ctx, after: &str, limit: i64) -> Result<Vec<Invitation>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.invitations_after(&ctx.organization, after, limit).await?)
    }

    /// One invitation.
    pub async fn invitation(&self, ctx: &Ctx, id: &InvitationId) -> Result<Invitation, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        tx.invitation(&ctx.organization, id).await?.ok_or_else(|| Error::not_found("invitation", id.as_str()))
    }

    /// Changes what a pending invitation offers; the actor answers for it from now on.
    pub async fn change_invitation(
        &self,
        ctx: &Ctx,
        id: &InvitationId,
        change: OfferChange,
    ) -> Result<Invitation, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.change_invitation(id, change)).await;
        work.finish(outcome).await
    }

    /// Sends an invitation again, with another link and another life: the link before is dead. The actor answers for it.
    pub async fn resend_invitation(
        &self,
        ctx: &Ctx,
        id: &InvitationId,
        life: Option<Duration>,
    ) -> Result<Invitation, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.resend_invitation(id, life)).await;
        work.finish(outcome).await
    }

    /// Takes an invitation back: its link is dead. What was accepted is taken back from the person instead.
    pub async fn revoke_invitation(&self, ctx: &Ctx, id: &InvitationId) -> Result<Invitation, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.revoke_invitation(id)).await;
        work.finish(outcome).await
    }

    /// The domains whose addresses may be invited (none: any), and that list's version.
    pub async fn invitation_domains(&self, ctx: &Ctx) -> Result<(Vec<String>, i64), Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.invitation_domains(&ctx.organization).await?)
    }

    /// Says whose addresses may be invited from now on. Invitations that are pending stay.
    pub async fn set_invitation_domains(
        &self,
        ctx: &Ctx,
        domains: &[String],
        seen: Option<&Seen>,
    ) -> Result<(Vec<String>, i64), Error> {
        let domains = checked_domains(domains)?;
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.set_invitation_domains(domains, seen)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn invite_all(
        &mut self,
        wishes: Vec<Wish>,
        life: Option<Duration>,
    ) -> Result<Vec<Result<Invitation, NotInvited>>, Error> {
        let mut outcomes = Vec::with_capacity(wishes.len());
        let (mut ids, mut offers) = (Vec::new(), Vec::new());
        for wish in wishes {
            let email = wish.email.clone();
            match self.invite_one(wish, life).await {
                Ok(invitation) => {
                    ids.push(invitation.id.to_string());
                    offers.push(told(&invitation));
                    outcomes.push(Ok(invitation));
                }
                Err(error) => outcomes.push(Err(refusal(email, error)?)),
            }
        }
        if !ids.is_empty() {
            self.tell(EventKind::InvitationCreated, ids, json!({"offers": offers}));
        }
        Ok(outcomes)
    }

    async fn invite_one(&mut self, wish: Wish, life: Option<Duration>) -> Result<Invitation, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let email = self.may_be_invited(&wish.email).await?;
        let open = self.tx.open_invitation_to(&organization, &email).await?;
        if let Some(open) = open.iter().find(|open| open.state(now) == InvitationState::Pending) {
            let detail = format!("there is a pending invitation to this address already: {}; send it again", open.id);
            return Err(Error::conflict("already_invited", detail));
        }
        let offer = self.offer(&wish.role, &wish.clusters, &wish.groups).await?;
        self.may_offer(&offer).await?;
        if let Some(mut over) = open {
            over.ended = Some((now, InvitationState::Expired));
            over.version += 1;
            self.tx.update_invitation(&organization, &over).await?;
        }
        let invitation = Invitation {
            id: InvitationId::from_uuid(self.app.clock().uuid()),
            email,
            offer,
            invited_by: self.ctx.actor.holder(),
            created_at: now,
            updated_at: now,
            expires_at: self.until(life),
            ended: None,
            accepted_by: None,
            delivery: Delivery::queued(now),
            version: 1,
            resends: 0,
        };
        let (secret, letter) = self.link();
        if !self.tx.insert_invitation(&organization, &invitation, (&secret.hash(), &letter)).await? {
            return Err(Error::conflict("already_invited", "somebody else invited this address at the same moment"));
        }
        self.post(&invitation, &secret, &letter).await?;
        Ok(invitation)
    }

    /// The address, if somebody who reads there may be invited.
    async fn may_be_invited(&mut self, email: &str) -> Result<String, Error> {
        let organization = self.ctx.organization.clone();
        let email = checked_address(email).map_err(|error| Error::invalid("email", error.to_string()))?;
        self.domain_is_allowed(&email).await?;
        let known = self.tx.users_by_email(&organization, &email).await?;
        if let Some(user) = known.first() {
            let detail = format!("{} has this address and is here already: give them the role itself", user.id);
            return Err(Error::conflict("already_member", detail));
        }
        Ok(email)
    }

    async fn domain_is_allowed(&mut self, email: &str) -> Result<(), Error> {
        let (domains, _) = self.tx.invitation_domains(&self.ctx.organization.clone()).await?;
        let domain = email.rsplit_once('@').map(|(_, domain)| fold(domain)).unwrap_or_default();
        if domains.is_empty() || domains.contains(&domain) {
            return Ok(());
        }
        let detail = format!("addresses at {domain} may not be invited; those at {} may", domains.join(", "));
        Err(Error::conflict("domain_not_allowed", detail))
    }

    async fn change_invitation(&mut self, id: &InvitationId, change: OfferChange) -> Result<Invitation, Error> {
        let organization = self.ctx.organization.clone();
        let before = self.invitation_to_change(id, &[InvitationState::Pending]).await?;
        if change.if_match.is_some_and(|version| version != before.version) {
            return Err(Error::Stale);
        }
        let ids = |ids: &[_]| ids.iter().map(ToString::to_string).collect::<Vec<String>>();
        let role = change.role.unwrap_or_else(|| before.offer.role.clone());
        let clusters = change.clusters.unwrap_or_else(|| ids(&before.offer.clusters));
        let groups = change.groups.unwrap_or_else(|| before.offer.groups.iter().map(ToString::to_string).collect());
        let mut after = before.clone();
        after.offer = self.offer(&role, &clusters, &groups).await?;
        if after.offer == before.offer {
            return Ok(before);
        }
        self.may_offer(&after.offer).await?;
        self.answers_for(&mut after);
        self.tx.update_invitation(&organization, &after).await?;
        self.tell(EventKind::InvitationChanged, [id.to_string()], told(&after));
        Ok(after)
    }

    async fn resend_invitation(&mut self, id: &InvitationId, life: Option<Duration>) -> Result<Invitation, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let open = [InvitationState::Pending, InvitationState::Expired];
        let mut invitation = self.invitation_to_change(id, &open).await?;
        if invitation.ended.is_some() {
            return Err(not_pending(&invitation, InvitationState::Expired));
        }
        let most = self.app.settings().invitations.resends;
        if invitation.resends >= i64::from(most) {
            let detail =
                format!("it was sent again {most} times: ask whether letters arrive, or invite another address");
            return Err(Error::conflict("sent_too_often", detail));
        }
        self.may_be_invited(&invitation.email.clone()).await?;
        self.may_offer(&invitation.offer).await?;
        self.answers_for(&mut invitation);
        invitation.expires_at = self.until(life);
        invitation.delivery = Delivery::queued(now);
        invitation.resends += 1;
        self.tx.update_invitation(&organization, &invitation).await?;
        let (secret, letter) = self.link();
        self.tx.renew_invitation(&organization, id, (&secret.hash(), &letter), now).await?;
        self.tx.delete_letters_about(&organization, id.as_str()).await?;
        self.post(&invitation, &secret, &letter).await?;
        self.tell(EventKind::InvitationResent, [id.to_string()], told(&invitation));
        Ok(invitation)
    }

    pub(super) async fn revoke_invitation(&mut self, id: &InvitationId) -> Result<Invitation, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let all = [InvitationState::Pending, InvitationState::Expired, InvitationState::Revoked];
        let mut invitation = self.invitation_to_change(id, &all).await?;
        if invitation.ended.is_some() {
            return Ok(invitation);
        }
        invitation.ended = Some((now, InvitationState::Revoked));
        invitation.version += 1;
        invitation.updated_at = now;
        self.tx.update_invitation(&organization, &invitation).await?;
        self.tx.delete_letters_about(&organization, id.as_str()).await?;
        self.tell(EventKind::InvitationRevoked, [id.to_string()], json!({}));
        Ok(invitation)
    }

    /// The invitation, held until the change is made, if it stands so.
    async fn invitation_to_change(
        &mut self,
        id: &InvitationId,
        wanted: &[InvitationState],
    ) -> Result<Invitation, Error> {
        let found = self.tx.invitation_to_change(&self.ctx.organization.clone(), id).await?;
        let invitation = found.ok_or_else(|| Error::not_found("invitation", id.as_str()))?;
        let state = invitation.state(self.ctx.now);
        if wanted.contains(&state) { Ok(invitation) } else { Err(not_pending(&invitation, state)) }
    }

    fn answers_for(&self, invitation: &mut Invitation) {
        invitation.invited_by = self.ctx.actor.holder();
        invitation.version += 1;
        invitation.updated_at = self.ctx.now;
    }

    fn until(&self, life: Option<Duration>) -> crate::model::Instant {
        self.ctx.now.plus(life.unwrap_or(self.app.settings().invitations.lifetime.get()))
    }

    fn link(&self) -> (Secret, JobId) {
        let clock = self.app.clock();
        let secret = token::generate(TokenKind::Invitation, &mut |bytes: &mut [u8]| clock.fill(bytes));
        (secret, JobId::from_uuid(clock.uuid()))
    }

    async fn set_invitation_domains(
        &mut self,
        domains: Vec<String>,
        seen: Option<&Seen>,
    ) -> Result<(Vec<String>, i64), Error> {
        let organization = self.ctx.organization.clone();
        self.tx.lock_organization(&organization).await?;
        let (before, version) = self.tx.invitation_domains(&organization).await?;
        if seen.is_some_and(|seen| !seen.is(&version.to_string())) {
            return Err(Error::Stale);
        }
        if before == domains {
            return Ok((before, version));
        }
        self.tx.set_invitation_domains(&organization, &domains, version + 1).await?;
        let detail = json!({"domains": domains});
        self.tell(EventKind::InvitationSettingsChanged, [organization.to_string()], detail);
        Ok((domains, version + 1))
    }
}

/// What an event says of an invitation; the address is personal, and is not among it.
fn told(invitation: &Invitation) -> Value {
    let Offer { role, clusters, groups } = &invitation.offer;
    json!({"id": invitation.id, "role": role, "clusters": clusters, "groups": groups, "until": invitation.expires_at})
}

fn not_pending(invitation: &Invitation, state: InvitationState) -> Error {
    let what = match state {
        InvitationState::Accepted => "was accepted: change the person's roles instead",
        InvitationState::Revoked => "was revoked: invite the address again",
        InvitationState::Expired => "has expired: send it again, or invite the address again",
        InvitationState::Pending => "is pending",
    };
    Error::conflict("not_pending", format!("{} {what}", invitation.id))
}

/// What is wrong with one address; what is wrong with all of them is an error still.
fn refusal(email: String, error: Error) -> Result<NotInvited, Error> {
    let detail = error.to_string();
    let code = match error {
        Error::Conflict { code, .. } => code,
        Error::Invalid { .. } => "invalid",
        Error::NotFound { .. } => "not_found",
        Error::Forbidden { .. } => "forbidden",
        error => return Err(error),
    };
    Ok(NotInvited { email, code, detail })
}

fn checked_domains(domains: &[String]) -> Result<Vec<String>, Error> {
    if domains.len() > MOST_NAMED {
        return Err(Error::invalid("domains", format!("name at most {MOST_NAMED} domains")));
    }
    let mut checked = Vec::with_capacity(domains.len());
    for domain in domains {
        let domain = fold(domain.trim().trim_start_matches('@'));
        let fits = domain.contains('.') && checked_address(&format!("someone@{domain}")).is_ok();
        if !fits {
            return Err(Error::invalid("domains", format!("“{domain}” is not a domain; one looks like example.com")));
        }
        checked.push(domain);
    }
    checked.sort();
    checked.dedup();
    Ok(checked)
}
