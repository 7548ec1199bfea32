//! An answer that never reached the wire: the provider sends its POST again, and is answered as if for the first time.

use crate::world::Answer;
use crate::{Scene, bulk, everywhere_with, group, members, patch, sorted, user};
use castgate::config::{Settings, Span};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATIENCE: Duration = Duration::from_secs(30);

/// One request is worked on at a time, so that another one shows whether it is.
fn one_at_a_time(settings: &mut Settings) {
    let server = &mut settings.server;
    (server.max_in_flight, server.queue, server.queue_deadline) = (1, 10, Span(Duration::from_millis(100)));
}

impl Scene {
    fn raw(&self, path: &str, body: &Value) -> String {
        let (token, body) = (self.okta.token(), body.to_string());
        format!(
            "POST /scim/v2{path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.world.origin.strip_prefix("http://").unwrap()).await.unwrap()
    }

    /// Sends a POST, cuts the connection while it is being worked on, and lets the work come to its end.
    async fn lose_answer(&self, path: &str, body: &Value) {
        // Whoever pushes waits until this is dropped: no answer is written before.
        let mut held = self.store.write("held").await.unwrap();
        held.hold_directory(&self.acme.founded.id, true).await.unwrap();
        // On PostgreSQL the lock is taken with the first statement.
        held.connections(&self.acme.founded.id).await.unwrap();
        let mut wire = self.connect().await;
        wire.write_all(self.raw(path, body).as_bytes()).await.unwrap();
        let began = Instant::now();
        while !self.is_busy().await {
            assert!(began.elapsed() < PATIENCE, "the request is not being worked on");
        }
        // A reset and not a farewell: there is nobody any more who could read an answer.
        wire.set_zero_linger().unwrap();
        drop(wire);
        // The server learns of it by reading, before it reads what others say to it afterwards.
        for _ in 0..3 {
            assert!(self.is_busy().await);
        }
        held.rollback().await.unwrap();
        while self.is_busy().await {
            assert!(began.elapsed() < PATIENCE, "the work does not end");
        }
    }

    /// Whether the one place is taken: then the next request is turned away.
    async fn is_busy(&self) -> bool {
        let mut other = self.connect().await;
        other.write_all(b"GET /login HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut text = String::new();
        other.read_to_string(&mut text).await.unwrap();
        text.starts_with("HTTP/1.1 503")
    }

    async fn found(&self, filter: &str) -> Value {
        let found = self.patiently(async || self.okta.get(&format!("{filter}&attributes=id")).await).await;
        found.expect(200).json()["Resources"].clone()
    }

    async fn push(&self, path: &str, body: Value) -> Answer {
        self.patiently(async || self.okta.post(path, body.clone()).await).await
    }

    /// The one place may still be that of an answer that is here already: then there is another time.
    async fn patiently(&self, send: impl AsyncFn() -> Answer) -> Answer {
        let began = Instant::now();
        loop {
            let answer = send().await;
            if answer.status != 503 || began.elapsed() > PATIENCE {
                return answer;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_whose_answer_was_lost_is_answered_again_and_a_true_duplicate_is_refused() {
    everywhere_with(one_at_a_time, async |scene| {
        let body = user("ada@example.com");
        scene.lose_answer("/Users", &body).await;
        let made = scene.found("/Users?filter=userName%20eq%20%22ada@example.com%22").await;
        assert_eq!(made.as_array().map(Vec::len), Some(1), "{}: the push was done: {made}", scene.engine());
        let again = scene.push("/Users", body.clone()).await.expect(201);
        assert_eq!(again.id(), made[0]["id"], "{}", scene.engine());
        assert!(again.header("location").ends_with(&again.id()), "{again:?}");
        // This time the provider knows.
        scene.push("/Users", body.clone()).await.expect(409);
        // Lost again: the mark is of one answer, and what the provider says anew is taken.
        let mut other = user("bob@example.com");
        scene.lose_answer("/Users", &other).await;
        other["title"] = json!("Captain");
        let bob = scene.push("/Users", other.clone()).await.expect(201);
        assert_eq!(bob.json()["title"], "Captain");
        scene.push("/Users", other).await.expect(409);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn somebody_else_of_the_same_name_is_no_repetition() {
    everywhere_with(one_at_a_time, async |scene| {
        scene.lose_answer("/Users", &user("ada@example.com")).await;
        let mut other = user("ada@example.com");
        other["externalId"] = json!("somebody else");
        scene.push("/Users", other).await.expect(409);
        // What was changed since is known to somebody: it is no repetition any more.
        scene.lose_answer("/Users", &user("bob@example.com")).await;
        let bob = scene.found("/Users?filter=userName%20eq%20%22bob@example.com%22").await;
        let path = format!("/Users/{}", bob[0]["id"].as_str().unwrap());
        let title = json!([{"op": "replace", "path": "title", "value": "Captain"}]);
        scene.patiently(async || scene.okta.patch(&path, patch(&title)).await).await.expect(200);
        scene.push("/Users", user("bob@example.com")).await.expect(409);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_group_whose_answer_was_lost_is_answered_again() {
    everywhere_with(one_at_a_time, async |scene| {
        let ada = scene.hire("ada@example.com").await;
        let body = group("team", &[&ada, "ext-late"]);
        scene.lose_answer("/Groups", &body).await;
        let made = scene.found("/Groups?filter=displayName%20eq%20%22team%22").await;
        let again = scene.push("/Groups", body.clone()).await.expect(201);
        assert_eq!((again.id(), members(&again)), (made[0]["id"].as_str().unwrap().to_owned(), sorted(&[&ada])));
        scene.push("/Groups", body).await.expect(409);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_lost_bulk_request_made_is_answered_again_one_by_one_or_together() {
    everywhere_with(one_at_a_time, async |scene| {
        let with_manager = |name: &str, manager: &str| {
            let mut user = user(name);
            user[ENTERPRISE] = json!({"manager": {"value": manager}});
            user
        };
        // A circle and a later change touch what the same request made: the provider knows of none of it.
        let operations = json!([
            {"method": "POST", "path": "/Users", "bulkId": "ada", "data": with_manager("ada@example.com", "bulkId:bob")},
            {"method": "POST", "path": "/Users", "bulkId": "bob", "data": with_manager("bob@example.com", "bulkId:ada")},
            {"method": "POST", "path": "/Groups", "bulkId": "team", "data": group("team", &["bulkId:ada", "bulkId:bob"])},
            {"method": "PATCH", "path": "/Users/bulkId:ada",
             "data": patch(&json!([{"op": "replace", "path": "title", "value": "Countess"}]))},
        ]);
        let statuses = async || {
            let answer = scene.push("/Bulk", bulk(&operations)).await.expect(200).json();
            let all = answer["Operations"].as_array().unwrap().clone();
            let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
            all.iter().map(|one| (text(one, "status"), text(one, "location"))).collect::<Vec<_>>()
        };
        scene.lose_answer("/Bulk", &bulk(&operations)).await;
        let people = scene.found("/Users?sortBy=userName").await;
        assert_eq!(people.as_array().map(Vec::len), Some(2), "{}: the push was done", scene.engine());
        let again = statuses().await;
        let only: Vec<&str> = again.iter().map(|(status, _)| status.as_str()).collect();
        assert_eq!(only, ["201", "201", "201", "200"], "{}", scene.engine());
        for (person, (_, location)) in people.as_array().unwrap().iter().zip(&again) {
            assert!(location.ends_with(person["id"].as_str().unwrap()), "the same ids: {location}");
        }
        // This time the provider knows.
        let only: Vec<String> = statuses().await.into_iter().map(|(status, _)| status).collect();
        assert_eq!(only, ["409", "409", "409", "409"], "{}", scene.engine());

        // And by single requests, each answered for itself.
        let made = json!([{"method": "POST", "path": "/Users", "bulkId": "eve", "data": user("eve@example.com")},
                          {"method": "POST", "path": "/Users", "bulkId": "fay", "data": user("fay@example.com")}]);
        scene.lose_answer("/Bulk", &bulk(&made)).await;
        let fay = scene.found("/Users?filter=userName%20eq%20%22fay@example.com%22").await;
        let title = json!([{"op": "replace", "path": "title", "value": "Captain"}]);
        let path = format!("/Users/{}", fay[0]["id"].as_str().unwrap());
        scene.patiently(async || scene.okta.patch(&path, patch(&title)).await).await.expect(200);
        scene.push("/Users", user("eve@example.com")).await.expect(201);
        scene.push("/Users", user("eve@example.com")).await.expect(409);
        // Somebody changed her since, by her id: so somebody was told of her.
        scene.push("/Users", user("fay@example.com")).await.expect(409);
    })
    .await;
}
