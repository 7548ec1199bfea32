//! What machines do to people's keys: less at once, a letter, a grace, and the way back.

use crate::{
    harness::{World, everywhere, settings},
    role_changes::{can, key_of, keys_of, letters, machine, owner, role, told},
};
use castgate::{
    app::{Error, ReviewRound, RoleWish},
    model::{Capability, Role, Subject, User},
};
use std::time::Duration;

const ENG: &str = "rules: [{name: eng, groups: [eng], grant: member}]";

/// Somebody with a role by a pushed group, and a key.
async fn by_group(world: &World, name: &str) -> (User, String, castgate::model::GroupId) {
    let ada = world
        .create(serde_json::json!({
            "userName": name, "externalId": name, "emails": [{"value": format!("{name}@acme.test"), "primary": true}]
        }))
        .await
        .unwrap();
    let group = world.group("eng", &[ada.id.as_str()]).await.unwrap().group.id;
    world.publish(ENG).await;
    let secret = world.key(&ada.id).await.expose().to_owned();
    world.app.review_keys().await.unwrap();
    (ada, secret, group)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machines_change_attenuates_at_once_tells_and_deletes_after_the_grace() {
    everywhere(async |world| {
        let (ada, secret, group) = by_group(world, "ada").await;
        let remove = serde_json::json!([{"op": "remove", "path": "members"}]);
        world.patch_group(&group, remove.clone()).await.unwrap();
        // Nothing is written to do it.
        assert!(!can(world, &secret, Capability::ManageClusters).await);
        assert_eq!(key_of(world, &ada.id).await.delete_at, None);
        let round = world.app.review_keys().await.unwrap();
        assert_eq!(round, ReviewRound { looked_at: 1, attenuated: 1, ..ReviewRound::default() });
        let key = key_of(world, &ada.id).await;
        assert_eq!(key.attenuated_at, Some(world.now()));
        assert_eq!(key.delete_at, Some(world.now().plus(Duration::from_hours(7 * 24))));
        assert_eq!(told(world, "key.attenuated").await, 1);
        world.app.send_letters().await.unwrap();
        for to in ["ada@acme.test", "owner@acme.test"] {
            let to = |letter: &&String| letter.contains(to) && letter.contains("carries less");
            assert_eq!(letters(world).iter().filter(to).count(), 1);
        }
        assert_eq!(world.app.review_keys().await.unwrap(), ReviewRound::default(), "told once");
        // Restored within the grace: the deletion is called off.
        world.days(3);
        let add = serde_json::json!([{"op": "add", "path": "members", "value": [{"value": ada.id}]}]);
        world.patch_group(&group, add).await.unwrap();
        assert_eq!(world.app.review_keys().await.unwrap().restored, 1);
        assert_eq!(key_of(world, &ada.id).await.delete_at, None);
        world.days(5);
        assert_eq!(world.app.review_keys().await.unwrap().deleted, 0);
        assert!(can(world, &secret, Capability::ManageClusters).await);
        // Lost for good.
        world.patch_group(&group, remove).await.unwrap();
        world.app.review_keys().await.unwrap();
        world.days(6);
        assert_eq!(world.app.review_keys().await.unwrap().deleted, 0);
        world.days(1);
        assert_eq!(world.app.review_keys().await.unwrap().deleted, 1);
        assert!(matches!(world.visit_key(&secret).await, Err(Error::NotSignedIn)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_the_grace_a_key_is_moved_with_the_rights_that_it_had() {
    everywhere(async |world| {
        let (ada, secret, group) = by_group(world, "ada").await;
        let agents = machine(world, "agents").await;
        world.delete_group(&group).await.unwrap();
        world.app.review_keys().await.unwrap();
        let key = key_of(world, &ada.id).await;
        assert!(!can(world, &secret, Capability::ManageClusters).await);
        // Who does not hold what it carried moves nothing.
        let eve = world.hire("eve").await;
        let wish = RoleWish {
            name: Some("Keys".to_owned()),
            capabilities: Some([Capability::CreateServiceAccountKeys].into()),
            ..RoleWish::default()
        };
        let keys = world.app.create_role(&owner(world), wish).await.unwrap().role.id;
        world.give(Subject::User(eve.id.clone()), Role::Custom(keys), None).await.unwrap();
        let refused = world.app.move_key(&world.as_user(&eve.id), (&ada.id, &key.id), &agents.id).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
        let moved = world.app.move_key(&owner(world), (&ada.id, &key.id), &agents.id).await.unwrap();
        assert_eq!(moved.given, ["member at organization"]);
        assert!(can(world, &secret, Capability::ManageClusters).await);
        world.days(8);
        assert_eq!(world.app.review_keys().await.unwrap().deleted, 0, "nothing waits for its deletion any more");
        assert!(can(world, &secret, Capability::ManageClusters).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_expires_and_what_a_mapping_takes_is_found_and_who_is_suspended_keeps_their_keys() {
    everywhere(async |world| {
        let (ada, _, _) = by_group(world, "ada").await;
        world.set_active(&ada.id, false).await.unwrap();
        world.app.review_keys().await.unwrap();
        assert_eq!(key_of(world, &ada.id).await.delete_at, None, "the key comes back with her");
        world.set_active(&ada.id, true).await.unwrap();
        // By the operator: nobody is shown anything first.
        world.publish("rules: []").await;
        assert_eq!(world.app.review_keys().await.unwrap().attenuated, 1);
        world.publish(ENG).await;
        assert_eq!(world.app.review_keys().await.unwrap().restored, 1);
        // A role with an end.
        let bob = world.hire("bob").await;
        let until = Some(world.now().plus(Duration::from_mins(5)));
        let gift =
            castgate::app::Gift { subject: Subject::User(bob.id.clone()), role: role("member"), cluster: None, until };
        world.app.give(&owner(world), gift).await.unwrap();
        let secret = world.key(&bob.id).await.expose().to_owned();
        assert!(can(world, &secret, Capability::ManageClusters).await);
        world.app.clock().advance(Duration::from_mins(6));
        assert!(!can(world, &secret, Capability::ManageClusters).await);
        world.app.keep_house().await.unwrap();
        assert_eq!(world.app.review_keys().await.unwrap().attenuated, 1);
        assert!(key_of(world, &bob.id).await.delete_at.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_literal_behaviour_of_cast_ai_is_a_setting() {
    let world = World::with(&settings(&[("CASTGATE_API_KEYS__ON_ROLE_CHANGE", "delete")])).await;
    let (ada, secret, group) = by_group(&world, "ada").await;
    world.delete_group(&group).await.unwrap();
    assert_eq!(world.app.review_keys().await.unwrap().deleted, 1);
    assert!(matches!(world.visit_key(&secret).await, Err(Error::NotSignedIn)));
    assert!(keys_of(&world, &ada.id).await.is_empty());
}
