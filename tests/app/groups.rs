//! A change of one member costs the same in a group of a hundred and in one of a hundred thousand.

use crate::harness::{World, everywhere, found, member};
use castgate::{
    app::{App, Clock},
    cache::Cache,
    crypto::{MasterKey, Sealer},
    model::{GroupId, UserId},
    scim::{GroupPatch, MemberChange},
    store::{Recorder, Statement, Value, args},
};
use serde_json::json;

/// Puts people into a group that nobody need ever read.
const FILL: &str = "INSERT INTO memberships (organization, group_id, member_kind, member_id, since)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
    SELECT ?1, ?2, 'user', 'usr_bulk' || CAST(i AS TEXT), CAST(0 AS BIGINT) FROM n";

const RULES: &str = "rules:\n  - {name: named, groups: [small, big], grant: member}\n  \
    - {name: both, groups: [small, big], when: not (title pr), grant: analyst}";

pub(crate) async fn fill(world: &World, group: &GroupId, size: i64) {
    let mut tx = world.store.write("fill").await.unwrap();
    assert_eq!(
        tx.run(FILL, args![world.tenant.organization, group, size]).await.unwrap(),
        u64::try_from(size).unwrap()
    );
    tx.commit().await.unwrap();
}

/// The same castgate, whose every statement is noted.
pub(crate) async fn recorded(world: &World) -> (App, Recorder) {
    let (store, recorder) = world.store.recorded();
    let clock: Clock = world.app.clock().clone();
    let settings = world.app.settings().clone();
    let cache = Cache::open(&settings.cache).unwrap();
    let sealer = Sealer::new(&[MasterKey::from_bytes([7; 32])]).unwrap();
    let app = App::new(settings, store, cache, sealer, clock);
    app.prepare().await.unwrap();
    drop(recorder.take());
    (app, recorder)
}

async fn change(world: &World, app: &App, group: &GroupId, change: MemberChange) {
    let patch = GroupPatch { display_name: None, external_id: None, members: vec![change], tolerances: Vec::new() };
    let target = (group.as_str(), None);
    app.patch_group(&world.push(), &world.tenant.okta, target, &patch, 0).await.unwrap();
}

/// What adding and removing one member ran.
async fn cost(world: &World, app: &App, recorder: &Recorder, group: &GroupId, user: &UserId) -> Vec<Statement> {
    drop(recorder.take());
    change(world, app, group, MemberChange::Add(vec![member(user.as_str())])).await;
    change(world, app, group, MemberChange::Remove(vec![user.to_string()])).await;
    recorder.take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_member_costs_the_same_whatever_the_size_of_the_group() {
    everywhere(async |world| {
        let (small, big) = (world.group("small", &[]).await.unwrap(), world.group("big", &[]).await.unwrap());
        // Published first: a plan looks at the people of the groups, and those that follow are nobody's rows.
        world.publish(RULES).await;
        fill(world, &small.group.id, 100).await;
        fill(world, &big.group.id, 100_000).await;
        let (app, recorder) = recorded(world).await;
        let user = world.create(json!({"userName": "ada"})).await.unwrap().id;
        cost(world, &app, &recorder, &small.group.id, &user).await;
        cost(world, &app, &recorder, &big.group.id, &user).await;
        let of_small = cost(world, &app, &recorder, &small.group.id, &user).await;
        let of_big = cost(world, &app, &recorder, &big.group.id, &user).await;
        let shape = |statements: &[Statement]| -> Vec<(String, u64)> {
            statements.iter().map(|statement| (statement.sql.clone(), statement.rows)).collect()
        };
        assert_eq!(shape(&of_big), shape(&of_small), "{}", world.engine());
        let steps = |statements: &[Statement]| statements.iter().map(|statement| statement.steps).sum::<u64>();
        assert!(steps(&of_big) <= steps(&of_small) * 3 / 2, "{} steps, {}", steps(&of_big), steps(&of_small));
        assert!(of_big.len() < 60, "{} statements", of_big.len());
        assert!(of_big.iter().all(|statement| statement.rows <= 10), "{of_big:#?}");
        no_scans(world, &of_big).await;
    })
    .await;
}

/// No statement reads a table from end to end.
pub(crate) async fn no_scans(world: &World, statements: &[Statement]) {
    if world.store.is_postgres() {
        return; // On tables this small PostgreSQL rightly scans some; the statements are the same.
    }
    let mut tx = world.store.read().await.unwrap();
    for statement in statements {
        let wanted = (1..=30).rev().find(|number| statement.sql.contains(&format!("?{number}"))).unwrap_or(0);
        let nothing = vec![Value::Null; wanted];
        let plan = tx.explain(&statement.sql, &nothing).await.unwrap();
        let lines: Vec<&str> = plan.lines().map(str::trim_start).collect();
        // A list that came with the statement is read from end to end, and only once: not for every row of a table.
        let is_list = |line: &str| line.contains("VIRTUAL TABLE");
        // The one row of a SELECT from nothing is no table.
        let is_scan = |line: &str| line.starts_with("SCAN") && line != "SCAN CONSTANT ROW" && !is_list(line);
        let is_inner = lines.windows(2).any(|pair| pair[0].starts_with("SEARCH") && is_list(pair[1]));
        assert!(!is_inner && !lines.iter().any(|line| is_scan(line)), "{}\n{plan}", statement.sql);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspending_somebody_costs_the_same_whatever_they_are_in() {
    everywhere(async |world| {
        let big = world.group("big", &[]).await.unwrap().group.id;
        world.publish("rules: [{name: named, groups: [big], grant: owner}]").await;
        fill(world, &big, 100_000).await;
        let ada = world.create(json!({"userName": "ada"})).await.unwrap();
        let bob = world.create(json!({"userName": "bob"})).await.unwrap();
        change(world, &world.app, &big, MemberChange::Add(vec![member(ada.id.as_str())])).await;
        let (app, recorder) = recorded(world).await;
        for (user, most) in [(&bob, 30), (&ada, 40)] {
            drop(recorder.take());
            app.suspend_member(&world.operator(), &user.id).await.unwrap();
            let ran = recorder.take();
            assert!(ran.len() < most && ran.iter().all(|statement| statement.rows <= 10), "{ran:#?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_costs_the_same_whatever_the_number_of_organizations() {
    let world = World::sqlite().await;
    let (app, recorder) = recorded(&world).await;
    let count = async || {
        tokio::time::sleep(world.app.settings().cache.lease.get()).await;
        drop(recorder.take());
        app.visit(castgate::app::Credential::Key(&world.tenant.key)).await.unwrap();
        let ran = recorder.take();
        (ran.len(), ran.iter().map(|statement| statement.steps).sum::<u64>())
    };
    count().await;
    let alone = count().await;
    for number in 0..20 {
        found(&world.app, &format!("other-{number}")).await;
    }
    let among = count().await;
    assert_eq!(among.0, alone.0);
    assert!(among.1 <= alone.1 * 3 / 2, "{among:?} and {alone:?}");
}
