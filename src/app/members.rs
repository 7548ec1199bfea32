//! Members as owners see them: everybody who is here, was here or is invited, with what they hold, why, and when they were here.

use super::{App, Ctx, Error, RosterRow, directory::TOMBSTONE, gate::role_names};
use crate::model::{
    Capability, ConnectionId, DeliveryState, Instant, Invitation, InvitationId, Offer, UserId, UserState,
};
use schemars::JsonSchema;
use serde::Serialize;

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    /// They were sent an invitation and have not accepted it.
    Invited,
    /// They may come in.
    Active,
    /// Their directory or a person here forbids it.
    Suspended,
    /// They were deleted.
    Removed,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MemberShown {
    /// A user's id, or a pending invitation's.
    pub id: String,
    /// Where they stand.
    pub state: MemberState,
    /// What to call them.
    pub label: String,
    /// Their address.
    pub email: Option<String>,
    /// The connection that they belong to; nothing: none.
    pub connection: Option<ConnectionId>,
    /// What they hold, one word for each; of somebody invited, what they are offered.
    pub roles: Vec<String>,
    /// The same with its reasons, in words.
    pub why: Vec<String>,
    /// When they were last here in person or by a key.
    pub last_seen_at: Option<Instant>,
    /// When they were last here in person.
    pub in_person_at: Option<Instant>,
    /// When a key of theirs was last used.
    pub by_key_at: Option<Instant>,
    /// Since when they are here, or invited.
    pub created_at: Instant,
    /// What became of the invitation's letter.
    pub letter: Option<DeliveryState>,
    /// When the invitation's link stops.
    pub until: Option<Instant>,
}

impl App {
    /// Up to `limit` members whose id is greater than `after`: first who is invited, then everybody else.
    pub async fn members_shown(&self, ctx: &Ctx, after: &str, limit: i64) -> Result<Vec<MemberShown>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let mut members = Vec::new();
        if after < UserId::PREFIX {
            let pending = tx.pending_invitations_after(&ctx.organization, ctx.now, (after, limit)).await?;
            members.extend(pending.into_iter().map(invited));
        }
        let left = limit.saturating_sub(i64::try_from(members.len()).unwrap_or(limit));
        if left == 0 {
            return Ok(members);
        }
        let after = if after < UserId::PREFIX { UserId::PREFIX } else { after };
        let everybody = tx.everybody_after(&ctx.organization, ctx.now.minus(TOMBSTONE), (after, left)).await?;
        members.extend(self.roster_rows(&mut tx, ctx, everybody).await?.into_iter().map(shown));
        Ok(members)
    }
}

/// Somebody who is here, or was.
fn shown(row: RosterRow) -> MemberShown {
    let last_seen_at = row.last_seen_at();
    let RosterRow { user, access, in_person_at, by_key_at } = row;
    MemberShown {
        id: user.id.to_string(),
        state: match user.state() {
            UserState::Active => MemberState::Active,
            UserState::Suspended => MemberState::Suspended,
            UserState::Removed => MemberState::Removed,
        },
        label: user.label().to_owned(),
        roles: role_names(&access),
        why: access.derivations.iter().map(ToString::to_string).collect(),
        last_seen_at,
        in_person_at,
        by_key_at,
        created_at: user.created_at,
        letter: None,
        until: None,
        email: user.email,
        connection: user.connection,
    }
}

/// Somebody invited: no user yet, and a member all the same in the eyes of whoever looks who has access or will.
fn invited(invitation: Invitation) -> MemberShown {
    let id: InvitationId = invitation.id;
    let Offer { role, clusters, groups } = invitation.offer;
    let mut roles: Vec<String> = clusters.iter().map(|cluster| format!("{role}@{cluster}")).collect();
    if clusters.is_empty() {
        roles.push(role.to_string());
    }
    let mut why = vec![format!("offered by invitation {id}")];
    why.extend(groups.iter().map(|group| format!("and a place in group {group}")));
    MemberShown {
        id: id.to_string(),
        state: MemberState::Invited,
        label: invitation.email.clone(),
        email: Some(invitation.email),
        connection: None,
        roles,
        why,
        last_seen_at: None,
        in_person_at: None,
        by_key_at: None,
        created_at: invitation.created_at,
        letter: Some(invitation.delivery.state),
        until: Some(invitation.expires_at),
    }
}
