//! How much a sign-in costs: the callback of an OpenID provider and the answer of a SAML provider, against the bare group commit
//! at the same concurrency.
//!
//! `cargo bench --bench sign_in`. A callback opens the browser's cookie, exchanges the code, verifies the ID token, settles who it is
//! and what rules give them, and begins a session; the answer of a SAML provider is parsed and verified instead. Either is over when
//! its session and its trace are on disk. The OpenID provider answers at once, and its time is taken off: the same exchanges are
//! made without castgate, and what they take is subtracted. The limit is the store's writer taking the very rows that a sign-in leaves
//! behind. `CASTGATE_BENCH_QUICK=1` takes a few seconds. A miss is told and is no failure: machines differ.

#![expect(clippy::unwrap_used, reason = "it shares the documents of the tests, which stop where something is wrong")]
#![expect(clippy::format_collect, reason = "documents are put together as they read")]

mod bare;
mod house;
#[expect(dead_code, reason = "it belongs to the tests")]
#[path = "../../tests/saml_corpus/issuer.rs"]
mod issuer;
mod provider;
#[expect(dead_code, reason = "a directory is filled elsewhere")]
#[path = "../scim/rows.rs"]
mod rows;
mod saml;
#[expect(dead_code, reason = "it belongs to the tests")]
#[path = "../../tests/saml_corpus/scene.rs"]
mod scene;

use bare::Bare;
use castgate::store::Store;
use house::{Door, House};
use provider::Provider;
use rows::Rows;
use std::{env, time::Duration};
use tokio::runtime::Runtime;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const TASKS: usize = 32;
const PEOPLE: usize = 200;
const GROUPS: usize = 5;
const FLOOR: f64 = 0.5;

fn main() -> Result<(), Failure> {
    let quick = env::var_os("CASTGATE_BENCH_QUICK").is_some();
    let turns = if quick { (3, 20) } else { (5, 150) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let provider = Provider::start()?;
    println!("{:<44} {:>14} {:>14} {:>7} {:>6}", "name", "castgate", "bare", "ratio", "floor");
    for (name, door) in [("OIDC callback, 32 at once", Door::Oidc), ("SAML answer, 32 at once", Door::Saml)] {
        measure(&runtime, &provider, (name, door), turns)?;
    }
    Ok(())
}

fn measure(
    runtime: &Runtime,
    provider: &Provider,
    (name, door): (&str, Door),
    (rounds, each): (usize, usize),
) -> Result<(), Failure> {
    let rows = runtime.block_on(rows_of_one(provider, door))?;
    let (directory, beside) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (mut rates, mut limits, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let store = runtime.block_on(Store::open_sqlite(directory.path()))?;
    let house = runtime.block_on(House::build(directory.path(), store, provider))?;
    runtime.block_on(house.arrivals((provider, door), (TASKS, PEOPLE.div_ceil(TASKS))))?; // everybody is known from here on
    let bare = runtime.block_on(Bare::build(beside.path(), &rows))?;
    for round in 0..rounds {
        let arrivals = runtime.block_on(house.arrivals((provider, door), (TASKS, each)))?;
        let elsewhere = match door {
            Door::Oidc => runtime.block_on(provider.exchanges(TASKS, each))?,
            Door::Saml => Duration::ZERO,
        };
        let limit = rate(TASKS * each, runtime.block_on(bare.inserts(round, each))?);
        let rate = rate(TASKS * each, arrivals.saturating_sub(elsewhere));
        rates.push(rate);
        limits.push(limit);
        ratios.push(rate / limit);
    }
    let (rate, limit, ratio) = (median(&mut rates), median(&mut limits), median(&mut ratios));
    let verdict = if ratio >= FLOOR { "ok" } else { "MISSED" };
    println!("{name:<44} {rate:>12.0}/s {limit:>12.0}/s {ratio:>7.2} {FLOOR:>6.2} {verdict}");
    println!("  it leaves {} rows", rows.len());
    Ok(())
}

/// The rows that the sign-in of somebody known leaves behind.
async fn rows_of_one(provider: &Provider, door: Door) -> Result<Rows, Failure> {
    let directory = tempfile::tempdir()?;
    let (store, recorder) = Store::open_sqlite(directory.path()).await?.recorded();
    let house = House::build(directory.path(), store.clone(), provider).await?;
    house.arrivals((provider, door), (TASKS, PEOPLE.div_ceil(TASKS))).await?;
    drop(recorder.take());
    house.arrivals((provider, door), (1, 1)).await?;
    let statements = recorder.take();
    if env::var_os("CASTGATE_BENCH_STATEMENTS").is_some() {
        for one in &statements {
            eprintln!("  {:>5} steps {:>3} rows  {}", one.steps, one.rows, one.sql.replace('\n', " "));
        }
    }
    rows::inserted(&store, &statements).await
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
