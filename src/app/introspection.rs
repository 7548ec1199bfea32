//! RFC 7662: what a token is worth at this moment, for a service that was handed it.

use super::{Actor, App, Credential, Ctx, Error, Visit, gate::Entry, role_names, tokens::Claims};
use crate::{
    access::Access,
    crypto::{
        TokenKind,
        jwt::{Expected, JwtError},
        token,
    },
    model::{Capability, Holder, Instant, KeyId, OrganizationId, Scope, UserId},
    store::Tx,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// What there is to say of a token. Nothing at all of one that is not good here and now (RFC 7662 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Introspection {
    /// It opens nothing, for whatever reason: unknown, over, revoked, or another organization's.
    Inactive {
        /// False.
        active: bool,
    },
    /// It is good.
    Active(Box<ActiveToken>),
}

/// A token that is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ActiveToken {
    /// True.
    pub active: bool,
    /// Whose: an id.
    pub sub: String,
    /// Their name at their provider.
    pub username: String,
    /// Capabilities on the whole organization, with spaces between them.
    pub scope: String,
    /// What they hold: `owner`, or `member@cls_…` on one cluster.
    pub roles: Vec<String>,
    /// The organization.
    pub org: OrganizationId,
    /// The session or the API key: what the sender is a client by.
    pub client_id: String,
    /// `Bearer`, or `session` of a browser's.
    pub token_type: &'static str,
    /// The issuer.
    pub iss: String,
    /// For whom a signed token is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// When it was made, in seconds.
    pub iat: i64,
    /// When it ends by itself, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
}

impl Introspection {
    const INACTIVE: Self = Self::Inactive { active: false };
}

/// When a credential was made, and when it ends.
type Times = (Instant, Option<Instant>);

impl App {
    /// What a token is worth, for a caller with an API key of the token's own organization.
    ///
    /// The caller needs a role, whichever it is, and no capability: whoever holds a session or a key can ask castgate the same
    /// things with it, and a signed token says them itself. RFC 7662 §2.1 demands authorization against those who try out
    /// tokens (§4), and a key of the organization is one.
    pub async fn introspect(&self, ctx: &Ctx, caller: &Visit, text: &str) -> Result<Introspection, Error> {
        match &ctx.actor {
            Actor::Key { .. } | Actor::ServiceAccount { .. } => {}
            Actor::User { .. } | Actor::Connection { .. } | Actor::Operator | Actor::System => {
                return Err(Error::Forbidden { need: "an API key".to_owned() });
            }
        }
        if caller.access.is_empty() {
            return Err(Error::Forbidden { need: "a role".to_owned() });
        }
        let found = match TokenKind::of(text) {
            Some(TokenKind::Session) => self.of_credential(ctx, Credential::Session(text), "session").await,
            Some(TokenKind::ApiKey) => self.of_credential(ctx, Credential::Key(text), "Bearer").await,
            Some(
                TokenKind::Scim
                | TokenKind::Link
                | TokenKind::Invitation
                | TokenKind::SignIn
                | TokenKind::Code
                | TokenKind::Refresh
                | TokenKind::ClientSecret
                | TokenKind::ScimAccess
                | TokenKind::Test
                | TokenKind::Setup
                | TokenKind::Reset
                | TokenKind::Signals,
            ) => Ok(None),
            None => self.of_signed(ctx, text).await,
        };
        match found {
            Ok(Some(active)) => Ok(Introspection::Active(Box::new(active))),
            Ok(None) | Err(Error::NotSignedIn | Error::TermsNotAccepted) => Ok(Introspection::INACTIVE),
            Err(error) => Err(error),
        }
    }

    async fn of_credential(
        &self,
        ctx: &Ctx,
        credential: Credential<'_>,
        token_type: &'static str,
    ) -> Result<Option<ActiveToken>, Error> {
        let visit = self.visit(credential).await?;
        if visit.organization != ctx.organization {
            return Ok(None);
        }
        // Good for nothing but the terms is not good.
        visit.ctx(self)?;
        let Some((made, ends)) = self.times(ctx, credential).await? else { return Ok(None) };
        Ok(Some(ActiveToken {
            active: true,
            sub: visit.visitor.id.to_string(),
            username: visit.visitor.user_name.clone(),
            scope: scope(&visit.access),
            roles: role_names(&visit.access),
            org: visit.organization.clone(),
            client_id: visit.way_id().to_owned(),
            token_type,
            iss: self.settings().server.origin().to_owned(),
            aud: None,
            iat: made.seconds(),
            exp: ends.map(Instant::seconds),
        }))
    }

    async fn times(&self, ctx: &Ctx, credential: Credential<'_>) -> Result<Option<Times>, Error> {
        let (text, kind) = match credential {
            Credential::Session(text) => (text, TokenKind::Session),
            Credential::Key(text) => (text, TokenKind::ApiKey),
        };
        let presented = token::parse(text, kind).map_err(|_| Error::NotSignedIn)?;
        let mut tx = self.store().read().await?;
        if kind == TokenKind::Session {
            let session = tx.session(&presented.hash(), ctx.now).await?;
            return Ok(session.map(|session| (session.created_at, Some(session.expires_at))));
        }
        let key = tx.api_key(&presented.hash(), ctx.now).await?;
        Ok(key.map(|(_, key)| (key.created_at, key.expires_at)))
    }

    /// Of a token that we signed: its signature and time, and whether what it was made for is still there.
    async fn of_signed(&self, ctx: &Ctx, text: &str) -> Result<Option<ActiveToken>, Error> {
        let issuer = self.settings().server.origin();
        let expected = Expected { issuer, audience: None, now: ctx.now, leeway: Duration::ZERO };
        let claims = match self.signing_keys().await?.verify::<Claims>(text, &expected) {
            Ok(claims) => claims,
            // Another node may have made the key a moment ago.
            Err(JwtError::UnknownKey) => match self.signing_keys_anew().await?.verify::<Claims>(text, &expected) {
                Ok(claims) => claims,
                Err(_) => return Ok(None),
            },
            Err(_) => return Ok(None),
        };
        if claims.org != ctx.organization {
            return Ok(None);
        }
        let mut tx = self.store().read().await?;
        let Some(entry) = self.made_for(&mut tx, ctx, &claims).await? else { return Ok(None) };
        Ok(Some(ActiveToken {
            active: true,
            sub: claims.sub,
            username: entry.visitor.user_name,
            scope: scope(&entry.access),
            roles: role_names(&entry.access),
            org: claims.org,
            client_id: claims.sid,
            token_type: "Bearer",
            iss: claims.iss,
            aud: Some(claims.aud),
            iat: claims.iat,
            exp: Some(claims.exp),
        }))
    }
}

impl App {
    /// Whoever a token was made for, by what they came in with, if that still lets them in.
    async fn made_for(&self, tx: &mut Tx, ctx: &Ctx, claims: &Claims) -> Result<Option<Entry>, Error> {
        let organization = &ctx.organization;
        if let Ok(id) = claims.sid.parse::<KeyId>() {
            let key = tx.api_key_by_id(organization, &id, ctx.now).await?;
            // One that is switched off opens nothing, and nor does what was signed for it.
            let Some(key) = key.filter(|key| key.active) else {
                return Ok(None);
            };
            let mut entry = match &key.owner {
                Holder::User(id) => self.person(tx, ctx, id).await?,
                Holder::ServiceAccount(id) => self.machine_enters(tx, organization, id, ctx.now).await?,
            };
            entry.access = self.carried_by(tx, organization, (&key, entry.access)).await?;
            return Ok(Some(entry).filter(|_| key.owner.to_string() == claims.sub));
        }
        let Ok(id) = claims.sub.parse::<UserId>() else { return Ok(None) };
        let sessions = tx.sessions_of(organization, &id, ctx.now).await?;
        if !sessions.iter().any(|session| session.id.as_str() == claims.sid) {
            return Ok(None);
        }
        self.person(tx, ctx, &id).await.map(Some)
    }

    async fn person(&self, tx: &mut Tx, ctx: &Ctx, id: &UserId) -> Result<Entry, Error> {
        let user = tx.user(&ctx.organization, id).await?.ok_or(Error::NotSignedIn)?;
        self.person_enters(tx, &ctx.organization, user, ctx.now).await
    }
}

/// RFC 7662 §2.2: a list with spaces between.
fn scope(access: &Access) -> String {
    let held = Capability::ALL.into_iter().filter(|capability| access.can(*capability, &Scope::Organization));
    held.map(Capability::name).collect::<Vec<_>>().join(" ")
}
