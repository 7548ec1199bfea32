//! Pages that begin where another one ended, and pages far from the beginning.

use super::{
    super::{Page, Place, Reach, Reached, Sort},
    world::{ALL, World, filter, user_id},
};
use crate::{
    filter::{Filter, StandardKinds},
    model::{KeptUser, User},
    store::users::read,
};

const ORDERS: [&str; 8] =
    ["userName", "externalId", "meta.created", "emails", "name.familyName", "id", "active", "groups.display"];

async fn reach(
    world: &World,
    filter: &Filter,
    sort: Option<&Sort>,
    from: Option<Place>,
    backwards: bool,
) -> Reached<KeptUser> {
    let mut tx = world.fresh.store.read().await.expect("begins");
    let reach = Reach { from, backwards, count: 7 };
    let (organization, connection) = (&world.organization, &world.connection);
    tx.reach_users(organization, connection, Some(filter), sort, &reach, &StandardKinds).await.expect("lists")
}

fn ids(reached: &Reached<KeptUser>) -> Vec<String> {
    reached.items.iter().map(|user| user.id.to_string()).collect()
}

/// From the first page to the last and back again, each time through the same people in the same order.
async fn there_and_back(world: &World) {
    let sorts = ORDERS.into_iter().flat_map(|path| {
        [true, false].map(|descending| Some(Sort { attribute: path.parse().expect("is a path"), descending }))
    });
    for sort in sorts.chain([None]) {
        for by in
            ["active eq true", "emails.value co \"@x\" and active eq true", "userName pr", "userName eq \"nobody\""]
        {
            let by = filter(by);
            let (total, whole) = world.users(Some(&by), sort.as_ref(), ALL).await;
            let mut pages = vec![reach(world, &by, sort.as_ref(), None, false).await];
            assert_eq!((pages[0].total, &pages[0].before), (Some(total), &None), "{by} by {sort:?}");
            while let Some(place) = pages.last().and_then(|page| page.behind.clone()) {
                pages.push(reach(world, &by, sort.as_ref(), Some(place), false).await);
                assert!(pages.len() <= whole.len(), "{by} by {sort:?} has no end");
            }
            assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), whole, "{by} by {sort:?}");
            let mut back = Vec::new();
            let mut place = pages.last().and_then(|page| page.before.clone());
            while let Some(from) = place {
                let page = reach(world, &by, sort.as_ref(), Some(from), true).await;
                assert!(page.behind.is_some() && !page.items.is_empty(), "{by} by {sort:?}");
                place = page.before.clone();
                back.push(page);
            }
            let back: Vec<String> = back.iter().rev().flat_map(ids).collect();
            let last = pages.last().map(ids).unwrap_or_default();
            assert_eq!([back, last].concat(), whole, "{by} by {sort:?}, and back");
        }
    }
}

#[tokio::test]
async fn one_page_leads_to_the_next_and_to_the_one_before() {
    there_and_back(&World::on_sqlite(60).await).await;
}

#[tokio::test]
async fn on_postgres_too() {
    let Some(world) = World::on_postgres(60).await else { return };
    there_and_back(&world).await;
}

#[tokio::test]
async fn whoever_comes_or_goes_in_between_moves_nobody_else() {
    let world = World::on_sqlite(60).await;
    let by = filter("userName pr");
    let (_, whole) = world.users(Some(&by), None, ALL).await;
    let first = reach(&world, &by, None, None, false).await;
    // Of the first page everybody goes, the one among them whom the place names.
    let mut tx = world.fresh.store.write("remove").await.expect("begins");
    for user in &first.items {
        let user = read(user.clone()).expect("is read");
        let user = User { removed_at: Some(user.created_at), ..user };
        tx.update_user(&world.organization, &user).await.expect("is written");
    }
    tx.commit().await.expect("commits");
    let second = reach(&world, &by, None, first.behind, false).await;
    assert_eq!(ids(&second), whole[7..14]);
    assert!(second.before.is_some() && second.total.is_none());
}

/// The work of a listing in steps of SQLite's machine, and the plans of its statements.
async fn work_of(world: &World, page: Page, sort: Option<&Sort>) -> (u64, String) {
    let (store, recorder) = world.fresh.store.recorded();
    let mut tx = store.read().await.expect("begins");
    let (organization, connection) = (&world.organization, &world.connection);
    tx.list_users(organization, connection, None, sort, page, &StandardKinds).await.expect("lists");
    let statements = recorder.take();
    let mut plans = String::new();
    for statement in &statements {
        let places = (1..10).filter(|place| statement.sql.contains(&format!("?{place}"))).count();
        plans +=
            &tx.explain(&statement.sql, &vec![crate::store::Value::Text(String::new()); places]).await.expect("is");
    }
    (statements.iter().map(|statement| statement.steps).sum(), plans)
}

#[tokio::test]
async fn a_page_at_the_far_end_costs_what_the_first_one_costs() {
    let world = World::on_sqlite(2_000).await;
    let by_name = Sort { attribute: "userName".parse().expect("is a path"), descending: false };
    for sort in [None, Some(&by_name)] {
        let (total, _) = world.users(None, sort, Page { start_index: 1, count: 0 }).await;
        let (first, _) = work_of(&world, Page { start_index: 1, count: 100 }, sort).await;
        // Counting looks at every row of the index; the middle walks over half of them once more.
        for (start_index, halves) in [(total - 99, 3), (total - 250, 3), (101, 3), (total / 2, 4)] {
            let (work, plans) = work_of(&world, Page { start_index, count: 100 }, sort).await;
            assert!(plans.contains("INDEX users_"), "{plans}");
            assert!(work * 2 < first * halves, "{work} steps at {start_index} by {sort:?}, {first} on the first page");
        }
    }
    assert!(world.users(None, None, ALL).await.1.contains(&user_id(0).to_string()));
}
