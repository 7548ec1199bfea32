//! Who is in a group, as providers say it.

use crate::{everywhere, group, members, patch, sorted};
use serde_json::{Value, json};

/// Every form of “remove this one” and of “remove these”.
fn removals() -> Vec<Value> {
    vec![
        json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "{me}"}]}]),
        json!([{"op": "remove", "path": "members", "value": [{"value": "{me}"}]}]),
        json!([{"op": "remove", "path": "members", "value": {"value": "{me}"}}]),
        json!([{"op": "remove", "path": "members", "value": "{me}"}]),
        json!([{"op": "remove", "path": "members", "value": ["{me}"]}]),
        json!([{"op": "remove", "path": "members[value eq \"{me}\"]"}]),
        json!([{"op": "remove", "path": "members", "value": [{"value": "ext-ada@example.com"}]}]),
        json!([{"op": "remove", "path": "members", "value": [{"value": "ada@example.com"}]}]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_by_value_takes_the_ones_it_names_and_nobody_else() {
    everywhere(async |scene| {
        let (ada, bob, eve) = (
            scene.hire("ada@example.com").await,
            scene.hire("bob@example.com").await,
            scene.hire("eve@example.com").await,
        );
        let team = scene.okta.post("/Groups", group("team", &[&ada, &bob, &eve])).await.expect(201).id();
        let path = format!("/Groups/{team}");
        for operations in removals() {
            let body = patch(&operations).to_string().replace("{me}", &ada);
            let answer = scene.okta.send("PATCH", &path, &[], Some(body.clone())).await.expect(200);
            assert_eq!(members(&answer), sorted(&[&bob, &eve]), "{}: {body}", scene.engine());
            assert_eq!(scene.members(&team).await, sorted(&[&bob, &eve]), "{body}");
            // Again: there is nobody left to take, and nobody else is taken in their place.
            let version = scene.okta.get(&path).await.header("etag").to_owned();
            let again = scene.okta.send("PATCH", &path, &[], Some(body)).await.expect(200);
            assert_eq!((members(&again), again.header("etag")), (sorted(&[&bob, &eve]), version.as_str()));
            let back = json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]);
            scene.okta.patch(&path, patch(&back)).await.expect(200);
        }
        // A list that names nobody removes nobody; without any list, all go (RFC 7644 §3.5.2.2).
        let nobody = json!([{"op": "remove", "path": "members", "value": []}]);
        scene.okta.patch(&path, patch(&nobody)).await.expect(200);
        let all = json!([{"op": "remove", "path": "members"}]);
        scene.okta.patch(&path, patch(&all)).await.expect(200);
        assert_eq!(scene.members(&team).await, sorted(&[]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replace_members_is_exactly_the_list_whether_short_or_empty() {
    everywhere(async |scene| {
        let (ada, bob, eve) = (
            scene.hire("ada@example.com").await,
            scene.hire("bob@example.com").await,
            scene.hire("eve@example.com").await,
        );
        let team = scene.okta.post("/Groups", group("team", &[&ada, &bob])).await.expect(201).id();
        let path = format!("/Groups/{team}");
        let forms = |list: Value| {
            [
                json!([{"op": "replace", "path": "members", "value": list}]),
                json!([{"op": "Replace", "value": {"members": list}}]),
                json!([{"op": "replace", "value": {"id": team, "displayName": "team", "members": list}}]),
            ]
        };
        let steps: [&[&str]; 4] = [&[&bob], &[&bob, &eve, "ext-nobody"], &[], &[&ada, &eve]];
        for wanted in steps {
            let list: Value = wanted.iter().map(|id| json!({"value": id})).collect();
            let known: Vec<&str> = wanted.iter().copied().filter(|id| id.starts_with("usr_")).collect();
            for operations in forms(list) {
                scene.okta.patch(&path, patch(&operations)).await.expect(200);
                assert_eq!(scene.members(&team).await, sorted(&known), "{}: {operations}", scene.engine());
            }
        }
        // What the provider does not speak of stays as it is.
        for rename in [
            json!([{"op": "replace", "value": {"id": team, "displayName": "team"}}]),
            json!([{"op": "replace", "value": {"displayName": "teams", "externalId": null}}]),
        ] {
            scene.okta.patch(&path, patch(&rename)).await.expect(200);
            assert_eq!(scene.members(&team).await, sorted(&[&ada, &eve]), "{rename}");
        }
        let mut put = group("team", &[]);
        put.as_object_mut().unwrap().remove("members");
        scene.okta.put(&path, put).await.expect(200);
        assert_eq!(scene.members(&team).await, sorted(&[&ada, &eve]), "a PUT without members keeps them");
        scene.okta.put(&path, group("team", &[])).await.expect(200);
        assert_eq!(scene.members(&team).await, sorted(&[]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_wrong_member_never_costs_the_others_theirs() {
    everywhere(async |scene| {
        let ada = scene.hire("ada@example.com").await;
        let team = scene.okta.post("/Groups", group("team", &[&ada, "nobody-yet", ""])).await;
        let team = team.expect(201).id();
        assert_eq!(scene.members(&team).await, sorted(&[&ada]));
        let gone = "usr_00000000000000000000000000";
        let operations = json!([{"op": "replace", "path": "members", "value": [{"value": gone}, {"value": ada}]}]);
        scene.okta.patch(&format!("/Groups/{team}"), patch(&operations)).await.expect(200);
        assert_eq!(scene.members(&team).await, sorted(&[&ada]), "{}", scene.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_member_is_kept_until_the_person_comes_by_whatever_name() {
    everywhere(async |scene| {
        scene.publish("default: none\nrules: [{name: team, groups: [team], grant: member}]").await;
        let team = ["ext-ada@example.com", "bob@example.com", "ext-eve@example.com", "ext-late"];
        let team = scene.okta.post("/Groups", group("team", &team)).await.expect(201).id();
        assert_eq!(scene.members(&team).await, sorted(&[]));
        let ada = scene.hire("ada@example.com").await;
        let bob = scene.hire("Bob@Example.com").await;
        assert_eq!(scene.members(&team).await, sorted(&[&ada, &bob]), "{}", scene.engine());
        scene.credentials(&ada).await.open(scene, "?can=manage-clusters").await;
        // Whoever is taken off the list before coming does not join.
        let off = json!([{"op": "remove", "path": "members", "value": [{"value": "ext-eve@example.com"}]}]);
        scene.okta.patch(&format!("/Groups/{team}"), patch(&off)).await.expect(200);
        scene.hire("eve@example.com").await;
        assert_eq!(scene.members(&team).await, sorted(&[&ada, &bob]));
        // Somebody who gets the name later joins then.
        let named = json!([{"op": "replace", "path": "externalId", "value": "ext-late"}]);
        scene.okta.patch(&format!("/Users/{bob}"), patch(&named)).await.expect(200);
        let late = scene.hire("late@example.com").await;
        let named = json!([{"op": "add", "path": "externalId", "value": "ext-later"}]);
        scene.okta.patch(&format!("/Users/{late}"), patch(&named)).await.expect(200);
        let wait = json!([{"op": "add", "path": "members", "value": [{"value": "ext-last"}]}]);
        scene.okta.patch(&format!("/Groups/{team}"), patch(&wait)).await.expect(200);
        let named = json!([{"op": "replace", "path": "externalId", "value": "ext-last"}]);
        scene.okta.patch(&format!("/Users/{late}"), patch(&named)).await.expect(200);
        assert_eq!(scene.members(&team).await, sorted(&[&ada, &bob, &late]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_named_by_external_id_or_user_name_who_is_there_already_joins_at_once() {
    everywhere(async |scene| {
        let (ada, bob) = (scene.hire("ada@example.com").await, scene.hire("bob@example.com").await);
        let names = ["ext-ada@example.com", "BOB@example.com"];
        let made = scene.okta.post("/Groups", group("team", &names)).await.expect(201);
        let team = made.id();
        assert_eq!(members(&made), sorted(&[&ada, &bob]), "{}", scene.engine());
        let version = scene.okta.get(&format!("/Groups/{team}")).await.header("etag").to_owned();
        // The same people by their other names are the same members: nobody goes and comes back.
        for names in [
            json!([{"value": "ada@example.com"}, {"value": bob}]),
            json!([{"value": ada}, {"value": "ext-bob@example.com"}]),
        ] {
            let operations = json!([{"op": "replace", "path": "members", "value": names}]);
            let answer = scene.okta.patch(&format!("/Groups/{team}"), patch(&operations)).await.expect(200);
            assert_eq!((members(&answer), answer.header("etag")), (sorted(&[&ada, &bob]), version.as_str()));
        }
        // Another connection's people are nobody here, whatever they are called.
        let rival = scene.acme.connection("rival", castgate::model::Profile::Generic).await;
        let theirs = rival.post("/Groups", group("team", &["ext-ada@example.com", &ada])).await.expect(201);
        assert_eq!(members(&theirs), sorted(&[]));
    })
    .await;
}
