//! How often a push or a sign-in waits for PostgreSQL: what nobody needs an answer to goes out with the next that somebody does,
//! and so do questions that are known beforehand.

use crate::{
    custom_roles::made,
    groups::recorded,
    harness::{World, everywhere, member, patch, user},
};
use castgate::{
    app::{App, RosterOf, RosterRow},
    model::{Capability, Role, Subject, UserId},
    scim::{GroupDocument, GroupPatch, MemberChange},
    store::{Recorder, args},
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_waits_for_postgresql_only_where_it_needs_an_answer() {
    let Some(world) = World::postgres().await else { return };
    let (app, recorder) = recorded(&world).await;
    // The first group of a connection ends those of its claims.
    world.group("first", &[]).await.unwrap();
    let (push, okta) = (world.push(), world.okta().await);
    recorder.take_ways();
    let body = json!({"userName": "ada@acme.example", "externalId": "e1", "emails": [{"value": "ada@acme.example"}]});
    let ada = app.create_user(&push, &okta, user(body)).await.unwrap().user;
    // Who asks, what the mapping is, who it may be and who waits for them; all rows and the commit.
    assert_eq!(recorder.take_ways(), 2, "a person");

    let group = world.group("team", &[]).await.unwrap().group;
    recorder.take_ways();
    let add = async |who: &str, shown: usize| {
        let change = GroupPatch {
            display_name: None,
            external_id: None,
            members: vec![MemberChange::Add(vec![member(who)])],
            tolerances: Vec::new(),
        };
        app.patch_group(&push, &okta, (group.id.as_str(), None), &change, shown).await.unwrap();
        recorder.take_ways()
    };
    // Who asks, the group, what it gives and whether they are in it; all rows and the commit.
    assert_eq!(add(ada.id.as_str(), 0).await, 2, "one more member");
    let others = [world.hire("ben").await.id, world.hire("cleo").await.id];
    recorder.take_ways();
    // And who is in it now, for the answer.
    assert_eq!(add(others[0].as_str(), 1).await, 3, "one more member of a few");
    assert_eq!(add(others[1].as_str(), 1).await, 2, "one more member of many");

    let crew = GroupDocument {
        display_name: "crew".to_owned(),
        external_id: None,
        clears_external_id: false,
        members: Some(others.iter().map(|other| member(other.as_str())).collect()),
    };
    recorder.take_ways();
    let crew = app.create_group(&push, &okta, crew).await.unwrap();
    // Who asks and whether it is there; who comes in; the commit. It is told as it is, and read by nobody before.
    assert_eq!(recorder.take_ways(), 3, "a group with people in it");
    assert_eq!(crew.members.as_ref().map(Vec::len), Some(others.len()));
    let read = app.group(&push, &okta, crew.group.id.as_str(), true).await.unwrap();
    assert_eq!((read.group, read.members), (crew.group, crew.members));

    for _ in 0..3 {
        world.session(&ada.id).await;
        world.key(&ada.id).await;
    }
    recorder.take_ways();
    let patch = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    app.patch_user(&push, &okta, (ada.id.as_str(), None), &patch).await.unwrap();
    // Who asks, the person, what was pushed of them, their groups and what they are let in by; all rows and the commit.
    assert_eq!(recorder.take_ways(), 2, "a deactivation");
    let open = "SELECT COUNT(*) FROM sessions WHERE user_id = ?1 AND ended_at IS NULL";
    let open: Option<(i64,)> = world.store.read().await.unwrap().first(open, args![ada.id]).await.unwrap();
    assert_eq!(open, Some((0,)));
}

/// What a page of so many members ran, and how often it waited.
async fn page((world, app, recorder): (&World, &App, &Recorder), most: usize) -> (Vec<RosterRow>, usize, u64) {
    drop(recorder.take());
    recorder.take_ways();
    let (rows, _) = app.roster(&world.operator(), RosterOf::Matching(None), ("", most)).await.unwrap();
    let ids = rows.iter().map(|row| row.user.id.to_string()).collect::<Vec<_>>();
    let names = app.names(&world.operator(), ids).await.unwrap();
    assert!(rows.iter().all(|row| names.known(row.user.id.as_str()) == Some(row.user.label())));
    (rows, recorder.take().len(), recorder.take_ways())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_members_costs_the_same_however_many_stand_on_it() {
    everywhere(async |world| {
        let (app, recorder) = recorded(world).await;
        let watcher = made(world, "Watcher", &[Capability::ViewCosts]).await;
        let mut people = Vec::new();
        for number in 0..30 {
            // In the order in which they come.
            world.tick();
            people.push(world.hire(&format!("person-{number}")).await.id);
        }
        world.app.declare_cluster(&world.operator(), "staging", None, None).await.unwrap();
        let ids: Vec<&str> = people.iter().map(UserId::as_str).collect();
        for (name, members) in [("analysts", &ids[..20]), ("night", &ids[10..])] {
            world.group(name, members).await.unwrap();
        }
        world.publish("rules:\n  - {name: a, groups: [analysts], grant: analyst}\n  - {name: b, groups: [night], grant: member, clusters: [staging]}\n").await;
        // Each who holds the most stands on the short page as well.
        for person in [&people[0], &people[12], &people[25]] {
            let subject = Subject::User(person.clone());
            world.give(subject.clone(), Role::Custom(watcher.clone()), None).await.unwrap();
            world.give(subject, Role::VIEWER, Some("staging")).await.unwrap();
        }
        world.set_active(&people[13], false).await.unwrap();
        world.session(&people[3]).await;
        let read = (world, &app, &recorder);
        // What is known of the mapping is read once.
        page(read, 1).await;
        let (few, some, short) = page(read, 2).await;
        let (all, many, long) = page(read, 50).await;
        assert_eq!((few.len(), all.len()), (2, 31));
        assert_eq!((some, short), (many, long), "{}: as much for two as for everybody", world.engine());
        assert!(many <= 20, "{}: {many} statements", world.engine());
        for row in &all {
            let alone = app.access(&world.operator(), &row.user.id).await.unwrap();
            assert_eq!(row.access, alone, "{}: {}", world.engine(), row.user.label());
            let seen = (row.in_person_at, row.by_key_at);
            let mut tx = world.store.read().await.unwrap();
            assert_eq!(tx.last_seen(&world.tenant.organization, &row.user.id).await.unwrap(), seen);
        }
        assert!(all.iter().any(|row| row.access.derivations.len() == 4) && all.iter().any(|row| row.access.is_empty()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_sealed_at_the_same_cost_however_many_wait() {
    let world = World::sqlite().await;
    let (app, recorder) = recorded(&world).await;
    for number in 0..400 {
        world.hire(&format!("person-{number}")).await;
    }
    drop(recorder.take());
    app.seal_events().await.unwrap();
    let statements = recorder.take();
    let batches = statements.iter().filter(|one| one.sql.contains("UPDATE events SET number") && one.rows > 100);
    let costs: Vec<u64> = batches.map(|one| one.steps / one.rows).collect();
    assert!(costs.len() >= 3, "{costs:?}");
    assert!(costs.iter().all(|cost| cost.abs_diff(costs[0]) <= 5 && *cost < 200), "steps for each event: {costs:?}");
}
