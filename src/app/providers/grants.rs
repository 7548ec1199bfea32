//! The client credentials grant (RFC 6749 §4.4): an OAuth client shows who it is and gets an access token for `/scim/v2`.

use super::{
    super::{Actor, App, Ctx, Error, Need, Work, credentials::told_only},
    refusal, text_of,
};
use crate::{
    crypto::{
        Demands, ForeignKeys, JwsAlgorithm, JwsFault, Secret, TokenKind, Unverified, constant_time_eq, sha256, token,
    },
    model::{ClientId, ConnectionId, EventKind, Instant, OrganizationId, ScimToken, TokenId, Uses},
    store::{ClientKeys, KnownClient, NewScimToken},
};
use serde_json::{Value, json};
use std::{net::IpAddr, time::Duration};

/// How long an assertion may live.
const LONGEST_ASSERTION: Duration = Duration::from_mins(5);
/// How long after its end an assertion is remembered: clocks may differ by a minute either way.
const AFTER: Duration = Duration::from_mins(2);
/// The longest `jti`, in bytes.
const LONGEST_JTI: usize = 256;
/// The algorithms of assertions. No shared secrets: those are in the secret's own way in.
const ALGORITHMS: [JwsAlgorithm; 3] = [JwsAlgorithm::Rs256, JwsAlgorithm::Ps256, JwsAlgorithm::Es256];

/// By what a client shows who it is.
#[derive(Debug, Clone, Copy)]
pub enum Assertion<'a> {
    /// Its secret (RFC 6749 §2.3.1).
    Secret(&'a str),
    /// A JWT that it signed (RFC 7523 §2.2).
    Signed(&'a str),
}

/// A client that asks for an access token.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// What it calls itself. An assertion says it too, so there it may be left out.
    pub client: Option<&'a str>,
    /// By what it shows who it is.
    pub assertion: Assertion<'a>,
    /// From where it comes.
    pub from: Option<IpAddr>,
}

/// A client that showed who it is.
#[derive(Debug)]
pub struct Proven {
    client: KnownClient,
    from: Option<IpAddr>,
    /// The assertion's `jti`, hashed, and when it is over.
    jti: Option<([u8; 32], Instant)>,
}

impl Proven {
    /// Its organization.
    pub fn organization(&self) -> &OrganizationId {
        &self.client.organization
    }

    /// Its connection.
    pub fn connection(&self) -> &ConnectionId {
        &self.client.client.connection
    }
}

/// An access token. It is shown once.
#[derive(Debug)]
pub struct AccessToken {
    /// The token.
    pub secret: Secret,
    /// How long it works.
    pub life: Duration,
}

/// Why there is no access token.
#[derive(Debug)]
pub enum GrantError {
    /// The client is not known, or did not show that it is that client. Every reason looks the same.
    InvalidClient,
    /// It could not be found out or done.
    Failed(Error),
}

impl From<Error> for GrantError {
    fn from(error: Error) -> Self {
        match error {
            // The connection was disabled, or its organization deleted, meanwhile.
            Error::NotSignedIn => Self::InvalidClient,
            error => Self::Failed(error),
        }
    }
}

impl App {
    /// The address of the token endpoint.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.settings().server.origin())
    }

    /// Which client asks. Whether an assertion was used before is seen when the token is made.
    pub async fn prove_client(&self, request: TokenRequest<'_>) -> Result<Proven, GrantError> {
        let now = self.clock().now();
        let claimed = match (request.client, request.assertion) {
            (Some(client), _) => Some(client.to_owned()),
            (None, Assertion::Signed(jwt)) => read(jwt).ok().and_then(|jwt| jwt.claimed_subject()),
            (None, Assertion::Secret(_)) => None,
        };
        let id: ClientId = claimed.and_then(|text| text.parse().ok()).ok_or(GrantError::InvalidClient)?;
        let known = self.store().read().await.map_err(Error::from)?.scim_client(&id).await.map_err(Error::from)?;
        let client = known.ok_or(GrantError::InvalidClient)?;
        match self.examine(&client, request.assertion, now).await? {
            Ok(jti) => Ok(Proven { client, from: request.from, jti }),
            Err(why) => {
                self.note_refused_client(&client, &why, (now, request.from)).await;
                Err(GrantError::InvalidClient)
            }
        }
    }

    /// Gives a client its access token. An assertion is used up in the same transaction.
    pub async fn grant_access_token(&self, proven: &Proven) -> Result<AccessToken, GrantError> {
        let actor = Actor::Connection { id: proven.connection().clone() };
        let (organization, now) = (proven.organization().clone(), self.clock().now());
        let ctx = Ctx { actor, organization, now, request: self.new_request() };
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.grant(proven)).await;
        match work.finish(outcome).await {
            Ok(token) => Ok(token),
            Err(Error::NotSignedIn) => {
                let why = "its assertion was used before, or it ended meanwhile";
                self.note_refused_client(&proven.client, why, (now, proven.from)).await;
                Err(GrantError::InvalidClient)
            }
            Err(error) => Err(GrantError::Failed(error)),
        }
    }

    /// The used-up part of an assertion, or why the client is not believed.
    async fn examine(
        &self,
        client: &KnownClient,
        assertion: Assertion<'_>,
        now: Instant,
    ) -> Result<Result<Option<([u8; 32], Instant)>, String>, Error> {
        let jwt = match (assertion, &client.keys) {
            (Assertion::Secret(secret), ClientKeys::Secret(hash)) => {
                let same = constant_time_eq(&sha256(secret.as_bytes()), hash);
                return Ok(if same { Ok(None) } else { Err("another secret was shown".to_owned()) });
            }
            (Assertion::Signed(_), ClientKeys::Secret(_)) => {
                return Ok(Err("an assertion was shown, but this client has a secret".to_owned()));
            }
            (Assertion::Secret(_), ClientKeys::Inline(_) | ClientKeys::At(_)) => {
                return Ok(Err("a secret was shown, but this client signs assertions".to_owned()));
            }
            (Assertion::Signed(jwt), ClientKeys::Inline(_) | ClientKeys::At(_)) => jwt,
        };
        let jwt = match read(jwt) {
            Ok(jwt) => jwt,
            Err(fault) => return Ok(Err(fault.to_string())),
        };
        let keys = match &client.keys {
            ClientKeys::Inline(set) => ForeignKeys::read(set.as_bytes()).map(std::sync::Arc::new),
            ClientKeys::At(url) => {
                // Nobody can say whether it is good: try again later, rather than “you are not that client”.
                let keys = self.pinned_keys().at(url, jwt.kid(), now).await;
                Ok(keys.map_err(|error| Error::Unavailable(error.to_string()))?)
            }
            ClientKeys::Secret(_) => Err("it has no keys".to_owned()),
        };
        let id = client.client.id.as_str();
        let endpoint = self.token_endpoint();
        // RFC 7523 §3: the audience is this server; which of its two names is said differs from client to client.
        let audiences = [endpoint.as_str(), self.settings().server.origin()];
        let demands = Demands { issuer: id, audiences: &audiences, now, longest: Some(LONGEST_ASSERTION) };
        let verified = keys.and_then(|keys| jwt.verify(&keys, &demands).map_err(|fault| fault.to_string()));
        Ok(verified.and_then(|claims| used_up(&claims, id)))
    }

    async fn note_refused_client(&self, client: &KnownClient, why: &str, when: (Instant, Option<IpAddr>)) {
        let Some(refused) = refusal(&client.client.uses, why, when) else { return };
        let noted = async {
            let mut tx = self.store().write("client refused").await?;
            tx.note_refused_client(&client.organization, &client.client.id, &refused).await?;
            tx.commit().await
        };
        told_only(noted.await);
    }
}

/// An assertion, of which nothing is believed yet. draft-ietf-oauth-rfc7523bis gives it a type of its own.
fn read(jwt: &str) -> Result<Unverified<'_>, JwsFault> {
    Unverified::read(jwt, &ALGORITHMS, &["jwt", "client-authentication+jwt"])
}

/// RFC 7523 §3: the subject is the client itself; and its `jti`, which it may use once.
fn used_up(claims: &serde_json::Map<String, Value>, id: &str) -> Result<Option<([u8; 32], Instant)>, String> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("sub") != Some(id) {
        return Err("its assertion's claim “sub” is not the client's own id".to_owned());
    }
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= LONGEST_JTI);
    let jti = jti.ok_or("its assertion has no “jti” of 1 to 256 bytes")?;
    let expires = claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "it was checked to be minutes away")]
    let expires = Instant((expires as i64).saturating_mul(1_000_000)).plus(AFTER);
    Ok(Some((sha256(jti.as_bytes()), expires)))
}

impl Work<'_> {
    /// Refused when the assertion was used before or the client ended meanwhile.
    async fn grant(&mut self, proven: &Proven) -> Result<AccessToken, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let (client, from) = (&proven.client.client, text_of(proven.from));
        if let Some((jti, expires)) = &proven.jti
            && !self.tx.use_assertion(&organization, &client.id, (jti, *expires)).await?
        {
            return Err(Error::NotSignedIn);
        }
        if !self.tx.touch_scim_client(&organization, &client.id, (now, from.as_deref())).await? {
            return Err(Error::NotSignedIn);
        }
        let clock = self.app.clock();
        let secret = token::generate(TokenKind::ScimAccess, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let life = self.app.settings().scim.access_token_lifetime.get();
        let token = ScimToken {
            id: TokenId::from_uuid(clock.uuid()),
            connection: client.connection.clone(),
            hint: secret.hint(),
            slot: 0,
            created_at: now,
            expires_at: Some(now.plus(life)),
            revoked_at: None,
            replaced_by: None,
            warned_days: None,
            uses: Uses::default(),
        };
        // The epoch that the client was found in: a connection disabled since then ends the token with its birth.
        let epoch = proven.client.epoch;
        let new = NewScimToken { token: &token, hash: secret.hash(), epoch, client: Some(&client.id) };
        self.tx.insert_scim_token(&organization, &new).await?;
        let subjects = [client.connection.to_string(), client.id.to_string(), token.id.to_string()];
        self.tell(EventKind::AccessTokenIssued, subjects, json!({"hint": token.hint, "expires_at": token.expires_at}));
        Ok(AccessToken { secret, life })
    }
}
