//! From the link in a letter to a person with a role: looked at, followed through the provider, used up.

use super::{
    super::{
        Actor, App, Ctx, Error, Need, SignInBegun, TurnedAway, Work, domains::enforced_connection, sign_in::signs_in,
    },
    giving::{in_words, inviter},
    letters::moment,
};
use crate::{
    access::who::Invited,
    crypto::{TokenKind, token},
    model::{
        Connection, ConnectionId, EventKind, GroupId, Holder, Invitation, InvitationState, Source, User, UserState,
        fold,
    },
    plan::Diff,
    store::Tx,
};
use serde_json::{Map, Value, json};

/// An invitation as whoever holds its link sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationShown {
    /// Into which organization.
    pub organization: String,
    /// Who invites.
    pub inviter: String,
    /// Whom.
    pub email: String,
    /// What is offered, a line each.
    pub offer: Vec<String>,
    /// Until when, as people read it.
    pub until: String,
}

/// Where somebody goes who accepts.
#[derive(Debug)]
pub enum Acceptance {
    /// To the provider; back from there they are in.
    Leave(SignInBegun),
    /// The organization has several providers: to the chosen one.
    Choose(Vec<(ConnectionId, String)>),
    /// The organization has no way to sign in yet.
    Nowhere,
}

fn dead() -> Error {
    Error::TurnedAway(TurnedAway::DeadLink)
}

impl App {
    /// What the invitation of a link offers. Changes nothing, however often it is asked.
    pub async fn invitation_shown(&self, link: &str) -> Result<InvitationShown, Error> {
        let ctx = self.ctx_of_link(link).await?;
        let hash = hash_of(link)?;
        let organization = &ctx.organization;
        let mut tx = self.read(&ctx, Need::Directory).await?;
        let found = tx.invitation_by_link(organization, &hash).await?;
        let invitation = found.filter(|found| found.state(ctx.now) == InvitationState::Pending).ok_or_else(dead)?;
        let name = tx.organization(organization).await?.map(|found| found.name).ok_or_else(dead)?;
        Ok(InvitationShown {
            organization: name,
            inviter: inviter(&mut tx, organization, invitation.invited_by.as_ref()).await?,
            offer: in_words(&mut tx, organization, &invitation.offer).await?,
            until: moment(invitation.expires_at),
            email: invitation.email,
        })
    }

    /// Begins to accept: off to the organization's provider, with the invitation sealed into the sign-in. It is used up when
    /// the person comes back as whom it was sent to.
    pub async fn begin_acceptance(&self, link: &str, chosen: Option<&str>) -> Result<Acceptance, Error> {
        let ctx = self.ctx_of_link(link).await?;
        let hash = hash_of(link)?;
        let mut tx = self.store().read().await?;
        let found = tx.invitation_by_link(&ctx.organization, &hash).await?;
        let invitation = found.filter(|found| found.state(ctx.now) == InvitationState::Pending).ok_or_else(dead)?;
        let ready = providers_for(&mut tx, &ctx, &invitation.email).await?;
        drop(tx);
        let chosen = match ready.as_slice() {
            [] => return Ok(Acceptance::Nowhere),
            [only] => only,
            several => match several.iter().find(|one| chosen == Some(one.id.as_str())) {
                Some(one) => one,
                None => {
                    return Ok(Acceptance::Choose(
                        several.iter().map(|one| (one.id.clone(), one.name.clone())).collect(),
                    ));
                }
            },
        };
        let hint = Some(invitation.email.as_str());
        let begun = self.begin_invited_sign_in(&ctx.organization, &chosen.id, hint, &hash).await?;
        Ok(Acceptance::Leave(begun))
    }

    /// Nobody is known yet: it is castgate itself that looks.
    async fn ctx_of_link(&self, link: &str) -> Result<Ctx, Error> {
        let hash = hash_of(link)?;
        let organization = self.store().read().await?.organization_of_link(&hash).await?.ok_or_else(dead)?;
        Ok(Ctx { actor: Actor::System, organization, now: self.clock().now(), request: self.new_request() })
    }
}

fn hash_of(link: &str) -> Result<[u8; 32], Error> {
    token::parse(link, TokenKind::Invitation).map(|presented| presented.hash()).map_err(|_| dead())
}

/// The provider that owns the address's domain, or every one of the organization.
async fn providers_for(tx: &mut Tx, ctx: &Ctx, email: &str) -> Result<Vec<Connection>, Error> {
    let mut ready = tx.connections(&ctx.organization).await?;
    ready.retain(signs_in);
    if let Some(only) = enforced_connection(tx, &ctx.organization, Some(email)).await? {
        ready.retain(|one| one.id == only);
        return Ok(ready);
    }
    let domain = email.rsplit_once('@').map(|(_, domain)| fold(domain)).unwrap_or_default();
    if let Some((organization, id)) = tx.domain(&domain).await?
        && organization == ctx.organization
        && ready.iter().any(|one| one.id == id)
    {
        ready.retain(|one| one.id == id);
    }
    Ok(ready)
}

impl Work<'_> {
    /// The invitation of somebody who signs in, held until they are in or not. `email` is what the provider verified.
    pub(in crate::app) async fn invitation_of_arrival(
        &mut self,
        link: Option<&[u8]>,
        email: Option<&str>,
        claims: &Map<String, Value>,
    ) -> Result<(Invited, Option<Invitation>), Error> {
        let Some(link) = link else { return self.invitation_of_address(email).await };
        let organization = self.ctx.organization.clone();
        let found = self.tx.invitation_by_link_to_change(&organization, link).await?;
        let invitation =
            found.filter(|found| found.state(self.ctx.now) == InvitationState::Pending).ok_or_else(dead)?;
        // Whoever is said to be somebody else is not who was invited, verified or not.
        let said = claims.get("email").and_then(Value::as_str);
        match said.is_none_or(|said| fold(said) == fold(&invitation.email)) {
            true => Ok((Invited::ByLink, Some(invitation))),
            false => Ok((Invited::Another, None)),
        }
    }

    /// The pending invitation of an address, held likewise.
    pub(in crate::app) async fn invitation_of_address(
        &mut self,
        email: Option<&str>,
    ) -> Result<(Invited, Option<Invitation>), Error> {
        let Some(email) = email else { return Ok((Invited::No, None)) };
        let found = self.tx.open_invitation_to(&self.ctx.organization.clone(), email).await?;
        let pending = found.filter(|found| found.state(self.ctx.now) == InvitationState::Pending);
        Ok(if pending.is_some() { (Invited::ByAddress, pending) } else { (Invited::No, None) })
    }

    /// Uses up an invitation, which this transaction holds: what it offers is the person's. False when whoever answers for it
    /// may not give all of it any more; then it gives nothing, and stays.
    pub(in crate::app) async fn use_invitation_up(
        &mut self,
        mut invitation: Invitation,
        user: &User,
    ) -> Result<bool, Error> {
        let organization = self.ctx.organization.clone();
        let subjects = [invitation.id.to_string(), user.id.to_string()];
        let left = self.still_there(&invitation.offer).await?;
        let why = match &left {
            Some(left) => self.withheld(invitation.invited_by.as_ref(), left).await?,
            None => Some("a cluster that is still there".to_owned()),
        };
        let (Some(left), None) = (left, &why) else {
            self.tell(EventKind::InvitationWithheld, subjects, json!({"lacks": why}));
            return Ok(false);
        };
        invitation.ended = Some((self.ctx.now, InvitationState::Accepted));
        invitation.accepted_by = Some(user.id.clone());
        invitation.version += 1;
        invitation.updated_at = self.ctx.now;
        self.tx.update_invitation(&organization, &invitation).await?;
        self.tx.delete_letters_about(&organization, invitation.id.as_str()).await?;
        let source = Source::Invitation { id: invitation.id.clone() };
        let open = Self::terms_offered(&user.id, &source, &left);
        let by = invitation.invited_by.as_ref().map(ToString::to_string);
        let detail = json!({"role": left.role, "clusters": left.clusters, "groups": left.groups, "invited_by": by});
        self.tell(EventKind::InvitationAccepted, subjects, detail);
        self.apply(&Diff { open, close: Vec::new() }, None).await?;
        self.join_all(&left.groups, user).await?;
        Ok(true)
    }

    async fn join_all(&mut self, groups: &[GroupId], user: &User) -> Result<(), Error> {
        for group in groups {
            self.join_local_group(group, &Holder::User(user.id.clone())).await?;
        }
        Ok(())
    }

    /// Uses up the invitation of somebody whom the directory pushed, if the connection vouches for the address.
    pub(in crate::app) async fn welcome_pushed(
        &mut self,
        connection: &Connection,
        invitation: Option<Invitation>,
        user: &User,
    ) -> Result<(), Error> {
        use crate::access::who::{Arrival, Case, Known, Namesake, consumes};
        let Some(invitation) = invitation.filter(|_| user.state() == UserState::Active) else { return Ok(()) };
        let case = Case {
            arrival: Arrival::Push,
            known: Known::Nobody,
            active: true,
            namesake: Namesake::None,
            proven: self.owns_domain_of(connection, user.email.as_deref()).await?,
            invited: Invited::ByAddress,
            turned_away: false,
            terms_accepted: true,
        };
        if consumes(case) {
            self.use_invitation_up(invitation, user).await?;
        }
        Ok(())
    }
}
