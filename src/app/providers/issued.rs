//! JWTs that a provider signs itself, as Entra does when its administrator leaves the secret token empty.
//!
//! They are taken at the connection's own address, `/scim/v2/con_…`, and nowhere else: Entra says the same audience and the same
//! application in the tokens of every tenant's every target, so neither could say which organization is meant, and whoever pinned
//! an issuer first would get everybody's pushes.

use super::{
    super::{App, Ctx, Error, credentials::told_only},
    Refusing, Shown,
    caller::{plain, shared},
    refusal, stale, text_of,
};
use crate::{
    cache::{Key, Touched},
    crypto::{Demands, JwsAlgorithm, JwsFault, Unverified},
    model::{Capability, Connection, ConnectionId, Instant, OrganizationId, ProviderTokens, Uses},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The algorithms of such a token.
const ALGORITHMS: [JwsAlgorithm; 2] = [JwsAlgorithm::Rs256, JwsAlgorithm::Es256];
/// Said to whoever sends one to the address of all.
const WRONG_ADDRESS: &str =
    "a JWT is taken at its connection's own SCIM address alone, which ends in the connection's id";

/// The connection at an address, remembered for the lease.
struct At<'a>(&'a ConnectionId);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Found {
    organization: OrganizationId,
    #[serde(serialize_with = "plain", deserialize_with = "shared")]
    connection: Arc<Connection>,
    last_used_at: Option<Instant>,
}

impl Key for At<'_> {
    type Value = Found;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        format!("scim-door:{}", self.0)
    }
    fn touched(found: &Found) -> Touched<'_> {
        Touched::ByConnectionsOf(&found.organization)
    }
}

impl App {
    /// Refuses a setting by which tokens could be taken that are not meant.
    pub(in crate::app) fn check_provider_tokens(&self, tokens: &ProviderTokens) -> Result<(), Error> {
        let bad = |field: &str, why: String| Err(Error::invalid(format!("settings.provider_tokens.{field}"), why));
        let ProviderTokens { issuer, audience, jwks_url, claims } = tokens;
        if issuer.is_empty() || audience.is_empty() {
            return bad("issuer", "issuer and audience are compared exactly: neither may be empty".to_owned());
        }
        if let Err(why) = self.pinned_keys().admits(jwks_url) {
            return bad("jwks_url", why);
        }
        let Some(tenant) = tokens.entra_tenant() else { return Ok(()) };
        // Every application of the tenant gets tokens from this issuer.
        if claims.get("tid").map(String::as_str) != Some(tenant) {
            return bad("claims", format!("Entra's tokens say their tenant twice: pin tid to {tenant} too"));
        }
        if !claims.contains_key("appid") {
            return bad("claims", "pin appid: every application of the tenant gets tokens of this issuer".to_owned());
        }
        Ok(())
    }

    /// When and from where a JWT of a connection's provider was last accepted and last refused.
    pub async fn provider_jwt_uses(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<Uses, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        if tx.connection(&ctx.organization, connection).await?.is_none() {
            return Err(Error::not_found("connection", connection.as_str()));
        }
        Ok(tx.provider_jwt_uses(&ctx.organization, connection).await?)
    }

    /// Whose push a JWT is.
    pub(super) async fn caller_of_jwt(&self, shown: Shown<'_>) -> Result<(Ctx, Arc<Connection>), Refusing> {
        let at = shown.at.ok_or_else(|| Refusing::Known(WRONG_ADDRESS.to_owned()))?;
        let now = self.clock().now();
        let lease = self.settings().cache.lease.get();
        let found = self.cache().fetch(&At(at), lease, || self.load_door(at)).await?;
        let Some(pinned) = &found.connection.settings.provider_tokens else { return Err(Refusing::Unknown) };
        match self.check_jwt(shown.bearer, pinned, now).await? {
            Ok(()) => {
                if stale(found.last_used_at, now) {
                    self.note_jwt(at, &found.organization, (now, shown)).await;
                }
                Ok(self.caller_of(found.organization.clone(), Arc::clone(&found.connection)))
            }
            Err(fault) => {
                self.note_refused_jwt(at, &found.organization, (&fault, now, shown)).await?;
                Err(if fault.is_of_a_signed_token() {
                    Refusing::Known(format!("this token is not valid here: {}", plain_ascii(&fault)))
                } else {
                    Refusing::Unknown
                })
            }
        }
    }

    async fn load_door(&self, at: &ConnectionId) -> Result<Found, Error> {
        let mut tx = self.store().read().await?;
        let (organization, connection) = tx.connection_at(at).await?.ok_or(Error::NotSignedIn)?;
        if !connection.enabled {
            return Err(Error::NotSignedIn);
        }
        let last_used_at = tx.provider_jwt_uses(&organization, at).await?.last_used_at;
        Ok(Found { organization, connection: Arc::new(connection), last_used_at })
    }

    async fn check_jwt(&self, jwt: &str, pinned: &ProviderTokens, now: Instant) -> Result<Result<(), JwsFault>, Error> {
        let jwt = match Unverified::read(jwt, &ALGORITHMS, &["jwt", "at+jwt"]) {
            Ok(jwt) => jwt,
            Err(fault) => return Ok(Err(fault)),
        };
        let Some(kid) = jwt.kid() else { return Ok(Err(JwsFault::NoKey)) };
        let keys = self.pinned_keys().at(&pinned.jwks_url, Some(kid), now).await;
        // Nobody can say whether it is good: try again later, rather than “you are not let in”.
        let keys = keys.map_err(|error| Error::Unavailable(error.to_string()))?;
        let demands = Demands { issuer: &pinned.issuer, audiences: &[&pinned.audience], now, longest: None };
        let claims = match jwt.verify(&keys, &demands) {
            Ok(claims) => claims,
            Err(fault) => return Ok(Err(fault)),
        };
        let other = pinned
            .claims
            .iter()
            .find(|(claim, value)| claims.get(*claim).and_then(serde_json::Value::as_str) != Some(value.as_str()));
        Ok(other.map_or(Ok(()), |(claim, _)| Err(JwsFault::Claim(claim.clone()))))
    }

    async fn note_jwt(&self, at: &ConnectionId, organization: &OrganizationId, (now, shown): (Instant, Shown<'_>)) {
        let noted = async {
            let mut tx = self.store().write("jwt used").await?;
            tx.touch_provider_jwt(organization, at, (now, text_of(shown.from).as_deref())).await?;
            tx.commit().await
        };
        told_only(noted.await);
        // It remembers that the last use was long ago.
        self.cache().forget(&At(at)).await;
    }

    async fn note_refused_jwt(
        &self,
        at: &ConnectionId,
        organization: &OrganizationId,
        (fault, now, shown): (&JwsFault, Instant, Shown<'_>),
    ) -> Result<(), Error> {
        let uses = self.store().read().await?.provider_jwt_uses(organization, at).await?;
        let Some(refused) = refusal(&uses, &fault.to_string(), (now, shown.from)) else { return Ok(()) };
        let noted = async {
            let mut tx = self.store().write("jwt refused").await?;
            tx.note_refused_jwt(organization, at, &refused).await?;
            tx.commit().await
        };
        told_only(noted.await);
        Ok(())
    }
}

/// RFC 6750 §3: what stands in the header is ASCII without quotes.
fn plain_ascii(fault: &JwsFault) -> String {
    fault.to_string().chars().filter(|letter| letter.is_ascii() && *letter != '"' && *letter != '\\').collect()
}
