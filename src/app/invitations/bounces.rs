//! Letters that came back after the mail server had taken them: whoever reads the bounces tells castgate, and the invitation says so.

use super::super::{App, Ctx, Error, Work};
use crate::model::{Capability, Delivery, DeliveryState, EventKind, Invitation, JobId};
use serde_json::json;

/// The longest reason that is kept.
const LONGEST: usize = 300;

impl App {
    /// Notes that an invitation's letter came back. `message_id` is that of the letter, with or without its angle brackets;
    /// `reason` is what the bounce says. Told twice it is told once.
    pub async fn note_bounce(&self, ctx: &Ctx, message_id: &str, reason: &str) -> Result<Invitation, Error> {
        // RFC 5322 §3.6.4: an id stands in angle brackets, and has a left and a right side; ours have the letter on the left.
        let inner = message_id.trim().trim_start_matches('<').trim_end_matches('>');
        let letter = inner.split('@').next().unwrap_or_default().parse::<JobId>();
        let letter = letter.map_err(|_| {
            Error::invalid(
                "message_id",
                "this is no Message-ID of a letter of castgate: one looks like <job_…@castgate.example>",
            )
        })?;
        let reason = reason.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST);
        let reason = reason.collect::<String>().trim().to_owned();
        if reason.is_empty() {
            return Err(Error::invalid("reason", "say what the bounce says, such as 5.1.1 no such mailbox"));
        }
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = Box::pin(work.note_bounce(&letter, reason)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn note_bounce(&mut self, letter: &JobId, reason: String) -> Result<Invitation, Error> {
        let organization = self.ctx.organization.clone();
        // A letter that was sent again since has another id: what becomes of the one before is nobody's concern.
        let found = self.tx.invitation_of_letter(&organization, letter).await?;
        let mut invitation = found.ok_or_else(|| Error::not_found("letter of an invitation", letter.as_str()))?;
        if invitation.delivery.state == DeliveryState::Bounced {
            return Ok(invitation);
        }
        let delivery = Delivery {
            state: DeliveryState::Bounced,
            at: self.ctx.now,
            reason: Some(reason),
            ..invitation.delivery.clone()
        };
        self.tx.set_delivery(&organization, (letter, invitation.id.as_str()), &delivery).await?;
        self.tx.delete_letter(&organization, letter).await?;
        self.tell(EventKind::InvitationUndelivered, [invitation.id.to_string()], json!({"how": "bounced"}));
        invitation.delivery = delivery;
        Ok(invitation)
    }
}
