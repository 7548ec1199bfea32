//! The feed: whoever follows it sees everything, once, in order.

use crate::{scene::everywhere, world::Organization};
use castgate::model::EventKind;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Forty who are hired, and the first owner.
const PEOPLE: usize = 41;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_misses_nothing_while_many_write() {
    everywhere(async |scene| {
        let writers = (0..4).map(|writer| async move {
            for number in 0..10 {
                scene.hire(&format!("p-{writer}-{number}")).await;
            }
        });
        let sealing = async {
            while scene.count(EventKind::UserCreated).await < PEOPLE {
                scene.seal().await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            scene.seal().await;
        };
        let following = async {
            let (mut seen, mut after) = (Vec::<Value>::new(), 0);
            while seen.iter().filter(|event| event["kind"] == "user.created").count() < PEOPLE {
                let path = format!("/events/feed?after={after}&limit=3&wait=30");
                let page = scene.api("GET", &path, None).await.expect(200).json();
                seen.extend(page["items"].as_array().unwrap().iter().cloned());
                after = page["next"].as_i64().unwrap();
            }
            seen
        };
        let (_, (), seen) = tokio::join!(futures_of(writers), sealing, following);
        let numbers: Vec<i64> = seen.iter().map(|event| event["number"].as_i64().unwrap()).collect();
        let expected: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "from the first, without a gap, none twice");
        let mut listed = scene.api("GET", "/events?limit=500", None).await.expect(200).json()["items"].clone();
        listed.as_array_mut().unwrap().sort_by_key(|event| event["number"].as_i64());
        assert_eq!(listed, Value::Array(seen), "the same events as the list has");
    })
    .await;
}

/// All of them at once.
async fn futures_of<F: Future<Output = ()>>(all: impl Iterator<Item = F>) -> usize {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let count = all.len();
    std::future::poll_fn(|context| {
        all.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_answered_when_something_happens() {
    everywhere(async |scene| {
        scene.seal().await;
        let newest = scene.api("GET", "/events/feed?limit=1", None).await.json()["newest"].as_i64().unwrap();
        let nothing = scene.api("GET", &format!("/events/feed?after={newest}"), None).await.expect(200).json();
        assert_eq!((nothing["items"].as_array().unwrap().len(), &nothing["next"]), (0, &newest.into()));
        let path = format!("/events/feed?after={newest}&wait=30");
        let waiting = scene.api("GET", &path, None);
        let acting = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            scene.hire("ada").await;
            scene.seal().await;
        };
        let (told, ()) = tokio::join!(waiting, acting);
        let told = told.expect(200).json();
        assert_eq!(told["items"][0]["kind"], "user.created");
        assert_eq!(told["items"][0]["number"], newest + 1);
        let waited = scene.api("GET", &format!("/events/feed?after={}&wait=1", newest + 1), None).await.expect(200);
        assert_eq!(waited.json()["items"].as_array().unwrap().len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_in_one_organization_takes_no_place_of_another() {
    everywhere(async |scene| {
        let other = scene.world.organization("other").await;
        scene.seal().await;
        let newest = async |of: &Organization| {
            scene.api_of(of, "GET", "/events/feed?limit=1", None).await.expect(200).json()["newest"].as_i64().unwrap()
        };
        let path = |newest: i64| format!("/events/feed?after={newest}&wait=30");
        let (here, there) = (path(newest(&scene.acme).await), path(newest(&other).await));
        let waiting = (0..8).map(|_| scene.api("GET", &here, None));
        let mut waiting: Vec<_> = waiting.map(Box::pin).collect();
        let second = Duration::from_secs(1);
        // Each has its place before the next comes.
        for one in &mut waiting {
            assert!(tokio::time::timeout(second / 4, one).await.is_err(), "it waits");
        }
        let began = Instant::now();
        let ninth = scene.api("GET", &here, None).await.expect(200).json();
        assert_eq!(ninth["items"].as_array().unwrap().len(), 0);
        assert!(began.elapsed() >= second, "without a place it is still not answered at once");
        let elsewhere = scene.api_of(&other, "GET", &there, None);
        assert!(tokio::time::timeout(3 * second, elsewhere).await.is_err(), "another organization has places");
        drop(waiting);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_cannot_be_is_refused() {
    everywhere(async |scene| {
        scene.seal().await;
        for query in ["after=-1", "after=1000000", "limit=0", "limit=501", "wait=31", "after=x", "before=1"] {
            let answer = scene.api("GET", &format!("/events/feed?{query}"), None).await;
            assert_eq!(answer.status, 400, "{query}: {answer:?}");
        }
    })
    .await;
}
