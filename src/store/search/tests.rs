//! SQL and [`Filter::matches`] agree: on a real store, over random people and random filters.

use super::{Page, Sort, group_resource, user_resource};
use crate::{
    filter::{Dialect, Filter, Literal, Node, Operator, StandardKinds, parse},
    model::{ConnectionId, Group, GroupId, GroupOrigin, Instant, OrganizationId, User, UserId},
    store::{Tx, testing},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use uuid::Uuid;

const ALL: Page = Page { start_index: 1, count: 10_000 };
/// 2026-01-01T00:00:00Z
const NEW_YEAR: i64 = 1_767_225_600_000_000;

/// An organization with people and groups, and everything about them that SCIM would show.
struct World {
    fresh: testing::World,
    organization: OrganizationId,
    connection: ConnectionId,
    users: Vec<Value>,
    groups: Vec<Value>,
}

fn uuid(number: usize) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number as u128)
}

fn user_id(number: usize) -> UserId {
    UserId::from_uuid(uuid(number))
}

fn group_id(number: usize) -> GroupId {
    GroupId::from_uuid(uuid(number))
}

const NAMES: [&str; 6] = ["Ada", "STRASSE", "straße", "Ångström", "true", "42"];

fn person(number: usize, connection: &ConnectionId) -> User {
    let user_name = format!("{}.{number}@Example.com", NAMES[number % NAMES.len()]);
    let mut document = json!({
        "userName": user_name,
        "name": { "familyName": NAMES[(number / 2) % NAMES.len()] },
        "emails": [
            { "value": format!("Work{number}@x.com"), "type": "work", "primary": number.is_multiple_of(2) },
            { "value": format!("home{}@x.com", number % 3), "type": "home" },
        ],
    });
    if number.is_multiple_of(3) {
        document["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = json!({ "department": "Finance" });
        document["title"] = json!("Intern");
    }
    if number.is_multiple_of(4) {
        document["displayName"] = json!(NAMES[number % NAMES.len()]);
    }
    let Value::Object(document) = document else { unreachable!("it is an object") };
    User {
        id: user_id(number),
        connection: Some(connection.clone()),
        // One name of which another part of the document knows nothing, and one that reads like a truth.
        user_name: match number {
            4 => "TRUE".into(),
            5 => "5".into(),
            _ => user_name,
        },
        external_id: match number % 4 {
            0 => None,
            1 => Some(format!("ext-{number}")),
            2 => Some(format!("EXT-{}", number - 1)),
            _ => Some(number.to_string()),
        },
        display_name: document.get("displayName").and_then(Value::as_str).unwrap_or_default().to_owned(),
        email: None,
        directory_active: !number.is_multiple_of(5),
        suspended_by_person: number.is_multiple_of(7),
        removed_at: (number % 11 == 10).then_some(Instant(NEW_YEAR)),
        document,
        session_epoch: 0,
        access_epoch: 0,
        version: i64::try_from(number % 3).expect("is small"),
        created_at: Instant(NEW_YEAR + i64::try_from(number / 2).expect("is small") * 1_000_000),
        updated_at: Instant(NEW_YEAR + i64::try_from(number % 7).expect("is small") * 500_000),
    }
}

fn team(number: usize, connection: &ConnectionId, origin: GroupOrigin) -> Group {
    Group {
        id: group_id(number),
        connection: Some(connection.clone()),
        origin,
        display_name: format!("{}-{}", NAMES[number % NAMES.len()], number / 2),
        external_id: (number % 2 == 1).then(|| format!("ext-{number}")),
        removed_at: (number == 9).then_some(Instant(NEW_YEAR)),
        version: 1,
        created_at: Instant(NEW_YEAR + i64::try_from(number).expect("is small") * 1_000_000),
        updated_at: Instant(NEW_YEAR),
    }
}

impl World {
    async fn on_sqlite(people: usize) -> Self {
        Self::fill(testing::sqlite().await, people).await
    }

    /// Nothing when there is no server.
    async fn on_postgres(people: usize) -> Option<Self> {
        Some(Self::fill(testing::postgres().await?, people).await)
    }

    async fn fill(fresh: testing::World, people: usize) -> Self {
        let organization = OrganizationId::from_uuid(uuid(0));
        let connection = ConnectionId::from_uuid(uuid(1));
        let elsewhere = ConnectionId::from_uuid(uuid(2));
        let mut tx = fresh.store.write("fill").await.expect("begins");
        for number in 0..people {
            let owner = if number % 13 == 12 { &elsewhere } else { &connection };
            tx.insert_user(&organization, &person(number, owner)).await.expect("is written");
        }
        for number in 0..12 {
            let origin = if number == 8 { GroupOrigin::Claims } else { GroupOrigin::Scim };
            let group = team(number, &connection, origin);
            tx.insert_group(&organization, &group).await.expect("is written");
            for member in (0..people).filter(|member| number > 0 && (member + 1) % (number + 1) == 0) {
                let user = user_id(member);
                tx.open_membership(&organization, &group.id, &user, Instant(1)).await.expect("is written");
                if member % 6 == 5 {
                    tx.close_membership(&organization, &group.id, &user, Instant(2)).await.expect("is written");
                }
            }
        }
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        for number in (0..people).filter(|number| number % 13 != 12 && number % 11 != 10) {
            let user = tx.user(&organization, &user_id(number)).await.expect("is read").expect("is there");
            let of = tx.groups_of(&organization, &user.id).await.expect("are read");
            users.push(user_resource(&user, &of));
        }
        for number in (0..12).filter(|number| *number != 8 && *number != 9) {
            let group = tx.group(&organization, &group_id(number)).await.expect("is read").expect("is there");
            let members = tx.members(&organization, &group.id).await.expect("are read");
            groups.push(group_resource(&group, &members));
        }
        tx.commit().await.expect("commits");
        Self { fresh, organization, connection, users, groups }
    }

    async fn users(&self, filter: Option<&Filter>, sort: Option<&Sort>, page: Page) -> (u64, Vec<String>) {
        let mut tx = self.fresh.store.read().await.expect("begins");
        let (organization, connection) = (&self.organization, &self.connection);
        let (total, found) =
            tx.list_users(organization, connection, filter, sort, page, &StandardKinds).await.expect("lists");
        (total, found.into_iter().map(|user| user.id.to_string()).collect())
    }

    async fn groups(&self, filter: Option<&Filter>, sort: Option<&Sort>, page: Page) -> (u64, Vec<String>) {
        let mut tx = self.fresh.store.read().await.expect("begins");
        let (organization, connection) = (&self.organization, &self.connection);
        let (total, found) =
            tx.list_groups(organization, connection, filter, sort, page, &StandardKinds).await.expect("lists");
        (total, found.into_iter().map(|group| group.id.to_string()).collect())
    }
}

fn brute(resources: &[Value], filter: &Filter) -> Vec<String> {
    let matching = resources.iter().filter(|resource| filter.matches(resource, &StandardKinds));
    matching.map(|resource| resource["id"].as_str().unwrap_or_default().to_owned()).collect()
}

fn filter(text: &str) -> Filter {
    parse(text, Dialect::Tolerant).expect("is a filter")
}

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
    }
}

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
