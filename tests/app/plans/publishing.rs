//! Publishing what was planned: what has become worse since is refused, and says what; the rest is done once.

use crate::harness::{World, everywhere};
use castgate::{
    app::{Error, MappingPlan, Publication},
    model::{Role, Subject, User},
};
use serde_json::json;

const TEXT: &str = "rules: [{name: eng, groups: [eng], grant: member}]";
const EMPTY: &str = "rules: []";

/// Ada and Bob are in eng, which gives member.
async fn populated(world: &World) -> (User, User) {
    let (ada, bob) = (world.hire("ada").await, world.hire("bob").await);
    world.group("eng", &[ada.id.as_str()]).await.unwrap();
    world.publish(TEXT).await;
    (ada, bob)
}

fn by(plan: &MappingPlan, text: &str) -> Publication {
    Publication { plan: plan.plan.clone(), reason: Some("the team is gone".to_owned()), ..Publication::of(text) }
}

fn conflict<T: std::fmt::Debug>(result: &Result<T, Error>) -> (&'static str, String) {
    match result {
        Err(Error::Conflict { code, detail }) => (code, detail.clone()),
        other => panic!("{other:?}"),
    }
}

async fn join(world: &World, user: &User, group: &str) {
    let groups = world.app.all_groups(&world.operator(), "", 100).await.unwrap();
    let group = groups.into_iter().find(|one| one.display_name == group).unwrap().id;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": user.id}]}]);
    world.patch_group(&group, add).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_would_lose_something_that_no_plan_showed_stops_it() {
    everywhere(async |world| {
        let (ada, bob) = populated(world).await;
        let plan = world.app.plan_mapping(&world.operator(), EMPTY).await.unwrap();
        assert_eq!(plan.impact.people.iter().map(|person| &person.user).collect::<Vec<_>>(), [&ada.id]);
        join(world, &bob, "eng").await;
        let refused = world.app.publish(&world.operator(), by(&plan, EMPTY)).await;
        let (code, detail) = conflict(&refused);
        assert_eq!(code, "plan_worse");
        assert!(detail.contains("bob would lose member at organization") && !detail.contains("ada"), "{detail}");
        assert_eq!(world.roles(&bob.id).await, ["member"]);
        let plan = world.app.plan_mapping(&world.operator(), EMPTY).await.unwrap();
        world.app.publish(&world.operator(), by(&plan, EMPTY)).await.unwrap();
        assert_eq!(world.roles(&bob.id).await, ["viewer"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_made_since_the_plan_stops_it() {
    everywhere(async |world| {
        let (ada, _) = populated(world).await;
        let plan = world.app.plan_mapping(&world.operator(), EMPTY).await.unwrap();
        world.key(&ada.id).await;
        let refused = world.app.publish(&world.operator(), by(&plan, EMPTY)).await;
        let (code, detail) = conflict(&refused);
        assert!(code == "plan_worse" && detail.contains("the key “agent” of ada"), "{detail}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_who_went_since_the_plan_stops_it_and_what_became_better_does_not() {
    everywhere(async |world| {
        let (ada, bob) = populated(world).await;
        world.give(Subject::User(bob.id.clone()), Role::OWNER, None).await.unwrap();
        let plan = world.app.plan_mapping(&world.operator(), EMPTY).await.unwrap();
        assert_eq!(plan.impact.owners.len(), 2);
        world.set_active(&bob.id, false).await.unwrap();
        let refused = world.app.publish(&world.operator(), by(&plan, EMPTY)).await;
        let (code, detail) = conflict(&refused);
        assert!(code == "plan_worse" && detail.contains(bob.id.as_str()), "{detail}");
        world.set_active(&bob.id, true).await.unwrap();
        // Ada is a member besides: she loses nothing any more.
        world.give(Subject::User(ada.id.clone()), "member".parse().unwrap(), None).await.unwrap();
        let done = world.app.publish(&world.operator(), by(&plan, EMPTY)).await.unwrap();
        assert!(done.impact.people.is_empty(), "{done}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_published_once_however_often_it_is_sent() {
    everywhere(async |world| {
        populated(world).await;
        let plan = world.app.plan_mapping(&world.operator(), EMPTY).await.unwrap();
        let first = world.app.publish(&world.operator(), by(&plan, EMPTY)).await.unwrap();
        let again = world.app.publish(&world.operator(), by(&plan, EMPTY)).await.unwrap();
        assert_eq!((first.version, again.version), (Some(2), Some(2)));
        let other = world.app.publish(&world.operator(), by(&plan, TEXT)).await;
        assert_eq!(conflict(&other).0, "plan_of_another_text");
        world.publish(TEXT).await;
        let late = world.app.publish(&world.operator(), by(&plan, EMPTY)).await;
        assert_eq!(conflict(&late).0, "plan_published", "a plan of long ago takes nothing back");
        let versions = world.app.mapping_versions(&world.operator(), None, 10).await.unwrap();
        assert_eq!(versions.iter().map(|one| one.version).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(versions[1].reason, "the team is gone");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_writes_one_line_and_reads_by_pieces_whoever_pushes_meanwhile() {
    everywhere(async |world| {
        populated(world).await;
        let (app, recorder) = crate::groups::recorded(world).await;
        // What is in force is compiled once.
        app.plan_mapping(&world.operator(), EMPTY).await.unwrap();
        drop(recorder.take());
        app.plan_mapping(&world.operator(), EMPTY).await.unwrap();
        let few = recorder.take();
        for number in 0..30 {
            world.hire(&format!("person{number}")).await;
        }
        drop(recorder.take());
        let plan = app.plan_mapping(&world.operator(), EMPTY).await.unwrap();
        let many = recorder.take();
        assert!(plan.impact.looked_at > 30);
        assert_eq!(many.len(), few.len(), "a plan asks as often of many as of few: {many:#?}");
        let written: Vec<_> = many.iter().filter(|one| !one.sql.trim_start().starts_with("SELECT")).collect();
        assert!(written.iter().all(|one| one.sql.contains("mapping_plans")), "{written:#?}");
    })
    .await;
}
