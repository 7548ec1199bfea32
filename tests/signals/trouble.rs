//! Webhooks that nobody takes: tried again, later and later, in their order, and given up in the end.

use crate::{
    receiver::{Answer, Receiver},
    scene::{Scene, everywhere, in_still_time},
};
use castgate::model::{EventKind, Instant, WebhookId};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

async fn shown(scene: &Scene, id: &WebhookId) -> Value {
    scene.api("GET", &format!("/webhooks/{id}"), None).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_taken_is_sent_again_under_its_id_and_what_is_behind_it_waits() {
    in_still_time(async |scene| {
        let receiver = Receiver::start().await;
        let (id, _) = scene.webhook(&receiver, &[EventKind::UserCreated]).await;
        receiver.answers([Answer::Status(500), Answer::Status(429), Answer::Flood]);
        for name in ["ada", "bea", "cem"] {
            scene.hire(name).await;
        }
        let (mut pauses, mut last) = (Vec::new(), scene.world.app.clock().now());
        for failures in 1..=3_i64 {
            assert_eq!(scene.deliver().await.failed, 1);
            assert_eq!(scene.deliver().await.failed, 0, "not due yet");
            let webhook = shown(scene, &id).await;
            assert_eq!(webhook["failures"], failures);
            let due: Instant = webhook["due_at"].as_str().unwrap().parse().unwrap();
            pauses.push(Duration::from_micros(u64::try_from(due.0 - last.0).unwrap()));
            scene.advance(*pauses.last().unwrap());
            last = due;
        }
        // 5, 10 and 20 seconds, by chance up to half of it shorter.
        for (pause, longest) in pauses.iter().zip([5, 10, 20]) {
            let longest = Duration::from_secs(longest);
            assert!(longest / 2 <= *pause && *pause <= longest, "{pauses:?}");
        }
        assert_eq!(scene.deliver().await.delivered, 3);
        let came = receiver.came();
        let numbers = receiver.numbers();
        assert_eq!(numbers[..4], [numbers[0]; 4], "the first one, four times");
        assert!(numbers[3] < numbers[4] && numbers[4] < numbers[5], "{numbers:?}");
        assert!(came[..4].iter().all(|one| one.header("webhook-id") == came[0].header("webhook-id")));
        assert!(came[..4].iter().all(|one| one.body == came[0].body));
        assert_ne!(came[0].header("webhook-timestamp"), came[3].header("webhook-timestamp"));
        let deliveries = scene.api("GET", &format!("/webhooks/{id}/deliveries"), None).await.json();
        let attempts: Vec<i64> =
            deliveries["items"].as_array().unwrap().iter().map(|one| one["attempts"].as_i64().unwrap()).collect();
        assert_eq!(attempts, [1, 1, 4], "the newest first");
        let webhook = shown(scene, &id).await;
        assert_eq!((&webhook["failures"], &webhook["failing_since"]), (&json!(0), &Value::Null));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_takes_nothing_for_days_is_switched_off_and_goes_on_in_order_when_it_is_switched_on() {
    in_still_time(async |scene| {
        let receiver = Receiver::start().await;
        let (id, _) = scene.webhook(&receiver, &[EventKind::UserCreated]).await;
        scene.hire("ada").await;
        let mut tries = 0;
        for _ in 0..6 {
            receiver.answers([Answer::Status(502)]);
            tries += scene.deliver().await.failed;
            scene.advance(DAY);
            scene.hire(&format!("day-{tries}")).await;
        }
        assert_eq!(tries, 6);
        let webhook = shown(scene, &id).await;
        assert_eq!(webhook["active"], false, "{webhook:#}");
        assert!(webhook["disabled_why"].as_str().unwrap().contains("too long"), "{webhook:#}");
        assert_eq!(scene.count(EventKind::WebhookDisabled).await, 1);
        let letters = scene.letters().await;
        let told: Vec<&String> = letters.iter().filter(|letter| letter.contains("is switched off")).collect();
        assert_eq!(told.len(), 1, "one owner, one letter");
        assert_eq!(scene.deliver().await, castgate::app::WebhookRound::default(), "nothing is sent any more");

        scene.api("PATCH", &format!("/webhooks/{id}"), Some(json!({"active": true}))).await.expect(200);
        let before = receiver.came().len();
        assert_eq!(scene.deliver().await.delivered, 7, "all that it missed");
        let numbers = receiver.numbers().split_off(before);
        assert!(numbers.is_sorted() && numbers[0] == receiver.numbers()[0], "{numbers:?}");
        assert_eq!(shown(scene, &id).await["disabled_why"], Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_gone_is_told_nothing_more_and_a_redirect_leads_nowhere() {
    everywhere(async |scene| {
        let (gone, elsewhere, moved) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
        gone.answers([Answer::Status(410)]);
        moved.answers([Answer::To(elsewhere.url.clone())]);
        let (gone_id, _) = scene.webhook(&gone, &[]).await;
        let (moved_id, _) = scene.webhook(&moved, &[]).await;
        let round = scene.deliver().await;
        assert_eq!((round.delivered, round.failed, round.disabled), (0, 2, 1));
        assert_eq!(shown(scene, &gone_id).await["active"], false);
        assert!(elsewhere.came().is_empty());
        let list = scene.api("GET", &format!("/webhooks/{moved_id}/deliveries"), None).await.json();
        assert!(list["items"][0]["error"].as_str().unwrap().contains("redirects are not followed"), "{list:#}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_webhook_and_one_that_is_off_are_told_nothing() {
    everywhere(async |scene| {
        let (deleted, off) = (Receiver::start().await, Receiver::start().await);
        let (deleted_id, _) = scene.webhook(&deleted, &[]).await;
        let (off_id, _) = scene.webhook(&off, &[]).await;
        scene.api("PATCH", &format!("/webhooks/{off_id}"), Some(json!({"active": false}))).await.expect(200);
        scene.api("DELETE", &format!("/webhooks/{deleted_id}"), None).await.expect(204);
        scene.api("GET", &format!("/webhooks/{deleted_id}"), None).await.expect(404);
        scene.hire("ada").await;
        assert_eq!(scene.deliver().await, castgate::app::WebhookRound::default());
        assert!(deleted.came().is_empty() && off.came().is_empty());
        for _ in 0..9 {
            scene.webhook(&off, &[]).await;
        }
        let full = scene.api("POST", "/webhooks", Some(json!({"name": "x", "url": off.url}))).await.expect(409);
        assert_eq!(full.json()["code"], "slots_taken");
    })
    .await;
}
