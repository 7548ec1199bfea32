//! Sign-ins that must fail, one rule bent at a time, and the few that must not.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod cases;
mod elsewhere;
mod logout;
mod provider;
mod scene;
mod signals;
mod step_up;
mod through_the_door;
mod who_and_how;
#[path = "../world/mod.rs"]
mod world;

use cases::{ANSWERS, CLAIMS, CONFIGURATIONS, Case, SIGNATURES};
use castgate::sso::{GroupsClaim, SsoError};
use provider::keys;
use scene::{NOW, REDIRECT, Scene, later};
use serde_json::json;

async fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for Case(name, bend, refusal) in cases {
        let mut scene = Scene::new().await;
        bend(&mut scene);
        match scene.play(&Scene::oidc()).await {
            Err(error) if refusal(&error) => assert!(error.to_string().len() > 20, "{name}: {error}"),
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_is_refused() {
    check(SIGNATURES).await;
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_is_refused() {
    check(CLAIMS).await;
}

#[tokio::test]
async fn an_answer_that_does_not_belong_to_the_sign_in_is_refused() {
    check(ANSWERS).await;
}

#[tokio::test]
async fn whoever_signed_in_too_weakly_too_long_ago_or_at_another_tenant_is_refused() {
    check(who_and_how::WHO_AND_HOW).await;
}

#[tokio::test]
async fn a_configuration_that_would_let_a_sign_in_be_stolen_is_refused() {
    check(CONFIGURATIONS).await;
}

#[tokio::test]
async fn a_right_sign_in_succeeds_with_every_accepted_algorithm() {
    for (algorithm, kid) in [("ES256", "p256"), ("ES384", "p384"), ("EdDSA", "ed"), ("RS256", "rsa"), ("PS256", "rsa")]
    {
        let mut scene = Scene::new().await;
        scene.signed_by = algorithm;
        for header in [json!({"alg": algorithm, "kid": kid}), json!({"alg": algorithm, "typ": "jwt"})] {
            scene.header = header;
            let identity = scene.play(&Scene::oidc()).await.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
            assert_eq!((identity.issuer, identity.subject.as_str()), (scene.provider.issuer.clone(), "ada"));
            assert_eq!(identity.groups, GroupsClaim::Present(vec!["engineering".to_owned()]));
            assert_eq!(identity.provider_session.as_deref(), Some("s1"));
            assert_eq!(identity.claims["name"], "Ada Byron", "userinfo fills the gaps");
            assert!(!identity.claims.contains_key("email_verified"), "it was said about another source's address");
        }
    }
}

#[tokio::test]
async fn the_code_travels_with_its_verifier_and_our_secret() {
    let scene = Scene::new().await;
    scene.publish();
    let oidc = Scene::oidc();
    let begun = oidc.begin(&scene.settings, REDIRECT, Some("ada@northwind.example"), NOW).await.unwrap();
    for part in
        ["response_type=code", "code_challenge_method=S256", "scope=openid+profile", "login_hint=ada%40", "nonce="]
    {
        assert!(begun.url.contains(part), "{part} is not in {}", begun.url);
    }
    let verifier = begun.pending.pkce_verifier.clone();
    assert!(!begun.url.contains(&verifier));
    scene.come_back(&oidc, begun.pending).await.unwrap();
    let asked = scene.provider.asked("/token").remove(0);
    assert!(asked.contains(&format!("code_verifier={verifier}")), "{asked}");
    assert!(asked.contains("Basic Y2FzdGdhdGU6c2VjcmV0"), "{asked}");
}

#[tokio::test]
async fn clocks_may_be_a_minute_apart() {
    let mut scene = Scene::new().await;
    let now = NOW.seconds();
    (scene.claims["exp"], scene.claims["iat"], scene.claims["nbf"]) =
        (json!(now - 59), json!(now + 60), json!(now + 60));
    scene.play(&Scene::oidc()).await.unwrap();
}

#[tokio::test]
async fn a_rotated_key_works_at_once_and_a_flood_of_unknown_ones_costs_one_request() {
    let mut scene = Scene::new().await;
    let oidc = Scene::oidc();
    scene.play(&oidc).await.unwrap();
    assert_eq!(scene.provider.asked("/jwks").len(), 1);

    (scene.signed_by, scene.header["kid"]) = ("stranger", json!("next"));
    let begun = oidc.begin(&scene.settings, REDIRECT, None, NOW).await.unwrap();
    scene.provider.says("/jwks", 200, &keys().rotated());
    scene.come_back(&oidc, begun.pending).await.unwrap();
    assert_eq!(scene.provider.asked("/jwks").len(), 2);

    for attempt in 0..20 {
        scene.header["kid"] = json!(format!("flood-{attempt}"));
        let begun = oidc.begin(&scene.settings, REDIRECT, None, NOW).await.unwrap();
        scene.come_back(&oidc, begun.pending).await.unwrap_err();
    }
    assert_eq!(scene.provider.asked("/jwks").len(), 2, "the flood must not reach the provider");
    for (seconds, asked) in [(59, 2), (61, 3), (62, 3), (120, 3), (122, 4)] {
        scene.finished_at = later(seconds);
        let begun = oidc.begin(&scene.settings, REDIRECT, None, later(seconds)).await.unwrap();
        scene.come_back(&oidc, begun.pending).await.unwrap_err();
        assert_eq!(scene.provider.asked("/jwks").len(), asked, "once a minute, after {seconds} s");
    }
    assert_eq!(scene.provider.asked("/.well-known/openid-configuration").len(), 1);
}

#[tokio::test]
async fn who_signs_in_while_the_keys_cannot_be_had_is_let_in_by_those_of_yesterday() {
    let mut scene = Scene::new().await;
    let oidc = Scene::oidc();
    scene.play(&oidc).await.unwrap();
    for seconds in [30, 3_700, 3_800, 86_300] {
        (scene.finished_at, scene.claims["iat"], scene.claims["exp"]) =
            (later(seconds), json!(later(seconds).seconds()), json!(later(seconds).seconds() + 60));
        let begun = oidc.begin(&scene.settings, REDIRECT, None, later(seconds)).await.unwrap();
        scene.provider.says("/jwks", 503, &json!(null));
        scene.come_back(&oidc, begun.pending).await.unwrap();
    }
    scene.finished_at = later(86_500);
    (scene.claims["iat"], scene.claims["exp"]) = (json!(later(86_500).seconds()), json!(later(86_560).seconds()));
    let begun = oidc.begin(&scene.settings, REDIRECT, None, later(86_500)).await.unwrap();
    let error = scene.come_back(&oidc, begun.pending).await.unwrap_err();
    assert!(matches!(error, SsoError::ProviderUnreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn what_a_silent_provider_said_last_holds_for_a_day() {
    let scene = Scene::new().await;
    let oidc = Scene::oidc();
    scene.play(&oidc).await.unwrap();
    scene.provider.says("/.well-known/openid-configuration", 503, &json!(null));
    for (seconds, asked) in [(60, 1), (3601, 2), (3620, 2), (3640, 3), (86_399, 4)] {
        oidc.begin(&scene.settings, REDIRECT, None, later(seconds)).await.unwrap();
        assert_eq!(scene.provider.asked("/.well-known/openid-configuration").len(), asked, "after {seconds} s");
    }
    let error = oidc.begin(&scene.settings, REDIRECT, None, later(86_401)).await.unwrap_err();
    assert!(matches!(error, SsoError::ProviderUnreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn an_admin_sees_what_the_provider_offers() {
    let scene = Scene::new().await;
    scene.publish();
    let summary = Scene::oidc().discover(&scene.settings, NOW).await.unwrap();
    assert_eq!(summary.algorithms, ["RS256", "ES256"]);
    assert_eq!((summary.usable_keys, summary.refused_keys.len()), (5, 3));
    assert_eq!(summary.pkce_s256, Some(true));
}

#[tokio::test]
async fn signing_out_at_the_provider_keeps_the_query_of_its_address() {
    let scene = Scene::new().await;
    scene.publish();
    let end = Scene::oidc()
        .end_session_url(&scene.settings, (Some("t"), Some("ada@c.example")), "https://c.example/", Some("bye"), NOW)
        .await;
    let expected = "/end?x=1&client_id=castgate&post_logout_redirect_uri=https%3A%2F%2Fc.example%2F&id_token_hint=t&logout_hint=ada%40c.example&state=bye";
    assert_eq!(end.unwrap(), Some(format!("{}{expected}", scene.provider.issuer)));
}
