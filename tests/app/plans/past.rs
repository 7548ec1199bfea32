//! Versions and the way back, the past under a draft, all ways to become Owner, and drafts that would lock everybody out.

use super::generated::{Numbers, mapping};
use crate::harness::{World, everywhere, found, players, sized};
use castgate::{
    app::{Actor, Ctx, Error, OwnerWay},
    model::{Role, Subject, UserId},
};
use serde_json::json;

const OWNERS: &str = "rules: [{name: owners, groups: [castai-owners], grant: owner}]\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_version_comes_back_as_a_new_one_by_the_same_path() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.group("eng", &[ada.id.as_str()]).await.unwrap();
        let (first, second) = (
            "rules:\n- name: eng\n  groups: [eng]\n  grant: member\n",
            "rules:\n- name: eng\n  groups: [eng]\n  grant: analyst\n",
        );
        world.publish(first).await;
        world.publish(second).await;
        let operator = world.operator();
        let diff = world.app.mapping_diff(&operator, 1, 2).await.unwrap();
        assert_eq!(
            diff.to_string(),
            "@@ -1 +1 @@\n rules:\n - name: eng\n   groups: [eng]\n-  grant: member\n+  grant: analyst\n"
        );
        assert!(world.app.mapping_diff(&operator, 2, 2).await.unwrap().is_empty());
        assert_eq!(world.roles(&ada.id).await, ["analyst"]);
        let back = world.app.revert_mapping(&operator, 1, (None, None)).await.unwrap();
        assert_eq!((back.version, back.impact.people.len()), (Some(3), 1));
        assert_eq!(world.roles(&ada.id).await, ["member"]);
        let third = world.app.mapping_version(&operator, 3).await.unwrap();
        assert_eq!(
            (third.text.as_str(), third.reason.as_str(), third.author.as_str()),
            (first, "back to version 1", "operator")
        );
        assert!(matches!(world.app.revert_mapping(&operator, 9, (None, None)).await, Err(Error::NotFound { .. })));
        // What cannot be published any more cannot be reverted to either.
        crate::harness::connect(&world.app, &operator, "contractors", true).await;
        assert!(matches!(world.app.revert_mapping(&operator, 2, (None, None)).await, Err(Error::Mapping { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_have_come_and_gone_in_the_past_is_told() {
    everywhere(async |world| {
        let ada = world.create(json!({"userName": "ada", "externalId": "ada", "title": "Engineer"})).await.unwrap();
        let bob = world.hire("bob").await;
        let owners = world.group("castai-owners", &[]).await.unwrap().group.id;
        world.days(20);
        let join = json!([{"op": "add", "path": "members", "value": [{"value": ada.id}]}]);
        world.patch_group(&owners, join).await.unwrap();
        world.days(1);
        let leave = json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", ada.id)}]);
        world.patch_group(&owners, leave).await.unwrap();
        let title = |title: &str| json!([{"op": "replace", "path": "title", "value": title}]);
        world.patch(&bob.id, title("Boss")).await.unwrap();
        world.days(1);
        world.patch(&bob.id, title("Engineer")).await.unwrap();
        world.days(1);
        let text = "rules:\n- {name: owners, groups: [castai-owners], grant: owner}\n- {name: bosses, when: title eq \"Boss\", grant: member}\n";
        let operator = world.operator();
        let told = world.app.replay_mapping(&operator, text, 7).await.unwrap();
        let stints: Vec<_> =
            told.stints.iter().map(|one| (one.label.as_str(), one.given.rule.as_deref(), one.in_force_too)).collect();
        assert_eq!(stints, [("ada", Some("owners"), false), ("bob", Some("bosses"), false)], "{told}");
        assert_eq!(told.stints[0].until.0 - told.stints[0].from.0, 24 * 3600 * 1_000_000);
        assert_eq!(told.people, 2);
        // Nothing of it is in the last day, and what is in force would have given the same.
        assert!(world.app.replay_mapping(&operator, text, 1).await.unwrap().stints.is_empty());
        world.publish(text).await;
        assert!(world.app.replay_mapping(&operator, text, 7).await.unwrap().stints.iter().all(|one| one.in_force_too));
        assert!(world.app.replay_mapping(&operator, "rules: []", 7).await.unwrap().stints.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_and_went_with_a_suspension_is_told_too() {
    everywhere(async |world| {
        let (ada, bob, eve) = (world.hire("ada").await, world.hire("bob").await, world.hire("eve").await);
        world.group("eng", &[ada.id.as_str(), bob.id.as_str(), eve.id.as_str()]).await.unwrap();
        let active = |active: bool| json!([{"op": "replace", "path": "active", "value": active}]);
        // Bob was suspended before the days that are looked at and Eve in their middle; Ada came back for a day.
        world.patch(&bob.id, active(false)).await.unwrap();
        world.patch(&ada.id, active(false)).await.unwrap();
        world.days(20);
        world.patch(&ada.id, active(true)).await.unwrap();
        world.days(1);
        world.patch(&ada.id, active(false)).await.unwrap();
        world.patch(&eve.id, active(false)).await.unwrap();
        world.days(1);
        let text = "rules:\n- {name: engineers, groups: [eng], grant: member}\n- {name: here, when: active eq true, grant: viewer}\n";
        let operator = world.operator();
        let told = world.app.replay_mapping(&operator, text, 7).await.unwrap();
        let mut stints: Vec<_> = told
            .stints
            .iter()
            .map(|one| (one.label.as_str(), one.given.rule.as_deref(), (one.until.0 - one.from.0) / 3_600_000_000))
            .collect();
        stints.sort_unstable();
        assert_eq!(stints, [("ada", Some("engineers"), 24), ("ada", Some("here"), 24)], "{told}");
        assert_eq!(told.people, 2, "of whom something was told: {told}");
        // In the last day nothing came: what went had been there at its beginning.
        let all = world.app.replay_mapping(&operator, text, 1).await.unwrap();
        assert!(all.stints.is_empty(), "{all}");
        // The past stays what it was when she is gone.
        world.delete(&ada.id).await.unwrap();
        world.days(1);
        let told = world.app.replay_mapping(&operator, text, 7).await.unwrap();
        assert_eq!(told.stints.len(), 2, "{told}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_ways_to_become_owner_are_listed() {
    everywhere(async |world| {
        let (ada, bob) = (world.hire("ada").await, world.hire("bob").await);
        world.group("castai-owners", &[ada.id.as_str(), bob.id.as_str()]).await.unwrap();
        world.publish(OWNERS).await;
        world.give(Subject::User(bob.id.clone()), Role::OWNER, None).await.unwrap();
        world.give(Subject::User(ada.id.clone()), Role::OWNER, Some("prod")).await.unwrap_err();
        let ways = world.app.owner_ways(&world.operator()).await.unwrap();
        let told: Vec<String> = ways.iter().map(ToString::to_string).collect();
        assert!(told[0].starts_with("rule “owners” (line 1): whoever is in castai-owners"), "{told:#?}");
        let of = |label: &str| {
            ways.iter().any(|way| matches!(way, OwnerWay::Binding { label: found, .. } if found == label))
        };
        assert!(of("castai-owners") && of("bob") && of("owner@acme.test") && !of("ada"), "{told:#?}");
        assert!(told.iter().any(|way| way.contains("castai-owners") && way.ends_with("2 people")), "{told:#?}");
    })
    .await;
}

/// Drafts, of which each is planned by a person and then, to see what it truly does, published by the machine: a machine's change
/// takes effect, and the floor that it needs says that nobody else was left.
async fn drafts(world: World, numbers: impl Iterator<Item = u64>) -> (u64, u64) {
    let (mut caught, mut harmless) = (0, 0);
    let mut scene = None;
    for (place, case) in numbers.enumerate() {
        // Versions are kept for good: not all of them in one organization.
        if place % 500 == 0 {
            scene = Some(one_owner_by_a_rule(&world, &format!("drafts{case}")).await);
        }
        let (world, ada) = scene.as_ref().unwrap();
        let machine = Ctx { actor: Actor::System, ..world.operator() };
        let text = mapping(&mut Numbers::of(1_000_000 + case));
        let refused = match world.app.plan_mapping(&world.operator(), &text).await {
            Ok(_) => false,
            Err(Error::LastOwner { last }) => {
                assert_eq!(last.as_ref(), Some(ada), "it is said who would be the last");
                true
            }
            Err(error) => panic!("{error:?}\n{text}"),
        };
        world.app.publish_mapping(&machine, &text).await.unwrap();
        let floor = world.store.read().await.unwrap().floor_bindings(&world.tenant.organization).await.unwrap();
        assert_eq!(refused, !floor.is_empty(), "case {case} on {}: the plan says {refused}\n{text}", world.engine());
        caught += u64::from(refused);
        harmless += u64::from(!refused);
        world.app.publish_mapping(&machine, OWNERS).await.unwrap();
    }
    (caught, harmless)
}

/// An organization whose one owner who can be reached is one by a rule.
async fn one_owner_by_a_rule(world: &World, slug: &str) -> (World, UserId) {
    let world = world.of_tenant(found(&world.app, slug).await);
    let ada = world.hire("ada").await;
    world.group("castai-owners", &[ada.id.as_str()]).await.unwrap();
    for cluster in ["prod", "dev"] {
        world.app.declare_cluster(&world.operator(), cluster, None, None).await.unwrap();
    }
    world.publish(OWNERS).await;
    world.app.suspend_member(&world.operator(), &world.tenant.owner).await.unwrap();
    (world, ada.id)
}

/// How many of that many drafts were caught, and how many were harmless; none where the engine is not there.
async fn draft(postgres: bool, otherwise: u64) -> Option<(u64, u64)> {
    let (first, count) = (sized("CASTGATE_TEST_DRAFTS_FROM", 0), sized("CASTGATE_TEST_DRAFTS", otherwise));
    let mut drafting = tokio::task::JoinSet::new();
    for player in 0..players() {
        let world = World::on(postgres).await?;
        drafting.spawn(drafts(world, (first..first + count).filter(move |case| case % players() == player)));
    }
    let (mut caught, mut harmless) = (0, 0);
    while let Some(drafted) = drafting.join_next().await {
        let drafted = drafted.unwrap();
        caught += drafted.0;
        harmless += drafted.1;
    }
    println!("{}: {caught} were caught, {harmless} were harmless", if postgres { "PostgreSQL" } else { "SQLite" });
    Some((caught, harmless))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_draft_that_would_take_the_last_owner_is_caught() {
    let (caught, harmless) = draft(false, 120).await.unwrap();
    assert!(caught > 50 && harmless > 5, "{caught} were caught, {harmless} were harmless");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_draft_that_would_take_the_last_owner_is_caught_on_postgresql_too() {
    draft(true, 20).await;
}
