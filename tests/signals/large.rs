//! Events about very many: told of in messages and answers that somebody takes.

use crate::{
    receiver::Receiver,
    scene::{Scene, everywhere},
};
use castgate::model::{Event, EventId, EventKind};
use serde_json::json;

/// An event about so many ids, as a change of everybody's access has it.
async fn happen(scene: &Scene, count: usize) {
    let clock = scene.world.app.clock();
    let event = Event {
        id: EventId::from_uuid(clock.uuid()),
        number: None,
        at: clock.now(),
        kind: EventKind::AccessChanged,
        actor: "operator".to_owned(),
        request: clock.request(),
        subjects: (0..count).map(|number| format!("usr_{number:026}")).collect(),
        subjects_in_all: None,
        detail: json!({}),
    };
    let mut tx = scene.world.store().write("happen").await.unwrap();
    tx.insert_event(&scene.acme.operator.organization, &event).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_about_everybody_names_a_thousand_and_says_how_many() {
    everywhere(async |scene| {
        let receiver = Receiver::start().await;
        scene.webhook(&receiver, &[EventKind::AccessChanged]).await;
        for count in [2, 1000, 30_000, 3] {
            happen(scene, count).await;
        }
        scene.deliver().await;
        let came = receiver.wait_for(4).await;
        let mut told: Vec<_> = came
            .iter()
            .map(|message| {
                assert!(message.body.len() < 100_000, "{} bytes", message.body.len());
                let event = &message.json()["data"];
                (event["subjects"].as_array().unwrap().len(), event["subjects_in_all"].as_u64())
            })
            .collect();
        // Of one millisecond any may be numbered first.
        told.sort_unstable();
        assert_eq!(told, [(2, None), (3, None), (1000, None), (1000, Some(30_000))]);
        let events = scene.feed(0).await;
        let first = came[0].number();
        let is_one =
            |event: &&serde_json::Value| event["kind"] == "access.changed" && event["number"].as_i64() >= Some(first);
        let changed: Vec<_> = events.iter().filter(is_one).collect();
        let bodies: Vec<_> = came.iter().map(|message| message.json()["data"].clone()).collect();
        assert_eq!(changed, bodies.iter().collect::<Vec<_>>(), "the feed has the same");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_with_many_of_them_is_short_and_the_next_one_goes_on() {
    everywhere(async |scene| {
        for _ in 0..60 {
            happen(scene, 1001).await;
        }
        scene.seal().await;
        let (mut after, mut seen, mut answers) = (0, Vec::new(), 0);
        loop {
            let answer = scene.api("GET", &format!("/events/feed?after={after}&limit=500"), None).await.expect(200);
            assert!(answer.text.len() < 2 << 20, "{} bytes", answer.text.len());
            let page = answer.json();
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                break;
            }
            answers += 1;
            seen.extend(items.iter().map(|event| event["number"].as_i64().unwrap()));
            after = page["next"].as_i64().unwrap();
        }
        assert_eq!(seen, (1..).take(seen.len()).collect::<Vec<_>>());
        assert!(seen.len() >= 60 && answers >= 3, "{} in {answers}", seen.len());
        // A webhook gets all of them in one turn, however many pages they are.
        let receiver = Receiver::start().await;
        scene.webhook(&receiver, &[EventKind::AccessChanged]).await;
        for _ in 0..60 {
            happen(scene, 1001).await;
        }
        assert_eq!(scene.deliver().await.delivered, 60);
        let numbers = receiver.numbers();
        assert!(numbers.is_sorted() && numbers.len() == 60, "{numbers:?}");
    })
    .await;
}
