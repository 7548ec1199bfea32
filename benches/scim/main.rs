//! How fast SCIM is, against what the machine itself allows: every limit is measured in the same run.
//!
//! `cargo bench --bench scim`. Each line has a name, a value, its limit, the ratio of the two, and `ok` or `MISSED`.
//! `CASTGATE_BENCH_QUICK=1` takes less than a minute. A miss is told and is no failure: machines differ.
//!
//! The bare limit is the store's writer taking the very rows that a request leaves behind, from as many tasks as there are
//! connections: all that is left out is HTTP, SCIM, the reads and the thinking.

#[path = "../../tests/kill/gateway.rs"]
mod gateway;
mod load;
mod rows;
#[path = "../../tests/kill/wire.rs"]
mod wire;

use castgate::{
    app::{App, Asked, Attempt, Ctx},
    filter::Dialect,
    model::Connection,
    scim::{GroupDocument, ResourceType, UserDocument},
    store::{Recorder, Store, args},
};
use gateway::{Failure, Place};
use rows::{NUMBER, Rows};
use std::{
    env, fs,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;
use wire::Wire;

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");
const CONNECTIONS: usize = 32;
/// Connections of the first import of a directory.
const IMPORTERS: usize = 8;

/// How much is done.
struct Size {
    rounds: usize,
    creates: usize,
    people: usize,
    groups: usize,
    members: usize,
    large: usize,
}

const FULL: Size = Size { rounds: 5, creates: 4_000, people: 10_000, groups: 200, members: 100, large: 100_000 };
const QUICK: Size = Size { rounds: 3, creates: 1_000, people: 1_000, groups: 20, members: 100, large: 10_000 };

/// What one create leaves behind.
struct Recorded {
    user: Rows,
    group: Rows,
}

fn main() -> Result<(), Failure> {
    let size = if env::var_os("CASTGATE_BENCH_QUICK").is_some() { QUICK } else { FULL };
    let runtime = Runtime::new()?;
    println!("{:<44} {:>16} {:>16} {:>7}", "name", "value", "limit", "ratio");
    idle_memory(&runtime)?;
    let recorded = runtime.block_on(record(&size))?;
    creates(&runtime, &recorded, &size)?;
    import(&runtime, &recorded, &size)?;
    one_more_member(&runtime, &size)
}

fn line(name: &str, (value, limit): (String, String), ratio: f64, holds: bool) {
    let verdict = if holds { "ok" } else { "MISSED" };
    println!("{name:<44} {value:>16} {limit:>16} {ratio:>7.2} {verdict}");
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A gateway that has just started and has nothing to do: less than 40 MB.
fn idle_memory(runtime: &Runtime) -> Result<(), Failure> {
    const LIMIT: f64 = 40.0;
    let place = runtime.block_on(Place::make(None))?;
    let gateway = place.start(PROGRAM)?;
    std::thread::sleep(Duration::from_secs(1));
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.child.id()))?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    let megabytes = kib.ok_or("no VmRSS")?.trim().parse::<f64>()? * 1024.0 / 1_000_000.0;
    let shown = (format!("{megabytes:.1} MB"), format!("{LIMIT:.0} MB"));
    line("memory of an idle gateway", shown, megabytes / LIMIT, megabytes < LIMIT);
    Ok(())
}

/// Makes one person and one group, and notes what was written.
async fn record(size: &Size) -> Result<Recorded, Failure> {
    let place = Place::make(None).await?;
    let (store, recorder) = place.store().await?.recorded();
    let app = place.app(store.clone()).await?;
    let mut members = Vec::new();
    let mut user = Rows::new();
    for number in (0..size.members).map(|number| format!("{number:08}")).chain([NUMBER.to_owned()]) {
        let (ctx, connection) = app.scim_connection(&place.token).await?;
        drop(recorder.take());
        let body = serde_json::from_str(&load::person(&number))?;
        let (document, _) = UserDocument::parse(&body, Dialect::Tolerant)?;
        let made =
            push(&app, (&ctx, &connection), ResourceType::User).scope(app.create_user(&ctx, &connection, document));
        members.push(Box::pin(made).await?.user.id.to_string());
        user = noted("POST /Users", &number, (&store, &recorder)).await?;
    }
    members.pop();
    let (ctx, connection) = app.scim_connection(&place.token).await?;
    let mut group = Rows::new();
    for number in ["0", NUMBER] {
        drop(recorder.take());
        let body = serde_json::from_str(&load::group(&format!("team {number}"), &members))?;
        let (document, _) = GroupDocument::parse(&body, Dialect::Tolerant)?;
        let made =
            push(&app, (&ctx, &connection), ResourceType::Group).scope(app.create_group(&ctx, &connection, document));
        Box::pin(made).await?;
        group = noted("POST /Groups", number, (&store, &recorder)).await?;
    }
    Ok(Recorded { user, group })
}

/// A push as the door begins it, so that its line in the provisioning log is among the rows.
fn push(app: &App, (ctx, connection): (&Ctx, &Connection), kind: ResourceType) -> Attempt {
    let attempt = app.attempt(Asked {
        request: ctx.request.clone(),
        method: "POST".to_owned(),
        path: kind.endpoint().to_owned(),
        resource: None,
        kind,
        selective: false,
    });
    attempt.of_connection(ctx, connection);
    attempt
}

/// The rows that were inserted; of the last one it is told how many statements there were.
async fn noted(what: &str, number: &str, (store, recorder): (&Store, &Recorder)) -> Result<Rows, Failure> {
    let statements = recorder.take();
    let rows = rows::inserted(store, &statements).await?;
    if number == NUMBER {
        if env::var_os("CASTGATE_BENCH_STATEMENTS").is_some() {
            statements.iter().take(40).for_each(|one| eprintln!("  {:>5} steps  {}", one.steps, one.sql));
        }
        let writes = statements.iter().filter(|one| !one.sql.trim_start().starts_with("SELECT")).count();
        let reads = statements.len() - writes;
        println!("{what}: {reads} statements that read, {writes} that write, {} rows inserted", rows.len());
    }
    Ok(rows)
}

/// Creates a second: at least half of what the bare writer does with the same rows.
fn creates(runtime: &Runtime, recorded: &Recorded, size: &Size) -> Result<(), Failure> {
    const LEAST: f64 = 0.5;
    let place = runtime.block_on(Place::make(None))?;
    let gateway = place.start(PROGRAM)?;
    let directory = tempfile::tempdir()?;
    let store = runtime.block_on(Store::open_sqlite(directory.path()))?;
    let (mut bare, mut served, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // In turns, so that what else the machine does falls on both.
    for round in 0..size.rounds {
        let numbers = round * size.creates..(round + 1) * size.creates;
        let changes = numbers.clone().map(|number| rows::copy(&recorded.user, number, std::iter::empty())).collect();
        let bare_rate = rate(size.creates, runtime.block_on(rows::write(&store, changes, CONNECTIONS))?);
        let bodies: Vec<String> = numbers.map(|number| load::person(&format!("{number:08}"))).collect();
        let (time, _) = load::post((gateway.address, &place.token), "/scim/v2/Users", &bodies, CONNECTIONS)?;
        let served_rate = rate(size.creates, time);
        bare.push(bare_rate);
        served.push(served_rate);
        ratios.push(served_rate / bare_rate);
    }
    let (bare, served, ratio) = (median(&mut bare), median(&mut served), median(&mut ratios));
    let shown = (format!("{served:.0} /s"), format!("{bare:.0} /s"));
    line("SCIM creates over 32 connections", shown, ratio, ratio >= LEAST);
    Ok(())
}

/// The first import of a directory: at most twice as long as the bare writer takes for the same rows.
fn import(runtime: &Runtime, recorded: &Recorded, size: &Size) -> Result<(), Failure> {
    const MOST: f64 = 2.0;
    let directory = tempfile::tempdir()?;
    let store = runtime.block_on(Store::open_sqlite(directory.path()))?;
    let people: Vec<Rows> =
        (0..size.people).map(|number| rows::copy(&recorded.user, number, std::iter::empty())).collect();
    let ids: Vec<String> = people.iter().filter_map(rows::id_in).collect();
    let groups = (0..size.groups)
        .map(|number| rows::copy(&recorded.group, number, members_of(&ids, number, size.members).into_iter()))
        .collect();
    let bare = runtime.block_on(rows::write(&store, people, IMPORTERS))?;
    let bare = bare + runtime.block_on(rows::write(&store, groups, IMPORTERS))?;

    let place = runtime.block_on(Place::make(None))?;
    let gateway = place.start(PROGRAM)?;
    let at = (gateway.address, place.token.as_str());
    let bodies: Vec<String> = (0..size.people).map(|number| load::person(&format!("{number:08}"))).collect();
    let (users, ids) = load::post(at, "/scim/v2/Users", &bodies, IMPORTERS)?;
    let bodies: Vec<String> = (0..size.groups)
        .map(|number| load::group(&format!("team {number:08}"), &members_of(&ids, number, size.members)))
        .collect();
    let (groups, _) = load::post(at, "/scim/v2/Groups", &bodies, IMPORTERS)?;
    let time = users + groups;
    let shown = (format!("{:.1} s", time.as_secs_f64()), format!("{:.1} s", bare.as_secs_f64()));
    let ratio = time.as_secs_f64() / bare.as_secs_f64();
    let name = format!("{} people, {} groups of {}", size.people, size.groups, size.members);
    line(&name, shown, ratio, ratio <= MOST);
    Ok(())
}

/// Who is in a group: people from all over the directory.
fn members_of(ids: &[String], group: usize, count: usize) -> Vec<String> {
    (0..count).filter_map(|place| ids.get((group * 131 + place * 7) % ids.len()).cloned()).collect()
}

/// One more member costs the same whatever the size of the group.
fn one_more_member(runtime: &Runtime, size: &Size) -> Result<(), Failure> {
    const MOST: f64 = 2.0;
    const TIMES: usize = 50;
    let place = runtime.block_on(Place::make(None))?;
    let gateway = place.start(PROGRAM)?;
    let at = (gateway.address, place.token.as_str());
    let bodies: Vec<String> =
        (0..size.members + 2 * TIMES).map(|number| load::person(&format!("{number:08}"))).collect();
    let (_, ids) = load::post(at, "/scim/v2/Users", &bodies, IMPORTERS)?;
    let (members, newcomers) = ids.split_at(size.members);
    let bodies = ["small", "large"].map(|name| load::group(name, members));
    let (_, groups) = load::post(at, "/scim/v2/Groups", &bodies, 1)?;
    gateway.kill()?;
    let large = groups.get(1).ok_or("two groups were made")?;
    runtime.block_on(fill(&place, large, size.large - size.members))?;

    let gateway = place.start(PROGRAM)?;
    let mut wire = Wire::connect(gateway.address, &place.token)?;
    let mut times = [Vec::new(), Vec::new()];
    for (turn, newcomer) in newcomers.iter().enumerate() {
        let Some(group) = groups.get(turn % 2) else { continue };
        let began = Instant::now();
        load::send(&mut wire, ("PATCH", &format!("/scim/v2/Groups/{group}")), &load::one_more(newcomer))?;
        times[turn % 2].push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let [small, large] = times.each_mut().map(|times| median(times));
    let shown = (format!("{large:.2} ms"), format!("{small:.2} ms"));
    let name = format!("one more member of {} against {}", size.large, size.members);
    line(&name, shown, large / small, large / small <= MOST);
    Ok(())
}

/// Puts so many more into a group. They are rows of memberships alone: nobody asks who they are.
async fn fill(place: &Place, group: &str, count: usize) -> Result<(), Failure> {
    let store = place.store().await?;
    let clock = castgate::app::Clock::machine();
    let mut tx = store.write("fill").await?;
    for _ in 0..count {
        let member = castgate::model::UserId::from_uuid(clock.uuid());
        tx.run(
            "INSERT INTO memberships (organization, group_id, member_kind, member_id, since)
             VALUES (?1, ?2, 'user', ?3, 0)",
            args![place.organization, group, member],
        )
        .await?;
    }
    Ok(tx.commit().await?)
}
