//! What providers get away with is counted, each time once.

use super::{Scene, everywhere, patch, user};
use castgate::model::Profile;
use serde_json::{Value, json};
use std::time::Duration;

async fn counts(scene: &Scene) -> Vec<Value> {
    let path = format!("/connections/{}/tolerances", scene.entra.stored.id);
    scene.api("GET", &path, None).await.expect(200).json()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connections_page_says_what_its_provider_sent_and_how_often() {
    everywhere(async |scene: Scene| {
        let (entra, clock) = (&scene.entra, scene.world.app.clock());
        let id = entra.post("/Users", user("ada")).await.expect(201).id();
        assert!(counts(&scene).await.is_empty());
        for round in 0..6 {
            let value = if round % 2 == 0 { "False" } else { "True" };
            let body = patch(&json!([{"op": "Replace", "path": "active", "value": value}]));
            entra.patch(&format!("/Users/{id}"), body).await.expect(204);
            clock.advance(Duration::from_mins(1));
        }
        let expected = json!([{
            "tolerance": "string_boolean", "meaning": "true or false written as a text", "times": 6,
            "first_at": "2026-11-21T08:30:00Z", "last_at": "2026-11-21T08:35:00Z", "example": "\"active\": \"True\"",
        }]);
        assert_eq!(json!(counts(&scene).await), expected);
        // Neither the restart of a node nor counting for good changes a number, however often.
        for _ in 0..3 {
            clock.advance(Duration::from_mins(4));
            scene.world.app.keep_pushes().await.unwrap();
            assert_eq!(json!(counts(&scene).await), expected);
        }
        // Gone from the log, they stay counted, and what comes is added.
        clock.advance(Duration::from_hours(31 * 24));
        assert_eq!(scene.world.app.keep_pushes().await.unwrap().forgotten, 7);
        assert_eq!(json!(counts(&scene).await), expected);
        let body = patch(&json!([{"op": "Replace", "path": "active", "value": "False"}]));
        entra.patch(&format!("/Users/{id}"), body).await.expect(204);
        let after = counts(&scene).await;
        assert_eq!((&after[0]["times"], &after[0]["example"]), (&json!(7), &json!("\"active\": \"False\"")));
        assert_eq!(after[0]["first_at"], "2026-11-21T08:30:00Z");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pushes_and_counting_at_once_lose_and_double_nothing() {
    everywhere(async |scene: Scene| {
        let entra = &scene.entra;
        let mut ids = Vec::new();
        for number in 0..4 {
            ids.push(entra.post("/Users", user(&format!("p{number}"))).await.expect(201).id());
        }
        let push = async |number: usize| {
            for round in 0..10 {
                let value = if round % 2 == 0 { "False" } else { "True" };
                let body = patch(&json!([{"op": "Replace", "path": "active", "value": value}]));
                entra.patch(&format!("/Users/{}", ids[number]), body).await.expect(204);
                scene.world.app.clock().advance(Duration::from_mins(1));
                // Two nodes count at the same moment.
                let (one, other) = tokio::join!(scene.world.app.keep_pushes(), scene.world.app.keep_pushes());
                one.and(other).unwrap();
            }
        };
        tokio::join!(Box::pin(push(0)), Box::pin(push(1)), Box::pin(push(2)), Box::pin(push(3)));
        let all = counts(&scene).await;
        assert_eq!(all[0]["times"], 40, "{all:?}");
        scene.world.app.clock().advance(Duration::from_mins(11));
        scene.world.app.keep_pushes().await.unwrap();
        assert_eq!(counts(&scene).await[0]["times"], 40);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_thing_is_counted_by_its_name() {
    everywhere(async |scene: Scene| {
        let okta = scene.acme.connection("okta", Profile::Okta).await;
        let mut body = user("ada");
        // What only the server writes is ignored by the RFC itself: no kindness.
        body["groups"] = json!([]);
        body["department"] = json!("Analysis");
        okta.post("/Users", body).await.expect(201);
        okta.get("/Users?filter=externalId%20eq%20jyoung").await.expect(200);
        okta.get("/Users?filter=externalId%20eq%20%22jyoung%22").await.expect(200);
        let path = format!("/connections/{}/tolerances?filter=times%20ge%201", okta.stored.id);
        let page = scene.api("GET", &path, None).await.expect(200).json();
        let names: Vec<(&str, i64)> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["tolerance"].as_str().unwrap(), one["times"].as_i64().unwrap()))
            .collect();
        assert_eq!(names, [("loose_filter", 1), ("unqualified_extension", 1)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_up_is_counted_by_how_its_filter_came() {
    everywhere(async |scene: Scene| {
        let entra = &scene.entra;
        entra.post("/Users", user("ada+test@acme.example")).await.expect(201);
        let times = async |name: &str| {
            let all = counts(&scene).await;
            let one = all.iter().find(|one| one["tolerance"] == name);
            one.map_or(0, |one| one["times"].as_i64().unwrap())
        };
        // As the RFC has it: nothing to count.
        entra.get("/Users?filter=userName%20eq%20%22ada%2Btest@acme.example%22").await.expect(200);
        assert!(counts(&scene).await.is_empty());
        // Spaces as forms write them, and again, which is one line of the log and counts twice.
        for _ in 0..2 {
            entra.get("/Groups?filter=displayName+eq+%22no+body%22").await.expect(200);
        }
        assert_eq!((times("plus_for_space").await, times("loose_filter").await), (2, 0));
        assert_eq!(scene.newest().await["times"], 2);
        // An address sent as it is: found all the same.
        let found = entra.get("/Users?filter=userName%20eq%20%22ada+test@acme.example%22").await.expect(200);
        assert_eq!(found.json()["totalResults"], 1);
        assert_eq!((times("unencoded_plus").await, times("plus_for_space").await), (1, 2));
        entra.get("/Users?filter=userName%20eq%20%22nobody+here@acme.example%22").await.expect(200);
        assert_eq!(times("unencoded_plus").await, 1, "what found nobody was no kindness");
        // Searches by POST are asked as strictly as those by GET, each kind and all together.
        for (number, path) in ["/Users/.search", "/Groups/.search", "/.search"].into_iter().enumerate() {
            let before = times("schemas_missing").await;
            entra.post(path, json!({"filter": "externalId eq jyoung"})).await.expect(200);
            let all = counts(&scene).await;
            let loose = all.iter().find(|one| one["tolerance"] == "loose_filter").unwrap();
            assert_eq!(loose["times"], number + 1, "{path}");
            assert_eq!(loose["example"], "filter=externalId eq \"…\"");
            assert_eq!(times("schemas_missing").await, before + 1, "{path}");
            let whole = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
                               "filter": "externalId eq \"jyoung\""});
            entra.post(path, whole).await.expect(200);
            assert_eq!(times("loose_filter").await, i64::try_from(number).unwrap() + 1);
            assert_eq!(times("schemas_missing").await, before + 1);
        }
    })
    .await;
}
