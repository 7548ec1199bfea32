//! A provider changes its key while people sign in, and says so in its metadata alone.

use crate::{browser::Browser, provider::Kind, scene::Scene};
use serde_json::json;

async fn nobody_notices(kind: Kind) {
    let Some(scene) = Scene::set(kind).await else { return };
    scene.enter("alice").await;
    let before = scene.api("GET", &format!("/connections/{}/saml", scene.connection), None).await.expect(200).json();
    // Some have been asked under the old key and answer now, others answer under the new one, all at once.
    let mut waiting = Vec::new();
    for user in ["alice", "bob", "carol"] {
        let mut browser = Browser::new();
        let answer = scene.until_answered(&mut browser, user).await;
        waiting.push((browser, answer));
    }
    scene.provider.rotate_keys();
    let mut under_the_new = Vec::new();
    for user in ["bob", "carol", "alice", "bob"] {
        let mut browser = Browser::new();
        let answer = scene.until_answered(&mut browser, user).await;
        under_the_new.push((browser, answer));
    }
    // Nobody has told castgate. Who answered under the old key comes first: that key is still known.
    for (mut browser, answer) in waiting {
        let page = browser.submit(&answer, "/acs", &[]).await;
        scene.accept(&mut browser, page).await;
    }
    // The others come together: one of them makes castgate read, and the rest wait for that.
    let tasks: Vec<_> = under_the_new
        .into_iter()
        .map(|(mut browser, answer)| tokio::spawn(async move { browser.submit(&answer, "/acs", &[]).await.status }))
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 200);
    }
    let after = scene.api("GET", &format!("/connections/{}/saml", scene.connection), None).await.expect(200).json();
    assert_ne!(before["certificates"][0]["fingerprint"], after["certificates"][0]["fingerprint"]);
    let refused = scene.events("session.refused").await;
    assert!(refused.is_empty(), "{refused:?}");
    let read = scene.events("connection.changed").await;
    let learnt: Vec<_> = read.iter().filter(|event| event["detail"]["how"] == "metadata read").collect();
    assert_eq!(learnt.len(), 1, "one reading for all of them: {read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pysaml2_changes_its_key_while_people_sign_in() {
    nobody_notices(Kind::Pysaml2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simplesamlphp_changes_its_key_while_people_sign_in() {
    nobody_notices(Kind::SimpleSamlPhp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_key_is_published_before_it_signs_and_the_old_one_after() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let path = format!("/connections/{}/saml/keys", scene.connection);
    let metadata = async || {
        let address = format!("/login/saml/{}/metadata", scene.connection);
        scene.world.client.get(&address, &[]).await.expect(200).text
    };
    let certificates = |text: &str| text.matches("X509Certificate>").count() / 2;
    let one = metadata().await;
    let keys = scene.api("POST", &path, Some(json!({"overlap_hours": 24}))).await.expect(201).json();
    assert_eq!(keys.as_array().unwrap().len(), 2);
    assert!(certificates(&metadata().await) > certificates(&one), "both are published");
    // The provider knows the old key alone, and demands that it signs.
    scene.enter("alice").await;
    // A key that signs at once is one that this provider does not know.
    scene.api("POST", &path, Some(json!({"overlap_hours": 0}))).await.expect(201);
    let mut browser = Browser::new();
    let page = browser.open(&format!("{}/login", scene.world.origin)).await;
    let page = browser.submit(&page, "/login", &[("email", "alice@example.test")]).await;
    let form = page.form("/sso");
    let fields = form.fields.iter().map(|(name, value)| (name.as_str(), if name == "login" { "alice" } else { value }));
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = reqwest::Client::builder().no_proxy().build().unwrap().post(form.action).body(body);
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_ne!(answer.status(), 200, "the provider refuses what it cannot verify");
}
