//! The two slots of a connection, and the warnings before a token ends.

use super::super::{Actor, App, Ctx, Error, Need, Work};
use crate::{
    crypto::{Secret, TokenKind, token},
    model::{Capability, Connection, ConnectionId, EventKind, Instant, ScimToken, TokenId, Uses},
    store::{ExpiringToken, NewScimToken},
};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// How many days before a token's end that is told.
const WARNED_BEFORE: [i64; 3] = [1, 7, 30];
/// Tokens that are looked at in one round.
const CHUNK: i64 = 200;
/// Ended tokens that are shown.
const SHOWN: i64 = 50;
/// The longest time in which a token and the one that replaces it both hold.
const LONGEST_OVERLAP: Duration = Duration::from_hours(30 * 24);

/// A new SCIM token. The secret is shown once.
#[derive(Debug)]
pub struct NewToken {
    /// The token.
    pub token: ScimToken,
    /// What the provider sends.
    pub secret: Secret,
}

impl App {
    /// Makes a SCIM token in the free one of the two slots, so that one can be rotated without a gap. A slot is free when its
    /// token has expired.
    pub async fn create_scim_token(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        life: Option<Duration>,
    ) -> Result<NewToken, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.add_scim_token(connection, life)).await;
        work.finish(outcome).await
    }

    /// Makes a token that takes the place of another, which goes on working for `overlap`.
    pub async fn rotate_scim_token(
        &self,
        ctx: &Ctx,
        (connection, id): (&ConnectionId, &TokenId),
        (life, overlap): (Option<Duration>, Duration),
    ) -> Result<NewToken, Error> {
        if overlap > LONGEST_OVERLAP {
            return Err(Error::invalid("overlap_hours", "both tokens may hold for 30 days (720 hours) at most"));
        }
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.replace_scim_token(connection, id, (life, overlap))).await;
        work.finish(outcome).await
    }

    /// The tokens of a connection that have not been revoked.
    pub async fn scim_tokens(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Vec<ScimToken>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        if tx.connection(&ctx.organization, connection).await?.is_none() {
            return Err(Error::not_found("connection", connection.as_str()));
        }
        Ok(tx.scim_tokens(&ctx.organization, connection).await?)
    }

    /// The last 50 tokens of a connection that have ended, the newest first, with who still came with each.
    pub async fn ended_scim_tokens(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Vec<ScimToken>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        if tx.connection(&ctx.organization, connection).await?.is_none() {
            return Err(Error::not_found("connection", connection.as_str()));
        }
        Ok(tx.ended_scim_tokens(&ctx.organization, connection, (ctx.now, SHOWN)).await?)
    }

    /// Ends a token at once.
    pub async fn revoke_scim_token(&self, ctx: &Ctx, connection: &ConnectionId, id: &TokenId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.end_scim_token(connection, id)).await;
        work.finish(outcome).await
    }

    /// Tells of tokens that end within 30, 7 and 1 days, once each; how many.
    pub(in crate::app) async fn warn_of_expiry(&self) -> Result<usize, Error> {
        let now = self.clock().now();
        let expiring = self.store().read().await?.expiring_scim_tokens(now, CHUNK).await?;
        let mut warned = 0;
        for ending in &expiring {
            let organization = ending.organization.clone();
            let ctx = Ctx { actor: Actor::System, organization, now, request: self.new_request() };
            let mut work = self.begin(&ctx, Need::Operator).await?;
            let outcome = Box::pin(work.warn_of(ending)).await;
            warned += usize::from(work.finish(outcome).await?);
        }
        Ok(warned)
    }
}

/// How many days before its end a token is, as it is told: 1, 7 or 30; none: more.
fn days_left(now: Instant, expires: Option<Instant>) -> Option<i64> {
    let expires = expires?;
    let days = |days: i64| DAY * u32::try_from(days).unwrap_or(u32::MAX);
    WARNED_BEFORE.into_iter().find(|before| expires <= now.plus(days(*before)))
}

impl Work<'_> {
    async fn connection_of_tokens(&mut self, id: &ConnectionId) -> Result<Connection, Error> {
        let found = self.tx.connection(&self.ctx.organization, id).await?;
        found.ok_or_else(|| Error::not_found("connection", id.as_str()))
    }

    async fn add_scim_token(&mut self, connection: &ConnectionId, life: Option<Duration>) -> Result<NewToken, Error> {
        let epoch = self.connection_of_tokens(connection).await?.epoch;
        let new = self.insert_token(connection, epoch, life).await?;
        let subjects = [connection.to_string(), new.token.id.to_string()];
        self.tell(EventKind::TokenCreated, subjects, json!({"slot": new.token.slot, "hint": new.token.hint}));
        Ok(new)
    }

    async fn replace_scim_token(
        &mut self,
        connection: &ConnectionId,
        id: &TokenId,
        (life, overlap): (Option<Duration>, Duration),
    ) -> Result<NewToken, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let epoch = self.connection_of_tokens(connection).await?.epoch;
        let tokens = self.tx.scim_tokens(&organization, connection).await?;
        let old = tokens.iter().find(|token| token.id == *id);
        let old = old.ok_or_else(|| Error::not_found("token", id.as_str()))?;
        if old.replaced_by.is_some() {
            let detail = "this token was replaced already; revoke it, or replace the one that took its place";
            return Err(Error::conflict("already_replaced", detail));
        }
        let new = self.insert_token(connection, epoch, life).await?;
        let until = now.plus(overlap);
        let until = old.expires_at.map_or(until, |expires| expires.min(until));
        // That it ends is what was asked for: only what comes later than this is worth a warning.
        let warned = days_left(now, Some(until));
        self.tx.replace_scim_token(&organization, (id, &new.token.id), (until, warned)).await?;
        let subjects = [connection.to_string(), id.to_string(), new.token.id.to_string()];
        let detail = json!({"old": old.hint, "new": new.token.hint, "until": until});
        self.tell(EventKind::TokenReplaced, subjects, detail);
        // Caches remember how long the old one holds.
        self.revoke_connection(connection);
        Ok(new)
    }

    /// A new token in a free slot.
    async fn insert_token(
        &mut self,
        connection: &ConnectionId,
        epoch: i64,
        life: Option<Duration>,
    ) -> Result<NewToken, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        // Two who make one at the same moment must not find the same slot free.
        self.tx.lock_organization(&organization).await?;
        let tokens = self.tx.scim_tokens(&organization, connection).await?;
        let holds = |token: &ScimToken| token.expires_at.is_none_or(|expires| expires > now);
        let is_free = |slot: &i64| !tokens.iter().any(|token| token.slot == *slot && holds(token));
        let Some(slot) = [1, 2].into_iter().find(is_free) else {
            let detail = "both token slots of this connection are taken; revoke one of the two tokens first";
            return Err(Error::conflict("slots_taken", detail));
        };
        for expired in tokens.iter().filter(|token| token.slot == slot) {
            self.tx.revoke_scim_token(&organization, connection, &expired.id, now).await?;
        }
        let clock = self.app.clock();
        let secret = token::generate(TokenKind::Scim, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let expires_at = life.map(|life| now.plus(life));
        let token = ScimToken {
            id: TokenId::from_uuid(clock.uuid()),
            connection: connection.clone(),
            hint: secret.hint(),
            slot,
            created_at: now,
            expires_at,
            revoked_at: None,
            replaced_by: None,
            // Who makes a token for a week knows that it ends within one.
            warned_days: days_left(now, expires_at),
            uses: Uses::default(),
        };
        let new = NewScimToken { token: &token, hash: secret.hash(), epoch, client: None };
        self.tx.insert_scim_token(&organization, &new).await?;
        Ok(NewToken { token, secret })
    }

    async fn end_scim_token(&mut self, connection: &ConnectionId, id: &TokenId) -> Result<(), Error> {
        if !self.tx.revoke_scim_token(&self.ctx.organization, connection, id, self.ctx.now).await? {
            return Err(Error::not_found("token", id.as_str()));
        }
        self.tell(EventKind::TokenRevoked, [connection.to_string(), id.to_string()], json!({}));
        self.revoke_connection(connection);
        Ok(())
    }

    /// False: another node was first.
    async fn warn_of(&mut self, ending: &ExpiringToken) -> Result<bool, Error> {
        let (token, organization) = (&ending.token, &ending.organization);
        let Some(days) = days_left(self.ctx.now, token.expires_at) else { return Ok(false) };
        if !self.tx.mark_warned(organization, &token.id, days).await? {
            return Ok(false);
        }
        let detail = json!({
            "notice": "a SCIM token is about to end; its provider cannot push any more then",
            "connection": ending.connection_name,
            "hint": token.hint,
            "slot": token.slot,
            "days": days,
            "expires_at": token.expires_at,
            "last_used_at": token.uses.last_used_at,
        });
        self.notify(&detail).await?;
        self.tell(EventKind::TokenExpiring, [token.connection.to_string(), token.id.to_string()], detail);
        Ok(true)
    }
}
