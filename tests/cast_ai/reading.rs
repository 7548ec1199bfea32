//! What becomes of a list.

use crate::{
    KEY, MAPPING, Scene,
    pretend::{Mood, Paging},
};
use castgate::model::Profile;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clusters_come_are_renamed_vanish_and_return() {
    Scene::everywhere(async |scene| {
        assert_eq!(scene.call("POST", "/cast-ai/sync", None).await.expect(409).json()["code"], "not_connected");
        scene.there.has(&[("c-1", "Prod EU"), ("c-2", "staging")]);
        scene.there.has_in_status("c-3", "old", "archived");
        scene.there.has_in_status("c-4", "older", "deleted");
        scene.connect().await;
        let reading = scene.sync().await;
        assert_eq!(
            (&reading["problem"], &reading["clusters"], &reading["declared"]),
            (&Value::Null, &json!(2), &json!(["prod-eu", "staging"])),
            "{reading}"
        );
        assert_eq!(scene.clusters().await, ["prod-eu Prod EU c-1", "staging staging c-2"]);
        let events = scene.told("cluster.declared").await;
        // Nothing new, nothing told.
        scene.sync().await;
        assert_eq!((scene.told("cluster.declared").await, scene.told("cluster.changed").await), (events, 0));

        scene.there.has(&[("c-1", "Live EU"), ("c-5", "tokyo")]);
        let reading = scene.sync().await;
        let came = ["declared", "changed", "gone"].map(|field| reading[field].clone());
        assert_eq!(came, [json!(["tokyo"]), json!(["prod-eu"]), json!(["staging"])], "{reading}");
        // The short name stays: rules and services say it.
        assert_eq!(scene.clusters().await, ["prod-eu Live EU c-1", "staging staging c-2 †", "tokyo tokyo c-5"]);
        assert_eq!((scene.told("cluster.changed").await, scene.told("cluster.vanished").await), (1, 1));

        scene.there.has(&[("c-1", "Live EU"), ("c-2", "staging"), ("c-5", "tokyo")]);
        assert_eq!(scene.sync().await["returned"], json!(["staging"]));
        assert!(scene.clusters().await.contains(&"staging staging c-2".to_owned()));
        assert_eq!(scene.told("cluster.returned").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_on_a_cluster_that_vanished_stays_and_is_shown_so() {
    let scene = Scene::set().await;
    scene.there.has(&[("c-1", "prod")]);
    scene.connect().await;
    scene.sync().await;
    let machine = scene.call("POST", "/service-accounts", Some(json!({"name": "agent"}))).await.expect(201).id();
    let gift = json!({"subject": machine, "role": "member", "cluster": "prod"});
    scene.call("POST", "/bindings", Some(gift)).await.expect(201);
    scene.there.has(&[]);
    assert_eq!(scene.sync().await["gone"], json!(["prod"]));
    let held = scene.call("GET", &format!("/bindings?subject={machine}"), None).await.expect(200).json();
    assert_eq!(held["items"].as_array().unwrap().len(), 1);
    let page = scene.page(&format!("/console/service-accounts/{machine}")).await;
    assert!(page.contains("prod (no longer at Cast AI)"), "{page}");
    // A person removes it, and then it ends.
    let id =
        scene.call("GET", "/clusters", None).await.expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(scene.call("DELETE", &format!("/clusters/{id}"), None).await.expect(200).json()["bindings"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declared_cluster_is_adopted_and_what_a_name_cannot_decide_is_told() {
    Scene::everywhere(async |scene| {
        for slug in ["prod-eu", "staging"] {
            scene
                .call("POST", "/clusters", Some(json!({"slug": slug, "name": format!("our {slug}")})))
                .await
                .expect(201);
        }
        scene.there.has(&[("c-1", "prod-eu"), ("c-2", "twin"), ("c-3", "Twin")]);
        scene.connect().await;
        let reading = scene.sync().await;
        assert_eq!(reading["adopted"], json!(["prod-eu"]), "{reading}");
        assert_eq!(reading["undecided"].as_array().unwrap().len(), 2, "{reading}");
        assert_eq!(scene.clusters().await, ["prod-eu our prod-eu c-1", "staging our staging -"]);
        assert_eq!(scene.link().await["undecided"], reading["undecided"]);
        // A person says what they are; then nothing is left to decide.
        for (slug, id) in [("twin-a", "c-2"), ("twin-b", "c-3")] {
            scene.call("POST", "/clusters", Some(json!({"slug": slug, "external_id": id}))).await.expect(201);
        }
        assert_eq!(scene.sync().await["undecided"], json!([]));
        assert_eq!(scene.link().await["undecided"], json!([]));
        // Made again under an old name it is another cluster: roles on the old one are not handed to it.
        scene.there.has(&[("c-9", "prod-eu"), ("c-2", "twin"), ("c-3", "Twin")]);
        let reading = scene.sync().await;
        assert_eq!((&reading["gone"], &reading["declared"]), (&json!(["prod-eu"]), &json!([])), "{reading}");
        assert_eq!(reading["undecided"][0]["external_id"], "c-9");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_evaluated_again_for_a_cluster_that_came() {
    Scene::everywhere(async |scene| {
        let okta = scene.acme.connection("okta", Profile::Okta).await;
        let ada = okta.post("/Users", json!({"userName": "ada@acme.test", "active": true})).await.expect(201).id();
        let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
        let group = json!({"schemas": [schema], "displayName": "k8s-tokyo", "members": [{"value": ada}]});
        okta.post("/Groups", group).await.expect(201);
        scene.world.app.publish_mapping(&scene.acme.operator, MAPPING).await.unwrap();
        let may = async || {
            let check = json!({"checks": [{"subject": ada, "can": "manage-clusters", "cluster": "tokyo"}]});
            let answer = scene.call("POST", "/authorize", Some(check)).await;
            if answer.status == 200 { answer.json()["decisions"][0]["allowed"] == true } else { false }
        };
        assert!(!may().await);
        scene.connect().await;
        scene.there.has(&[("c-1", "Tokyo")]);
        scene.sync().await;
        assert!(may().await, "the rule that speaks of it gives at once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_of_paging_is_read_to_its_end() {
    let scene = Scene::set().await;
    scene.connect().await;
    let all: Vec<(String, String)> = (0..7).map(|number| (format!("c-{number}"), format!("k{number}"))).collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    for (count, shape) in [(3, Paging::Page), (5, Paging::Cursor), (7, Paging::PageCursor)] {
        scene.there.has(&all[..count]);
        scene.there.is(Mood::Pages(2, shape));
        let before = scene.there.asked();
        assert_eq!(scene.sync().await["clusters"], count, "{shape:?}");
        assert_eq!(scene.there.asked() - before, count.div_ceil(2), "{shape:?}");
        assert_eq!(scene.clusters().await.len(), count, "{shape:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_read_by_itself_when_it_is_due_and_by_one_node() {
    Scene::everywhere(async |scene| {
        let round = async || scene.world.app.read_due_clusters().await.unwrap();
        assert_eq!(round().await.read, 0);
        scene.there.has(&[("c-1", "prod")]);
        scene.connect().await;
        let (one, two) = tokio::join!(round(), round());
        assert_eq!((one.read + two.read, scene.there.asked()), (1, 1), "one of two nodes asks");
        assert_eq!(scene.clusters().await.len(), 1);
        assert_eq!(round().await.read, 0, "not before it is due");
        scene.pass(Duration::from_mins(61));
        scene.there.has(&[("c-1", "prod"), ("c-2", "test")]);
        assert_eq!(round().await.read, 1);
        assert_eq!(scene.clusters().await.len(), 2);
        let list =
            scene.call("GET", "/events?filter=kind%20eq%20%22cluster.declared%22", None).await.expect(200).json();
        assert!(list["items"].as_array().unwrap().iter().all(|event| event["actor"] == "system"), "{list}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_is_sealed_shown_nowhere_and_forgotten_on_request() {
    let scene = Scene::set().await;
    scene.connect().await;
    let link = scene.link().await;
    assert_eq!(link["hint"], "castai_v1_01");
    let mut tx = scene.world.store().read().await.unwrap();
    let (sealed, _) = tx.cast_ai_key(&scene.acme.operator.organization).await.unwrap().unwrap();
    drop(tx);
    assert!(!sealed.windows(8).any(|part| part == &KEY.as_bytes()[12..20]), "it lies in the clear");
    for path in ["/cast-ai", "/events?limit=500", "/clusters"] {
        let answer = scene.call("GET", path, None).await.expect(200);
        assert!(!answer.text.contains(&KEY[12..40]), "{path}: {}", answer.text);
    }
    for bad in ["", "two words", &"x".repeat(501)] {
        scene.call("PUT", "/cast-ai", Some(json!({"api_key": bad}))).await.expect(400);
    }
    scene.call("DELETE", "/cast-ai", None).await.expect(204);
    assert_eq!(scene.link().await, Value::Null);
    assert_eq!(scene.call("DELETE", "/cast-ai", None).await.expect(409).json()["code"], "not_connected");
    assert_eq!((scene.told("cast_ai.connected").await, scene.told("cast_ai.disconnected").await), (1, 1));
    // Another organization has nothing of it.
    let other = scene.world.organization("other").await;
    scene.connect().await;
    let theirs = scene.call_as(&other.key, "GET", "/cast-ai", None).await.expect(200).json();
    assert_eq!(theirs["link"], Value::Null);
    scene.there.has(&[("c-1", "prod")]);
    scene.sync().await;
    let theirs = scene.call_as(&other.key, "GET", "/clusters", None).await.expect(200).json();
    assert_eq!(theirs["items"], json!([]));
}
