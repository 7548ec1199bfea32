//! How fast SCIM is, against what the machine itself allows: every limit is measured in the same run.
//!
//! `cargo bench --bench scim`. Each line has a name, a value, its limit, the ratio of the two, and `ok` or `MISSED`.
//! `CASTGATE_BENCH_QUICK=1` takes about a minute. A miss is told and is no failure: machines differ. All of it is done twice: on
//! the embedded store, and on a PostgreSQL of its own that waits for the disk, where one is installed.
//! `CASTGATE_BENCH_ONLY=SQLite` or `PostgreSQL` leaves the other out.
//!
//! The bare limit is the store's writer taking the very rows that a request leaves behind, from as many tasks as there are
//! connections and over as many connections to PostgreSQL as castgate has: all that is left out is HTTP, SCIM, the reads and the
//! thinking. Where a limit is one sync, it is one row written so; on PostgreSQL, where each statement is a way there and back, it is
//! the rows of a create.

#[path = "../verify/bare.rs"]
mod bare;
mod crowd;
mod directory;
#[path = "../verify/drive.rs"]
mod drive;
#[path = "../../tests/kill/gateway.rs"]
mod gateway;
mod ground;
mod import;
mod load;
#[path = "../overload/memory.rs"]
mod memory;
#[expect(clippy::unwrap_used, reason = "it belongs to the tests, which stop where something is wrong")]
#[expect(dead_code, reason = "the tests have a server without syncs")]
#[path = "../../tests/rig/postgres.rs"]
mod postgres;
mod rows;
mod scale;
#[path = "../../tests/kill/wire.rs"]
mod wire;

use castgate::{
    app::{App, Asked, Attempt, Ctx},
    filter::Dialect,
    model::{Connection, ConnectionId, OrganizationId},
    scim::{GroupDocument, ResourceType, UserDocument},
    store::{Recorder, Store},
};
use gateway::{Failure, Place};
use ground::Ground;
use rows::{NUMBER, Rows};
use std::{env, time::Duration};
use tokio::runtime::Runtime;

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");
const CONNECTIONS: usize = 32;

/// How much is done.
struct Size {
    rounds: usize,
    creates: usize,
    people: usize,
    groups: usize,
    members: usize,
    large: usize,
    /// How long organizations flood.
    seconds: u32,
}

const FULL: Size =
    Size { rounds: 3, creates: 4_000, people: 10_000, groups: 200, members: 100, large: 100_000, seconds: 12 };
const QUICK: Size =
    Size { rounds: 3, creates: 1_000, people: 1_000, groups: 20, members: 100, large: 10_000, seconds: 4 };

/// What one create leaves behind, and whose it is.
struct Recorded {
    organization: OrganizationId,
    connection: ConnectionId,
    user: Rows,
    group: Rows,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().collect();
    if let [_, role, port, file] = arguments.as_slice()
        && role == bare::ROLE
    {
        return bare::serve(port.parse()?, file);
    }
    let size = if env::var_os("CASTGATE_BENCH_QUICK").is_some() { QUICK } else { FULL };
    let only = env::var("CASTGATE_BENCH_ONLY").ok();
    let runtime = Runtime::new()?;
    println!("{:<48} {:>16} {:>16} {:>7}", "name", "value", "limit", "ratio");
    idle_memory(&runtime)?;
    let recorded = runtime.block_on(record(&size))?;
    for ground in [Some(Ground::sqlite()), Ground::postgres()].into_iter().flatten() {
        if only.as_ref().is_some_and(|only| only != ground.name) {
            continue;
        }
        println!("\n{}", ground.name);
        let on = (&runtime, &ground);
        creates(on, &recorded, &size)?;
        import::measure(on, &recorded, &size)?;
        scale::measure(on, &recorded, &size)?;
        crowd::measure(on, size.seconds)?;
    }
    Ok(())
}

fn line(name: &str, (value, limit): (String, String), ratio: f64, holds: bool) {
    let verdict = if holds { "ok" } else { "MISSED" };
    println!("{name:<48} {value:>16} {limit:>16} {ratio:>7.2} {verdict}");
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
    let megabytes = memory::megabytes(&gateway, "VmRSS")?;
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
    Ok(Recorded { organization: place.organization, connection: connection.id.clone(), user, group })
}

/// A push as the door begins it, so that its line in the provisioning log is among the rows.
fn push(app: &App, (ctx, connection): (&Ctx, &Connection), kind: ResourceType) -> Attempt {
    let attempt = app.attempt(Asked {
        request: ctx.request.clone(),
        method: "POST".to_owned(),
        path: kind.endpoint().to_owned(),
        parameters: std::sync::Arc::default(),
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
fn creates((runtime, ground): (&Runtime, &Ground), recorded: &Recorded, size: &Size) -> Result<(), Failure> {
    const LEAST: f64 = 0.5;
    let place = ground.place(runtime)?;
    let gateway = place.start(PROGRAM)?;
    let bare_ground = ground.bare(runtime)?;
    let (mut bare, mut served, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // In turns, so that what else the machine does falls on both.
    for round in 0..size.rounds {
        let numbers = round * size.creates..(round + 1) * size.creates;
        let changes = numbers.clone().map(|number| rows::copy(&recorded.user, number, std::iter::empty())).collect();
        let bare_rate = rate(size.creates, runtime.block_on(rows::write(&bare_ground.store, changes, CONNECTIONS))?);
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
