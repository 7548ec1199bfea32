//! An organization keeps an owner who can be reached, or says that it has none.

use crate::harness::{World, connect, everywhere};
use castgate::{
    app::Error,
    model::{ConnectionSettings, Profile},
};
use serde_json::json;

const OWNERS: &str = "rules: [{name: owners, groups: [okta/owners], grant: owner}]";

async fn ownerless(world: &World) -> bool {
    world.app.organization(&world.operator()).await.unwrap().ownerless_since.is_some()
}

/// Ada is the only owner: by the rule's group, with the first owner suspended.
async fn ada_alone(world: &World) -> (castgate::model::User, castgate::model::GroupId) {
    let ada = world.hire("ada").await;
    let group = world.group("owners", &[ada.id.as_str()]).await.unwrap().group.id;
    world.publish(OWNERS).await;
    world.app.suspend_member(&world.operator(), &world.tenant.owner).await.unwrap();
    assert_eq!(world.roles(&ada.id).await, ["owner"]);
    (ada, group)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_cannot_take_the_last_owner_away() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let refused = world.app.suspend_member(&owner, &world.tenant.owner).await;
        assert!(matches!(refused, Err(Error::LastOwner { .. })), "{refused:?}");
        assert!(world.visit_key(&world.tenant.key).await.is_ok());
        let (_, _) = ada_alone(world).await;
        let disabled = world.app.set_connection_enabled(&world.operator(), &world.tenant.okta.id, false).await;
        assert!(matches!(disabled, Err(Error::LastOwner { .. })), "{disabled:?}");
        let settings = ConnectionSettings::of(Profile::Okta);
        let (operator, okta) = (world.operator(), &world.tenant.okta.id);
        let mute = world.app.update_connection(&operator, okta, None, settings, None).await;
        assert!(matches!(mute, Err(Error::LastOwner { .. })), "{mute:?}");
        let published = world.app.publish_mapping(&world.operator(), "rules: []").await;
        assert!(matches!(published, Err(Error::LastOwner { .. })), "{published:?}");
        assert!(!ownerless(world).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_gets_through_and_the_floor_keeps_the_last_owner() {
    everywhere(async |world| {
        let (ada, group) = ada_alone(world).await;
        world.patch_group(&group, json!([{"op": "remove", "path": "members"}])).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["owner"], "by the floor");
        assert!(!ownerless(world).await);
        let add = json!([{"op": "add", "path": "members", "value": [{"value": ada.id}]}]);
        world.patch_group(&group, add).await.unwrap();
        world.delete_group(&group).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["owner"], "by the floor again");
        world.app.reactivate_member(&world.operator(), &world.tenant.owner).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["viewer"], "the floor ends when somebody else is reachable");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_loss_of_that_person_leaves_nobody_and_their_return_ends_it() {
    everywhere(async |world| {
        let (ada, _) = ada_alone(world).await;
        world.set_active(&ada.id, false).await.unwrap();
        assert!(ownerless(world).await);
        world.set_active(&ada.id, true).await.unwrap();
        assert!(!ownerless(world).await);
        world.tick();
        world.delete(&ada.id).await.unwrap();
        assert!(ownerless(world).await);
        world.tick();
        world.hire("ada").await;
        assert!(!ownerless(world).await);
        assert_eq!(world.roles(&ada.id).await, ["owner"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_who_comes_into_the_group_ends_it() {
    everywhere(async |world| {
        let (ada, group) = ada_alone(world).await;
        let bob = world.hire("bob").await;
        world.set_active(&ada.id, false).await.unwrap();
        assert!(ownerless(world).await);
        let add = json!([{"op": "add", "path": "members", "value": [{"value": bob.id}]}]);
        world.patch_group(&group, add).await.unwrap();
        assert!(!ownerless(world).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn linking_the_last_owner_to_a_provider_that_signs_nobody_in_is_noticed() {
    everywhere(async |world| {
        let operator = world.operator();
        let push_only = connect(&world.app, &operator, "push-only", false).await;
        let mut settings = ConnectionSettings::of(Profile::Okta);
        settings.domains = vec!["acme.test".to_owned()];
        let push_only = world.app.update_connection(&operator, &push_only.id, None, settings, None).await.unwrap();
        let body = json!({
            "userName": "boss", "externalId": "boss", "emails": [{"value": "owner@acme.test", "primary": true}]
        });
        let view =
            world.app.create_user(&world.push_of(&push_only), &push_only, crate::harness::user(body)).await.unwrap();
        assert_eq!(view.user.id, world.tenant.owner);
        assert!(ownerless(world).await, "nobody can sign in as an owner any more");
    })
    .await;
}
