//! SQL and [`Filter::matches`] agree, over random filters and over every single condition.

use super::{
    pages_and_orders,
    world::{ALL, World, brute, group_id, user_id},
};
use crate::filter::{Filter, Literal, Node, Operator};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};

fn literals() -> impl Strategy<Value = Literal> {
    let texts = [
        "",
        "a",
        "ada",
        "ADA.0@example.COM",
        "ada.6@example.com",
        "strasse",
        "Straße.1",
        "å",
        "A\u{30a}ngstro\u{308}m.3",
        "True",
        " false",
        "5",
        "42",
        "ext-1",
        "EXT-1",
        "ext",
        "3",
        "work",
        "Intern",
        "home1@x.com",
        "@",
        "%",
        "_",
        "'",
        "nul\0",
        "User",
        "user",
        "direct",
        "Finance",
        "2026-01-01T00:00:03Z",
        "2026-01-01T02:00:05+02:00",
        "2026-01-01",
        "2026-01-01T00:00:01.5",
        "2026",
        "T00",
        "STRASSE-0",
        "straße-0",
        "W/\"1\"",
        "urn:ietf:params:scim:schemas:core:2.0:User",
    ];
    let ids = (0_usize..12).prop_flat_map(|number| {
        select(vec![user_id(number).to_string(), group_id(number).to_string(), user_id(number).as_str().to_uppercase()])
    });
    prop_oneof![
        6 => select(texts.to_vec()).prop_map(|text| Literal::Text(text.to_owned())),
        3 => ids.prop_map(Literal::Text),
        1 => Just(Literal::Null),
        1 => any::<bool>().prop_map(Literal::Boolean),
        1 => select(vec![5_i64, 42, 3, -1]).prop_map(|number| Literal::Number(number.into())),
    ]
}

fn conditions(paths: &'static [&'static str]) -> impl Strategy<Value = Filter> {
    prop_oneof![
        1 => select(paths).prop_map(|path| Filter::from(Node::Present(path.parse().expect("is a path")))),
        6 => (select(paths), select(Operator::ALL.to_vec()), literals()).prop_map(|(path, operator, value)| {
            Filter::from(Node::Compare { path: path.parse().expect("is a path"), operator, value })
        }),
    ]
}

fn combined(leaves: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
    leaves.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|parts| Filter::from(Node::And(parts))),
            vec(inner.clone(), 2..4).prop_map(|parts| Filter::from(Node::Or(parts))),
            inner.prop_map(|part| Filter::from(Node::Not(Box::new(part)))),
        ]
    })
}

fn filters() -> impl Strategy<Value = Filter> {
    const PATHS: &[&str] = &[
        "id",
        "ID",
        "id.value",
        "userName",
        "USERNAME",
        "userName.value",
        "userName.other",
        "externalId",
        "active",
        "active.value",
        "displayName",
        "name.familyName",
        "title",
        "department",
        "emails",
        "emails.value",
        "emails.type",
        "meta",
        "meta.created",
        "meta.lastModified",
        "meta.resourceType",
        "meta.version",
        "meta.location",
        "groups",
        "groups.value",
        "groups.display",
        "groups.type",
        "groups.$ref",
        "members",
        "members.value",
        "members.display",
        "members.type",
        "schemas",
        "unknown",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName",
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName",
        "urn:ietf:params:scim:schemas:core:2.0:Group:groups.value",
    ];
    const PARTS: &[&str] = &["value", "VALUE", "display", "type", "$ref", "primary"];
    const LISTS: &[&str] = &["groups", "members", "emails", "userName", "active", "meta", "nothing"];
    let element = (select(LISTS), combined(conditions(PARTS))).prop_map(|(path, filter)| {
        Filter::from(Node::Element { path: path.parse().expect("is a path"), filter: Box::new(filter) })
    });
    combined(prop_oneof![4 => conditions(PATHS), 1 => element])
}

/// The law, on one world.
fn agree(world: &World, runtime: &tokio::runtime::Runtime, cases: u32) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let law = |filter: Filter| {
        let (total, found) = runtime.block_on(world.users(Some(&filter), None, ALL));
        let wanted = brute(&world.users, &filter);
        prop_assert_eq!(total, wanted.len() as u64, "users: {}", filter);
        prop_assert_eq!(found, wanted, "users: {}", filter);
        let (total, found) = runtime.block_on(world.groups(Some(&filter), None, ALL));
        let wanted = brute(&world.groups, &filter);
        prop_assert_eq!(total, wanted.len() as u64, "groups: {}", filter);
        prop_assert_eq!(found, wanted, "groups: {}", filter);
        Ok(())
    };
    runner.run(&filters(), law).unwrap_or_else(|error| panic!("{error}"));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

#[test]
fn sql_finds_what_the_filter_matches() {
    let runtime = runtime();
    let world = runtime.block_on(World::on_sqlite(40));
    agree(&world, &runtime, 1_000);
}

#[test]
fn postgres_finds_what_the_filter_matches() {
    let runtime = runtime();
    if let Some(world) = runtime.block_on(World::on_postgres(40)) {
        agree(&world, &runtime, 400);
        runtime.block_on(pages_and_orders(&world));
        runtime.block_on(agree_on_each_condition(&world));
    }
}

/// Every operator on every attribute that SQL knows, with one literal of every sort.
async fn agree_on_each_condition(world: &World) {
    const PATHS: &[&str] = &[
        "id",
        "userName",
        "externalId",
        "active",
        "displayName",
        "meta.created",
        "meta.lastModified",
        "meta.resourceType",
        "groups",
        "groups.value",
        "groups.display",
        "groups.type",
        "members",
        "members.type",
    ];
    let texts = [
        user_id(3).to_string(),
        group_id(2).to_string(),
        "EXT-1".into(),
        "ada-0".into(),
        "TRUE".into(),
        "5".into(),
        String::new(),
        "2026-01-01T00:00:01Z".into(),
        "User".into(),
        "direct".into(),
        "a".into(),
    ];
    let literals = [Literal::Null, Literal::Boolean(true), Literal::Boolean(false), Literal::Number(5.into())];
    let literals: Vec<Literal> = texts.into_iter().map(Literal::Text).chain(literals).collect();
    for path in PATHS {
        let path = || path.parse().expect("is a path");
        let compare = |(operator, value)| Filter::from(Node::Compare { path: path(), operator, value });
        let pairs =
            Operator::ALL.into_iter().flat_map(|operator| literals.iter().map(move |one| (operator, one.clone())));
        for by in pairs.map(compare).chain([Filter::from(Node::Present(path()))]) {
            let opposite = Filter::from(Node::Not(Box::new(by.clone())));
            for by in [by, opposite] {
                assert_eq!(world.users(Some(&by), None, ALL).await.1, brute(&world.users, &by), "users: {by}");
                assert_eq!(world.groups(Some(&by), None, ALL).await.1, brute(&world.groups, &by), "groups: {by}");
            }
        }
    }
}

#[tokio::test]
async fn every_single_condition_means_the_same_in_sql() {
    agree_on_each_condition(&World::on_sqlite(16).await).await;
}
