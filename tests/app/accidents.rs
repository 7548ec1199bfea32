//! Accidents: what a provider takes away comes back, with its bindings; an unusual span is noticed; what ended is signed for.

use crate::harness::{World, everywhere, member};
use castgate::{
    app::{AccessReceipt, Error, UndoWish},
    crypto::signed_by,
    model::{GroupId, Instant, Role, Subject, User, UserId, UserState},
    scim::{GroupDocument, MemberRef},
    store::args,
};
use data_encoding::BASE64;
use serde_json::json;
use std::collections::BTreeSet;

fn span(from: Instant, to: Instant) -> UndoWish {
    UndoWish { source: "scim:okta".to_owned(), from, to }
}

/// Who is in which pushed group, who may come in, and what is held: everything that an undo gives back.
async fn standing(world: &World) -> BTreeSet<String> {
    let organization = &world.tenant.organization;
    let mut tx = world.store.read().await.unwrap();
    let members: Vec<(String, String)> = tx
        .all(
            "SELECT group_id, member_id FROM memberships WHERE organization = ?1 AND ended IS NULL",
            args![organization],
        )
        .await
        .unwrap();
    let groups: Vec<(String, String)> = tx
        .all("SELECT id, display_name FROM groups WHERE organization = ?1 AND removed_at IS NULL", args![organization])
        .await
        .unwrap();
    let people: Vec<(String, bool, bool)> = tx
        .all(
            "SELECT id, directory_active, suspended_by_person FROM users WHERE organization = ?1 AND removed_at IS NULL",
            args![organization],
        )
        .await
        .unwrap();
    let facts: Vec<(String, String, String)> = tx
        .all(
            "SELECT user_id, source, document FROM facts WHERE organization = ?1 AND ended IS NULL",
            args![organization],
        )
        .await
        .unwrap();
    let names: Vec<(String, String, String)> = tx
        .all("SELECT user_id, kind, value FROM identities WHERE organization = ?1", args![organization])
        .await
        .unwrap();
    let bindings: Vec<(String, String, String, String, String)> = tx
        .all(
            "SELECT subject_id, role, scope_kind, source_kind, source_detail FROM bindings
             WHERE organization = ?1 AND ended IS NULL AND source_kind <> 'floor'",
            args![organization],
        )
        .await
        .unwrap();
    let mut all = BTreeSet::new();
    all.extend(members.iter().map(|row| format!("member {row:?}")));
    all.extend(groups.iter().map(|row| format!("group {row:?}")));
    all.extend(people.iter().map(|row| format!("person {row:?}")));
    all.extend(facts.iter().map(|row| format!("fact {row:?}")));
    all.extend(names.iter().map(|row| format!("name {row:?}")));
    all.extend(bindings.iter().map(|row| format!("binding {row:?}")));
    all
}

async fn pushed(world: &World, name: &str, id: &str, members: &[&UserId]) -> GroupId {
    let document = GroupDocument {
        display_name: name.to_owned(),
        external_id: Some(id.to_owned()),
        clears_external_id: false,
        members: Some(members.iter().map(|id| member(id.as_str())).collect::<Vec<MemberRef>>()),
    };
    world.app.create_group(&world.push(), &world.okta().await, document).await.unwrap().group.id
}

const RULES: &str = "default: none\nrules:\n  - {name: eng, groups: [okta/eng], grant: member}\n  - {name: bosses, groups: \
                     [okta/eng], when: title eq \"Boss\", grant: analyst}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_restores_exactly_what_one_source_took_away() {
    everywhere(async |world| {
        world.publish(RULES).await;
        let ada = world.create(json!({"userName": "ada", "externalId": "a1", "title": "Boss"})).await.unwrap();
        let (bob, eve) = (world.hire("bob").await, world.hire("eve").await);
        let key = world.key(&ada.id).await;
        let eng = pushed(world, "eng", "e1", &[&ada.id, &bob.id]).await;
        let ops = pushed(world, "ops", "o1", &[&bob.id, &eve.id]).await;
        world.give(Subject::Group(ops.clone()), Role::VIEWER, None).await.unwrap();
        world.give(Subject::User(eve.id.clone()), Role::VIEWER, None).await.unwrap();
        world.tick();
        let (before, from) = (standing(world).await, world.now());
        world.tick();
        world.delete_group(&eng).await.unwrap();
        world.patch_group(&ops, json!([{"op": "remove", "path": "members"}])).await.unwrap();
        world.tick();
        world.set_active(&ada.id, false).await.unwrap();
        world.delete(&eve.id).await.unwrap();
        world.tick();
        assert!(world.visit_key(key.expose()).await.is_err(), "suspended is out");
        let wish = span(from, world.now());
        let owner = world.as_user(&world.tenant.owner);
        let gone = standing(world).await;
        let preview = world.app.preview_undo(&owner, &wish).await.unwrap();
        assert_eq!(standing(world).await, gone, "a preview changes nothing");
        assert_eq!((preview.groups, preview.people, preview.activated, preview.memberships), (1, 1, 1, 4), "{preview}");
        let stale = world.app.undo(&owner, &wish, "un1_x").await.unwrap_err();
        assert!(matches!(stale, Error::Conflict { code: "preview_stale", .. }), "{stale:?}");
        let done = world.app.undo(&owner, &wish, &preview.preview).await.unwrap();
        assert_eq!(done, preview);
        let after = standing(world).await;
        assert_eq!(after, before, "on {}", world.engine());
        assert!(world.visit_key(key.expose()).await.is_ok(), "a suspended key is back");
        world.tick();
        let none = world.app.preview_undo(&owner, &wish).await.unwrap();
        assert!(none.is_empty(), "{none}");
        let then = castgate::app::role_names(&world.app.access_at(&world.operator(), &ada.id, from).await.unwrap());
        assert_eq!(then, world.roles(&ada.id).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_added_or_removed_otherwise_stays_as_it_is() {
    everywhere(async |world| {
        let (ada, bob) = (world.hire("ada").await, world.hire("bob").await);
        let eng = pushed(world, "eng", "e1", &[&ada.id]).await;
        world.tick();
        let from = world.now();
        world.tick();
        world.patch_group(&eng, json!([{"op": "add", "path": "members", "value": [{"value": bob.id}]}])).await.unwrap();
        world.patch_group(&eng, json!([{"op": "remove", "path": "members"}])).await.unwrap();
        world.app.suspend_member(&world.operator(), &bob.id).await.unwrap();
        world.tick();
        let wish = span(from, world.now());
        let owner = world.as_user(&world.tenant.owner);
        let preview = world.app.preview_undo(&owner, &wish).await.unwrap();
        assert_eq!(
            (preview.memberships, preview.activated),
            (1, 0),
            "bob came in the span, and a person suspended him"
        );
        world.app.undo(&owner, &wish, &preview.preview).await.unwrap();
        let bob = world.app.member(&world.operator(), &bob.id).await.unwrap();
        assert_eq!(bob.state(), UserState::Suspended);
        let viewer = world.app.preview_undo(&world.as_user(&ada.id), &wish).await;
        assert!(matches!(viewer, Err(Error::Forbidden { .. })), "{viewer:?}");
        let nowhere = UndoWish { source: "scim:nobody".to_owned(), ..wish.clone() };
        assert!(matches!(world.app.preview_undo(&owner, &nowhere).await, Err(Error::NotFound { .. })));
        let long_ago = UndoWish { from: "2026-01-01T00:00:00Z".parse().unwrap(), ..wish };
        assert!(matches!(world.app.preview_undo(&owner, &long_ago).await, Err(Error::Invalid { .. })));
    })
    .await;
}

async fn people(world: &World, count: usize) -> Vec<User> {
    let mut people = Vec::with_capacity(count);
    for number in 0..count {
        people.push(world.hire(&format!("person-{number}")).await);
    }
    people
}

/// The whole proof takes longer than a check should.
fn sized(name: &str, usual: u64) -> usize {
    usize::try_from(crate::harness::sized(name, usual)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_storm_of_new_ids_every_binding_is_back() {
    everywhere(async |world| {
        let (groups, each) = (sized("CASTGATE_TEST_STORM_GROUPS", 20), 20);
        world.publish("default: none\nrules: [{name: even, groups: [okta/team-0, okta/team-2], grant: member}]").await;
        let people = people(world, each).await;
        let everybody: Vec<&UserId> = people.iter().map(|user| &user.id).collect();
        let mut ids = Vec::new();
        for number in 0..groups {
            let id = pushed(world, &format!("team-{number}"), &format!("old-{number}"), &everybody).await;
            world.give(Subject::Group(id.clone()), Role::VIEWER, None).await.unwrap();
            ids.push(id);
        }
        let before = standing(world).await;
        world.tick();
        for id in &ids {
            world.delete_group(id).await.unwrap();
        }
        world.tick();
        for number in 0..groups {
            let id = pushed(world, &format!("team-{number}"), &format!("new-{number}"), &everybody).await;
            assert_eq!(Some(&id), ids.get(number), "it is the same group");
        }
        assert_eq!(standing(world).await, before, "on {}", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_of_many_operations_is_a_few_statements() {
    everywhere(async |world| {
        let operations = sized("CASTGATE_TEST_UNDO", 400);
        let (count, each) = (operations / 20, 20);
        world.publish(RULES).await;
        let people = people(world, each).await;
        let everybody: Vec<&UserId> = people.iter().map(|user| &user.id).collect();
        let mut groups = Vec::new();
        for number in 0..count {
            groups.push(pushed(world, &format!("team-{number}"), &format!("id-{number}"), &everybody).await);
        }
        world.tick();
        let (before, from) = (standing(world).await, world.now());
        world.tick();
        for id in &groups {
            world.patch_group(id, json!([{"op": "remove", "path": "members"}])).await.unwrap();
        }
        let wish = span(from, world.now());
        let owner = world.as_user(&world.tenant.owner);
        let preview = world.app.preview_undo(&owner, &wish).await.unwrap();
        assert_eq!(preview.memberships, count * each);
        let begun = std::time::Instant::now();
        world.app.undo(&owner, &wish, &preview.preview).await.unwrap();
        eprintln!("undo of {} operations on {}: {:?}", count * each, world.engine(), begun.elapsed());
        assert_eq!(standing(world).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unusual_span_is_noticed_once_and_the_owners_are_told() {
    everywhere(async |world| {
        let people = people(world, 30).await;
        let everybody: Vec<&UserId> = people.iter().map(|user| &user.id).collect();
        let eng = pushed(world, "eng", "e1", &everybody).await;
        give_the_owner_an_address(world).await;
        world.tick();
        let one = everybody[0].as_str();
        world
            .patch_group(&eng, json!([{"op": "remove", "path": format!("members[value eq \"{one}\"]")}]))
            .await
            .unwrap();
        let round = world.app.look_for_accidents().await.unwrap();
        assert_eq!((round.looked_at, round.noticed), (1, 0), "one person less is nothing unusual");
        world.tick();
        world.patch_group(&eng, json!([{"op": "remove", "path": "members"}])).await.unwrap();
        assert!(standing(world).await.iter().all(|line| !line.starts_with("member ")), "nothing is held back");
        assert_eq!(world.app.look_for_accidents().await.unwrap().noticed, 1);
        let owner = world.as_user(&world.tenant.owner);
        let accident = &world.app.accidents(&owner, "", 10).await.unwrap()[0];
        assert_eq!(
            (accident.connection.clone(), accident.counts["members"].as_i64()),
            (world.tenant.okta.id.clone(), Some(30))
        );
        let events = world.app.events(&owner, Some(accident.id.as_str()), "", 10).await.unwrap();
        assert_eq!(events[0].kind.name(), "accident.noticed");
        world.app.send_letters().await.unwrap();
        let letters: Vec<String> = std::fs::read_dir(world.mail.path())
            .unwrap()
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        assert!(letters.iter().any(|letter| letter.contains("unusual share")), "{letters:?}");
        world.tick();
        world.delete_group(&eng).await.unwrap();
        assert_eq!(world.app.look_for_accidents().await.unwrap().noticed, 0, "the same one goes on");
        let wish = UndoWish { source: format!("scim:{}", accident.connection), from: accident.from, to: world.now() };
        let preview = world.app.preview_undo(&owner, &wish).await.unwrap();
        assert_eq!((preview.groups, preview.memberships), (1, 30));
    })
    .await;
}

async fn give_the_owner_an_address(world: &World) {
    let mut tx = world.store.write("test").await.unwrap();
    tx.run(
        "UPDATE users SET email = 'owner@acme.test', email_folded = 'owner@acme.test' WHERE organization = ?1 AND id = ?2",
        args![world.tenant.organization, world.tenant.owner],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_of_access_leaves_a_signed_receipt() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let key = world.key(&ada.id).await;
        world.key_used(key.expose()).await;
        let by_key = world.now();
        world.tick();
        let session = world.session(&ada.id).await;
        world.visit_session(&session).await.unwrap();
        let by_session = world.now();
        world.tick();
        world.set_active(&ada.id, false).await.unwrap();
        world.tick();
        world.delete(&ada.id).await.unwrap();
        let owner = world.as_user(&world.tenant.owner);
        let receipts = world.app.receipts(&owner, Some(&ada.id), ("", 10)).await.unwrap();
        let why: Vec<(&str, u64, u64)> = receipts
            .iter()
            .map(|receipt| (receipt.said.why.as_str(), receipt.said.sessions, receipt.said.keys))
            .collect();
        assert_eq!(why, [("removed", 0, 1), ("suspended", 1, 1)]);
        let last: Vec<_> = receipts.iter().map(|receipt| receipt.said.last_accepted).collect();
        assert_eq!(last, [Some(by_key), Some(by_session)], "by what was open until then");
        let receipt = &receipts[1];
        assert_eq!(receipt.said.actor, format!("connection {}", world.tenant.okta.id));
        let public = BASE64.decode(receipt.public_key.as_ref().unwrap().as_bytes()).unwrap();
        let signature = BASE64.decode(receipt.signature.as_bytes()).unwrap();
        assert!(receipt.valid && signed_by(&public, &AccessReceipt::message(&receipt.statement), &signature));
        let keys = world.app.audit_keys().unwrap();
        assert!(keys.public().any(|(id, key)| id == receipt.signer && key == public));
        let mut tx = world.store.write("test").await.unwrap();
        tx.run(
            "UPDATE receipts SET statement = replace(statement, 'suspended', 'celebrated') WHERE organization = ?1",
            args![world.tenant.organization],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let forged = world.app.receipts(&owner, Some(&ada.id), ("", 10)).await.unwrap();
        assert_eq!(forged.iter().map(|receipt| receipt.valid).collect::<Vec<_>>(), [true, false]);
    })
    .await;
}
