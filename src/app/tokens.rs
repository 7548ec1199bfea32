//! The tokens that tell services behind the gateway who somebody is.

use super::{App, Error, Visit, role_names};
use crate::{
    cache::Recent,
    crypto::sha256,
    model::{Instant, OrganizationId},
};
use serde::{Deserialize, Serialize};
use std::{
    any::Any,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// No token lives longer: it outlives a revocation by its life.
const LONGEST: Duration = Duration::from_mins(1);
/// A token is given again for a sixth of its life: the signature is the dearest part of an answer.
const GIVEN_AGAIN: u32 = 6;
/// Tokens that a node remembers.
const REMEMBERED: u64 = 50_000;

/// The claims of the token that services behind the gateway verify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed it.
    pub iss: String,
    /// Whom it is about: the id of a user or of a service account.
    pub sub: String,
    /// For whom it is.
    pub aud: String,
    /// When it was signed, in seconds.
    pub iat: i64,
    /// When it stops, in seconds: at most 60 later.
    pub exp: i64,
    /// The organization.
    pub org: OrganizationId,
    /// By what they came in: the id of a session or of an API key.
    pub sid: String,
    /// The person's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The person's name.
    pub name: String,
    /// What they hold: `owner`, or `member@cls_…` on one cluster.
    pub roles: Vec<String>,
}

/// A signed token and what it says.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The token.
    pub token: String,
    /// What it says.
    pub claims: Claims,
    kid: String,
    /// What it was made of.
    visit: Arc<Visit>,
    made_at: Instant,
    shown_as: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Signed {
    /// What an edge makes of the token and its visit, made once for as long as the token is given again.
    pub fn shown_as<T, E>(&self, make: impl FnOnce(&Claims, &Visit) -> Result<T, E>) -> Result<Arc<T>, E>
    where
        T: Send + Sync + 'static,
    {
        if let Some(made) = self.shown_as.get().and_then(|before| before.clone().downcast().ok()) {
            return Ok(made);
        }
        let new = Arc::new(make(&self.claims, &self.visit)?);
        // Another request may have been faster: then its one stays, and ours says the same.
        let _ = self.shown_as.set(new.clone());
        Ok(new)
    }
}

/// The tokens that were signed a moment ago, by the hash of credential and audience.
#[derive(Debug)]
pub(super) struct RecentTokens(Recent<[u8; 32], Arc<Signed>>);

impl Default for RecentTokens {
    fn default() -> Self {
        Self(Recent::new(REMEMBERED, LONGEST))
    }
}

impl App {
    /// A token that tells a service behind the gateway who the visitor is; for that audience, and for a minute at most.
    ///
    /// The same one is given again for a few seconds, as long as it still says what is true.
    pub async fn sign(&self, visit: &Arc<Visit>, audience: &str) -> Result<Arc<Signed>, Error> {
        let now = self.clock().now();
        let keys = self.signing_keys().await?;
        let kid = keys.signer(now).ok_or_else(|| Error::internal("no key may sign now"))?.kid();
        let key = sha256(format!("{} {audience}", visit.way_id()).as_bytes());
        if let Some(signed) = self.inner.tokens.0.get(&key)
            && self.is_still_true(&signed, (visit, kid), now)
        {
            if Arc::ptr_eq(&signed.visit, visit) {
                return Ok(signed);
            }
            // The visit was looked up anew and says the same: the next one need not compare them word by word.
            let again = Arc::new(Signed { visit: visit.clone(), ..Signed::clone(&signed) });
            self.inner.tokens.0.put(key, again.clone());
            return Ok(again);
        }
        let claims = self.claims(visit, audience, now);
        let token = keys.sign(now, "JWT", &claims).map_err(Error::internal)?;
        let signed = Signed {
            token,
            claims,
            kid: kid.to_owned(),
            visit: visit.clone(),
            made_at: now,
            shown_as: OnceLock::new(),
        };
        let signed = Arc::new(signed);
        self.inner.tokens.0.put(key, signed.clone());
        Ok(signed)
    }

    fn claims(&self, visit: &Visit, audience: &str, now: Instant) -> Claims {
        let ends = now.plus(self.token_life());
        Claims {
            iss: self.settings().server.origin().to_owned(),
            sub: visit.visitor.id.to_string(),
            aud: audience.to_owned(),
            iat: now.seconds(),
            exp: visit.until().map_or(ends, |until| until.min(ends)).seconds(),
            org: visit.organization.clone(),
            sid: visit.way_id().to_owned(),
            email: visit.visitor.email.clone(),
            name: visit.visitor.label.clone(),
            roles: role_names(&visit.access),
        }
    }

    fn token_life(&self) -> Duration {
        self.settings().tokens.jwt_lifetime.get().min(LONGEST)
    }

    /// Whether an earlier token says what a new one would, is young and not over, and its key is the one that signs.
    fn is_still_true(&self, signed: &Signed, (visit, kid): (&Arc<Visit>, &str), now: Instant) -> bool {
        let young = signed.made_at <= now && now < signed.made_at.plus(self.token_life() / GIVEN_AGAIN);
        young
            && signed.claims.exp > now.seconds()
            && signed.kid == kid
            && (Arc::ptr_eq(&signed.visit, visit) || signed.visit == *visit)
    }
}
