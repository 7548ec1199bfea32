//! What an erasure leaves alone: what is said of others, and the way back.

use crate::{
    harness::{World, everywhere},
    invitations::invite,
};
use castgate::{
    app::{KeyChange, UndoWish},
    model::{EventKind, Holder, UserId},
    store::args,
};
use serde_json::{Value, json};
use std::time::Duration;

async fn erase(world: &World, id: &UserId) {
    let owner = world.as_user(&world.tenant.owner);
    let plan = world.app.plan_erasure(&owner, id).await.unwrap();
    let confirm = plan.confirm.unwrap();
    let done = world.app.erase_person(&owner, id, &plan.plan, &confirm).await.unwrap();
    assert!(done.common.is_empty() && done.confirm.is_none());
}

/// The details of events of a kind about something.
async fn details(world: &World, about: &str, kind: EventKind) -> Vec<Value> {
    let events = world.app.events(&world.operator(), Some(about), "", 50).await.unwrap();
    events.into_iter().filter(|event| event.kind == kind).map(|event| event.detail).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_calls_themselves_like_a_role_takes_no_evidence_of_others_along() {
    everywhere(async |world| {
        let person = json!({
            "userName": "bob", "externalId": "bob", "nickName": "viewer", "displayName": "김민준",
            "emails": [{"value": "bob@x.test", "primary": true}, {"value": "owner@acme.test", "type": "other"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "m1"}},
        });
        let bob = world.create(person).await.unwrap();
        let invited = invite(world, "grace@elsewhere.test").await;
        let himself = world.as_user(&bob.id);
        let key = world.app.create_key(&himself, "agent", None).await.unwrap().key;
        let change = KeyChange { name: Some("laptop of 김민준".to_owned()), active: None };
        world.app.change_key(&himself, (&Holder::User(bob.id.clone()), &key.id), &change).await.unwrap();
        let of_invitation = details(world, invited.id.as_str(), EventKind::InvitationCreated).await;
        assert!(of_invitation[0].to_string().contains("viewer"), "{of_invitation:?}");
        let of_key = details(world, key.id.as_str(), EventKind::KeyChanged).await;
        assert!(of_key[0].to_string().contains("김민준"), "{of_key:?}");
        world.set_active(&bob.id, false).await.unwrap();
        let owner = world.as_user(&world.tenant.owner);
        let plan = world.app.plan_erasure(&owner, &bob.id).await.unwrap();
        assert!(plan.common.contains(&"viewer".to_owned()) && plan.common.contains(&"김민준".to_owned()), "{plan:?}");
        assert!(!plan.common.contains(&"owner@acme.test".to_owned()), "{plan:?}");
        erase(world, &bob.id).await;
        assert_eq!(details(world, invited.id.as_str(), EventKind::InvitationCreated).await, of_invitation);
        let of_key = details(world, key.id.as_str(), EventKind::KeyChanged).await;
        assert!(!of_key[0].to_string().contains("김민준"), "{of_key:?}");
        // The owner's own address stood in their profile; it is the owner's all the same.
        let owners = world.app.member(&owner, &world.tenant.owner).await.unwrap();
        assert_eq!(owners.email.as_deref(), Some("owner@acme.test"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_was_erased_comes_back_by_an_undo() {
    everywhere(async |world| {
        let (ada, eve) = (world.hire("ada").await, world.hire("eve").await);
        world.group("eng", &[ada.id.as_str(), eve.id.as_str()]).await.unwrap();
        world.tick();
        let from = world.now();
        world.tick();
        world.delete(&ada.id).await.unwrap();
        world.delete(&eve.id).await.unwrap();
        world.tick();
        erase(world, &ada.id).await;
        let wish = UndoWish { source: "scim:okta".to_owned(), from, to: world.now() };
        let owner = world.as_user(&world.tenant.owner);
        let preview = world.app.preview_undo(&owner, &wish).await.unwrap();
        assert_eq!((preview.people, preview.memberships), (1, 1), "{preview}");
        world.app.undo(&owner, &wish, &preview.preview).await.unwrap();
        assert!(world.app.member(&owner, &eve.id).await.unwrap().removed_at.is_none());
        assert!(world.app.member(&owner, &ada.id).await.is_err(), "on {}", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_at_an_erasure_waits_for_nobody_who_writes_and_they_do_not_wait_for_it() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.delete(&ada.id).await.unwrap();
        // Somebody writes and holds the directory alone, for as long as it takes.
        let mut writes = world.store.write("test").await.unwrap();
        writes.hold_directory(&world.tenant.organization, true).await.unwrap();
        let held = writes.user_to_change(&world.tenant.organization, &ada.id).await.unwrap();
        assert!(held.is_some());
        let operator = world.operator();
        let look = world.app.plan_erasure(&operator, &ada.id);
        let plan = tokio::time::timeout(Duration::from_mins(1), look).await;
        let plan = plan.unwrap_or_else(|_| panic!("{}: the look waits for whoever writes", world.engine())).unwrap();
        writes.rollback().await.unwrap();
        let done = world.app.erase_person(&operator, &ada.id, &plan.plan, "ada").await.unwrap();
        assert_eq!((plan.rows, plan.events, plan.left), (done.rows, done.events, done.left), "{}", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_suspended_is_erased_as_they_were_looked_at_and_by_what_their_provider_calls_them() {
    everywhere(async |world| {
        let (organization, operator) = (&world.tenant.organization, world.operator());
        let ada = world.hire("ada").await;
        world.group("eng", &[ada.id.as_str()]).await.unwrap();
        world.key(&ada.id).await;
        world.session(&ada.id).await;
        world.set_active(&ada.id, false).await.unwrap();
        let mut tx = world.store.write("test").await.unwrap();
        // Only the identity says it, and that goes when they are removed.
        tx.run(
            "INSERT INTO identities (organization, connection, kind, value, user_id, created_at)
             VALUES (?1, ?2, 'subject', 'sub|ada-7001', ?3, 0)",
            args![organization, world.tenant.okta.id, ada.id],
        )
        .await
        .unwrap();
        let job = castgate::model::JobId::from_uuid(world.app.clock().uuid());
        tx.insert_job(organization, &job, ("x", &json!({"of": "sub|ada-7001"})), world.now()).await.unwrap();
        tx.commit().await.unwrap();
        let plan = world.app.plan_erasure(&operator, &ada.id).await.unwrap();
        assert_eq!(plan.rows["outbox"], 1, "{plan:?}");
        let done = world.app.erase_person(&operator, &ada.id, &plan.plan, "ada").await.unwrap();
        assert_eq!((plan.rows, plan.events, plan.left), (done.rows, done.events, done.left), "{}", world.engine());
        let mut tx = world.store.read().await.unwrap();
        let of = tx.first::<(String,)>("SELECT payload FROM outbox WHERE id = ?1", args![job]).await.unwrap();
        assert_eq!(of.unwrap().0, "{}");
        let left = "SELECT user_id FROM identities WHERE user_id = ?1";
        assert!(tx.first::<(String,)>(left, args![ada.id]).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_look_at_the_health_at_once() {
    everywhere(async |world| {
        let ctx = world.operator();
        let looks = (0..40).map(|_| {
            let (app, ctx) = (world.app.clone(), ctx.clone());
            tokio::spawn(async move { app.health(&ctx).await.map(drop) })
        });
        for look in looks.collect::<Vec<_>>() {
            look.await.unwrap().unwrap();
        }
    })
    .await;
}
