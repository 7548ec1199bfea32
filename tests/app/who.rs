//! One person, one user: pushes, re-hires and returns.

use crate::harness::{everywhere, is_scim};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_push_of_somebody_active_is_a_clash() {
    everywhere(async |world| {
        world.hire("ada").await;
        for body in [
            json!({"userName": "ada", "externalId": "ada"}),
            json!({"userName": "ADA", "externalId": "other"}),
            json!({"userName": "other", "externalId": "ada"}),
            json!({"userName": "Ada"}),
        ] {
            let again = world.create(body.clone()).await;
            assert!(is_scim(&again, 409), "{body}: {again:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_of_somebody_inactive_is_a_rehire_under_the_same_id() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.set_active(&ada.id, false).await.unwrap();
        let stranger = world.create(json!({"userName": "ada", "externalId": "other"})).await;
        assert!(is_scim(&stranger, 409), "another externalId is another person: {stranger:?}");
        let back = world.create(json!({"userName": "ada.l", "externalId": "ada"})).await.unwrap();
        assert_eq!((back.id, back.user_name.as_str(), back.directory_active), (ada.id, "ada.l", true));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_thirty_days_the_deleted_person_comes_back_with_the_memberships() {
    everywhere(async |world| {
        let (ada, bob) = (world.hire("ada").await, world.hire("bob").await);
        let (left, stays) = (world.group("left", &[]).await.unwrap(), world.group("stays", &[]).await.unwrap());
        for view in [&left, &stays] {
            let both = json!([{"op": "add", "path": "members", "value": [{"value": ada.id}, {"value": bob.id}]}]);
            world.patch_group(&view.group.id, both).await.unwrap();
        }
        world.tick();
        let out = json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", ada.id)}]);
        world.patch_group(&left.group.id, out).await.unwrap();
        world.tick();
        world.delete(&ada.id).await.unwrap();
        assert!(is_scim(&world.app.user(&world.push(), &world.okta().await, ada.id.as_str()).await, 404));
        assert!(is_scim(&world.delete(&ada.id).await, 404));
        let members = world.app.group_members(&world.operator(), &stays.group.id).await.unwrap().1;
        assert_eq!(members.iter().map(|member| &member.user).collect::<Vec<_>>(), [&bob.id]);
        world.days(29);
        let view = world
            .app
            .create_user(
                &world.push(),
                &world.okta().await,
                crate::harness::user(json!({"userName": "ada", "externalId": "ada"})),
            )
            .await
            .unwrap();
        assert_eq!(view.user.id, ada.id);
        let names: Vec<_> = view.groups.iter().map(|group| group.display_name.as_str()).collect();
        assert_eq!(names, ["stays"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_thirty_days_it_is_a_new_person() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let key = world.key(&ada.id).await;
        let group = world.group("eng", &[ada.id.as_str()]).await.unwrap();
        world.delete(&ada.id).await.unwrap();
        world.days(31);
        let new = world.hire("ada").await;
        assert_ne!(new.id, ada.id);
        assert!(world.visit_key(key.expose()).await.is_err());
        assert!(world.app.group_members(&world.operator(), &group.group.id).await.unwrap().1.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_persons_name_is_free_and_blocks_their_return_while_taken() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.delete(&ada.id).await.unwrap();
        world.tick();
        let other = world.create(json!({"userName": "ada", "externalId": "another"})).await.unwrap();
        assert_ne!(other.id, ada.id);
        let clash = world.create(json!({"userName": "ada", "externalId": "ada"})).await;
        assert!(is_scim(&clash, 409), "{clash:?}");
        let renamed = world.create(json!({"userName": "ada.l", "externalId": "ada"})).await.unwrap();
        assert_eq!(renamed.id, ada.id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_nobody_knows_yet_joins_when_it_comes_back() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.delete(&ada.id).await.unwrap();
        world.tick();
        let group = world.group("eng", &[ada.id.as_str(), "bob"]).await.unwrap();
        assert_eq!(group.members.as_deref(), Some([].as_slice()));
        world.hire("ada").await;
        let bob = world.hire("bob").await;
        let members = world.app.group_members(&world.operator(), &group.group.id).await.unwrap().1;
        let mut ids: Vec<_> = members.into_iter().map(|member| member.user).collect();
        ids.sort();
        let mut expected = vec![ada.id, bob.id];
        expected.sort();
        assert_eq!(ids, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_over_a_name_that_is_taken_changes_nothing() {
    everywhere(async |world| {
        let (ada, bob) = (world.hire("ada").await, world.hire("bob").await);
        for operations in [
            json!([{"op": "replace", "path": "userName", "value": "BOB"}]),
            json!([{"op": "replace", "path": "externalId", "value": "bob"}]),
        ] {
            let taken = world.patch(&ada.id, operations).await;
            assert!(is_scim(&taken, 409), "{taken:?}");
        }
        let same = world.app.member(&world.operator(), &ada.id).await.unwrap();
        assert_eq!(same, ada);
        world.delete(&bob.id).await.unwrap();
        world.patch(&ada.id, json!([{"op": "replace", "path": "userName", "value": "bob"}])).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_words_again_change_nothing() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let group = world.group("eng", &[ada.id.as_str()]).await.unwrap();
        world.tick();
        let operations = json!([{"op": "replace", "path": "active", "value": true}]);
        let again = world.patch(&ada.id, operations).await.unwrap();
        assert_eq!(again.user, ada);
        let add = json!([{"op": "add", "path": "members", "value": [{"value": ada.id}]}]);
        assert_eq!(world.patch_group(&group.group.id, add).await.unwrap().group, group.group);
        let unknown = json!([{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]);
        let waiting = world.patch_group(&group.group.id, unknown.clone()).await.unwrap().group;
        assert_eq!(world.patch_group(&group.group.id, unknown).await.unwrap().group, waiting);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_comes_and_goes_in_one_request_is_no_mistake() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let group = world.group("eng", &[]).await.unwrap().group;
        let value = json!([{"value": ada.id}]);
        let add = json!({"op": "add", "path": "members", "value": value});
        let remove = json!({"op": "remove", "path": format!("members[value eq \"{}\"]", ada.id)});
        let view = world.patch_group(&group.id, json!([add, remove])).await.unwrap();
        assert_eq!(view.members.as_deref(), Some([].as_slice()));
        world.patch_group(&group.id, json!([add])).await.unwrap();
        let view = world.patch_group(&group.id, json!([remove, add])).await.unwrap();
        assert_eq!(view.members.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_an_equal_push_of_somebody_new_is_answered_and_any_other_refused() {
    everywhere(async |world| {
        let (ada, bob) = (world.hire("ada").await, world.hire("bob").await);
        world.tick();
        // The process that made them is gone, and with it what it knew of its answers.
        let next = world.node(world.app.settings()).await;
        let push = async |body: serde_json::Value| {
            let view = next.create_user(&world.push(), &world.okta().await, crate::harness::user(body)).await;
            view.map(|view| view.user)
        };
        assert_eq!(push(json!({"userName": "ada", "externalId": "ada"})).await.unwrap(), ada, "{}", world.engine());
        for body in [
            json!({"userName": "ada", "externalId": "ada", "title": "Countess"}),
            json!({"userName": "ada", "externalId": "other"}),
            json!({"userName": "ada"}),
        ] {
            assert!(is_scim(&push(body.clone()).await, 409), "{body}");
        }
        // Touched since: then the provider knows. So it does after a while.
        world.patch(&bob.id, json!([{"op": "replace", "path": "title", "value": "x"}])).await.unwrap();
        assert!(is_scim(&push(json!({"userName": "bob", "externalId": "bob", "title": "x"})).await, 409));
        world.days(1);
        assert!(is_scim(&push(json!({"userName": "ada", "externalId": "ada"})).await, 409));
    })
    .await;
}
