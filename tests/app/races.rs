//! Two things at the same moment.

use crate::harness::{World, everywhere, settings, user};
use castgate::app::Credential;
use serde_json::json;
use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_visit_that_starts_after_the_deactivation_succeeds() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let key = world.key(&ada.id).await.expose().to_owned();
        let succeeded = Arc::new(AtomicU64::new(0));
        for _ in 0..if world.store.is_postgres() { 60 } else { 200 } {
            let session = world.session(&ada.id).await;
            let (gone, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            let visitors: Vec<_> = (0..4)
                .map(|number| {
                    let (app, gone, done) = (world.app.clone(), gone.clone(), done.clone());
                    let (session, key, succeeded) = (session.clone(), key.clone(), succeeded.clone());
                    tokio::spawn(async move {
                        while !done.load(Ordering::SeqCst) {
                            let was_gone = gone.load(Ordering::SeqCst);
                            let credential =
                                if number % 2 == 0 { Credential::Session(&session) } else { Credential::Key(&key) };
                            let came_in = app.visit(credential).await.is_ok();
                            assert!(!(came_in && was_gone), "somebody came in who was gone before");
                            succeeded.fetch_add(u64::from(came_in), Ordering::SeqCst);
                            tokio::task::yield_now().await;
                        }
                    })
                })
                .collect();
            tokio::time::sleep(Duration::from_millis(2)).await;
            world.set_active(&ada.id, false).await.unwrap();
            gone.store(true, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(2)).await;
            done.store(true, Ordering::SeqCst);
            for visitor in visitors {
                visitor.await.unwrap();
            }
            world.set_active(&ada.id, true).await.unwrap();
        }
        assert!(succeeded.load(Ordering::SeqCst) > 100, "nobody came in at all");
    })
    .await;
}

const BOTH: &str = "rules:\n  - {name: a, groups: [a], when: title pr, grant: member}\n  \
                    - {name: b, groups: [b], when: title pr, grant: analyst}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pushes_about_one_person_do_not_undo_each_other() {
    everywhere(async |world| {
        world.publish("rules: []").await;
        let groups = [world.group("a", &[]).await.unwrap().group.id, world.group("b", &[]).await.unwrap().group.id];
        world.publish(BOTH).await;
        for number in 0..30 {
            let name = format!("ada{number}");
            let body = json!({"userName": name, "externalId": name, "title": "x"});
            let ada = world.create(body).await.unwrap();
            let add = json!([{"op": "add", "path": "members", "value": [{"value": ada.id}]}]);
            let (one, other) =
                tokio::join!(world.patch_group(&groups[0], add.clone()), world.patch_group(&groups[1], add));
            one.unwrap();
            other.unwrap();
            assert_eq!(world.roles(&ada.id).await, ["member", "analyst"], "{}", world.engine());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_by_a_person_is_not_written_over_by_a_rehire() {
    everywhere(async |world| {
        for number in 0..30 {
            let name = format!("ada{number}");
            let ada = world.hire(&name).await;
            world.set_active(&ada.id, false).await.unwrap();
            let operator = world.operator();
            let again = world.create(json!({"userName": name, "externalId": name}));
            let (suspended, again) = tokio::join!(world.app.suspend_member(&operator, &ada.id), again);
            suspended.unwrap();
            again.unwrap();
            let now = world.app.member(&operator, &ada.id).await.unwrap();
            assert!(now.suspended_by_person && now.directory_active, "{}: {now:?}", world.engine());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_pushed_while_a_mapping_is_published_gets_what_the_mapping_gives() {
    everywhere(async |world| {
        let texts = ["rules: [{name: all, groups: 'k8s-{role}', grant: '{role}'}]", "rules: []"];
        let ada = world.create(json!({"userName": "ada", "title": "x"})).await.unwrap();
        for number in 0..30 {
            let text = texts[number % 2];
            world.group("k8s-member", &[ada.id.as_str()]).await.map(drop).unwrap();
            let members = [ada.id.as_str()];
            let group = world.group("k8s-analyst", &members);
            let operator = world.operator();
            let (published, group) = tokio::join!(world.app.publish_mapping(&operator, text), group);
            published.unwrap();
            let plan = world.app.plan_mapping(&world.operator(), text).await.unwrap();
            assert!(plan.diff.is_empty(), "{}: {}", world.engine(), plan.diff);
            world.delete_group(&group.unwrap().group.id).await.unwrap();
            let first = world.app.all_groups(&world.operator(), "", 10).await.unwrap().remove(0);
            world.delete_group(&first.id).await.unwrap();
            world.tick();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_visits_at_once_than_there_are_connections_are_all_answered() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let mut sessions = Vec::new();
        for _ in 0..24 {
            sessions.push(world.session(&ada.id).await);
        }
        // Long enough ago that every visit notes that the session was seen.
        world.app.clock().advance(Duration::from_mins(2));
        let visits = sessions.into_iter().map(|secret| {
            let app = world.app.clone();
            tokio::spawn(async move { app.visit(Credential::Session(&secret)).await.map(drop) })
        });
        for visit in visits.collect::<Vec<_>>() {
            visit.await.unwrap().unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_two_owners_cannot_leave_at_the_same_moment_unnoticed() {
    everywhere(async |world| {
        let group = world.group("owners", &[]).await.unwrap().group.id;
        world.publish("rules: [{name: owners, groups: [owners], grant: owner}]").await;
        let (ada, bob) = (world.hire("ada").await, world.hire("bob").await);
        let add = json!([{"op": "add", "path": "members", "value": [{"value": ada.id}, {"value": bob.id}]}]);
        world.patch_group(&group, add).await.unwrap();
        world.app.suspend_member(&world.operator(), &world.tenant.owner).await.unwrap();
        for _ in 0..20 {
            let (one, other) = tokio::join!(world.set_active(&ada.id, false), world.set_active(&bob.id, false));
            one.unwrap();
            other.unwrap();
            let ownerless = world.app.organization(&world.operator()).await.unwrap().ownerless_since;
            assert!(ownerless.is_some(), "{}", world.engine());
            let (one, other) = tokio::join!(world.set_active(&ada.id, true), world.set_active(&bob.id, true));
            one.unwrap();
            other.unwrap();
            let ownerless = world.app.organization(&world.operator()).await.unwrap().ownerless_since;
            assert!(ownerless.is_none(), "{}", world.engine());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_pushed_twice_at_once_is_one_person() {
    everywhere(async |world| {
        for number in 0..20 {
            let name = format!("ada{number}");
            let body = json!({"userName": name, "externalId": name});
            let connection = world.okta().await;
            let push = world.push();
            let (one, other) = tokio::join!(
                world.app.create_user(&push, &connection, user(body.clone())),
                world.app.create_user(&push, &connection, user(body))
            );
            assert!(one.is_ok() != other.is_ok(), "{}: {one:?} and {other:?}", world.engine());
        }
    })
    .await;
}

/// A Redis of the test's own.
struct Redis(Child, u16);

impl Redis {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let arguments = ["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let child =
            Command::new("redis-server").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok();
        let Some(child) = child else {
            let required = std::env::var("CASTGATE_TEST_LEGS").as_deref() == Ok("required");
            assert!(!required, "redis-server is not installed");
            eprintln!("skipped: redis-server is not installed");
            return None;
        };
        let redis = Self(child, port);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_the_node_that_ends_access_refuses_at_once_and_the_other_within_the_lease() {
    let Some(redis) = Redis::start() else { return };
    let settings = settings(&[("CASTGATE_CACHE__REDIS_URL", &format!("redis://127.0.0.1:{}", redis.1))]);
    let world = World::with(&settings).await;
    let other = world.node(&settings).await;
    let lease = settings.cache.lease.get();
    let ada = world.hire("ada").await;
    for _ in 0..5 {
        let session = world.session(&ada.id).await;
        let credential = Credential::Session(&session);
        tokio::time::sleep(Duration::from_millis(400)).await;
        for _ in 0..3 {
            world.app.visit(credential).await.unwrap();
            other.visit(credential).await.unwrap();
        }
        world.set_active(&ada.id, false).await.unwrap();
        assert!(world.app.visit(credential).await.is_err());
        let answered = Instant::now();
        while other.visit(credential).await.is_ok() {
            assert!(answered.elapsed() < lease + Duration::from_millis(200), "the other node goes on letting in");
        }
        world.set_active(&ada.id, true).await.unwrap();
        assert!(world.app.visit(credential).await.is_err() && other.visit(credential).await.is_err());
    }
}
