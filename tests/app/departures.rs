//! Somebody goes: the receipt, the secrets that they know still, and the owners who are reminded of them. And keys of Cast AI.

use crate::{
    harness::{World, everywhere},
    role_changes::{letters, machine, member_with_key, owner, role, set_role, told},
};
use castgate::{
    app::{Error, KeyTerms, ReadKey},
    model::{Holder, MirroredKind, UserState},
};

async fn rounds(world: &World) -> usize {
    let round = world.app.review_keys().await.unwrap();
    world.app.send_letters().await.unwrap();
    round.overdue
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_receipt_of_who_has_gone_names_the_last_request_and_the_secrets_that_they_know_still() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        let (bob, _, stays) = member_with_key(world, "bob").await;
        let agents = machine(world, "agents").await;
        world.app.move_key(&owner(world), (&ada.id, &key.id), &agents.id).await.unwrap();
        world.key_used(&secret).await;
        let refused = world.app.departure(&owner(world), &ada.id).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "still_active", .. })), "{refused:?}");
        world.session(&ada.id).await;
        let last = world.now();
        world.tick();
        world.set_active(&ada.id, false).await.unwrap();
        world.tick();
        let receipt = world.app.departure(&owner(world), &ada.id).await.unwrap();
        assert_eq!((receipt.state, receipt.sessions), (UserState::Suspended, 1));
        assert_eq!(receipt.last_in_person_at, Some(last));
        assert!(receipt.ended_at > last && receipt.ended_by.starts_with("connection con_"), "{receipt:?}");
        assert!(receipt.keys.is_empty(), "it is the service account's now");
        let [knows] = receipt.knows.as_slice() else { panic!("{receipt:?}") };
        assert_eq!((&knows.id, knows.known_by.as_ref()), (&key.id, Some(&ada.id)));
        assert!(knows.rotate_by.is_some());
        assert!(world.visit_key(&secret).await.is_ok(), "what runs on it goes on");
        world.delete(&bob.id).await.unwrap();
        let receipt = world.app.departure(&owner(world), &bob.id).await.unwrap();
        assert_eq!((receipt.state, receipt.keys.len(), receipt.knows.len()), (UserState::Removed, 1, 0));
        assert_eq!(receipt.keys[0].id, stays.id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_are_reminded_of_an_overdue_rotation_every_week_until_it_is_done() {
    everywhere(async |world| {
        let (ada, _, key) = member_with_key(world, "ada").await;
        let agents = machine(world, "agents").await;
        world.app.move_key(&owner(world), (&ada.id, &key.id), &agents.id).await.unwrap();
        world.set_active(&ada.id, false).await.unwrap();
        assert_eq!(rounds(world).await, 0, "there is a week to do it");
        world.days(8);
        assert_eq!((rounds(world).await, rounds(world).await), (1, 0), "once, and not with every round");
        let reminders = || letters(world).iter().filter(|letter| letter.contains("was to be rotated")).count();
        assert_eq!((told(world, "key.rotation_overdue").await, reminders()), (1, 1));
        world.days(7);
        assert_eq!(rounds(world).await, 1);
        let holder = Holder::ServiceAccount(agents.id.clone());
        world.app.rotate_key(&owner(world), (&holder, &key.id), Some(1)).await.unwrap();
        world.days(30);
        assert_eq!(rounds(world).await, 0, "it is another one now");
        assert_eq!((told(world, "key.rotation_overdue").await, reminders()), (2, 2));
    })
    .await;
}

fn read(id: &str, owner: &str) -> ReadKey {
    ReadKey {
        external_id: id.to_owned(),
        owner: owner.to_owned(),
        name: format!("agent {id}"),
        hint: "7c9e".to_owned(),
        active: true,
        created_at: None,
        last_used_at: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_cast_ai_are_listed_with_what_ends_them_and_are_never_changed_here() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let grace = world.create(serde_json::json!({
            "userName": "grace", "externalId": "g", "emails": [{"value": "grace@acme.test", "primary": true}],
        }));
        let grace = grace.await.unwrap();
        world.give(castgate::model::Subject::User(ada.id.clone()), role("member"), None).await.unwrap();
        let keys = vec![read("1", ada.id.as_str()), read("2", "Grace@acme.test"), read("3", "nobody@acme.test")];
        let mirrored = world.app.mirror_keys(&owner(world), keys).await.unwrap();
        assert_eq!((mirrored.kept, mirrored.forgotten, mirrored.unknown_owners.len()), (2, 0, 1));
        let all = world.app.mirrored_keys(&owner(world), "", 10).await.unwrap();
        assert_eq!(all.iter().map(|key| &key.owner).collect::<Vec<_>>(), [&ada.id, &grace.id]);

        // A change that ends one there is previewed, as if the key were ours.
        let gift = world.give(castgate::model::Subject::User(ada.id.clone()), role("analyst"), None).await;
        assert!(
            matches!(&gift, Err(Error::Conflict { code: "preview_required", detail }) if detail.contains("at Cast AI"))
        );
        let change = set_role(&ada.id, "viewer");
        let preview = world.app.preview_role_change(&owner(world), &change).await.unwrap();
        assert!(preview.keys.is_empty());
        let [one] = preview.mirrored.as_slice() else { panic!("{preview:?}") };
        assert_eq!((one.external_id.as_str(), one.kind), ("1", MirroredKind::CastAi));
        let terms = KeyTerms { preview: preview.token, ..KeyTerms::default() };
        world.app.change_roles(&owner(world), &change, &terms).await.unwrap();
        assert_eq!(world.app.mirrored_keys(&owner(world), "", 10).await.unwrap(), all, "nothing is changed here");

        // What is not in the next list is there no more; what is keeps its id.
        world.tick();
        let again = world.app.mirror_keys(&owner(world), vec![read("2", "grace@acme.test")]).await.unwrap();
        assert_eq!((again.kept, again.forgotten), (1, 1));
        let left = world.app.mirrored_keys(&owner(world), "", 10).await.unwrap();
        assert_eq!(left.iter().map(|key| &key.id).collect::<Vec<_>>(), [&all[1].id]);
        let twice = world.app.mirror_keys(&owner(world), vec![read("2", "x"), read("2", "x")]).await;
        assert!(matches!(twice, Err(Error::Invalid { .. })), "{twice:?}");
        let secret = ReadKey { hint: "x".repeat(64), ..read("2", "x") };
        assert!(matches!(world.app.mirror_keys(&owner(world), vec![secret]).await, Err(Error::Invalid { .. })));
        let refused = world.app.mirror_keys(&world.as_user(&grace.id), Vec::new()).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
    })
    .await;
}
