//! Security events that come late, twice, or while something else happens.

use crate::{
    effects::{CAEP, RISC, Stream, iss_sub, pinned},
    issuer::{Issuer, keys},
    scene::{everywhere, hire_at},
};
use axum::{Router, routing::get};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{net::TcpListener, sync::RwLock};

impl Stream<'_> {
    async fn disabled(&self) {
        self.tell(&format!("{RISC}account-disabled"), iss_sub("ada"), json!({})).await;
    }

    async fn enabled(&self) {
        self.tell(&format!("{RISC}account-enabled"), iss_sub("ada"), json!({})).await;
    }

    /// The same events, signed at this second.
    async fn said(&self, event: &str, second: i64) {
        let mut claims = self.claims(&format!("{RISC}{event}"), iss_sub("ada"), json!({}));
        claims["iat"] = json!(second);
        self.send(&Self::sign(&claims)).await.expect(202);
    }

    async fn push(&self, user: &str, path: &str, value: Value) {
        let operation = json!({"op": "replace", "path": path, "value": value});
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
        let answer = self.okta.patch(&format!("/Users/{user}"), body).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// The whole person, who is not active.
    fn inactive(name: &str) -> Value {
        let mail = format!("{name}@acme.test");
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": mail, "externalId": name, "active": false,
            "emails": [{"value": mail, "primary": true}],
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_push_calls_inactive_no_signal_lets_in_even_if_a_signal_was_first() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let ada = hire_at(&stream.okta, "ada").await;
        stream.disabled().await;
        stream.push(&ada, "active", json!(false)).await;
        stream.enabled().await;
        assert_eq!(stream.active(&ada).await, Some(false), "by PATCH");

        stream.push(&ada, "active", json!(true)).await;
        stream.disabled().await;
        let answer = stream.okta.put(&format!("/Users/{ada}"), Stream::inactive("ada")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        stream.enabled().await;
        assert_eq!(stream.active(&ada).await, Some(false), "by PUT");

        // A push that says nothing of it takes nothing from the signal.
        stream.push(&ada, "active", json!(true)).await;
        stream.disabled().await;
        stream.push(&ada, "displayName", json!("Ada")).await;
        stream.enabled().await;
        assert_eq!(stream.active(&ada).await, Some(true), "only the name was pushed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_behind_a_suspension_by_a_person_count_too() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let ada = hire_at(&stream.okta, "ada").await;
        scene.api("POST", &format!("/users/{ada}/suspend"), None).await;
        assert_eq!(scene.api("GET", &format!("/users/{ada}"), None).await.json()["state"], "suspended");
        stream.disabled().await;
        stream.push(&ada, "active", json!(true)).await;
        stream.push(&ada, "active", json!(false)).await;
        stream.enabled().await;
        assert_eq!(stream.active(&ada).await, Some(false));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_held_up_undoes_nothing_that_was_said_later() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let ada = hire_at(&stream.okta, "ada").await;
        let now = scene.world.app.clock().now().seconds();
        stream.said("account-disabled", now - 50).await;
        stream.said("account-enabled", now - 60).await;
        assert_eq!(stream.active(&ada).await, Some(false), "enabled before, disabled since");
        // Disabled once more, which changes nothing here.
        stream.said("account-disabled", now - 20).await;
        stream.said("account-enabled", now - 30).await;
        assert_eq!(stream.active(&ada).await, Some(false), "enabled between the two");
        // And once more, with the two in the wrong order.
        stream.said("account-disabled", now - 40).await;
        stream.said("account-enabled", now - 25).await;
        assert_eq!(stream.active(&ada).await, Some(false));
        stream.said("account-enabled", now - 10).await;
        assert_eq!(stream.active(&ada).await, Some(true));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_without_a_name_ends_when_a_session_of_its_person_is_revoked() {
    everywhere(async |scene| {
        let stream = Stream::open(scene).await;
        let (ada, named) = stream.person("ada", "s1").await;
        let nameless = stream.session_called(&ada, None).await;
        let (bea, _) = stream.person("bea", "s2").await;
        let others = stream.session_called(&bea, None).await;
        let session = json!({"format": "opaque", "id": "s9"});
        let event = format!("{CAEP}session-revoked");
        // Who it is that a session belongs to, nobody can say here.
        stream.tell(&event, json!({"format": "complex", "session": session}), json!({})).await;
        assert!(stream.is_in(&nameless).await);
        let subject = json!({"format": "complex", "user": iss_sub("ada"), "session": session});
        stream.tell(&event, subject, json!({})).await;
        assert_eq!(stream.last().await["events"][0]["sessions"], 1);
        assert!(!stream.is_in(&nameless).await);
        assert!(stream.is_in(&named).await, "it has another name");
        assert!(stream.is_in(&others).await, "it is somebody else's");
    })
    .await;
}

/// Keys at an address that answers nobody while it is held, and how often it was asked.
struct Slow {
    url: String,
    gate: Arc<RwLock<()>>,
    asked: Arc<AtomicUsize>,
}

impl Slow {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let (gate, asked) = (Arc::new(RwLock::new(())), Arc::new(AtomicUsize::new(0)));
        let (held, counted) = (Arc::clone(&gate), Arc::clone(&asked));
        let answer = async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let _open = held.read().await;
            keys().published().to_string()
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/keys", get(answer))).await });
        Self { url, gate, asked }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_believed_no_more_when_the_keys_have_come_counts_for_nothing() {
    everywhere(async |scene| {
        for (name, what) in [("one", "nothing"), ("two", "token"), ("three", "new token"), ("four", "issuer")] {
            let slow = Slow::start().await;
            let okta = scene.acme.connection_with(name, pinned(&slow.url)).await;
            let token = Stream::token_of(scene, &okta).await;
            let stream = Stream { scene, okta, token, issuer: Issuer::start().await };
            let ada = hire_at(&stream.okta, &format!("ada-{name}")).await;
            let subject = iss_sub(&format!("ada-{name}"));
            let set = Stream::sign(&stream.claims(&format!("{RISC}account-disabled"), subject, json!({})));
            let held = slow.gate.write().await;
            let meanwhile = async {
                while slow.asked.load(Ordering::SeqCst) == 0 {
                    tokio::task::yield_now().await;
                }
                let path = format!("/connections/{}", stream.okta.stored.id);
                match what {
                    "token" => {
                        drop(scene.api("DELETE", &format!("{path}/signal-stream/token"), None).await.expect(204));
                    }
                    "new token" => drop(Stream::token_of(scene, &stream.okta).await),
                    "issuer" => {
                        let mut settings = pinned(&slow.url);
                        settings.signals.as_mut().unwrap().issuer = "https://another.test".to_owned();
                        scene.api("PUT", &path, Some(json!({"settings": settings}))).await.expect(200);
                    }
                    _ => {}
                }
                drop(held);
            };
            let (answer, ()) = tokio::join!(stream.send(&set), meanwhile);
            if what == "nothing" {
                assert_eq!((answer.status, stream.active(&ada).await), (202, Some(false)), "{answer:?}");
            } else {
                assert_eq!(answer.expect(400).json()["err"], "authentication_failed", "{what}");
                assert_eq!(stream.active(&ada).await, Some(true), "{what}");
            }
        }
    })
    .await;
}
