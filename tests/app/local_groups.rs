//! Groups that people make here.

use crate::{
    bindings::custom_role,
    groups::{fill, recorded},
    harness::{World, everywhere},
};
use castgate::{
    app::Error,
    model::{Holder, Role, Subject},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_group_gives_its_people_and_machines_what_it_holds() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let app = &world.app;
        let ada = world.hire("ada").await;
        let (machine, secret) = world.machine("agent").await;
        let group = app.create_local_group(&owner, " On call ").await.unwrap();
        assert_eq!((group.display_name.as_str(), &group.connection), ("On call", &None));
        let taken = app.create_local_group(&owner, "on CALL").await;
        assert!(matches!(taken, Err(Error::Conflict { code: "taken", .. })), "{taken:?}");
        world.give(Subject::Group(group.id.clone()), "member".parse().unwrap(), None).await.unwrap();
        let (person, machine) = (Holder::User(ada.id.clone()), Holder::ServiceAccount(machine.id));
        for member in [&person, &machine] {
            assert!(app.join_local_group(&owner, &group.id, member).await.unwrap());
            assert!(!app.join_local_group(&owner, &group.id, member).await.unwrap(), "they are in it");
        }
        assert_eq!(world.roles(&ada.id).await, ["member"]);
        let visit = world.visit_key(secret.expose()).await.unwrap();
        assert_eq!(castgate::app::role_names(&visit.access), ["member"]);
        assert!(visit.access.derivations[0].to_string().contains("through group “On call”"));
        assert_eq!(app.group_members(&owner, &group.id).await.unwrap().1.len(), 1);
        assert_eq!(app.machine_members(&owner, &group.id).await.unwrap().len(), 1);
        assert_eq!(app.groups_of_member(&owner, &ada.id).await.unwrap().len(), 1);

        let named = app.rename_local_group(&owner, &group.id, "Standby", None).await.unwrap();
        let stale = app.rename_local_group(&owner, &group.id, "x", Some(named.version - 1)).await;
        assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
        app.leave_local_group(&owner, &group.id, &person).await.unwrap();
        let gone = app.leave_local_group(&owner, &group.id, &person).await;
        assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        let gone = app.delete_local_group(&owner, &group.id).await.unwrap();
        assert_eq!((gone.members, gone.bindings), (1, 1));
        assert!(world.visit_key(secret.expose()).await.unwrap().access.is_empty());
        assert!(matches!(app.delete_local_group(&owner, &group.id).await, Err(Error::NotFound { .. })));
        app.create_local_group(&owner, "standby").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_providers_group_is_changed_at_the_provider() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let ada = world.hire("ada").await;
        let group = world.group("eng", &[]).await.unwrap().group;
        let member = Holder::User(ada.id.clone());
        let refusals = [
            world.app.rename_local_group(&owner, &group.id, "x", None).await.map(drop),
            world.app.delete_local_group(&owner, &group.id).await.map(drop),
            world.app.join_local_group(&owner, &group.id, &member).await.map(drop),
            world.app.leave_local_group(&owner, &group.id, &member).await,
        ];
        for refused in refusals {
            let named = |detail: &str| detail.contains("“okta”") && detail.contains("“eng”");
            assert!(
                matches!(&refused, Err(Error::Conflict { code: "not_local", detail }) if named(detail)),
                "{refused:?}"
            );
        }
        // A local group of the same name stands beside it, and no rule matches it.
        let local = world.app.create_local_group(&owner, "eng").await.unwrap();
        world.publish("rules: [{name: eng, groups: [okta/eng], grant: owner}]").await;
        world.app.join_local_group(&owner, &local.id, &member).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_owner_stays_in_the_group_that_makes_them_one() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let app = &world.app;
        let ada = world.hire("ada").await;
        let member = Holder::User(ada.id.clone());
        let group = app.create_local_group(&owner, "owners").await.unwrap();
        world.give(Subject::Group(group.id.clone()), Role::OWNER, None).await.unwrap();
        app.join_local_group(&owner, &group.id, &member).await.unwrap();
        app.suspend_member(&owner, &world.tenant.owner).await.unwrap();
        let acts = world.as_user(&ada.id);
        let left = app.leave_local_group(&acts, &group.id, &member).await;
        assert!(matches!(&left, Err(Error::LastOwner { last: Some(last) }) if *last == ada.id), "{left:?}");
        let deleted = app.delete_local_group(&acts, &group.id).await;
        assert!(matches!(deleted, Err(Error::LastOwner { .. })), "{deleted:?}");
        assert_eq!(world.roles(&ada.id).await, ["owner"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_lets_others_into_a_group_that_holds_more_than_they_do() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let ada = world.hire("ada").await;
        let people = custom_role(world, "people", "[\"manage-members\"]").await;
        world.give(Subject::User(ada.id.clone()), people.clone(), None).await.unwrap();
        let (strong, weak) = (
            world.app.create_local_group(&owner, "strong").await.unwrap(),
            world.app.create_local_group(&owner, "weak").await.unwrap(),
        );
        world.give(Subject::Group(strong.id.clone()), Role::OWNER, None).await.unwrap();
        world.give(Subject::Group(weak.id.clone()), people, None).await.unwrap();
        let (acts, member) = (world.as_user(&ada.id), Holder::User(ada.id.clone()));
        let refused = world.app.join_local_group(&acts, &strong.id, &member).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
        assert!(world.app.join_local_group(&acts, &weak.id, &member).await.unwrap());
    })
    .await;
}

/// What one member more costs: the statements that were run, without their arguments.
async fn cost_of_joining(world: &World, name: &str, filled: i64) -> Vec<(String, u64)> {
    let owner = world.as_user(&world.tenant.owner);
    let group = world.app.create_local_group(&owner, name).await.unwrap();
    fill(world, &group.id, filled).await;
    let member = Holder::User(world.hire(name).await.id);
    let (app, recorder) = recorded(world).await;
    app.join_local_group(&owner, &group.id, &member).await.unwrap();
    app.leave_local_group(&owner, &group.id, &member).await.unwrap();
    recorder.take().into_iter().map(|statement| (statement.sql, statement.rows)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_member_more_costs_the_same_in_a_small_group_and_in_a_large_one() {
    everywhere(async |world| {
        let small = cost_of_joining(world, "small", 1).await;
        assert!(!small.is_empty());
        assert_eq!(small, cost_of_joining(world, "large", 20_000).await);
    })
    .await;
}
