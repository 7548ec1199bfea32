//! Line 7: sign-in by OpenID Connect, and by [SAML](saml).
//!
//! A sign-in has two halves. [`Oidc::begin`] makes the address of the provider's sign-in page and a [`Pending`], which
//! the application seals into a cookie: that binds the answer to the browser. [`Oidc::finish`] takes the query with which the
//! browser comes back, exchanges the code, verifies the ID token, adds what the userinfo endpoint knows, and gives an
//! [`Identity`], the one shape of every protocol. Always the code flow, always PKCE with S256, always a nonce.
//!
//! Nothing here reads a clock: `now` is given. What is remembered between calls is what providers publish, and losing it
//! costs a request.

mod client;
mod error;
mod exchange;
mod failure;
mod flow;
mod groups;
mod identity;
mod issuer;
mod jwks;
mod jws;
mod keys;
mod logout;
mod metadata;
mod providers;
pub mod saml;
mod saml_identity;
mod saml_provider;
pub mod security_event;
mod step_up;
mod token;
mod userinfo;

pub use client::ClientProof;
pub use error::{SsoError, TokenFault};
pub use flow::{Begun, Callback, Pending};
pub use identity::{GroupsClaim, Identity, Once};
pub use jwks::PinnedKeys;
pub use logout::LogoutNotice;
pub use metadata::ProviderSummary;
pub use saml_identity::{SignOutName, saml_identity};
pub use saml_provider::{SamlProviders, described, learn};
pub use step_up::StepUp;

use crate::{
    crypto::heavy,
    model::{Instant, OidcSettings},
    net,
};
use issuer::Issuer;
use jws::{Claims, Kind, Unverified};
use keys::KeySet;
use metadata::Metadata;
use openidconnect::{
    AuthUrl, AuthenticationContextClass, ClientId, CsrfToken, IssuerUrl, JsonWebKeySet, LoginHint, Nonce,
    PkceCodeChallenge, RedirectUrl, Scope,
    core::{CoreAuthenticationFlow, CoreClient},
};
use providers::Providers;
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::Arc, time::Duration};
use token::Expected;
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
        let (metadata, keys) = self.providers.examine(&Issuer::of(settings).published(), now).await?;
        Ok(ProviderSummary::of(&metadata, &keys, &settings.scopes))
    }

    /// Refuses settings by which somebody could come in who is not meant, in words.
    pub fn check(&self, settings: &OidcSettings) -> Result<(), String> {
        Issuer::of(settings).fault()?;
        match &settings.groups_endpoint {
            Some(endpoint) => self.providers.admits(endpoint).map_err(|why| format!("groups_endpoint: {why}")),
            None => Ok(()),
        }
    }

    /// Begins a sign-in: where to send the browser. `redirect_uri` is our own address, registered at the provider.
    pub async fn begin(
        &self,
        settings: &OidcSettings,
        redirect_uri: &str,
        login_hint: Option<&str>,
        now: Instant,
    ) -> Result<Begun, SsoError> {
        self.begin_stepped(settings, redirect_uri, (login_hint, StepUp::of(settings)), now).await
    }

    /// The same, with how the person has to sign in there. [`Oidc::finish`] holds the answer to it.
    pub async fn begin_stepped(
        &self,
        settings: &OidcSettings,
        redirect_uri: &str,
        (login_hint, step_up): (Option<&str>, StepUp),
        now: Instant,
    ) -> Result<Begun, SsoError> {
        let metadata = self.metadata(settings, now).await?;
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
        for class in &step_up.acr_values {
            request = request.add_auth_context_value(AuthenticationContextClass::new(class.clone()));
        }
        if let Some(seconds) = step_up.max_age {
            request = request.set_max_age(Duration::from_secs(seconds.into()));
        }
        let (url, state, nonce) = request.url();
        let pending = Pending {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            pkce_verifier: verifier.into_secret(),
            issuer: settings.issuer.clone(),
            created_at: now,
            step_up,
        };
        Ok(Begun { url: url.into(), pending })
    }

    /// Finishes a sign-in: who came back. `redirect_uri` is the one that the sign-in was begun with.
    ///
    /// A `pending` is for one answer: the caller forgets it, whatever the outcome.
    pub async fn finish(
        &self,
        settings: &OidcSettings,
        client: impl Into<ClientProof<'_>>,
        redirect_uri: &str,
        pending: &Pending,
        callback: &Callback,
        now: Instant,
    ) -> Result<Identity, SsoError> {
        pending.check(settings, callback, now)?;
        let metadata = self.metadata(settings, now).await?;
        let issuer = Issuer::of(settings);
        callback.check_issuer(issuer, metadata.authorization_response_iss_parameter_supported)?;
        let code = exchange::Code { value: callback.code()?, pkce_verifier: &pending.pkce_verifier, redirect_uri };
        let tokens = exchange::exchange(&self.providers, &metadata, settings, &client.into(), (&code, now)).await?;
        let expected = Expected {
            issuer,
            client_id: &settings.client_id,
            nonce: &pending.nonce,
            access_token: &tokens.access_token,
            code: code.value,
            step_up: &pending.step_up,
            now,
        };
        let token = Unverified::read(&tokens.id_token, Kind::Id)?;
        let claims = self.verified(&metadata, &token, now, |keys| token::verify(&token, keys, &expected)).await?;
        let userinfo = self.userinfo(&metadata, &tokens.access_token, &claims).await?;
        let mut identity = identity(settings, claims, userinfo, tokens.id_token);
        if let (GroupsClaim::Overage, Some(endpoint)) = (&identity.groups, &settings.groups_endpoint) {
            let groups = groups::all_groups(&self.providers, endpoint, &tokens.access_token).await?;
            identity.groups = GroupsClaim::Present(groups);
        }
        Ok(identity)
    }

    /// What a logout token of the provider says, if it is one.
    pub async fn logout_notice(
        &self,
        settings: &OidcSettings,
        logout_token: &str,
        now: Instant,
    ) -> Result<LogoutNotice, SsoError> {
        let refused = |why| SsoError::LogoutInvalid { why };
        let token = Unverified::read(logout_token, Kind::Logout).map_err(refused)?;
        let metadata = self.metadata(settings, now).await?;
        let held = (Issuer::of(settings), settings.client_id.as_str(), now);
        let notice = self.verified(&metadata, &token, now, |keys| logout::verify(&token, keys, held)).await;
        notice.map_err(|error| match error {
            SsoError::TokenInvalid { why } => refused(why),
            other => other,
        })
    }

    /// Whether somebody may call themselves this connection's provider by this name.
    #[must_use]
    pub fn is_issuer(settings: &OidcSettings, named: &str) -> bool {
        Issuer::of(settings).may_be(named)
    }

    /// Where to send the browser so that the provider signs the person out as well; none if it cannot be asked.
    ///
    /// OpenID Connect RP-Initiated Logout 1.0 §2. `post_logout_redirect` has to be registered at the provider.
    pub async fn end_session_url(
        &self,
        settings: &OidcSettings,
        (id_token_hint, logout_hint): (Option<&str>, Option<&str>),
        post_logout_redirect: &str,
        state: Option<&str>,
        now: Instant,
    ) -> Result<Option<String>, SsoError> {
        let metadata = self.metadata(settings, now).await?;
        let Some(endpoint) = &metadata.end_session_endpoint else { return Ok(None) };
        let mut url = Url::parse(endpoint)
            .map_err(|error| SsoError::DiscoveryInvalid { what: format!("end_session_endpoint: {error}") })?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("client_id", &settings.client_id);
            query.append_pair("post_logout_redirect_uri", post_logout_redirect);
            for (name, value) in [("id_token_hint", id_token_hint), ("logout_hint", logout_hint), ("state", state)] {
                if let Some(value) = value {
                    query.append_pair(name, value);
                }
            }
        }
        Ok(Some(url.into()))
    }

    async fn metadata(&self, settings: &OidcSettings, now: Instant) -> Result<Arc<Metadata>, SsoError> {
        self.providers.metadata(&Issuer::of(settings).published(), now).await
    }

    /// What a token says, if `verify` finds it good, with the keys fetched again at most once.
    async fn verified<T>(
        &self,
        metadata: &Metadata,
        token: &Unverified<'_>,
        now: Instant,
        verify: impl Fn(&KeySet) -> Result<T, TokenFault>,
    ) -> Result<T, SsoError> {
        let keys = self.providers.keys(metadata, None, now).await?;
        match heavy(|| verify(&keys)).await {
            Ok(said) => Ok(said),
            Err(fault) if token.may_be_rotated(&fault) => {
                let keys = self.providers.keys(metadata, Some(&keys), now).await?;
                Ok(heavy(|| verify(&keys)).await?)
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

/// What the header of a token says against it: as an ID token, and as a logout token. Nothing else of it is looked at.
#[must_use]
pub fn header_faults(token: &str) -> (Option<TokenFault>, Option<TokenFault>) {
    (Unverified::read(token, Kind::Id).err(), Unverified::read(token, Kind::Logout).err())
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
    let time = |name: &str| jws::seconds(&token, name).ok().flatten().map(|s| Instant(s.saturating_mul(1_000_000)));
    let groups = GroupsClaim::of(&token).or(GroupsClaim::of(&userinfo));
    Identity {
        issuer: text("iss").unwrap_or_else(|| settings.issuer.clone()),
        subject: text("sub").unwrap_or_default(),
        provider_session: text("sid"),
        groups,
        authenticated_at: time("auth_time"),
        acr: text("acr"),
        claims: userinfo::merged(token, userinfo),
        id_token,
        provider_session_until: None,
        once: None,
    }
}
