//! Logout tokens that end nothing, one rule bent at a time, and those that are good (OpenID Back-Channel Logout 1.0 §2.6).

use crate::{
    provider::keys,
    scene::{NOW, Scene, later},
};
use castgate::{
    model::Instant,
    sso::{LogoutNotice, SsoError, TokenFault},
};
use serde_json::{Value, json};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What the provider says, before a case bends it.
struct Notice {
    scene: Scene,
    by: &'static str,
    header: Value,
    claims: Value,
    at: Instant,
    bend_token: fn(String) -> String,
}

impl Notice {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let now = NOW.seconds();
        let claims = json!({
            "iss": scene.provider.issuer, "aud": "castgate", "sub": "ada", "sid": "s1", "iat": now, "exp": now + 120,
            "jti": "bWJq", "events": {EVENT: {}},
        });
        let header = json!({"alg": "ES256", "kid": "p256", "typ": "logout+jwt"});
        Self { scene, by: "ES256", header, claims, at: NOW, bend_token: |token| token }
    }

    async fn tell(&self) -> Result<LogoutNotice, SsoError> {
        self.scene.publish();
        let token = (self.bend_token)(keys().sign(self.by, &self.header, &self.claims.to_string()));
        Scene::oidc().logout_notice(&self.scene.settings, &token, self.at).await
    }

    fn remove(&mut self, claim: &str) {
        self.claims.as_object_mut().unwrap().remove(claim);
    }
}

struct Case(&'static str, fn(&mut Notice), fn(&TokenFault) -> bool);

macro_rules! fault {
    ($pattern:pat) => {
        |fault| matches!(fault, $pattern)
    };
}

const CASES: &[Case] = &[
    Case("signed by a stranger", |n| n.by = "stranger", fault!(TokenFault::Signature)),
    Case("not signed", |n| n.by = "nobody", fault!(TokenFault::Signature)),
    Case("algorithm none", |n| (n.by, n.header["alg"]) = ("nobody", json!("none")), fault!(TokenFault::Algorithm(_))),
    Case(
        "HS256 keyed with the client secret",
        |n| (n.by, n.header["alg"]) = ("HS256 with the secret", json!("HS256")),
        fault!(TokenFault::Algorithm(_)),
    ),
    Case("a key that nobody published", |n| n.header["kid"] = json!("other"), fault!(TokenFault::UnknownKey { .. })),
    Case("an access token", |n| n.header["typ"] = json!("at+jwt"), fault!(TokenFault::Type(_))),
    Case("a security event of another kind", |n| n.header["typ"] = json!("secevent+jwt"), fault!(TokenFault::Type(_))),
    Case("critical header that nobody knows", |n| n.header["crit"] = json!(["x"]), fault!(TokenFault::Critical)),
    Case("wrong issuer", |n| n.claims["iss"] = json!("https://evil.example"), fault!(TokenFault::Issuer { .. })),
    Case("no issuer", |n| n.remove("iss"), fault!(TokenFault::Issuer { .. })),
    Case("wrong audience", |n| n.claims["aud"] = json!("grafana"), fault!(TokenFault::Audience(_))),
    Case("audience without us", |n| n.claims["aud"] = json!(["a", "b"]), fault!(TokenFault::Audience(_))),
    Case("no audience", |n| n.remove("aud"), fault!(TokenFault::Audience(_))),
    Case("expired", |n| n.at = later(181), fault!(TokenFault::Expired(_))),
    Case("no expiry", |n| n.remove("exp"), fault!(TokenFault::Malformed(_))),
    Case("expiry that is no number", |n| n.claims["exp"] = json!("1e99"), fault!(TokenFault::Malformed(_))),
    Case("no time of issue", |n| n.remove("iat"), fault!(TokenFault::Malformed(_))),
    Case(
        "issued in the future",
        |n| n.claims["iat"] = json!(NOW.seconds() + 61),
        fault!(TokenFault::IssuedInFuture(_)),
    ),
    Case(
        "issued long ago, and good for ever",
        |n| {
            n.claims["iat"] = json!(NOW.seconds() - 961);
            n.claims["exp"] = json!(NOW.seconds() + 1_000_000);
        },
        fault!(TokenFault::Expired(_)),
    ),
    Case("not valid yet", |n| n.claims["nbf"] = json!(NOW.seconds() + 61), fault!(TokenFault::NotYetValid(_))),
    Case("no event", |n| n.remove("events"), fault!(TokenFault::NotALogout(_))),
    Case(
        "another event",
        |n| n.claims["events"] = json!({"https://schemas.openid.net/secevent/risc": {}}),
        fault!(TokenFault::NotALogout(_)),
    ),
    Case(
        "an event that is no object",
        |n| n.claims["events"] = json!({EVENT: true}),
        fault!(TokenFault::NotALogout(_)),
    ),
    Case("events in a list", |n| n.claims["events"] = json!([EVENT]), fault!(TokenFault::NotALogout(_))),
    Case("a nonce", |n| n.claims["nonce"] = json!("n"), fault!(TokenFault::NotALogout(_))),
    Case("a nonce that is nothing", |n| n.claims["nonce"] = json!(null), fault!(TokenFault::NotALogout(_))),
    Case(
        "neither a person nor a session",
        |n| {
            n.remove("sub");
            n.remove("sid");
        },
        fault!(TokenFault::NotALogout(_)),
    ),
    Case("a person that is no text", |n| n.claims["sub"] = json!(1), fault!(TokenFault::Malformed(_))),
    Case("a session that is empty", |n| n.claims["sid"] = json!(""), fault!(TokenFault::Malformed(_))),
    Case("a session that is nothing", |n| n.claims["sid"] = json!(null), fault!(TokenFault::Malformed(_))),
    Case("no id", |n| n.remove("jti"), fault!(TokenFault::NotALogout(_))),
    Case("an id that is a number", |n| n.claims["jti"] = json!(7), fault!(TokenFault::Malformed(_))),
    Case("an endless id", |n| n.claims["jti"] = json!("j".repeat(256)), fault!(TokenFault::Malformed(_))),
    Case(
        "cut short",
        |n| n.bend_token = |t| t[..t.len() - 9].to_owned(),
        fault!(TokenFault::Signature | TokenFault::Malformed(_)),
    ),
    Case("no token at all", |n| n.bend_token = |_| String::new(), fault!(TokenFault::Malformed(_))),
    Case("a hundred kilobytes", |n| n.bend_token = |t| t.repeat(300), fault!(TokenFault::TooLarge(_))),
    Case(
        "the ID token of a sign-in",
        |n| {
            n.header["typ"] = json!("JWT");
            n.claims = n.scene.claims.clone();
            n.claims["iss"] = json!(n.scene.provider.issuer);
        },
        fault!(TokenFault::NotALogout(_)),
    ),
    Case(
        "a tenant that is not pinned",
        |n| {
            n.scene.settings.tenants = vec!["t1".to_owned()];
            n.claims["tid"] = json!("t2");
        },
        fault!(TokenFault::Tenant(_)),
    ),
];

#[tokio::test]
async fn a_logout_that_the_provider_did_not_tell_of_ends_nothing() {
    let mut wrong = Vec::new();
    for Case(name, bend, expected) in CASES {
        let mut notice = Notice::new().await;
        bend(&mut notice);
        match notice.tell().await {
            Err(SsoError::LogoutInvalid { why }) if expected(&why) => {}
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_logout_of_a_session_of_a_person_or_of_both_is_believed() {
    for (without, typ) in [("none", "logout+jwt"), ("sub", "JWT"), ("sid", "application/logout+jwt")] {
        let mut notice = Notice::new().await;
        notice.header["typ"] = json!(typ);
        notice.remove(without);
        notice.at = later(119);
        let said = notice.tell().await.unwrap();
        assert_eq!((said.subject.is_some(), said.provider_session.is_some()), (without != "sub", without != "sid"));
        assert!(said.replayable_until >= later(15 * 60 + 60), "it is remembered for as long as it would be believed");
    }
    let mut untyped = Notice::new().await;
    untyped.header.as_object_mut().unwrap().remove("typ");
    assert_eq!(untyped.tell().await.unwrap().id, "bWJq");
}
