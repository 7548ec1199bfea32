//! Line 7: sign-in by OpenID Connect, and by SAML 2.0 in [`saml`].
//!
//! A sign-in has two halves. [`Oidc::begin`] makes the address of the provider's sign-in page and a [`Pending`], which
//! the application seals into a cookie: that binds the answer to the browser. [`Oidc::finish`] takes the query with which the
//! browser comes back, exchanges the code, verifies the ID token, adds what the userinfo endpoint knows, and gives an
//! [`Identity`], the one shape of every protocol. Always the code flow, always PKCE with S256, always a nonce.
//!
//! Nothing here reads a clock: `now` is given. What is remembered between calls is what providers publish, and losing it
//! costs a request.

mod error;
mod exchange;
mod flow;
mod identity;
mod jwks;
mod keys;
mod metadata;
mod providers;
pub mod saml;
mod token;
mod userinfo;

pub use error::{SsoError, TokenFault};
pub use flow::{Begun, Callback, Pending};
pub use identity::{GroupsClaim, Identity};
pub use jwks::PinnedKeys;
pub use metadata::ProviderSummary;

use crate::{
    model::{Instant, OidcSettings},
    net,
};
use metadata::Metadata;
use openidconnect::{
    AuthUrl, ClientId, CsrfToken, IssuerUrl, JsonWebKeySet, LoginHint, Nonce, PkceCodeChallenge, RedirectUrl, Scope,
    core::{CoreAuthenticationFlow, CoreClient},
};
use providers::Providers;
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::borrow::Cow;
use token::{Claims, Expected, Unverified};
use url::Url;

/// Sign-in by OpenID Connect. Cheap to clone; clones share what they know of providers.
#[derive(Debug, Clone)]
pub struct Oidc {
    providers: Providers,
}

impl Oidc {
    /// Over this client, which decides what addresses may be reached.
    #[must_use]
    pub fn new(http: net::Client) -> Self {
        Self { providers: Providers::new(http) }
    }

    /// Asks the provider anew for its configuration and keys, and says what was found.
    pub async fn discover(&self, settings: &OidcSettings, now: Instant) -> Result<ProviderSummary, SsoError> {
        let (metadata, keys) = self.providers.examine(&settings.issuer, now).await?;
        Ok(ProviderSummary::of(&metadata, &keys, &settings.scopes))
    }

    /// Begins a sign-in: where to send the browser. `redirect_uri` is our own address, registered at the provider.
    pub async fn begin(
        &self,
        settings: &OidcSettings,
        redirect_uri: &str,
        login_hint: Option<&str>,
        now: Instant,
    ) -> Result<Begun, SsoError> {
        let metadata = self.providers.metadata(&settings.issuer, now).await?;
        let bad = |name: &str, error: url::ParseError| SsoError::DiscoveryInvalid { what: format!("{name}: {error}") };
        let issuer = IssuerUrl::new(metadata.issuer.clone()).map_err(|error| bad("the issuer", error))?;
        let authorization = AuthUrl::new(metadata.authorization_endpoint.clone())
            .map_err(|error| bad("authorization_endpoint", error))?;
        let redirect =
            RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| bad("our own redirect address", error))?;
        let client = CoreClient::new(ClientId::new(settings.client_id.clone()), issuer, JsonWebKeySet::new(Vec::new()))
            .set_auth_uri(authorization);
        // RFC 9700 §2.1.1: PKCE for every client, confidential ones too.
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new_random_len(32),
                || Nonce::new_random_len(32),
            )
            .set_redirect_uri(Cow::Owned(redirect))
            .set_pkce_challenge(challenge);
        for scope in wanted_scopes(settings) {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        if let Some(hint) = login_hint {
            request = request.set_login_hint(LoginHint::new(hint.to_owned()));
        }
        let (url, state, nonce) = request.url();
        let pending = Pending {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            pkce_verifier: verifier.into_secret(),
            issuer: settings.issuer.clone(),
            created_at: now,
        };
        Ok(Begun { url: url.into(), pending })
    }

    /// Finishes a sign-in: who came back. `redirect_uri` is the one that the sign-in was begun with.
    ///
    /// A `pending` is for one answer: the caller forgets it, whatever the outcome.
    pub async fn finish(
        &self,
        settings: &OidcSettings,
        client_secret: Option<&SecretString>,
        redirect_uri: &str,
        pending: &Pending,
        callback: &Callback,
        now: Instant,
    ) -> Result<Identity, SsoError> {
        pending.check(settings, callback, now)?;
        let metadata = self.providers.metadata(&settings.issuer, now).await?;
        callback.check_issuer(&settings.issuer, metadata.authorization_response_iss_parameter_supported)?;
        let code = exchange::Code { value: callback.code()?, pkce_verifier: &pending.pkce_verifier, redirect_uri };
        let tokens = exchange::exchange(&self.providers, &metadata, settings, client_secret, &code).await?;
        let expected = Expected {
            issuer: &settings.issuer,
            client_id: &settings.client_id,
            nonce: &pending.nonce,
            access_token: &tokens.access_token,
            now,
        };
        let claims = self.verify(&metadata, &tokens.id_token, &expected).await?;
        let userinfo = self.userinfo(&metadata, &tokens.access_token, &claims).await?;
        Ok(identity(settings, claims, userinfo, tokens.id_token))
    }

    /// Where to send the browser so that the provider signs the person out as well; none if it cannot be asked.
    ///
    /// OpenID Connect RP-Initiated Logout 1.0 §2. `post_logout_redirect` has to be registered at the provider.
    pub async fn end_session_url(
        &self,
        settings: &OidcSettings,
        id_token_hint: Option<&str>,
        post_logout_redirect: &str,
        state: Option<&str>,
        now: Instant,
    ) -> Result<Option<String>, SsoError> {
        let metadata = self.providers.metadata(&settings.issuer, now).await?;
        let Some(endpoint) = &metadata.end_session_endpoint else { return Ok(None) };
        let mut url = Url::parse(endpoint)
            .map_err(|error| SsoError::DiscoveryInvalid { what: format!("end_session_endpoint: {error}") })?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("client_id", &settings.client_id);
            query.append_pair("post_logout_redirect_uri", post_logout_redirect);
            for (name, value) in [("id_token_hint", id_token_hint), ("state", state)] {
                if let Some(value) = value {
                    query.append_pair(name, value);
                }
            }
        }
        Ok(Some(url.into()))
    }

    /// The claims of a token that holds, with the keys fetched again at most once.
    async fn verify(
        &self,
        metadata: &Metadata,
        id_token: &str,
        expected: &Expected<'_>,
    ) -> Result<Map<String, Value>, SsoError> {
        let token = Unverified::read(id_token)?;
        let keys = self.providers.keys(metadata, None, expected.now).await?;
        match token.verify(&keys, expected) {
            Ok(claims) => Ok(claims),
            Err(fault) if token.may_be_rotated(&fault) => {
                let keys = self.providers.keys(metadata, Some(&keys), expected.now).await?;
                Ok(token.verify(&keys, expected)?)
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// What the userinfo endpoint knows of the same person; nothing if there is no endpoint.
    async fn userinfo(
        &self,
        metadata: &Metadata,
        access_token: &str,
        claims: &Map<String, Value>,
    ) -> Result<Map<String, Value>, SsoError> {
        let Some(endpoint) = &metadata.userinfo_endpoint else { return Ok(Map::new()) };
        let answer = self.providers.get(endpoint, Some(access_token), "its userinfo").await?;
        let Claims(userinfo) = serde_json::from_slice(answer.body()).map_err(|error| SsoError::UserinfoInvalid {
            what: format!(
                "it is not a JSON object ({error}); a signed answer is not supported, turn that off at the provider"
            ),
        })?;
        // OpenID Connect Core §5.3.2: the sub MUST be that of the ID token, else nothing of it may be used.
        if userinfo.get("sub") != claims.get("sub") {
            return Err(SsoError::UserinfoInvalid { what: "it is about another subject than the ID token".to_owned() });
        }
        Ok(userinfo)
    }
}

/// The scopes besides `openid`, which is asked for in any case.
fn wanted_scopes(settings: &OidcSettings) -> impl Iterator<Item = &str> {
    settings.scopes.iter().map(|scope| scope.trim()).filter(|scope| !scope.is_empty() && *scope != "openid")
}

fn identity(
    settings: &OidcSettings,
    token: Map<String, Value>,
    userinfo: Map<String, Value>,
    id_token: String,
) -> Identity {
    let text = |name: &str| token.get(name).and_then(Value::as_str).map(str::to_owned);
    let groups = GroupsClaim::of(&token).or(GroupsClaim::of(&userinfo));
    Identity {
        issuer: settings.issuer.clone(),
        subject: text("sub").unwrap_or_default(),
        provider_session: text("sid"),
        groups,
        claims: userinfo::merged(token, userinfo),
        id_token,
    }
}
