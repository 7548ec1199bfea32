//! The listings, on a real store.

mod agreement;
mod reach;
mod world;

use self::world::{ALL, World, brute, filter, group_id, user_id};
use super::{Page, Sort};
use crate::{
    filter::{Filter, Literal, Node, Operator, StandardKinds},
    model::{ConnectionId, OrganizationId},
    store::Tx,
};

/// Every way through a listing gives the same pages.
async fn pages_and_orders(world: &World) {
    let exact = filter("active eq true");
    let scanned = filter("emails.value co \"@x\" and active eq true");
    let sorts: Vec<Option<Sort>> =
        ["userName", "externalId", "meta.created", "emails", "name.familyName", "id", "none"]
            .into_iter()
            .flat_map(|path| {
                [true, false].map(|descending| Some(Sort { attribute: path.parse().expect("is a path"), descending }))
            })
            .chain([None])
            .collect();
    for sort in &sorts {
        let whole = world.users(Some(&exact), sort.as_ref(), ALL).await;
        assert_eq!(world.users(Some(&scanned), sort.as_ref(), ALL).await, whole, "{sort:?}");
        assert_eq!(whole.0, whole.1.len() as u64);
        for by in [&exact, &scanned] {
            let mut pages = Vec::new();
            for start_index in (1..=whole.0).step_by(7) {
                let (total, page) = world.users(Some(by), sort.as_ref(), Page { start_index, count: 7 }).await;
                assert_eq!(total, whole.0);
                pages.extend(page);
            }
            assert_eq!(pages, whole.1, "{by} by {sort:?}");
            let beyond = Page { start_index: whole.0 + 1, count: 7 };
            assert_eq!(world.users(Some(by), sort.as_ref(), beyond).await, (whole.0, Vec::new()));
            let total_only = Page { start_index: 1, count: 0 };
            assert_eq!(world.users(Some(by), sort.as_ref(), total_only).await, (whole.0, Vec::new()));
        }
    }
}

#[tokio::test]
async fn pages_join_to_the_whole_in_every_order() {
    pages_and_orders(&World::on_sqlite(60).await).await;
}

#[tokio::test]
async fn more_people_than_are_read_at_a_time_are_all_found() {
    let world = World::on_sqlite(1_300).await;
    let by = filter("title eq \"intern\"");
    let wanted = brute(&world.users, &by);
    assert!(wanted.len() > 300);
    assert_eq!(world.users(Some(&by), None, ALL).await, (wanted.len() as u64, wanted));
    let by = filter("not (groups.display ew \"-1\") and title pr");
    let wanted = brute(&world.users, &by);
    assert_eq!(world.users(Some(&by), None, ALL).await, (wanted.len() as u64, wanted));
}

#[tokio::test]
async fn without_a_value_comes_last_and_first_when_descending() {
    let world = World::on_sqlite(8).await;
    let by = |path: &str, descending| Sort { attribute: path.parse().expect("is a path"), descending };
    // Numbers 0 and 4 have no externalId; 0, 3 and 6 have a title.
    let (_, up) = world.users(None, Some(&by("externalId", false)), ALL).await;
    assert_eq!(up[6..], [user_id(0).to_string(), user_id(4).to_string()]);
    let (_, down) = world.users(None, Some(&by("externalId", true)), ALL).await;
    assert_eq!(down[..2], [user_id(0).to_string(), user_id(4).to_string()]);
    let (_, up) = world.users(None, Some(&by("title", false)), ALL).await;
    assert_eq!(up[..3], [0, 3, 6].map(|number| user_id(number).to_string()));
    let (_, down) = world.users(None, Some(&by("title", true)), ALL).await;
    assert_eq!(down[5..], [0, 3, 6].map(|number| user_id(number).to_string()));
}

/// The statements that a listing runs, and the plan of the first.
async fn plan_of(world: &World, by: &str, groups: bool) -> (usize, String) {
    let (store, recorder) = world.fresh.store.recorded();
    let mut tx: Tx = store.read().await.expect("begins");
    let (organization, connection, by) = (&world.organization, &world.connection, filter(by));
    let page = Page { start_index: 1, count: 100 };
    if groups {
        tx.list_groups(organization, connection, Some(&by), None, page, &StandardKinds).await.expect("lists");
    } else {
        tx.list_users(organization, connection, Some(&by), None, page, &StandardKinds).await.expect("lists");
    }
    let statements = recorder.take();
    let sql = statements.first().map(|statement| statement.sql.clone()).unwrap_or_default();
    let places = (1..10).filter(|place| sql.contains(&format!("?{place}"))).count();
    let args = vec![crate::store::Value::Text(String::new()); places];
    (statements.len(), tx.explain(&sql, &args).await.expect("is explained"))
}

#[tokio::test]
async fn what_providers_ask_first_is_one_statement_on_an_index() {
    let world = World::on_sqlite(40).await;
    for (by, groups, index) in [
        ("userName eq \"ada.0@example.com\"", false, "users_user_name"),
        ("userName eq \"ada.0@example.com\" and active eq true", false, "users_user_name"),
        ("externalId eq \"ext-1\"", false, "users_external_id"),
        ("displayName eq \"Ada-0\"", true, "groups_display_name"),
        (&format!("id eq \"{}\"", user_id(1)), false, "id=?"),
        (&format!("id eq \"{}\" and members[value eq \"{}\"]", group_id(1), user_id(1)), true, "memberships_open"),
    ] {
        let (statements, plan) = plan_of(&world, by, groups).await;
        assert_eq!(statements, 1, "{by}");
        assert!(plan.contains(index), "{by}: {plan}");
    }
}

#[tokio::test]
async fn as_many_terms_as_a_filter_may_have_are_not_too_many() {
    let world = World::on_sqlite(10).await;
    let terms: Vec<String> = (0..700).map(|number| format!("id ne \"{number}\"")).collect();
    for word in [" and ", " or "] {
        let text = terms[..300].join(word);
        assert_eq!(world.users(Some(&filter(&text)), None, ALL).await.0, 10);
    }
    let many = (0..1_000).map(|number| {
        let value = Literal::Text(number.to_string());
        Filter::from(Node::Compare {
            path: "userName".parse().expect("is a path"),
            operator: Operator::NotEqual,
            value,
        })
    });
    let many = Filter::from(Node::And(many.collect()));
    assert_eq!(world.users(Some(&many), None, ALL).await.0, brute(&world.users, &many).len() as u64);
}

#[test]
fn a_listing_may_be_awaited_on_any_thread() {
    fn is_send<T: Send>(_: T) {}
    let check = |tx: &mut Tx, organization: &OrganizationId, connection: &ConnectionId, by: &Filter| {
        is_send(tx.list_users(organization, connection, Some(by), None, ALL, &StandardKinds));
        is_send(tx.list_groups(organization, connection, Some(by), None, ALL, &StandardKinds));
    };
    let _: fn(&mut Tx, &OrganizationId, &ConnectionId, &Filter) = check;
}
