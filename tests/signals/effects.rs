//! Security events that are believed: what each comes to, for each way of naming somebody.

use crate::{
    issuer::{By, Issuer, keys},
    scene::{Scene, everywhere, hire_at},
    world::{Answer, Connection},
};
use castgate::{
    app::Credential,
    crypto::{TokenKind, token},
    model::{ConnectionSettings, EventKind, OidcSettings, Profile, Session, SessionId, SignalSettings, UserId},
};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const ISSUER: &str = "https://idp.test";
pub(crate) const AUDIENCE: &str = "https://castgate.test/ssf";
pub(crate) const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
pub(crate) const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
pub(crate) const STREAM: &str = "https://schemas.openid.net/secevent/ssf/event-type/";

/// A connection whose provider tells of security events.
pub(crate) struct Stream<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) okta: Connection,
    pub(crate) token: String,
    pub(crate) issuer: Issuer,
}

/// What is pinned, with keys at this address.
pub(crate) fn pinned(jwks_url: &str) -> ConnectionSettings {
    let mut settings = ConnectionSettings::of(Profile::Okta);
    settings.oidc = Some(OidcSettings::new(ISSUER, "castgate"));
    let jwks_url = jwks_url.to_owned();
    settings.signals = Some(SignalSettings { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned(), jwks_url });
    settings
}

impl<'a> Stream<'a> {
    pub(crate) async fn open(scene: &'a Scene) -> Self {
        let issuer = Issuer::start().await;
        let okta = scene.acme.connection_with("signalling", pinned(&issuer.url)).await;
        let token = Self::token_of(scene, &okta).await;
        Self { scene, okta, token, issuer }
    }

    pub(crate) async fn token_of(scene: &Scene, connection: &Connection) -> String {
        let path = format!("/connections/{}/signal-stream/token", connection.stored.id);
        let made = scene.api("POST", &path, None).await.expect(201).json();
        made["secret"].as_str().unwrap().to_owned()
    }

    /// The claims of a token that tells of one event.
    #[expect(clippy::needless_pass_by_value, reason = "callers write it down where they call")]
    pub(crate) fn claims(&self, event: &str, subject: Value, payload: Value) -> Value {
        let now = self.scene.world.app.clock();
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "iat": now.now().seconds(), "jti": now.uuid().to_string(),
            "sub_id": subject, "events": {event: payload},
        })
    }

    pub(crate) fn sign(claims: &Value) -> String {
        keys().sign(By::Es256, r#"{"alg":"ES256","kid":"ec","typ":"secevent+jwt"}"#, &claims.to_string())
    }

    pub(crate) async fn send(&self, set: &str) -> Answer {
        send_to(self.scene, &self.okta, &self.token, set).await
    }

    /// Tells of one event, which is accepted.
    pub(crate) async fn tell(&self, event: &str, subject: Value, payload: Value) {
        let answer = self.send(&Self::sign(&self.claims(event, subject, payload))).await.expect(202);
        assert_eq!(answer.text, "");
    }

    /// A pushed person with a session of this connection's, by the provider's name for it: the id and the secret.
    pub(crate) async fn person(&self, name: &str, sid: &str) -> (String, String) {
        let id = hire_at(&self.okta, name).await;
        let secret = self.session(&id, sid).await;
        (id, secret)
    }

    pub(crate) async fn session(&self, user: &str, sid: &str) -> String {
        self.session_called(user, Some(sid)).await
    }

    /// A session, by what the provider's ID token said that it is called there.
    pub(crate) async fn session_called(&self, user: &str, sid: Option<&str>) -> String {
        let (app, organization) = (&self.scene.world.app, &self.scene.acme.operator.organization);
        let (clock, now) = (app.clock(), app.clock().now());
        let secret = token::generate(TokenKind::Session, &mut |bytes: &mut [u8]| clock.fill(bytes));
        let user: UserId = user.parse().unwrap();
        let mut tx = self.scene.world.store().write("test").await.unwrap();
        let known = tx.user(organization, &user).await.unwrap().unwrap();
        let session = Session {
            id: SessionId::from_uuid(clock.uuid()),
            organization: organization.clone(),
            user,
            connection: Some(self.okta.stored.id.clone()),
            user_epoch: known.session_epoch,
            connection_epoch: self.okta.stored.epoch,
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(Duration::from_hours(8)),
            provider_session: sid.map(str::to_owned),
            authenticated_at: None,
            acr: None,
        };
        tx.insert_session(&session, &secret.hash(), None).await.unwrap();
        tx.commit().await.unwrap();
        secret.expose().to_owned()
    }

    pub(crate) async fn is_in(&self, secret: &str) -> bool {
        self.scene.world.app.visit(Credential::Session(secret)).await.is_ok()
    }

    /// `active` as the provider reads it back; none: deleted.
    pub(crate) async fn active(&self, user: &str) -> Option<bool> {
        let answer = self.okta.get(&format!("/Users/{user}")).await;
        (answer.status == 200).then(|| answer.json()["active"].as_bool().unwrap())
    }

    pub(crate) async fn last(&self) -> Value {
        let path = format!("/connections/{}/signals?limit=1", self.okta.stored.id);
        self.scene.api("GET", &path, None).await.expect(200).json()["items"][0].clone()
    }
}

pub(crate) async fn send_to(scene: &Scene, connection: &Connection, token: &str, set: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/secevent+jwt")];
    let path = format!("/ssf/{}/events", connection.stored.id);
    scene.world.client.send("POST", &path, &headers, Some(set.to_owned())).await
}

pub(crate) fn iss_sub(name: &str) -> Value {
    json!({"format": "iss_sub", "iss": ISSUER, "sub": name})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_session_ends_at_once_however_the_person_is_named() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let event = format!("{CAEP}session-revoked");
        let ways = [
            json!({"format": "email", "email": "ADA@acme.test"}),
            iss_sub("ada"),
            json!({"format": "opaque", "id": "ada"}),
            json!({"format": "account", "uri": "acct:ada@acme.test"}),
            json!({"format": "complex", "user": iss_sub("ada"), "tenant": {"format": "opaque", "id": "t"}}),
            json!({"format": "aliases", "identifiers": [{"format": "opaque", "id": "unknown here"}, iss_sub("ada"),
                {"format": "email", "email": "ada@acme.test"}]}),
        ];
        let (ada, first) = stream.person("ada", "s0").await;
        let (_, bea) = stream.person("bea", "b0").await;
        let mut session = first;
        for way in ways {
            assert!(stream.is_in(&session).await, "{way}");
            stream.tell(&event, way.clone(), json!({"reason_admin": {"en": "left the building"}})).await;
            assert!(!stream.is_in(&session).await, "{way}");
            assert!(stream.is_in(&bea).await, "somebody else's goes on: {way}");
            let told = stream.last().await;
            assert_eq!(told["events"][0]["effect"], "sessions_ended", "{told:#}");
            assert_eq!(
                (&told["events"][0]["user"], &told["events"][0]["sessions"]),
                (&json!(ada), &json!(1)),
                "{told:#}"
            );
            assert_eq!(told["events"][0]["reason"], "left the building");
            assert!(!told.to_string().to_lowercase().contains("acme.test"), "no personal values: {told:#}");
            session = stream.session(&ada, "s1").await;
        }
        let both = json!({"format": "aliases", "identifiers": [iss_sub("ada"), iss_sub("bea")]});
        stream.tell(&event, both, json!({})).await;
        assert_eq!(stream.last().await["events"][0]["effect"], "ambiguous", "two people are nobody in particular");
        assert!(stream.is_in(&session).await && stream.is_in(&bea).await);
        assert_eq!(stream.active(&ada).await, Some(true), "a session is no account");
        assert_eq!(scene.count(EventKind::SignalReceived).await, 7);
        let events = scene.api("GET", &format!("/events?subject={ada}"), None).await.json();
        let received = events["items"].as_array().unwrap().iter().find(|one| one["kind"] == "signal.received").unwrap();
        assert_eq!(received["actor"], format!("connection {}", stream.okta.stored.id), "{received:#}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_session_is_named_and_ends_alone() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let (ada, first) = stream.person("ada", "s1").await;
        let second = stream.session(&ada, "s2").await;
        let (_, bea) = stream.person("bea", "s3").await;
        let session = |sid: &str| json!({"format": "opaque", "id": sid});
        let event = format!("{CAEP}session-revoked");
        let subject = json!({"format": "complex", "user": iss_sub("ada"), "session": session("s3")});
        stream.tell(&event, subject, json!({})).await;
        assert!(stream.is_in(&bea).await, "it is not ada's");
        let subject = json!({"format": "complex", "user": iss_sub("ada"), "session": session("s1")});
        stream.tell(&event, subject, json!({})).await;
        assert!(!stream.is_in(&first).await && stream.is_in(&second).await);
        let subject = json!({"format": "complex", "session": session("s2")});
        stream.tell(&event, subject, json!({})).await;
        assert!(!stream.is_in(&second).await && stream.is_in(&bea).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_comes_to_what_it_says() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let ends = [
            (format!("{CAEP}session-revoked"), json!({})),
            (format!("{CAEP}credential-change"), json!({"credential_type": "password", "change_type": "update"})),
            (format!("{CAEP}credential-change"), json!({"credential_type": "fido2-roaming", "change_type": "revoke"})),
            (format!("{CAEP}token-claims-change"), json!({"claims": {"role": "intern"}})),
            (
                format!("{CAEP}device-compliance-change"),
                json!({"previous_status": "compliant", "current_status": "not-compliant"}),
            ),
            (format!("{RISC}sessions-revoked"), json!({})),
            (format!("{RISC}account-credential-change-required"), json!({})),
        ];
        let stays = [
            (format!("{CAEP}credential-change"), json!({"credential_type": "fido2-roaming", "change_type": "create"})),
            (
                format!("{CAEP}device-compliance-change"),
                json!({"previous_status": "not-compliant", "current_status": "compliant"}),
            ),
            (format!("{RISC}identifier-changed"), json!({"new-value": "ada@elsewhere.test"})),
            (format!("{RISC}account-enabled"), json!({})),
        ];
        let (ada, mut session) = stream.person("ada", "s").await;
        for (event, payload) in ends {
            stream.tell(&event, iss_sub("ada"), payload).await;
            assert!(!stream.is_in(&session).await, "{event}");
            assert_eq!(stream.last().await["events"][0]["effect"], "sessions_ended", "{event}");
            session = stream.session(&ada, "s").await;
        }
        for (event, payload) in stays {
            stream.tell(&event, iss_sub("ada"), payload).await;
            assert!(stream.is_in(&session).await, "{event}");
            assert_eq!(stream.last().await["events"][0]["effect"], "noted", "{event}");
        }
        stream.tell("https://example.com/other", iss_sub("ada"), json!({})).await;
        assert_eq!(stream.last().await["events"][0]["effect"], "not_understood");
        assert!(stream.is_in(&session).await);

        stream.tell(&format!("{RISC}account-purged"), iss_sub("ada"), json!({})).await;
        assert!(!stream.is_in(&session).await);
        assert_eq!((stream.active(&ada).await, scene.count(EventKind::UserRemoved).await), (None, 1));
        stream.tell(&format!("{CAEP}session-revoked"), iss_sub("ada"), json!({})).await;
        assert_eq!(stream.last().await["events"][0]["effect"], "nobody");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_account_is_suspended_and_only_what_a_signal_took_a_signal_gives_back() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let (ada, session) = stream.person("ada", "s").await;
        let disabled = async || {
            stream.tell(&format!("{RISC}account-disabled"), iss_sub("ada"), json!({"reason": "hijacking"})).await;
        };
        let enabled = async || stream.tell(&format!("{RISC}account-enabled"), iss_sub("ada"), json!({})).await;
        disabled().await;
        assert!(!stream.is_in(&session).await);
        assert_eq!(stream.active(&ada).await, Some(false));
        assert_eq!(scene.count(EventKind::UserSuspended).await, 1);
        let receipts = scene.api("GET", &format!("/receipts?user={ada}"), None).await.expect(200).json();
        let receipt = &receipts["items"][0];
        assert_eq!(
            (&receipt["said"]["why"], &receipt["said"]["sessions"]),
            (&json!("suspended"), &json!(1)),
            "{receipt:#}"
        );
        disabled().await;
        assert_eq!(stream.last().await["events"][0]["effect"], "noted", "disabled already");
        enabled().await;
        assert_eq!(stream.active(&ada).await, Some(true));
        enabled().await;

        // Suspended by a push: no signal opens that again.
        let push = async |active: bool| {
            let operation = json!({"op": "replace", "path": "active", "value": active});
            let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
            assert!(stream.okta.patch(&format!("/Users/{ada}"), body).await.status < 300);
        };
        push(false).await;
        enabled().await;
        assert_eq!(stream.active(&ada).await, Some(false));
        // Suspended by a signal, let in and suspended again by pushes: the signal's time is over.
        push(true).await;
        disabled().await;
        push(true).await;
        push(false).await;
        enabled().await;
        assert_eq!(stream.active(&ada).await, Some(false));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_itself_is_spoken_of() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let path = format!("/connections/{}/signal-stream", stream.okta.stored.id);
        let shown = async || scene.api("GET", &path, None).await.expect(200).json();
        let before = shown().await;
        assert!(before["endpoint_url"].as_str().unwrap().ends_with(&format!("/ssf/{}/events", stream.okta.stored.id)));
        assert_eq!(before["stream"]["verified_at"], Value::Null);
        assert!(!before.to_string().contains(&stream.token));
        let subject = json!({"format": "opaque", "id": "stream-1"});
        stream.tell(&format!("{STREAM}verification"), subject.clone(), json!({"state": "x"})).await;
        stream.tell(&format!("{STREAM}stream-updated"), subject, json!({"status": "paused"})).await;
        let after = shown().await;
        assert!(after["stream"]["verified_at"].is_string() && after["stream"]["last_at"].is_string(), "{after:#}");
        assert_eq!(after["stream"]["state"], "paused");
        let old = stream.token.clone();
        let new = Stream::token_of(scene, &stream.okta).await;
        let claims = stream.claims(&format!("{STREAM}verification"), json!({"format": "opaque", "id": "x"}), json!({}));
        let refused = send_to(scene, &stream.okta, &old, &Stream::sign(&claims)).await.expect(400);
        assert_eq!(refused.json()["err"], "authentication_failed");
        send_to(scene, &stream.okta, &new, &Stream::sign(&claims)).await.expect(202);
        scene.api("DELETE", &format!("{path}/token"), None).await.expect(204);
        send_to(scene, &stream.okta, &new, &Stream::sign(&claims)).await.expect(400);
    })
    .await;
}
