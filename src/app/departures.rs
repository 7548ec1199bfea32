//! The receipt of somebody's going: what ended when, when the last request of theirs was let in, and what they know still.

use super::{App, Ctx, Error};
use crate::{
    model::{ApiKey, Capability, EventKind, Holder, Instant, UserId, UserState},
    store::Tx,
};
use schemars::JsonSchema;
use serde::Serialize;

/// Events of one person that are looked through for the end of their access.
const LOOKED_AT: i64 = 500;

/// What became of somebody's access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Departure {
    /// Whose.
    pub user: UserId,
    /// `suspended` or `removed`.
    pub state: UserState,
    /// When their access ended.
    pub ended_at: Instant,
    /// By whom: an actor's text.
    pub ended_by: String,
    /// Sessions that ended with it.
    pub sessions: i64,
    /// When a session of theirs was last let in, to the minute.
    pub last_in_person_at: Option<Instant>,
    /// When a key of theirs was last let in.
    pub last_by_key_at: Option<Instant>,
    /// Their keys, which open nothing now and would open again if they came back.
    pub keys: Vec<ApiKey>,
    /// Keys of service accounts whose secrets they know, with the day by which each is to be rotated.
    pub knows: Vec<ApiKey>,
}

impl App {
    /// The receipt of somebody who is suspended or removed.
    pub async fn departure(&self, ctx: &Ctx, id: &UserId) -> Result<Departure, Error> {
        self.write_key_uses().await?;
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let user = tx.user(&ctx.organization, id).await?.ok_or_else(|| Error::not_found("user", id.as_str()))?;
        let state = user.state();
        if state == UserState::Active {
            let detail = format!("{id} is active: there is a receipt once their access has ended");
            return Err(Error::conflict("still_active", detail));
        }
        let (ended_at, ended_by, sessions) = end_of(&mut tx, ctx, id).await?.unwrap_or_else(|| {
            // An event that is no longer kept, or one from before events were.
            (user.removed_at.unwrap_or(user.updated_at), String::new(), 0)
        });
        let (last_in_person_at, last_by_key_at) = tx.last_seen(&ctx.organization, id).await?;
        let keys = tx.api_keys_of(&ctx.organization, &Holder::User(id.clone())).await?;
        let knows = tx.keys_known_by(&ctx.organization, id, ctx.now).await?;
        let knows = knows.into_iter().map(|kept| kept.key).collect();
        let user = user.id;
        Ok(Departure { user, state, ended_at, ended_by, sessions, last_in_person_at, last_by_key_at, keys, knows })
    }
}

/// When and by whom somebody's access ended last, and how many sessions ended with it.
async fn end_of(tx: &mut Tx, ctx: &Ctx, id: &UserId) -> Result<Option<(Instant, String, i64)>, Error> {
    let events = tx.events(&ctx.organization, Some(id.as_str()), "", LOOKED_AT).await?;
    let is_end = |kind| matches!(kind, EventKind::UserSuspended | EventKind::UserRemoved);
    let Some(end) = events.iter().find(|event| is_end(event.kind)) else { return Ok(None) };
    let with_it = |kind| events.iter().find(|event| event.request == end.request && event.kind == kind);
    let sessions = with_it(EventKind::SessionEnded).and_then(|event| event.detail["sessions"].as_i64());
    Ok(Some((end.at, end.actor.clone(), sessions.unwrap_or(0))))
}
