//! A group and the person for whom it waits, pushed at the same moment: on PostgreSQL neither push may see the other.

use crate::harness::World;
use castgate::model::{GroupId, User, UserId};

const RULE: &str = "rules:\n  - {name: eng, groups: [eng], grant: member}";

/// Whom the group still waits for.
async fn awaited(world: &World, group: &GroupId) -> Vec<String> {
    let mut tx = world.store.read().await.unwrap();
    let pending = tx.pending_members(&world.tenant.organization, group).await.unwrap();
    pending.into_iter().map(|(value, _)| value).collect()
}

async fn members(world: &World, group: &GroupId) -> Vec<UserId> {
    let mut tx = world.store.read().await.unwrap();
    tx.member_ids(&world.tenant.organization, group, 1000).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_a_group_waits_for_though_they_are_there_comes_in_a_minute_later() {
    let Some(world) = World::postgres().await else { return };
    world.publish(RULE).await;
    let ada = User {
        user_name: "Ada@acme.example".to_owned(),
        ..User::blank(UserId::from_uuid(world.app.clock().uuid()), Some(world.tenant.okta.id.clone()), world.now())
    };
    // Her push looked for groups that wait before there was one, and is not over when the group's looks for her.
    let mut hers = world.store.write("push of ada").await.unwrap();
    hers.insert_user(&world.tenant.organization, &ada).await.unwrap();
    hers.user(&world.tenant.organization, &ada.id).await.unwrap().unwrap();
    let group = world.group("eng", &["ada@acme.example", "bo@acme.example"]).await.unwrap().group.id;
    hers.commit().await.unwrap();
    world.app.keep_house().await.unwrap();
    assert_eq!(awaited(&world, &group).await, ["ada@acme.example", "bo@acme.example"], "pushes may still be under way");
    assert_eq!(world.roles(&ada.id).await, ["viewer"]);

    world.days(1);
    world.app.keep_house().await.unwrap();
    assert_eq!(awaited(&world, &group).await, ["bo@acme.example"], "nobody of that name is there");
    assert_eq!(members(&world, &group).await, std::slice::from_ref(&ada.id));
    assert_eq!(world.roles(&ada.id).await, ["member"]);
    assert_eq!(world.app.waiting_jobs().await.unwrap(), 0, "looked at once");

    let bo = world.hire("bo@acme.example").await;
    assert_eq!(awaited(&world, &group).await, Vec::<String>::new());
    assert!(members(&world, &group).await.contains(&bo.id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_people_and_groups_pushed_at_once_nobody_is_left_outside() {
    let Some(world) = World::postgres().await else { return };
    let (mut people, mut groups) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let (name, group) = (format!("person-{number}"), format!("group-{number}"));
        let names = [name.as_str()];
        let (user, made) = tokio::join!(world.hire(&name), world.group(&group, &names));
        people.push(user.id);
        groups.push(made.unwrap().group.id);
    }
    world.days(1);
    world.app.keep_house().await.unwrap();
    for (user, group) in people.into_iter().zip(groups) {
        assert_eq!(awaited(&world, &group).await, Vec::<String>::new());
        assert_eq!(members(&world, &group).await, [user]);
    }
}
