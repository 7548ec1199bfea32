//! What a plan costs: 180 rules about groups and 20 with conditions, over a thousand, ten thousand and a hundred thousand people.
//!
//! `cargo bench --bench plan` prints for each size how long it takes only to read the rows that a plan rests on, and beside it
//! the plan of a mapping that changes nothing, the plan of one that changes something for a fifth of the people, and publishing
//! that one and one that gives each person something of their own, each with the longest that anybody else waited to write
//! meanwhile; then how much each grew from one size to the next. The same of questions why somebody may do something, or may not,
//! now and as of a while ago, and of taking 10,000 removals of a provider back. With sizes as arguments: only those.

mod undo;
mod waiting;
mod why;

use castgate::{
    app::{App, Clock, Ctx, NewConnection, NewOrganization, Publication},
    cache::Cache,
    config::Settings,
    crypto::{Sealer, keyfile},
    model::{Connection, ConnectionSettings, Group, GroupId, GroupOrigin, Profile},
    store::{Store, args},
};
use std::{
    fmt::Write as _,
    iter,
    time::{Duration, Instant},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const SIZES: [i64; 3] = [1_000, 10_000, 100_000];
const GROUPS: i64 = 180;
const CONDITIONS: usize = 20;
/// People that are read at once, as a plan reads them.
const PIECE: i64 = 1000;

const PEOPLE: &str = include_str!("../../tests/world/people.sql");
/// What is known of each: some 400 letters.
const FACTS: &str = "INSERT INTO facts (organization, user_id, source, sequence, document, since)
    WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    SELECT ?1, 'usr_06h0000000000000' || CAST(100000000 + i AS TEXT) || '0', 'scim', 1,
        '{\"displayName\":\"Person ' || CAST(i AS TEXT) || '\",\"name\":{\"givenName\":\"Per\",\"familyName\":\"Son ' || CAST(i AS TEXT)
        || '\"},\"title\":\"Title ' || CAST(i % 40 AS TEXT) || '\",\"userType\":\"Employee\",\"locale\":\"en\",\"emails\":[{\"value\":\"p'
        || CAST(i AS TEXT) || '@acme.test\",\"type\":\"work\",\"primary\":true}],\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"Department '
        || CAST(i % 100 AS TEXT) || '\",\"costCenter\":\"' || CAST(4000 + i % 50 AS TEXT) || '\",\"employeeNumber\":\"' || CAST(i AS TEXT) || '\"}}', 0
    FROM n";
/// Each is in three groups.
const MEMBERSHIPS: &str = "INSERT INTO memberships (organization, group_id, member_kind, member_id, since)
    WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    SELECT ?1, g.id, 'user', 'usr_06h0000000000000' || CAST(100000000 + i AS TEXT) || '0', 0
    FROM n CROSS JOIN groups g
    WHERE g.organization = ?1 AND CAST(g.external_id AS BIGINT) IN (i % 180, (i * 7 + 1) % 180, (i * 13 + 2) % 180)";

struct House {
    app: App,
    store: Store,
    ctx: Ctx,
    okta: Connection,
    _directory: tempfile::TempDir,
}

/// What was measured of one size, by name.
struct Times {
    people: i64,
    each: Vec<(&'static str, Duration)>,
}

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let asked: Vec<i64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { SIZES.to_vec() } else { asked };
    let mut all: Vec<Times> = Vec::new();
    for people in sizes {
        let times = runtime.block_on(measure(people))?;
        println!("{people} people");
        for (name, took) in &times.each {
            println!("{took:>12.1?}  {name}");
        }
        if let [(_, reading), (_, plan), ..] = times.each.as_slice() {
            println!("{:>12.1}  the plan ÷ only reading", plan.as_secs_f64() / reading.as_secs_f64());
        }
        all.push(times);
    }
    for pair in all.windows(2) {
        let [small, large] = pair else { continue };
        println!("from {} to {} people, times:", small.people, large.people);
        for ((name, small), (_, large)) in small.each.iter().zip(&large.each) {
            println!("{:>12.1}  {name}", large.as_secs_f64() / small.as_secs_f64());
        }
    }
    Ok(())
}

async fn build(people: i64) -> Result<House, Failure> {
    let directory = tempfile::tempdir()?;
    let store = Store::open_sqlite(directory.path()).await?;
    let settings = Settings::load(None, iter::empty())?;
    let cache = Cache::open(&settings.cache)?;
    let sealer = Sealer::new(&keyfile::load_or_create(directory.path())?)?;
    let app = App::new(settings, store.clone(), cache, sealer, Clock::machine());
    app.prepare().await?;
    let (slug, owner) = ("acme".to_owned(), "owner@acme.example".to_owned());
    let new = NewOrganization { slug, name: "Acme".to_owned(), owner, accept_terms: true };
    let organization = app.found_organization(&new).await?.organization.id;
    let ctx = app.operator(organization);
    app.declare_cluster(&ctx, "prod", None, None).await?;
    let new =
        NewConnection { name: "okta".to_owned(), settings: ConnectionSettings::of(Profile::Okta), client_secret: None };
    let okta = app.create_connection(&ctx, new).await?;
    let house = House { app, store, ctx, okta, _directory: directory };
    fill(&house, &house.okta, people).await?;
    Ok(house)
}

async fn fill(house: &House, okta: &Connection, people: i64) -> Result<(), Failure> {
    let organization = &house.ctx.organization;
    let mut tx = house.store.write("fill").await?;
    for number in 0..GROUPS {
        let group = Group {
            id: GroupId::from_uuid(house.app.clock().uuid()),
            connection: Some(okta.id.clone()),
            origin: GroupOrigin::Scim,
            display_name: format!("team-{number}"),
            external_id: Some(number.to_string()),
            removed_at: None,
            version: 1,
            created_at: house.ctx.now,
            updated_at: house.ctx.now,
        };
        tx.insert_group(organization, &group).await?;
    }
    tx.run(PEOPLE, args![organization, okta.id, 1, people]).await?;
    tx.run(FACTS, args![organization, people]).await?;
    tx.run(MEMBERSHIPS, args![organization, people]).await?;
    tx.commit().await?;
    Ok(())
}

/// 180 rules about groups and 20 with conditions; the `variant` gives another role to what fits a fifth of the people.
fn mapping(variant: bool) -> Result<String, Failure> {
    let mut text = "default: viewer\nrules:\n".to_owned();
    for number in 0..GROUPS {
        let role = if variant && number % 15 == 0 { "analyst" } else { "member" };
        writeln!(text, "  - {{name: team {number}, groups: [\"id:{number}\"], grant: {role}, clusters: [prod]}}")?;
    }
    for number in 0..CONDITIONS {
        let condition = match number % 4 {
            0 => format!("department eq \\\"Department {number}\\\" and title pr"),
            1 => format!("costCenter eq \\\"40{number}\\\" or title eq \\\"Title {number}\\\""),
            2 => format!("title co \\\"Title {number}\\\" and not (userType eq \\\"Contractor\\\")"),
            _ => format!("emails[type eq \\\"work\\\" and value sw \\\"p{number}\\\"] and employeeNumber pr"),
        };
        let role = if variant && number == 0 { "member" } else { "analyst" };
        writeln!(text, "  - {{name: condition {number}, when: \"{condition}\", grant: {role}}}")?;
    }
    Ok(text)
}

/// A mapping that gives each person something of their own besides.
fn for_each_person() -> Result<String, Failure> {
    Ok(mapping(true)? + "  - {name: everybody, when: 'userType eq \"Employee\"', grant: member}\n")
}

async fn measure(people: i64) -> Result<Times, Failure> {
    let house = build(people).await?;
    house.app.publish_mapping(&house.ctx, &mapping(false)?).await?;
    let reading = fastest(async || read_alone(&house).await).await?;
    let nothing = fastest(async || {
        let plan = house.app.plan_mapping(&house.ctx, &mapping(false)?).await?;
        if plan.is_empty() { Ok(()) } else { Err("the same mapping changes something".into()) }
    })
    .await?;
    let fifth = fastest(async || {
        let plan = house.app.plan_mapping(&house.ctx, &mapping(true)?).await?;
        if plan.impact.people.is_empty() { Err("the other mapping changes nothing".into()) } else { Ok(()) }
    })
    .await?;
    let publish = async |text: String| {
        let publication = Publication::of(&text);
        let publishing =
            async || house.app.publish(&house.ctx, publication.clone()).await.map(drop).map_err(Into::into);
        waiting::meanwhile(&house, publishing).await
    };
    let (publishing, waited) = publish(mapping(true)?).await?;
    let (giving, waited_giving) = publish(for_each_person()?).await?;
    let (taking, waited_taking) = publish(mapping(true)?).await?;
    let mut each = vec![
        ("only reading", reading),
        ("a plan of nothing", nothing),
        ("a plan that changes something for a fifth", fifth),
        ("publishing that", publishing),
        ("  and the longest that anybody else waited to write meanwhile", waited),
        ("publishing what gives each something of their own", giving),
        ("  and the longest wait meanwhile", waited_giving),
        ("publishing what takes it from them", taking),
        ("  and the longest wait meanwhile", waited_taking),
    ];
    each.extend(why::asked(&house, people).await?);
    each.extend(undo::of_removals(&house).await?);
    Ok(Times { people, each })
}

async fn fastest(run: impl AsyncFn() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        run().await?;
        fastest = fastest.min(began.elapsed());
    }
    Ok(fastest)
}

/// The rows that a plan rests on, read and thrown away: faster it cannot be.
async fn read_alone(house: &House) -> Result<(), Failure> {
    let organization = &house.ctx.organization;
    let mut tx = house.store.read().await?;
    let mut after = String::new();
    loop {
        let people = tx.people_after(organization, &after, PIECE).await?;
        let Some(last) = people.last() else { return Ok(()) };
        let piece = (after.as_str(), last.id.as_str());
        let read = tx.facts_of_piece(organization, piece).await?.len()
            + tx.memberships_of_piece(organization, piece).await?.len();
        std::hint::black_box(read);
        after = last.id.to_string();
    }
}
