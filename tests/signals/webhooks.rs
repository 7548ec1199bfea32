//! Webhooks that work: signed, in order, each for itself.

use crate::{
    receiver::{Answer, Message, Receiver},
    scene::{Scene, everywhere, in_still_time},
};
use castgate::{
    app::{AccessReceipt, SignedAcknowledgements},
    crypto::signed_by,
    model::EventKind,
    store::Standing,
};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::sync::Semaphore;

/// Another reader of such messages, of the people who wrote the scheme down.
const READER: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
for line in sys.stdin:
    asked = json.loads(line)
    try:
        Webhook(asked['secret']).verify(asked['body'], asked['headers'])
        print('yes')
    except WebhookVerificationError:
        print('no')
";

/// Whether another library believes messages with these secrets; none where it is not installed.
fn believed(asked: &[(String, Message)]) -> Option<Vec<bool>> {
    let Some(venv) = std::env::var_os("CASTGATE_TEST_VENV") else {
        assert_ne!(std::env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_VENV is not set");
        eprintln!("skipped: CASTGATE_TEST_VENV is not set; tests/run sets it");
        return None;
    };
    let python = Path::new(&venv).join("bin/python");
    let mut child =
        Command::new(python).args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for (secret, message) in asked {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let headers: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!(message.header(name)))).collect();
        writeln!(input, "{}", json!({"secret": secret, "body": message.body, "headers": headers})).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said: Vec<bool> = String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "yes").collect();
    assert_eq!(said.len(), asked.len());
    Some(said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_arrives_signed_and_in_order_as_the_feed_has_it() {
    everywhere(async |scene| {
        let receiver = Receiver::start().await;
        let (_, secret) = scene.webhook(&receiver, &[]).await;
        let ada = scene.hire("ada").await;
        scene.set_active(&ada, false).await;
        for name in ["bea", "cem", "dan"] {
            scene.hire(name).await;
        }
        let round = scene.deliver().await;
        let came = receiver.came();
        assert_eq!((round.delivered, round.failed), (came.len(), 0));
        let first = came[0].number();
        let feed = scene.feed(first - 1).await;
        let told: Vec<Value> = came.iter().map(|message| message.json()["data"].clone()).collect();
        assert_eq!(told, feed, "all of it, in its order, and nothing else");
        assert!(told.iter().any(|event| event["kind"] == "user.suspended" && event["subjects"][0] == ada.as_str()));
        for message in &came {
            assert_eq!(message.header("webhook-id"), message.json()["data"]["id"]);
            assert_eq!(message.header("content-type"), "application/json");
            assert_eq!(message.json()["type"], message.json()["data"]["kind"]);
            assert!(!message.body.contains("@acme.test"), "no personal values: {}", message.body);
        }
        let mut asked: Vec<(String, Message)> = came.iter().map(|one| (secret.clone(), one.clone())).collect();
        let genuine = asked.len();
        let mut forged = came[0].clone();
        forged.body = forged.body.replace("webhook.created", "webhook.removed");
        asked.push((secret.clone(), forged));
        let mut moved = came[0].clone();
        moved.headers.insert("webhook-id", came[1].header("webhook-id").parse().unwrap());
        asked.push((secret.clone(), moved));
        asked.push((format!("whsec_{}", data_encoding::BASE64.encode(&[7; 32])), came[0].clone()));
        if let Some(said) = believed(&asked) {
            assert!(said[..genuine].iter().all(|yes| *yes), "{said:?}");
            assert!(said[genuine..].iter().all(|yes| !*yes), "{said:?}");
        }
        assert_eq!(scene.deliver().await.delivered, 0, "nothing comes twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_kinds_that_are_asked_for_arrive_and_of_one_organization_alone() {
    everywhere(async |scene| {
        let receiver = Receiver::start().await;
        scene.webhook(&receiver, &[EventKind::UserSuspended]).await;
        let other = scene.world.organization("other").await;
        let theirs = other.connection("okta", castgate::model::Profile::Okta).await;
        let stranger = crate::scene::hire_at(&theirs, "eve").await;
        let operation = json!({"op": "replace", "path": "active", "value": false});
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
        theirs.patch(&format!("/Users/{stranger}"), body).await;
        let ada = scene.hire("ada").await;
        scene.set_active(&ada, false).await;
        scene.deliver().await;
        assert_eq!(receiver.kinds(), ["user.suspended"]);
        assert_eq!(receiver.came()[0].json()["data"]["subjects"], json!([ada]));
        let list = scene.api("GET", "/webhooks", None).await.expect(200).json();
        let newest = scene.world.app.event_feed(&scene.operator(), (0, 1), Duration::ZERO).await.unwrap().newest;
        assert_eq!(list["items"][0]["told"], newest, "what it does not want is behind it too");
        assert_eq!(scene.api_of(&other, "GET", "/webhooks", None).await.json()["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_slow_keeps_nobody_else_waiting() {
    everywhere(async |scene| {
        let (slow, quick, foreign) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
        slow.answers([Answer::Never]);
        let other = scene.world.organization("other").await;
        scene.webhook(&slow, &[]).await;
        scene.webhook(&quick, &[]).await;
        let body = json!({"name": "theirs", "url": foreign.url});
        scene.api_of(&other, "POST", "/webhooks", Some(body)).await.expect(201);
        scene.hire("zoe").await;
        scene.seal().await;
        let app = scene.world.app.clone();
        let telling = tokio::spawn(async move { app.deliver_webhooks().await });
        slow.wait_for(1).await;
        quick.wait_for(2).await;
        while foreign.came().is_empty() {
            scene.deliver().await;
        }
        // They have theirs while somebody else is still waited for.
        assert!(!telling.is_finished());
        scene.hire("ada").await;
        let before = quick.came().len();
        // What it took a moment ago may not be noted yet.
        while quick.came().len() <= before {
            scene.deliver().await;
        }
        assert_eq!(slow.came().len(), 1, "in hand: nobody else sends there");
        telling.abort();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_away_for_too_long_leaves_the_webhook_to_the_one_that_has_it() {
    everywhere(async |scene| {
        let receiver = Receiver::start().await;
        let gate = Arc::new(Semaphore::new(0));
        let (id, _) = scene.webhook(&receiver, &[EventKind::UserCreated]).await;
        for name in ["ada", "bea", "cid"] {
            scene.hire(name).await;
        }
        scene.seal().await;
        receiver.answers([Answer::When(Arc::clone(&gate))]);
        let app = scene.world.app.clone();
        let first = tokio::spawn(async move { app.deliver_webhooks().await });
        receiver.wait_for(1).await;
        // Another node, by whose clock the time of the first is over.
        let organization = &scene.acme.operator.organization;
        let now = scene.world.app.clock().now();
        let mut tx = scene.world.store().write("test").await.unwrap();
        let due = tx.due_webhooks(now.plus(Duration::from_hours(1)), 10).await.unwrap().remove(0);
        let lease = now.plus(Duration::from_hours(2));
        assert!(tx.claim_webhook(&due, lease).await.unwrap());
        tx.commit().await.unwrap();
        gate.add_permits(1);
        let round = first.await.unwrap().unwrap();
        assert_eq!((round.delivered, receiver.came().len()), (1, 1), "the others are told by who has it");
        let mut tx = scene.world.store().read().await.unwrap();
        let stands = tx.webhook(organization, &id).await.unwrap().unwrap();
        assert_eq!(stands.due_at, lease, "still in the other's hand");
        drop(tx);
        // That one is through with all of them, and nothing of it goes backwards.
        let mut tx = scene.world.store().write("test").await.unwrap();
        let newest = tx.last_event_number(organization).await.unwrap();
        let standing = Standing { told: newest, due_at: now, failures: 0, failing_since: None };
        assert!(!tx.note_webhook(organization, (&id, stands.version, due.due_at), &standing).await.unwrap());
        assert!(tx.note_webhook(organization, (&id, stands.version, lease), &standing).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(scene.deliver().await.delivered, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_rotated_without_a_gap() {
    in_still_time(async |scene| {
        let receiver = Receiver::start().await;
        let (id, old) = scene.webhook(&receiver, &[EventKind::UserCreated]).await;
        let path = format!("/webhooks/{id}/rotate");
        let answer = scene.api("POST", &path, Some(json!({"overlap_hours": 2}))).await.expect(200).json();
        let new = answer["secret"].as_str().unwrap().to_owned();
        assert_ne!(new, old);
        scene.hire("ada").await;
        scene.deliver().await;
        scene.advance(Duration::from_hours(3));
        scene.hire("bea").await;
        scene.deliver().await;
        let came = receiver.came();
        let count = |message: &Message| message.header("webhook-signature").split(' ').count();
        assert_eq!(came.iter().map(count).collect::<Vec<_>>(), [2, 1]);
        // The clock of the second is not the machine's; its reader looks at the time as well.
        let asked = [(old.clone(), came[0].clone()), (new.clone(), came[0].clone())];
        if let Some(said) = believed(&asked) {
            assert_eq!(said, [true, true]);
        }
        assert_ne!(answer["old_secret_until"], Value::Null);
        let shown = scene.api("GET", &format!("/webhooks/{id}"), None).await.expect(200);
        assert!(!shown.text.contains("whsec_") && !shown.text.contains("secret\":"), "{shown:?}");
        assert_eq!(scene.count(EventKind::WebhookRotated).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_and_a_second_sending_say_what_came_of_them() {
    everywhere(async |scene| {
        let receiver = Receiver::start().await;
        let (id, secret) = scene.webhook(&receiver, &[EventKind::UserCreated]).await;
        let test = async || scene.api("POST", &format!("/webhooks/{id}/test"), None).await.expect(200).json();
        assert_eq!(test().await["delivered"], true);
        receiver.answers([Answer::Status(503)]);
        let failed = test().await;
        assert_eq!((&failed["delivered"], &failed["status"]), (&json!(false), &json!(503)));
        assert!(failed["error"].as_str().unwrap().contains("503"), "{failed}");
        assert_eq!(receiver.kinds(), ["webhook.test", "webhook.test"]);
        assert_eq!(scene.count(EventKind::WebhookTested).await, 2);

        scene.hire("ada").await;
        scene.deliver().await;
        let deliveries = scene.api("GET", &format!("/webhooks/{id}/deliveries"), None).await.expect(200).json();
        let delivery = &deliveries["items"][0];
        assert_eq!((&delivery["kind"], &delivery["attempts"]), (&json!("user.created"), &json!(1)), "{delivery:#}");
        assert!(delivery["delivered_at"].is_string() && delivery["status"] == 204, "{delivery:#}");
        let path = format!("/webhooks/{id}/deliveries/{}/redeliver", delivery["id"].as_str().unwrap());
        assert_eq!(scene.api("POST", &path, None).await.expect(200).json()["delivered"], true);
        let came = receiver.came();
        assert_eq!(came.len(), 4);
        assert_eq!(came[2].header("webhook-id"), came[3].header("webhook-id"), "one message, whoever receives both");
        assert_eq!(came[2].body, came[3].body);
        let again = scene.api("GET", &format!("/webhooks/{id}/deliveries"), None).await.json();
        assert_eq!((again["items"].as_array().unwrap().len(), &again["items"][0]["attempts"]), (1, &json!(2)));
        if let Some(said) = believed(&came.iter().map(|one| (secret.clone(), one.clone())).collect::<Vec<_>>()) {
            assert_eq!(said, [true; 4]);
        }
        assert_eq!(scene.deliver().await.delivered, 0);
    })
    .await;
}

/// By a key of the deployment, for this receipt and no other; not a letter of it can be changed.
fn who_took_note_is_signed(scene: &Scene, receipt: &Value) {
    let part = |name: &str| receipt["told"][name].as_str().unwrap().to_owned();
    let decoded = |name: &str| data_encoding::BASE64.decode(part(name).as_bytes()).unwrap();
    let (statement, key, signature) = (part("statement"), decoded("public_key"), decoded("signature"));
    let keys = scene.world.app.audit_keys().unwrap();
    assert!(keys.public().any(|(id, public)| id == part("signer") && public == key));
    assert!(signed_by(&key, &SignedAcknowledgements::message(&statement), &signature), "{receipt:#}");
    let other = statement.replace("\"attempts\":", "\"attempts\": ");
    assert!(!signed_by(&key, &SignedAcknowledgements::message(&other), &signature));
    assert!(!signed_by(&key, &AccessReceipt::message(&statement), &signature), "it passes for a receipt");
    let said: Value = serde_json::from_str(&statement).unwrap();
    assert_eq!(said["receipt"], receipt["id"]);
    assert_eq!(said["receipt_signature"], receipt["signature"]);
    assert_eq!(said["acknowledgements"], receipt["acknowledgements"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_says_who_outside_took_note() {
    in_still_time(async |scene| {
        let (siem, away) = (Receiver::start().await, Receiver::start().await);
        away.answers([Answer::Status(500)]);
        scene.webhook(&siem, &[EventKind::UserSuspended]).await;
        scene.webhook(&away, &[EventKind::UserSuspended]).await;
        let (ada, bea) = (scene.hire("ada").await, scene.hire("bea").await);
        scene.set_active(&bea, false).await;
        scene.deliver().await;
        scene.advance(Duration::from_mins(1));
        scene.set_active(&ada, false).await;
        scene.deliver().await;
        let of = async |user: &str| {
            let list = scene.api("GET", &format!("/receipts?user={user}"), None).await.expect(200).json();
            assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list:#}");
            list["items"][0].clone()
        };
        for user in [&ada, &bea] {
            let receipt = of(user).await;
            let told = receipt["acknowledgements"].as_array().unwrap();
            assert_eq!(receipt["valid"], true, "what came later is not in what was signed");
            assert_eq!(told.len(), 2, "{receipt:#}");
            assert!(told.iter().all(|one| one["kind"] == "user.suspended" && one["at"].is_string()), "{receipt:#}");
            who_took_note_is_signed(scene, &receipt);
        }
        let attempts: Vec<i64> = of(&bea).await["acknowledgements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["attempts"].as_i64().unwrap())
            .collect();
        assert_eq!(attempts.iter().sum::<i64>(), 3, "one of them took it at the second attempt: {attempts:?}");
        // Kept for good, whatever else is forgotten.
        scene.advance(Duration::from_hours(24 * 60));
        scene.world.app.keep_house().await.unwrap();
        assert_eq!(of(&ada).await["acknowledgements"].as_array().unwrap().len(), 2);
    })
    .await;
}

/// What only an owner may write down, and what nobody may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_may_not_be_called_is_refused_when_it_is_written_and_when_it_is_called() {
    let directory = tempfile::TempDir::new().unwrap();
    let store = castgate::store::Store::open_sqlite(directory.path()).await.unwrap();
    let strict = |settings: &mut castgate::config::Settings| settings.network.allow_private_addresses = false;
    let scene = Scene::on((store.clone(), directory), castgate::app::Clock::machine(), strict).await;
    let receiver = Receiver::start().await;
    for url in [
        receiver.url.as_str(),
        "http://siem.example.com/in",
        "https://127.0.0.1/in",
        "https://[::ffff:10.0.0.1]/in",
        "https://169.254.169.254/latest",
        "https://ada:secret@siem.example.com/in",
        "https://siem.example.com/in#x",
        "ftp://siem.example.com/in",
        "in",
    ] {
        let answer = scene.api("POST", "/webhooks", Some(json!({"name": "x", "url": url}))).await.expect(400);
        assert!(answer.json()["detail"].as_str().unwrap().starts_with("url: "), "{url}: {answer:?}");
    }
    // Written down by somebody who might: a name, or the settings, may mean something else later.
    let made = scene.api("POST", "/webhooks", Some(json!({"name": "x", "url": "https://siem.example.com/in"}))).await;
    let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
    let mut tx = store.write("test").await.unwrap();
    let moved = castgate::store::args![scene.acme.operator.organization, receiver.url];
    tx.run("UPDATE webhooks SET url = ?2 WHERE organization = ?1", moved).await.unwrap();
    tx.commit().await.unwrap();
    let round = scene.deliver().await;
    assert_eq!((round.delivered, round.failed), (0, 1));
    assert!(receiver.came().is_empty());
    let tried = scene.api("POST", &format!("/webhooks/{id}/test"), None).await.expect(200).json();
    assert_eq!(tried["delivered"], false);
    assert!(receiver.came().is_empty());
}
