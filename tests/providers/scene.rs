//! An organization whose Entra signs its own tokens, on a clock that moves when it is told to.

use crate::{
    issuer::{By, Issuer, keys},
    world::{Answer, Connection, Organization, World},
};
use castgate::{
    app::{Clock, Ctx},
    model::{ConnectionSettings, EventKind, Instant, Profile, ProviderTokens},
};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const TENANT: &str = "5a1c2e7e-1111-4222-8333-3d7f1b2c9a10";
pub(crate) const AUDIENCE: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";
pub(crate) const PROVISIONING: &str = "00000014-0000-0000-c000-000000000000";
pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) acme: Organization,
    pub(crate) entra: Connection,
    pub(crate) issuer: Issuer,
}

/// What Entra's connection is pinned to, with keys at this address.
pub(crate) fn pinned(jwks_url: &str) -> ConnectionSettings {
    let mut settings = ConnectionSettings::of(Profile::Entra);
    let tokens = ProviderTokens { jwks_url: jwks_url.to_owned(), ..ProviderTokens::of_entra(TENANT) };
    settings.provider_tokens = Some(tokens);
    settings
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let clock = Clock::fixed(Clock::machine().now(), 1);
        let world = World::start_with(clock, |settings| {
            // Dozens of refusals within seconds, all from here.
            settings.limits.address = "0/s".parse().unwrap();
        })
        .await;
        let issuer = Issuer::start().await;
        let acme = world.organization("acme").await;
        let entra = acme.connection_with("entra", pinned(&issuer.url)).await;
        Self { world, acme, entra, issuer }
    }

    pub(crate) fn now(&self) -> Instant {
        self.world.app.clock().now()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.world.app.clock().advance(by);
    }

    /// The operator's context at this moment.
    pub(crate) fn operator(&self) -> Ctx {
        Ctx { now: self.now(), ..self.acme.operator.clone() }
    }

    pub(crate) async fn events(&self, kind: EventKind) -> Vec<Value> {
        let all = self.world.app.events(&self.operator(), None, "", 200).await.unwrap();
        all.into_iter().filter(|event| event.kind == kind).map(|event| event.detail).collect()
    }

    /// What Entra says in a token: an hour long, from now.
    pub(crate) fn claims(&self) -> Value {
        let now = self.now().seconds();
        json!({
            "iss": format!("https://sts.windows.net/{TENANT}/"), "aud": AUDIENCE, "tid": TENANT,
            "appid": PROVISIONING, "oid": "7f8c", "iat": now, "nbf": now, "exp": now + 3600,
        })
    }

    /// A token that is right in everything but these claims; null: without it.
    pub(crate) fn jwt(&self, but: &Value) -> String {
        let mut claims = self.claims();
        for (name, value) in but.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        keys().sign(By::Rs256, r#"{"typ":"JWT","alg":"RS256","kid":"rsa"}"#, &claims.to_string())
    }

    /// Reads users with a bearer token at a path behind `/scim/v2`.
    pub(crate) async fn push(&self, path: &str, bearer: &str) -> Answer {
        let bearer = format!("Bearer {bearer}");
        self.world.client.get(&format!("/scim/v2{path}"), &[("authorization", &bearer)]).await
    }

    /// Shows a JWT at the connection's own address.
    pub(crate) async fn show(&self, jwt: &str) -> Answer {
        self.push(&format!("/{}/Users", self.entra.stored.id), jwt).await
    }

    /// What the API says at this path, to the owner.
    pub(crate) async fn api(&self, path: &str) -> Value {
        let bearer = format!("Bearer {}", self.acme.key);
        self.world.client.get(&format!("/api/v1{path}"), &[("authorization", &bearer)]).await.expect(200).json()
    }

    /// Asks for an access token.
    pub(crate) async fn token(&self, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.world.client.send("POST", "/oauth2/token", &all, Some(body)).await
    }
}

/// What is said to everybody whose token was never one.
const SILENCE: &str = "Send the token of an enabled connection: Authorization: Bearer ….";

/// Whether it was refused without a word of why.
pub(crate) fn is_silent(answer: &Answer) -> bool {
    let header = answer.header("www-authenticate");
    answer.status == 401 && header == "Bearer" && answer.json()["detail"] == SILENCE
}

/// Refused without a word of why.
#[track_caller]
pub(crate) fn silent(answer: &Answer, what: &str) {
    assert!(is_silent(answer), "{what}: {answer:?}");
}

/// Whether it was refused and told why in the header.
pub(crate) fn is_told(answer: &Answer, why: &str) -> bool {
    answer.status == 401 && answer.header("www-authenticate").contains(why)
}

/// Refused, and told why: in the header (RFC 6750 §3) and in the SCIM error.
#[track_caller]
pub(crate) fn told(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 401, "{why}: {answer:?}");
    let header = answer.header("www-authenticate");
    let begins = r#"Bearer realm="castgate", error="invalid_token", error_description=""#;
    assert!(header.starts_with(begins) && header.contains(why), "{why}: {header}");
    let json = answer.json();
    assert_eq!(json["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(json["status"], "401");
    assert!(json["detail"].as_str().unwrap().to_lowercase().contains(&why.to_lowercase()), "{why}: {json}");
}

/// An OAuth error with this word.
#[track_caller]
pub(crate) fn oauth(answer: &Answer, status: u16, word: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(answer.header("content-type"), "application/json", "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    let json = answer.json();
    assert_eq!(json["error"], word, "{what}: {json}");
    assert!(json["error_description"].as_str().unwrap().is_ascii(), "{what}: {json}");
    if status == 401 {
        assert_eq!(answer.header("www-authenticate"), r#"Basic realm="castgate""#, "{what}");
        assert_eq!(json["error_description"], "the client is not known, or its credentials are not right", "{what}");
    }
}
