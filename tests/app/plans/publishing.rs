//! Publishing what was planned: what has become worse since is refused, and says what; the rest is done once.

use crate::harness::{World, everywhere};
use castgate::{
    app::{Error, MappingPlan, Publication},
    model::{Role, Subject, User},
    store::Statement,
};
use serde_json::json;
use std::time::Duration;

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

/// A rule with a condition, and one about a group that there is not yet.
const BOSSES: &str = "rules:\n- {name: bosses, groups: [eng], when: title eq \"Boss\", grant: member}\n- {name: new, groups: [new], grant: analyst}\n";

/// The statements by which a piece of everybody is read, and by which the pieces of those who changed are.
fn pieces(ran: &[Statement]) -> (usize, usize) {
    let words = |one: &Statement| one.sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let of_people = |one: &&Statement| words(one).contains("suspended_by_person, removed_at FROM users");
    let (again, all): (Vec<_>, Vec<_>) = ran.iter().filter(of_people).partition(|one| one.sql.contains("id <= ?3"));
    (all.len(), again.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_looked_at_before_the_change_begins() {
    everywhere(async |world| {
        populated(world).await;
        let (app, recorder) = crate::groups::recorded(world).await;
        app.publish_mapping(&world.operator(), BOSSES).await.unwrap();
        let ran = recorder.take();
        // One piece, and that there is no other.
        assert_eq!(pieces(&ran), (2, 0), "{ran:#?}");
        let looked = ran.iter().rposition(|one| one.sql.contains("FROM facts")).unwrap();
        let asked = ran.iter().position(|one| one.sql.contains("FROM events WHERE organization = ?1 AND id > ?2"));
        let last_asked =
            ran.iter().rposition(|one| one.sql.contains("FROM events WHERE organization = ?1 AND id > ?2"));
        assert!(
            asked.unwrap() < looked && last_asked.unwrap() > looked,
            "who changed is asked before and after: {ran:#?}"
        );
    })
    .await;
}

/// Publishes while a push waits before it that the look at everybody did not see; how many pieces of everybody were read, and read
/// again.
async fn behind_a_push(world: &World, text: &str, push: impl AsyncFn()) -> (usize, usize) {
    let (app, recorder) = crate::groups::recorded(world).await;
    let mut held = world.store.write("hold").await.unwrap();
    held.hold_directory(&world.tenant.organization, true).await.unwrap();
    // On PostgreSQL a lock goes out with the next statement.
    held.organization(&world.tenant.organization).await.unwrap();
    let mut ran = Vec::new();
    // Until everybody has been looked at, and not so long that who waits to write is turned away.
    let releasing = async {
        let began = std::time::Instant::now();
        let looked = |ran: &[Statement]| ran.iter().any(|one| one.sql.contains("FROM facts"));
        while !looked(&ran) && began.elapsed() < Duration::from_secs(3) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            ran.extend(recorder.take());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        held.rollback().await.unwrap();
    };
    let publishing = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        app.publish_mapping(&world.operator(), text).await.unwrap();
    };
    tokio::join!(push(), publishing, releasing);
    ran.extend(recorder.take());
    assert!(world.app.plan_mapping(&world.operator(), text).await.unwrap().is_empty(), "{ran:#?}");
    pieces(&ran)
}

/// Tries, of which one goes as it is meant to: on a busy machine the push may come before or behind all of it.
const TRIES: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_changed_since_is_looked_at_again_and_nobody_else() {
    everywhere(async |world| {
        let (_, bob) = populated(world).await;
        join(world, &bob, "eng").await;
        let title = |title: &str| json!([{"op": "replace", "path": "title", "value": title}]);
        for _ in 0..TRIES {
            world.publish(EMPTY).await;
            world.patch(&bob.id, title("Engineer")).await.unwrap();
            let looks =
                behind_a_push(world, BOSSES, async || drop(world.patch(&bob.id, title("Boss")).await.unwrap())).await;
            assert_eq!(world.roles(&bob.id).await, ["member"], "{looks:?} on {}", world.engine());
            if looks == (2, 1) {
                return;
            }
        }
        panic!("no push came in between on {}", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_more_changed_than_people_everybody_is_looked_at_inside_of_the_change() {
    everywhere(async |world| {
        populated(world).await;
        for number in 0..TRIES {
            world.publish(EMPTY).await;
            let eve = world.hire(&format!("eve{number}")).await;
            let made = std::sync::Mutex::new(None);
            let looks = behind_a_push(world, BOSSES, async || {
                let group = world.group("new", &[eve.id.as_str()]).await.unwrap().group.id;
                *made.lock().unwrap() = Some(group);
            })
            .await;
            assert_eq!(world.roles(&eve.id).await, ["analyst"], "{looks:?} on {}", world.engine());
            if looks == (4, 0) {
                return;
            }
            let made = made.lock().unwrap().take().unwrap();
            world.delete_group(&made).await.unwrap();
        }
        panic!("no group came in between on {}", world.engine());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_pushed_while_mappings_are_published_ends_as_the_last_one_says() {
    everywhere(async |world| {
        let mut people = Vec::new();
        for number in 0..12 {
            people.push(world.hire(&format!("p{number}")).await);
        }
        let everybody: Vec<&str> = people.iter().map(|user| user.id.as_str()).collect();
        let group = world.group("eng", &everybody).await.unwrap().group.id;
        let texts = [TEXT, BOSSES, "default: none\nrules: [{name: all, when: userName pr, grant: analyst}]", EMPTY];
        let over = std::sync::atomic::AtomicBool::new(false);
        let (app, recorder) = crate::groups::recorded(world).await;
        let pushing = async |first: usize| {
            let mut number = first;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let user = &people[number % people.len()].id;
                let title = if number.is_multiple_of(3) { "Boss" } else { "Engineer" };
                match number % 5 {
                    0 => drop(world.set_active(user, !number.is_multiple_of(2)).await.unwrap()),
                    1 => {
                        let remove = json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}]);
                        drop(world.patch_group(&group, remove).await.unwrap());
                    }
                    2 => {
                        let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
                        drop(world.patch_group(&group, add).await.unwrap());
                    }
                    _ => {
                        let title = json!([{"op": "replace", "path": "title", "value": title}]);
                        drop(world.patch(user, title).await.unwrap());
                    }
                }
                number += 7;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let publishing = async {
            for round in 0..24 {
                let text = texts[round % texts.len()];
                app.publish_mapping(&world.operator(), text).await.unwrap();
                let done = world.app.plan_mapping(&world.operator(), text).await.unwrap();
                assert!(done.is_empty(), "round {round} on {}: {done}", world.engine());
            }
            over.store(true, std::sync::atomic::Ordering::Relaxed);
        };
        tokio::join!(pushing(0), pushing(1), publishing);
        let (all, again) = pieces(&recorder.take());
        assert!(all < 24 * 3 && again > 0, "{all} pieces were looked at, {again} again, on {}", world.engine());
    })
    .await;
}
