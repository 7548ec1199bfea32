//! What a provider's request costs does not grow with the directory: the statements are the same, and so is what they look at.

use crate::{
    groups::{fill as fill_group, no_scans, recorded},
    harness::{World, everywhere, member, patch},
};
use castgate::{
    app::{App, RosterOf},
    filter::Dialect,
    model::UserId,
    scim::{GroupPatch, MemberChange, MemberRef, Query, ResourceType},
    store::{Recorder, Statement, args},
};
use serde_json::json;
use std::time::Duration;

const PEOPLE: &str = include_str!("../world/people.sql");

async fn people(world: &World, (first, last): (i64, i64)) {
    let mut tx = world.store.write("fill").await.unwrap();
    let args = args![world.tenant.organization, world.tenant.okta.id, first, last];
    assert_eq!(i64::try_from(tx.run(PEOPLE, args).await.unwrap()), Ok(last - first + 1));
    tx.commit().await.unwrap();
}

/// What a running castgate sees to within a second or two of a first sync.
async fn counted(world: &World) {
    if world.store.is_postgres() {
        let mut tx = world.store.write("statistics").await.unwrap();
        tx.run("ANALYZE users", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn person(number: i64) -> UserId {
    format!("usr_06h0000000000000{}0", 100_000_000 + number).parse().unwrap()
}

fn members(numbers: std::ops::Range<i64>) -> Vec<MemberRef> {
    numbers.map(|number| member(person(number).as_str())).collect()
}

/// The statements, without what they found.
fn texts(statements: &[Statement]) -> Vec<&str> {
    statements.iter().map(|statement| statement.sql.as_str()).collect()
}

/// How much was looked at; nothing where the engine does not say.
fn steps(statements: &[Statement]) -> u64 {
    statements.iter().map(|statement| statement.steps).sum()
}

/// How many rows the statements into a table wrote, each.
fn written(statements: &[Statement], what: &str) -> Vec<u64> {
    let is_it = |statement: &&Statement| statement.sql.contains(what) && !statement.sql.starts_with("SELECT");
    statements.iter().filter(is_it).map(|statement| statement.rows).collect()
}

/// Whether an event tells of so many, who were named by one statement.
async fn tells_of(world: &World, statements: &[Statement], count: usize) -> bool {
    assert_eq!(written(statements, "INTO event_subjects").len(), 1);
    let mut tx = world.store.read().await.unwrap();
    let events = tx.events(&world.tenant.organization, None, "", 100).await.unwrap();
    events.iter().any(|event| event.subjects.len() == count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_members_come_and_go_by_one_statement_and_are_told_of_by_one_event() {
    everywhere(async |world| {
        people(world, (1, 2_000)).await;
        let group = world.group("all", &[]).await.unwrap().group.id;
        let (app, recorder) = recorded(world).await;
        let change = async |change: MemberChange| {
            drop(recorder.take());
            let patch =
                GroupPatch { display_name: None, external_id: None, members: vec![change], tolerances: Vec::new() };
            let target = (group.as_str(), None);
            app.patch_group(&world.push(), &world.tenant.okta, target, &patch, 0).await.unwrap();
            recorder.take()
        };
        let ten = change(MemberChange::Add(members(1..11))).await;
        let thousand = change(MemberChange::Add(members(11..1_011))).await;
        assert_eq!(texts(&thousand), texts(&ten), "{}", world.engine());
        assert_eq!(written(&thousand, "INTO memberships"), [1_000]);
        assert_eq!(written(&thousand, "INTO events"), [1]);
        assert!(tells_of(world, &thousand, 1_001).await);
        assert!(thousand.len() <= 9, "{:#?}", texts(&thousand));
        no_scans(world, &thousand).await;
        // Half of them are in it already, two are nobody.
        let mut mixed = members(511..1_511);
        mixed.extend([member("nobody"), member("usr_06h00000000000009999999990")]);
        let mixed = change(MemberChange::Add(mixed)).await;
        assert_eq!(written(&mixed, "INTO memberships"), [500]);
        assert_eq!(written(&mixed, "INTO pending_members"), [2]);
        // On PostgreSQL somebody for whom a group waits is looked for once more a minute later.
        let look_again = usize::from(world.store.is_postgres());
        assert!(mixed.len() <= 12 + look_again, "{:#?}", texts(&mixed));
        no_scans(world, &mixed).await;
        let gone = (11..1_011).map(|number| person(number).to_string()).collect();
        let gone = change(MemberChange::Remove(gone)).await;
        assert_eq!(written(&gone, "UPDATE memberships"), [1_000]);
        assert_eq!(written(&gone, "FROM pending_members"), [0]);
        assert_eq!(written(&gone, "INTO events"), [1]);
        no_scans(world, &gone).await;
        // 1 to 10 and 1011 to 1510 are in it; 1 to 1000 are to be.
        let replaced = change(MemberChange::Replace(members(1..1_001))).await;
        assert_eq!(written(&replaced, "UPDATE memberships"), [500]);
        assert_eq!(written(&replaced, "INTO memberships"), [990]);
        assert!(tells_of(world, &replaced, 1_491).await);
        no_scans(world, &replaced).await;
    })
    .await;
}

/// What reading a listing runs.
async fn listing(world: &World, app: &App, recorder: &Recorder, asked: &[(&str, &str)], found: u64) -> Vec<Statement> {
    let asked: Vec<_> = asked.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let query = Query::parse(ResourceType::User, &asked, Dialect::Tolerant).unwrap();
    drop(recorder.take());
    let (total, users) = app.users(&world.push(), &world.tenant.okta, &query).await.unwrap();
    assert_eq!(total, found, "{asked:?}");
    assert_eq!(users.len() as u64, found.min(100));
    recorder.take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_and_a_page_cost_among_many_what_they_cost_among_few() {
    everywhere(async |world| {
        let (app, recorder) = recorded(world).await;
        let ask = async |asked: &[(&str, &str)], found| listing(world, &app, &recorder, asked, found).await;
        people(world, (1, 1_000)).await;
        let by_name = [("filter", "userName eq \"P777\"")];
        let among_few = ask(&by_name, 1).await;
        people(world, (1_001, 20_000)).await;
        counted(world).await;
        let among_many = ask(&by_name, 1).await;
        assert_eq!(texts(&among_many), texts(&among_few));
        assert_eq!(steps(&among_many), steps(&among_few), "{among_many:#?}");
        no_scans(world, &among_many).await;
        // One statement each to weigh rights, to find, and to read the groups of all whom it found.
        assert_eq!(among_many.len(), 3, "{:#?}", texts(&among_many));

        // Everybody is in a group: not one statement more for each of a page.
        let group = world.group("all", &[]).await.unwrap().group.id;
        let patch = patch(json!([{"op": "add", "path": "members", "value": (1..=20_000).map(|number| json!({"value": person(number)})).collect::<Vec<_>>()}]));
        let patch = patch.for_group().unwrap();
        world.app.patch_group(&world.push(), &world.tenant.okta, (group.as_str(), None), &patch, 0).await.unwrap();
        let first = ask(&[("startIndex", "1"), ("count", "100")], 20_000).await;
        let last = ask(&[("startIndex", "19901"), ("count", "100")], 20_000).await;
        for page in [&first, &last] {
            assert_eq!(page.len(), 4, "{:#?}", texts(page));
        }
        assert!(steps(&last) <= steps(&first) * 3 / 2, "{last:#?}\n{first:#?}");
    })
    .await;
}

/// A table that was never counted makes PostgreSQL believe that every index leads to one row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_looks_people_up_by_their_name_as_soon_as_a_first_sync_is_counted() {
    let Some(world) = World::postgres().await else { return };
    people(&world, (1, 20_000)).await;
    // The server tells what changed about a second after it did.
    let mut tables = 0;
    for _ in 0..200 {
        tables = world.store.count_again().await.unwrap();
        if tables > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(tables, 1, "people alone came");
    let found = "SELECT id FROM users WHERE organization = ?1 AND connection = ?2 AND user_name_folded = ?3
                 AND removed_at IS NULL ORDER BY id LIMIT 100";
    let args = args![world.tenant.organization, world.tenant.okta.id, "p777"];
    let plan = world.store.read().await.unwrap().explain(found, args).await.unwrap();
    assert!(plan.contains("users_user_name"), "{plan}");
    // Some of them by a list: each is looked up, and the table is not read.
    let some =
        "SELECT u.id FROM texts_of(?2) AS asked CROSS JOIN users u WHERE u.organization = ?1 AND u.id = asked.value";
    let args = args![world.tenant.organization, json!([person(7), person(77)]).to_string()];
    let plan = world.store.read().await.unwrap().explain(some, args).await.unwrap();
    assert!(plan.contains("users_pkey") && !plan.contains("Seq Scan on users"), "{plan}");
    assert_eq!(world.store.count_again().await.unwrap(), 0, "nothing has changed since");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deactivation_costs_among_many_what_it_costs_among_few() {
    everywhere(async |world| {
        let (app, recorder) = recorded(world).await;
        let leave = async |name: &str| {
            let user = world.hire(name).await;
            for _ in 0..3 {
                world.session(&user.id).await;
                world.key(&user.id).await;
            }
            drop(recorder.take());
            let patch = patch(json!([{"op": "replace", "path": "active", "value": false}]));
            app.patch_user(&world.push(), &world.tenant.okta, (user.id.as_str(), None), &patch).await.unwrap();
            recorder.take()
        };
        leave("first").await;
        let among_few = leave("ada").await;
        people(world, (1, 20_000)).await;
        counted(world).await;
        let group = world.group("all", &[]).await.unwrap().group.id;
        fill_group(world, &group, 20_000).await;
        let among_many = leave("bob").await;
        assert_eq!(texts(&among_many), texts(&among_few), "{}", world.engine());
        assert!(among_many.len() <= 22, "{:#?}", texts(&among_many));
        assert!(among_many.iter().all(|statement| statement.rows <= 10), "{among_many:#?}");
        assert!(steps(&among_many) <= steps(&among_few) * 3 / 2, "{among_many:#?}\n{among_few:#?}");
        no_scans(world, &among_many).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_members_costs_among_a_hundred_thousand_what_it_costs_among_few() {
    everywhere(async |world| {
        let (app, recorder) = recorded(world).await;
        let page = async |after: &str| {
            drop(recorder.take());
            let (rows, next) = app.roster(&world.operator(), RosterOf::Matching(None), (after, 50)).await.unwrap();
            assert_eq!(rows.len(), 50);
            (next.unwrap(), recorder.take())
        };
        people(world, (1, 1_000)).await;
        let (_, among_few) = page("").await;
        people(world, (1_001, 100_000)).await;
        let (next, among_many) = page("").await;
        assert_eq!(texts(&among_many), texts(&among_few), "{}", world.engine());
        assert_eq!(steps(&among_many), steps(&among_few), "{}", world.engine());
        no_scans(world, &among_many).await;
        let (_, second) = page(&next).await;
        assert!(steps(&second) <= steps(&among_many) * 3 / 2, "{}", world.engine());
    })
    .await;
}
