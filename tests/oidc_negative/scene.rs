//! One sign-in against the scripted provider. It is right in everything until a case bends it.

use crate::provider::{Provider, keys};
use castgate::{
    model::{Instant, OidcSettings},
    net::{Client, Policy},
    sso::{Callback, ClientProof, Identity, Oidc, Pending, SsoError},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;

pub const REDIRECT: &str = "https://castgate.example/login/callback";
/// 2026-11-21T08:00:00Z.
pub const NOW: Instant = Instant(1_795_248_000_000_000);

pub fn later(seconds: u64) -> Instant {
    NOW.plus(Duration::from_secs(seconds))
}

/// Everything that the provider and the browser say. `@state`, `@nonce` and `@issuer` stand for the right values.
pub struct Scene {
    pub provider: Provider,
    pub settings: OidcSettings,
    pub discovery: Value,
    pub signed_by: &'static str,
    pub header: Value,
    pub claims: Value,
    /// The claims as text, where a JSON value cannot say it.
    pub claims_text: Option<&'static str>,
    /// The ID token after it was signed.
    pub bend_token: fn(String) -> String,
    pub token_answer: (u16, Value),
    pub userinfo: (u16, Value),
    pub callback: Value,
    pub bend_pending: fn(&mut Pending),
    pub finished_at: Instant,
    /// Where the provider publishes its configuration.
    pub discovery_at: &'static str,
    /// Whom the published keys say that they are for.
    pub key_issuer: Option<&'static str>,
    /// The algorithm that the published keys say that they are for.
    pub key_algorithm: Option<&'static str>,
}

impl Scene {
    pub async fn new() -> Self {
        let provider = Provider::start().await;
        let at = |path: &str| format!("{}{path}", provider.issuer);
        let now = NOW.seconds();
        Self {
            settings: OidcSettings {
                issuer: provider.issuer.clone(),
                client_id: "castgate".to_owned(),
                scopes: vec!["profile".to_owned()],
                ..OidcSettings::default()
            },
            discovery: json!({
                "issuer": provider.issuer,
                "authorization_endpoint": at("/authorize"),
                "token_endpoint": at("/token"),
                "jwks_uri": at("/jwks"),
                "userinfo_endpoint": at("/userinfo"),
                "end_session_endpoint": at("/end?x=1"),
                "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
                "code_challenge_methods_supported": ["plain", "S256"],
            }),
            signed_by: "ES256",
            header: json!({"alg": "ES256", "kid": "p256", "typ": "JWT"}),
            claims: json!({
                "iss": "@issuer", "aud": "castgate", "sub": "ada", "nonce": "@nonce", "iat": now, "exp": now + 300,
                "email": "ada@northwind.example", "groups": ["engineering"], "sid": "s1",
            }),
            claims_text: None,
            bend_token: |token| token,
            token_answer: (200, json!({"access_token": "opaque", "token_type": "Bearer", "id_token": "@token"})),
            userinfo: (200, json!({"sub": "ada", "name": "Ada Byron", "email_verified": true})),
            callback: json!({"code": "c0de", "state": "@state"}),
            bend_pending: |_| (),
            finished_at: NOW,
            discovery_at: "/.well-known/openid-configuration",
            key_issuer: None,
            key_algorithm: None,
            provider,
        }
    }

    /// An `Oidc` that may speak with loopback.
    pub fn oidc() -> Oidc {
        Oidc::new(Client::new(Policy { allow_private_addresses: true, ..Policy::default() }))
    }

    /// Puts up what the provider publishes.
    pub fn publish(&self) {
        self.provider.says(self.discovery_at, 200, &self.discovery);
        let mut published = keys().published();
        for key in published["keys"].as_array_mut().unwrap() {
            if let Some(issuer) = self.key_issuer {
                key["issuer"] = json!(issuer.replace("@issuer", &self.provider.issuer));
            }
            if let Some(algorithm) = self.key_algorithm {
                key["alg"] = json!(algorithm);
            }
        }
        self.provider.says("/jwks", 200, &published);
        self.provider.says("/userinfo", self.userinfo.0, &self.userinfo.1);
    }

    /// Both halves of a sign-in.
    pub async fn play(&self, oidc: &Oidc) -> Result<Identity, SsoError> {
        self.publish();
        let begun = oidc.begin(&self.settings, REDIRECT, None, NOW).await?;
        self.come_back(oidc, begun.pending).await
    }

    /// The second half.
    pub async fn come_back(&self, oidc: &Oidc, pending: Pending) -> Result<Identity, SsoError> {
        self.come_back_as(oidc, pending, ClientProof::Secret(&SecretString::from("secret"))).await
    }

    /// The same, with another proof that we are the client.
    pub async fn come_back_as(
        &self,
        oidc: &Oidc,
        mut pending: Pending,
        proof: ClientProof<'_>,
    ) -> Result<Identity, SsoError> {
        let fill = |text: &str| {
            text.replace("@state", &pending.state)
                .replace("@nonce", &pending.nonce)
                .replace("@issuer", &self.provider.issuer)
        };
        let claims = fill(&self.claims_text.map_or_else(|| self.claims.to_string(), str::to_owned));
        let token = (self.bend_token)(keys().sign(self.signed_by, &self.header, &claims));
        let answer = self.token_answer.1.to_string().replace("@token", &token);
        self.provider.says("/token", self.token_answer.0, &serde_json::from_str(&answer).unwrap());
        let callback: Callback = serde_json::from_str(&fill(&self.callback.to_string())).unwrap();
        (self.bend_pending)(&mut pending);
        oidc.finish(&self.settings, proof, REDIRECT, &pending, &callback, self.finished_at).await
    }
}
