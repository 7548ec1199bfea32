//! Security events that are not believed, or name nobody: each is answered as RFC 8935 has it, and none has any effect.

use crate::{
    effects::{AUDIENCE, CAEP, ISSUER, RISC, Stream, pinned, send_to},
    issuer::{By, keys},
    scene::{Scene, everywhere, hire_at},
    world::Connection,
};
use castgate::model::EventKind;
use serde_json::{Value, json};

const HEADER: &str = r#"{"alg":"ES256","kid":"ec","typ":"secevent+jwt"}"#;

/// Everything that a signal could have changed.
async fn state(stream: &Stream<'_>, people: &[String], sessions: &[String]) -> Value {
    let mut all = Vec::new();
    for person in people {
        let user = stream.scene.api("GET", &format!("/users/{person}"), None).await.json();
        all.push(json!([user["state"], stream.okta.get(&format!("/Users/{person}")).await.status]));
    }
    for session in sessions {
        all.push(json!(stream.is_in(session).await));
    }
    let kinds = [EventKind::SessionEnded, EventKind::UserSuspended, EventKind::UserRemoved, EventKind::UserActivated];
    for kind in kinds {
        all.push(json!(stream.scene.count(kind).await));
    }
    json!(all)
}

/// What is wrong, the token, and the word of the refusal.
type Case = (&'static str, String, &'static str);

/// The claims of a token that would suspend ada.
fn fresh(stream: &Stream<'_>) -> Value {
    let ada = json!({"format": "iss_sub", "iss": ISSUER, "sub": "ada"});
    stream.claims(&format!("{RISC}account-disabled"), ada, json!({}))
}

/// Those that nobody signed, or not so.
fn badly_signed(stream: &Stream<'_>) -> Vec<Case> {
    let with = |header: &str, by: By| keys().sign(by, header, &fresh(stream).to_string());
    let es256 = |rest: &str| with(&format!(r#"{{"alg":"ES256"{rest}}}"#), By::Es256);
    let good = with(HEADER, By::Es256);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut other = fresh(stream);
    other["sub_id"] = json!({"format": "opaque", "id": "bea"});
    let other = keys().sign(By::Es256, HEADER, &other.to_string());
    let others = other.rsplit_once('.').unwrap().0;
    let hmac = r#"{"alg":"HS256","kid":"rsa","typ":"secevent+jwt"}"#;
    let rs384 = r#"{"alg":"RS384","kid":"rsa","typ":"secevent+jwt"}"#;
    let none = r#"{"alg":"none","kid":"ec","typ":"secevent+jwt"}"#;
    vec![
        ("alg none", with(none, By::Nobody), "invalid_request"),
        ("alg none, signed", with(none, By::Es256), "invalid_request"),
        ("no signature", format!("{message}."), "invalid_key"),
        ("a stranger's key", with(HEADER, By::Stranger), "invalid_key"),
        ("an unknown kid", es256(r#","kid":"x","typ":"secevent+jwt""#), "invalid_key"),
        ("no kid among several keys", es256(r#","typ":"secevent+jwt""#), "invalid_key"),
        ("HMAC by the public key", with(hmac, By::Modulus), "invalid_request"),
        ("HMAC by the key set", with(hmac, By::Set), "invalid_request"),
        ("RS384", with(rs384, By::Rs384), "invalid_request"),
        ("crit", es256(r#","kid":"ec","typ":"secevent+jwt","crit":["x"]"#), "invalid_request"),
        ("an ID token's type", es256(r#","kid":"ec","typ":"JWT""#), "invalid_request"),
        ("no type", es256(r#","kid":"ec""#), "invalid_request"),
        ("another payload", format!("{others}.{signature}"), "invalid_key"),
        ("cut off", good[..good.len() / 2].to_owned(), "invalid_request"),
        ("four parts", format!("{good}.x"), "invalid_request"),
        ("no token", "{}".to_owned(), "invalid_request"),
        ("nothing", String::new(), "invalid_request"),
        ("larger than what is read", "x".repeat(400_000), "invalid_request"),
    ]
}

/// Those that say something else than they have to, under a good signature.
fn badly_said(stream: &Stream<'_>) -> Vec<Case> {
    let signed = |claims: &str| keys().sign(By::Es256, HEADER, claims);
    let set = |name: &str, value: Value| {
        let mut claims = fresh(stream);
        claims[name] = value;
        signed(&claims.to_string())
    };
    let without = |name: &str| {
        let mut claims = fresh(stream);
        claims.as_object_mut().unwrap().remove(name).unwrap();
        signed(&claims.to_string())
    };
    let now = stream.scene.world.app.clock().now().seconds();
    let deep = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","events":{}1{}}}"#, "[".repeat(4000), "]".repeat(4000));
    let twice = fresh(stream).to_string().replacen('{', &format!(r#"{{"iss":"{ISSUER}","#), 1);
    let inner = json!({"format": "complex", "user": {"format": "opaque", "id": "ada"}});
    let event = format!("{RISC}account-disabled");
    let cases = [
        ("too old", set("iat", json!(now - 25 * 3600))),
        ("from the future", set("iat", json!(now + 3600))),
        ("no iat", without("iat")),
        ("an iat that is a text", set("iat", json!(now.to_string()))),
        ("an ID token's exp", set("exp", json!(now + 3600))),
        ("a nonce", set("nonce", json!("x"))),
        ("no jti", without("jti")),
        ("an empty jti", set("jti", json!(""))),
        ("an endless jti", set("jti", json!("x".repeat(300)))),
        ("no events", without("events")),
        ("events that are empty", set("events", json!({}))),
        ("events that are a list", set("events", json!([event]))),
        ("an event that is a text", set("events", json!({event: "x"}))),
        ("no subject", without("sub_id")),
        ("a subject without format", set("sub_id", json!({"sub": "ada"}))),
        ("half a subject", set("sub_id", json!({"format": "iss_sub", "sub": "ada"}))),
        ("a subject that is a list", set("sub_id", json!([inner.clone()]))),
        ("a complex one in a complex one", set("sub_id", json!({"format": "complex", "user": inner}))),
        ("a claim twice", signed(&twice)),
        ("deep JSON", signed(&deep)),
        ("larger than any honest one", set("x", json!("x".repeat(20_000)))),
    ];
    let mut all: Vec<Case> = cases.into_iter().map(|(what, set)| (what, set, "invalid_request")).collect();
    all.extend([
        ("another issuer", set("iss", json!("https://evil.test")), "invalid_issuer"),
        ("no issuer", without("iss"), "invalid_issuer"),
        ("an issuer with a slash", set("iss", json!(format!("{ISSUER}/"))), "invalid_issuer"),
        ("another audience", set("aud", json!("https://other.test")), "invalid_audience"),
        ("no audience", without("aud"), "invalid_audience"),
        ("an audience that is no text", set("aud", json!({"a": AUDIENCE})), "invalid_audience"),
    ]);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_believed_has_no_effect_and_is_answered_in_the_words_of_rfc_8935() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let (ada, session) = stream.person("ada", "s").await;
        let (bea, other) = stream.person("bea", "s2").await;
        let (people, sessions) = ([ada, bea], [session, other]);
        let before = state(&stream, &people, &sessions).await;
        let cases = [badly_signed(&stream), badly_said(&stream)].concat();
        assert!(cases.len() >= 25);
        for (what, set, err) in cases {
            let answer = stream.send(&set).await;
            assert_eq!(answer.status, 400, "{what}: {answer:?}");
            let said = answer.json();
            assert_eq!(said["err"], err, "{what}: {said}");
            assert!(!said["description"].as_str().unwrap().is_empty(), "{what}");
            assert_eq!(state(&stream, &people, &sessions).await, before, "{what}");
        }
        assert_eq!(scene.count(EventKind::SignalReceived).await, 0);
        let shown =
            scene.api("GET", &format!("/connections/{}/signal-stream", stream.okta.stored.id), None).await.json();
        assert!(shown["stream"]["refused_why"].is_string(), "an admin sees that something is wrong: {shown:#}");
        assert!(stream.issuer.asked() <= 3, "strangers do not have keys read again and again");

        let good = stream.claims(
            &format!("{RISC}account-disabled"),
            json!({"format": "iss_sub", "iss": ISSUER, "sub": "ada"}),
            json!({}),
        );
        stream.send(&Stream::sign(&good)).await.expect(202);
        assert_ne!(state(&stream, &people, &sessions).await, before, "the one that they were made of works");
    })
    .await;
}

/// Another stream's token, another type of body, nobody's token: everything looks the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_no_token_of_this_very_stream_is_nobody() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let (people, sessions) = stream.person("ada", "s").await;
        let (people, sessions) = ([people], [sessions]);
        let before = state(&stream, &people, &sessions).await;
        let second = scene.acme.connection_with("second", pinned(&stream.issuer.url)).await;
        let seconds = Stream::token_of(scene, &second).await;
        let set = Stream::sign(&stream.claims(
            &format!("{CAEP}session-revoked"),
            json!({"format": "email", "email": "ada@acme.test"}),
            json!({}),
        ));
        let unset = scene.acme.connection("unset", castgate::model::Profile::Okta).await;
        let unsets = Stream::token_of(scene, &unset).await;
        let mut answers = Vec::new();
        for (connection, token) in [
            (&stream.okta, seconds.as_str()),
            (&stream.okta, scene.acme.key.as_str()),
            (&stream.okta, stream.okta.token()),
            (&stream.okta, "cge_0000000000000000000000000000000000000000000000"),
            (&stream.okta, ""),
            (&unset, unsets.as_str()),
            (&second, stream.token.as_str()),
        ] {
            answers.push(send_to(scene, connection, token, &set).await.expect(400).text);
        }
        let path = format!("/ssf/{}/events", stream.okta.stored.id);
        let kind = ("content-type", "application/secevent+jwt");
        answers.push(scene.world.client.send("POST", &path, &[kind], Some(set.clone())).await.expect(400).text);
        let nowhere = "/ssf/con_06h00krhv1t3jel88ooobccad0/events";
        let bearer = format!("Bearer {}", stream.token);
        let with = [kind, ("authorization", bearer.as_str())];
        answers.push(scene.world.client.send("POST", nowhere, &with, Some(set.clone())).await.expect(400).text);
        assert!(answers.iter().all(|one| *one == answers[0] && one.contains("authentication_failed")), "{answers:#?}");
        let json = [("content-type", "application/json"), with[1]];
        scene.world.client.send("POST", &path, &json, Some(set.clone())).await.expect(400);
        scene.world.client.send("POST", "/ssf/x/events", &with, Some(set.clone())).await.expect(400);
        assert_eq!(state(&stream, &people, &sessions).await, before);
        stream.okta.enable(false).await;
        stream.send(&set).await.expect(400);
        stream.okta.enable(true).await;
        assert_eq!(scene.count(EventKind::SignalReceived).await, 0);
    })
    .await;
}

/// Somebody who exists, and is not this connection's: the same address or name in another connection or organization.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_tells_of_its_own_people_and_of_nobody_elses() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let other = scene.world.organization("other").await;
        let foreign = other.connection_with("signalling", pinned(&stream.issuer.url)).await;
        let theirs = hire_at(&foreign, "eve").await;
        let beside = hire_at(&scene.okta, "dan").await;
        let own = hire_at(&stream.okta, "ada").await;
        let local = "owner@acme.example.com";
        for subject in [
            json!({"format": "email", "email": "eve@acme.test"}),
            json!({"format": "email", "email": "dan@acme.test"}),
            json!({"format": "email", "email": local}),
            json!({"format": "iss_sub", "iss": ISSUER, "sub": "eve"}),
            json!({"format": "iss_sub", "iss": ISSUER, "sub": "dan"}),
            json!({"format": "iss_sub", "iss": "https://evil.test", "sub": "ada"}),
            json!({"format": "opaque", "id": theirs}),
            json!({"format": "opaque", "id": own}),
            json!({"format": "account", "uri": "acct:dan@acme.test"}),
            json!({"format": "phone_number", "phone_number": "+1"}),
            json!({"format": "complex", "tenant": {"format": "opaque", "id": "ada"}}),
            json!({"format": "complex", "session": {"format": "opaque", "id": "nobody's"}}),
            json!({"format": "aliases", "identifiers": [{"format": "opaque", "id": theirs}, {"format": "email", "email": local}]}),
        ] {
            for event in ["session-revoked", "credential-change"] {
                stream.tell(&format!("{CAEP}{event}"), subject.clone(), json!({"change_type": "revoke"})).await;
            }
            for event in ["account-disabled", "account-purged"] {
                stream.tell(&format!("{RISC}{event}"), subject.clone(), json!({})).await;
                let told = stream.last().await;
                assert_eq!(told["events"][0]["effect"], "nobody", "{subject}: {told:#}");
            }
        }
        let active = async |connection: &Connection, id: &str| {
            connection.get(&format!("/Users/{id}")).await.expect(200).json()["active"] == true
        };
        assert!(
            active(&foreign, &theirs).await && active(&scene.okta, &beside).await && active(&stream.okta, &own).await
        );
        assert_eq!(scene.count(EventKind::UserSuspended).await + scene.count(EventKind::UserRemoved).await, 0);
        assert_eq!(scene.count(EventKind::SignalReceived).await, 52, "each left an event");
        assert_eq!(counted(&other, scene).await, 0, "and none elsewhere");
    })
    .await;
}

async fn counted(of: &crate::world::Organization, scene: &Scene) -> usize {
    let list = scene.api_of(of, "GET", "/events?filter=kind%20sw%20%22signal%22", None).await.expect(200).json();
    list["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_counts_once_and_is_answered_alike_each_time() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let (ada, _) = stream.person("ada", "s").await;
        let subject = json!({"format": "iss_sub", "iss": ISSUER, "sub": "ada"});
        let set = Stream::sign(&stream.claims(&format!("{CAEP}session-revoked"), subject, json!({})));
        stream.send(&set).await.expect(202);
        let again = stream.session(&ada, "s").await;
        // RFC 8935 §2: as if it had not been received before.
        let (one, two, three) = tokio::join!(stream.send(&set), stream.send(&set), stream.send(&set));
        for answer in [one, two, three] {
            assert_eq!((answer.status, answer.text.as_str()), (202, ""));
        }
        assert!(stream.is_in(&again).await, "what was ended once is not ended again");
        assert_eq!(scene.count(EventKind::SignalReceived).await, 1);
        // The same id from another stream is another token.
        let second = scene.acme.connection_with("second", pinned(&stream.issuer.url)).await;
        let token = Stream::token_of(scene, &second).await;
        send_to(scene, &second, &token, &set).await.expect(202);
        assert!(stream.is_in(&again).await, "ada is not of the second connection");
    })
    .await;
}
