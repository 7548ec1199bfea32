//! Letters: sealed into the store with the invitation, sent after the commit, gone when they are sent.

use super::{
    super::{Actor, App, Ctx, Error, Need, Work},
    giving::{in_words, inviter},
};
use crate::{
    crypto::{Context, Secret},
    mail::{self, Invited, Letter, MailError},
    model::{Delivery, DeliveryState, EventKind, Instant, Invitation, InvitationId, JobId, OrganizationId},
    store::DueLetter,
};
use serde_json::json;
use std::time::Duration;

/// Letters that are sent in one round.
const CHUNK: i64 = 50;
/// How long a letter is in one node's hand. A node that dies with it lets another try after that.
const IN_HAND: Duration = Duration::from_mins(5);
/// The pause after the first failure; four times as long after each other one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// What a round of sending came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LettersRound {
    /// Letters that a server or the folder took.
    pub sent: usize,
    /// Letters that are tried again later.
    pub postponed: usize,
    /// Letters that nobody took and that are gone.
    pub failed: usize,
}

impl Work<'_> {
    /// Writes the invitation's letter and puts it into the post.
    pub(super) async fn post(&mut self, invitation: &Invitation, secret: &Secret, id: &JobId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let found = self.tx.organization(&organization).await?;
        let name = found.ok_or_else(|| Error::not_found("organization", organization.as_str()))?.name;
        let inviter = inviter(&mut self.tx, &organization, invitation.invited_by.as_ref()).await?;
        let offer = in_words(&mut self.tx, &organization, &invitation.offer).await?;
        let link = format!("{}/invitations/{}", self.app.settings().server.origin(), secret.expose());
        let until = moment(invitation.expires_at);
        let letter = Invited {
            to: &invitation.email,
            organization: &name,
            inviter: &inviter,
            offer: &offer,
            until: &until,
            link: &link,
        };
        let plain = serde_json::to_vec(&letter.letter()).map_err(Error::internal)?;
        let sealed = self.app.sealer().seal(&place(&organization, id), &plain).map_err(Error::internal)?;
        Ok(self.tx.insert_letter(&organization, (id, invitation.id.as_str()), &sealed, self.ctx.now).await?)
    }
}

impl Work<'_> {
    /// Puts any letter into the post.
    pub(in crate::app) async fn post_letter(&mut self, about: &str, letter: &Letter) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let id = JobId::from_uuid(self.app.clock().uuid());
        let plain = serde_json::to_vec(letter).map_err(Error::internal)?;
        let sealed = self.app.sealer().seal(&place(&organization, &id), &plain).map_err(Error::internal)?;
        Ok(self.tx.insert_letter(&organization, (&id, about), &sealed, self.ctx.now).await?)
    }
}

impl App {
    /// Sends what is due. Each letter is at one node at a time; what fails comes back later, and less and less often.
    pub async fn send_letters(&self) -> Result<LettersRound, Error> {
        let mut round = LettersRound::default();
        let due = self.store().read().await?.due_letters(self.clock().now(), CHUNK).await?;
        for letter in due {
            let mut tx = self.store().write("letter in hand").await?;
            let claimed = tx.claim_letter(&letter, self.clock().now().plus(IN_HAND)).await?;
            tx.commit().await?;
            if claimed {
                self.send_letter(&letter, &mut round).await?;
            }
        }
        Ok(round)
    }

    async fn send_letter(&self, due: &DueLetter, round: &mut LettersRound) -> Result<(), Error> {
        let outcome = match self.open_letter(due) {
            Ok(letter) => mail::send(self.settings(), due.id.as_str(), &letter).await,
            Err(why) => Err(MailError::Refused(why)),
        };
        let attempts = due.attempts + 1;
        let now = self.clock().now();
        let state = |state, reason| Delivery { state, at: now, attempts, reason, answer: None };
        match outcome {
            Ok(answer) => {
                round.sent += 1;
                let mut tx = self.store().write("letter sent").await?;
                tx.delete_letter(&due.organization, &due.id).await?;
                let sent = Delivery { answer, ..state(DeliveryState::Sent, None) };
                tx.set_delivery(&due.organization, (&due.id, &due.about), &sent).await?;
                Ok(tx.commit().await?)
            }
            Err(MailError::Later(why)) if now < due.created_at.plus(self.settings().mail.give_up_after.get()) => {
                round.postponed += 1;
                tracing::warn!(letter = %due.id, attempts, why, "a letter was not sent; it is tried again");
                let mut tx = self.store().write("letter postponed").await?;
                tx.postpone_letter(&due.organization, &due.id, now.plus(pause(attempts))).await?;
                let queued = state(DeliveryState::Queued, Some(why));
                tx.set_delivery(&due.organization, (&due.id, &due.about), &queued).await?;
                Ok(tx.commit().await?)
            }
            Err(MailError::Later(why) | MailError::Refused(why)) => {
                round.failed += 1;
                self.give_up(due, state(DeliveryState::Failed, Some(why))).await
            }
        }
    }

    /// What a letter that waits says; else why it cannot be read.
    pub(in crate::app) fn open_letter(&self, due: &DueLetter) -> Result<Letter, String> {
        let plain = self.sealer().open(&place(&due.organization, &due.id), &due.sealed);
        let plain = plain.map_err(|error| format!("the letter cannot be opened: {error}"))?;
        serde_json::from_slice(&plain).map_err(|error| format!("the letter cannot be read: {error}"))
    }

    /// Nobody takes the letter: it goes, and whoever looks at the invitation or the events sees why.
    async fn give_up(&self, due: &DueLetter, delivery: Delivery) -> Result<(), Error> {
        tracing::warn!(letter = %due.id, why = delivery.reason.as_deref(), "a letter was given up");
        let organization = due.organization.clone();
        let ctx = Ctx { actor: Actor::System, organization, now: delivery.at, request: self.new_request() };
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.give_up(due, &delivery)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn give_up(&mut self, due: &DueLetter, delivery: &Delivery) -> Result<(), Error> {
        self.tx.delete_letter(&due.organization, &due.id).await?;
        self.tx.set_delivery(&due.organization, (&due.id, &due.about), delivery).await?;
        let detail = json!({"attempts": delivery.attempts});
        let kind = match due.about.parse::<InvitationId>() {
            Ok(_) => EventKind::InvitationUndelivered,
            Err(_) => EventKind::LetterUndelivered,
        };
        self.tell(kind, [due.about.clone()], detail);
        Ok(())
    }
}

fn pause(attempts: i64) -> Duration {
    let exponent = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(8);
    FIRST_PAUSE.saturating_mul(4_u32.saturating_pow(exponent)).min(LONGEST_PAUSE)
}

/// A moment as letters say it: to the minute, in UTC.
pub(in crate::app) fn moment(at: Instant) -> String {
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(timestamp) => timestamp.strftime("%-d %B %Y, %H:%M UTC").to_string(),
        Err(_) => at.to_string(),
    }
}

/// Where a letter lies, for the sealing.
fn place<'a>(organization: &'a OrganizationId, id: &'a JobId) -> Context<'a> {
    Context { organization: organization.as_str(), table: "letters", row: id.as_str(), column: "sealed" }
}
