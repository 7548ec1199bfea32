//! What goes wrong is kept and said, with the last time that it went well, and takes nothing away.

use crate::{Scene, pretend::Mood};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_trouble_is_said_in_plain_words_and_takes_nothing_away() {
    let scene = Scene::set().await;
    scene.there.has(&[("c-1", "prod")]);
    scene.connect().await;
    scene.sync().await;
    let well = scene.link().await["succeeded_at"].clone();
    assert!(well.is_string());
    for (mood, code, words) in [
        (Mood::Status(401), "key_refused", "401"),
        (Mood::Status(403), "key_refused", "refuses the key"),
        (Mood::Status(500), "unavailable", "500"),
        (Mood::Status(429), "unavailable", "429"),
        (Mood::Redirect, "unavailable", "302"),
        (Mood::Html, "unreadable", "no JSON"),
        (Mood::Other, "unreadable", "no items"),
        (Mood::Circle, "unreadable", "circle"),
        (Mood::Flood, "too_large", "more than"),
        (Mood::Never, "timed_out", "in time"),
    ] {
        scene.pass(Duration::from_mins(1));
        scene.there.is(mood);
        let reading = scene.sync().await;
        let (problem, link) = (&reading["problem"], scene.link().await);
        assert_eq!(problem["code"], code, "{mood:?}: {reading}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{mood:?}: {problem}");
        assert_eq!((&link["problem"], &link["succeeded_at"]), (problem, &well), "{mood:?}");
        assert_ne!(link["tried_at"], well, "{mood:?}");
        let said = problem["detail"].as_str().unwrap();
        for path in ["/console/clusters", "/console/settings/health"] {
            let page = scene.page(path).await;
            assert!(page.contains(said) && page.contains("Last read with success"), "{mood:?} {path}: {page}");
        }
        assert_eq!(scene.clusters().await, ["prod prod c-1"], "{mood:?}");
    }
    assert_eq!(scene.link().await["failures"], 10);
    scene.there.is(Mood::Whole);
    assert_eq!(scene.sync().await["problem"], Value::Null);
    let link = scene.link().await;
    assert_eq!((&link["problem"], &link["failures"]), (&Value::Null, &json!(0)));
    assert_ne!(link["succeeded_at"], well);
    assert_eq!(scene.told("cluster.vanished").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_tried_again_later_and_later_and_a_refused_key_at_the_usual_time() {
    let scene = Scene::set().await;
    scene.connect().await;
    let minutes = async || {
        let link = scene.link().await;
        let at = |field: &str| link[field].as_str().unwrap().parse::<castgate::model::Instant>().unwrap();
        (at("due_at").seconds() - at("tried_at").seconds()) / 60
    };
    scene.there.is(Mood::Status(500));
    for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
        let round = scene.world.app.read_due_clusters().await.unwrap();
        assert_eq!((round.read, round.failed, minutes().await), (0, 1, pause));
        scene.pass(Duration::from_hours(1));
    }
    // Another key begins anew, and is asked about at once.
    scene.connect().await;
    scene.there.is(Mood::Status(401));
    assert_eq!(scene.world.app.read_due_clusters().await.unwrap().failed, 1);
    assert_eq!(minutes().await, 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_and_an_address_inside_the_network_are_said_as_well() {
    let scene = Scene::set().await;
    scene.connect().await;
    // What a key that is not the right one gets there.
    scene.call("PUT", "/cast-ai", Some(json!({"api_key": "another"}))).await.expect(200);
    assert_eq!(scene.sync().await["problem"]["code"], "key_refused");
    assert_eq!(scene.link().await["hint"], "");
    let clock = castgate::app::Clock::machine();
    let guarded = crate::world::World::start_with(clock, |settings| {
        settings.cast_ai.url = scene.there.url.parse().unwrap();
        settings.network.allow_private_addresses = false;
    })
    .await;
    let acme = guarded.organization("acme").await;
    guarded.app.connect_cast_ai(&acme.operator, "key").await.unwrap();
    let before = scene.there.asked();
    let problem = guarded.app.read_clusters(&acme.operator).await.unwrap().problem.unwrap();
    assert!(problem.detail.contains("inside a network"), "{problem:?}");
    assert_eq!(scene.there.asked(), before, "the guard of addresses holds here as well");
}
