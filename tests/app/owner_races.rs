//! Two owners who would each take the other away at the same moment: one is left, a thousand times over.

use crate::{
    harness::{World, settings},
    key_races::rounds,
    role_changes::role,
};
use castgate::{
    app::{App, Error},
    model::{Subject, UserId, UserState},
};

/// Whether a refusal is one of those that keep an owner, or of a machine that is too busy.
fn is_fair(error: &Error) -> bool {
    matches!(error, Error::LastOwner { .. } | Error::Forbidden { .. } | Error::NotSignedIn | Error::Unavailable(_))
}

async fn is_active(world: &World, user: &UserId) -> bool {
    world.app.member(&world.operator(), user).await.unwrap().state() == UserState::Active
}

/// From one node one owner goes, from the other the other: now by a suspension, now by taking what they were given.
async fn interleave(world: &World, other_node: &App) {
    let (one, other) = (world.hire("one").await.id, world.hire("other").await.id);
    for user in [&one, &other] {
        world.give(Subject::User(user.clone()), role("owner"), None).await.unwrap();
    }
    // The first owner goes, so that the two are all there are.
    world.app.suspend_member(&world.as_user(&one), &world.tenant.owner).await.unwrap();
    let organization = &world.tenant.organization;
    let (mut kept, mut refused) = ([0, 0], 0);
    for number in 0..rounds() {
        let bindings = world.store.read().await.unwrap().bindings_of(organization, &Subject::User(other.clone())).await;
        let binding = bindings.unwrap().remove(0).id;
        let (as_one, as_other) = (world.as_user(&one), world.as_user(&other));
        let first = async {
            for _ in 0..number % 5 {
                tokio::task::yield_now().await;
            }
            if number % 2 == 0 {
                world.app.suspend_member(&as_one, &other).await.map(drop)
            } else {
                world.app.take(&as_one, &binding).await
            }
        };
        let second = async {
            for _ in 0..number % 3 {
                tokio::task::yield_now().await;
            }
            other_node.suspend_member(&as_other, &one).await.map(drop)
        };
        let (first, second) = tokio::join!(first, second);
        for outcome in [&first, &second] {
            if let Err(error) = outcome {
                assert!(is_fair(error), "{}: {error:?}", world.engine());
                refused += 1;
            }
        }
        assert!(first.is_err() || second.is_err(), "{}: both went in round {number}", world.engine());
        let owner = world.store.read().await.unwrap().reachable_owner(organization, false).await.unwrap();
        let owner = owner.unwrap_or_else(|| panic!("{}: nobody is left in round {number}", world.engine()));
        assert!([&one, &other].contains(&&owner) && is_active(world, &owner).await);
        kept[usize::from(owner == other)] += 1;
        // Both are back for the next round.
        for user in [&one, &other] {
            if !is_active(world, user).await {
                world.app.reactivate_member(&world.operator(), user).await.unwrap();
            }
        }
        if first.is_ok() && number % 2 == 1 {
            let gift = castgate::app::Gift {
                subject: Subject::User(other.clone()),
                role: role("owner"),
                cluster: None,
                until: None,
            };
            world.app.give(&world.operator(), gift).await.unwrap();
        }
    }
    eprintln!("{}: {kept:?} were left, {refused} refused", world.engine());
    assert!(kept[0] > 0 && kept[1] > 0, "{}: one of the two orders never came: {kept:?}", world.engine());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_who_take_each_other_away_one_is_left_on_sqlite() {
    let world = World::sqlite().await;
    interleave(&world, &world.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_who_take_each_other_away_one_is_left_on_postgresql() {
    let Some(world) = World::postgres().await else { return };
    interleave(&world, &world.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_who_take_each_other_away_on_two_nodes_one_is_left() {
    let Some(world) = World::postgres().await else { return };
    let other = world.node(&settings(&[])).await;
    interleave(&world, &other).await;
}
