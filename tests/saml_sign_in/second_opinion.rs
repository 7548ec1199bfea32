//! Where an operator wants both verifiers to agree: what samael cannot judge does not get in. `tests/run` builds with it.

use crate::{browser::Browser, provider::Kind, scene::Scene};
use castgate::app::Clock;
use serde_json::json;

/// A scene with `sign_in.second_opinion` set so. SimpleSAMLphp can encrypt, and samael is given no key of ours to open that.
async fn scene(second_opinion: bool) -> Option<Scene> {
    let settle = |settings: &mut castgate::config::Settings| settings.sign_in.second_opinion = second_opinion;
    Scene::settled((Kind::SimpleSamlPhp, json!({})), "127.0.0.1", Clock::machine(), settle).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_both_have_to_agree_an_answer_that_only_one_can_judge_is_refused_with_a_trace_that_says_so() {
    let Some(scene) = scene(true).await else { return };
    // Both agree on what is only signed, and a changed answer is refused as ever.
    let mut alice = scene.enter("alice").await;
    assert_eq!(scene.roles(&mut alice).await, ["owner"]);
    let mut forger = Browser::new();
    let answer = scene.until_answered(&mut forger, "bob").await;
    let page = forger.submit(&answer.changed("bob@example.test", "eve@example.test"), "/acs", &[]).await;
    scene.failed(&mut forger, &page, "signature_invalid").await;
    scene.provider.encrypt();
    let mut bob = Browser::new();
    let page = scene.sign_in(&mut bob, "bob").await;
    assert_eq!(page.status, 502, "{page:?}");
    let trace = scene.failed(&mut bob, &page, "second_opinion").await;
    assert!(trace["remedy"].as_str().unwrap().contains("sign_in.second_opinion"), "{trace:#}");
    let why: Vec<_> = scene.events("session.refused").await.iter().map(|event| event["detail"].to_string()).collect();
    assert!(why.iter().any(|why| why.contains("second opinion")), "the owners are told: {why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_ours_decides_alone_the_same_answer_gets_in() {
    let Some(scene) = scene(false).await else { return };
    scene.provider.encrypt();
    let mut bob = scene.enter("bob").await;
    assert_eq!(scene.verify(&mut bob).await.status, 200);
}
