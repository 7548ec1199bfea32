//! How much castgate costs a request, against a bare axum handler that answers the same bytes.
//!
//! `cargo bench --bench verify`. Each line has a name, castgate's rate, the bare handler's, the ratio and what it has to be, and
//! `ok` or `MISSED`. `CASTGATE_BENCH_QUICK=1` takes less than a minute. A miss is told and is no failure: machines differ.
//!
//! Both are processes of their own, asked by the same generator over as many connections, in turns; castgate writes its line
//! for each request, as it does by default. The ratio is the median of those of the turns.

mod bare;
mod drive;
mod nodes;
#[expect(clippy::unwrap_used, reason = "it belongs to the tests, which stop where something is wrong")]
#[path = "../../tests/rig/postgres.rs"]
mod postgres;

use drive::{Failure, Load};
use nodes::{Deployment, Redis};
use std::{env, time::Duration};
use tokio::runtime::Runtime;

const CONNECTIONS: usize = 32;

/// How long it takes.
struct Size {
    turns: usize,
    turn: Duration,
}

const FULL: Size = Size { turns: 7, turn: Duration::from_secs(3) };
const QUICK: Size = Size { turns: 3, turn: Duration::from_secs(1) };

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().collect();
    if let [_, role, port, file] = arguments.as_slice()
        && role == bare::ROLE
    {
        return bare::serve(port.parse()?, file);
    }
    let size = if env::var_os("CASTGATE_BENCH_QUICK").is_some() { QUICK } else { FULL };
    println!("{:<44} {:>14} {:>14} {:>7} {:>6}", "name", "castgate", "bare", "ratio", "floor");
    let runtime = Runtime::new()?;
    let one = runtime.block_on(Deployment::sqlite())?;
    compare("/auth/verify, warm session", &one.verify()?, (0.5, &size))?;
    compare("/auth/verify for a capability on a cluster", &one.verify_cluster()?, (0.5, &size))?;
    compare("SCIM GET /Users/{id}", &one.person()?, (0.25, &size))?;
    drop(one);
    let (Some(redis), Some(url)) = (Redis::start()?, runtime.block_on(postgres::fresh_database())) else {
        println!("two nodes: skipped, as there is no redis-server or no PostgreSQL here");
        return Ok(());
    };
    let two = runtime.block_on(Deployment::two_nodes(&url, &redis))?;
    compare("/auth/verify, two nodes with Redis", &two.verify()?, (0.3, &size))
}

fn compare(name: &str, load: &Load, (floor, size): (f64, &Size)) -> Result<(), Failure> {
    let bare = bare::Bare::start(load)?;
    let plain = load.to(&bare.addresses);
    // Once each for nothing: connections, caches and allocators get warm.
    load.run(CONNECTIONS, size.turn / 2)?;
    plain.run(CONNECTIONS, size.turn / 2)?;
    let (mut rates, mut limits, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.turns {
        let rate = load.run(CONNECTIONS, size.turn)?;
        let limit = plain.run(CONNECTIONS, size.turn)?;
        rates.push(rate);
        limits.push(limit);
        ratios.push(rate / limit);
    }
    let ratio = median(&mut ratios);
    let verdict = if ratio >= floor { "ok" } else { "MISSED" };
    let (rate, limit) = (median(&mut rates), median(&mut limits));
    println!("{name:<44} {rate:>12.0}/s {limit:>12.0}/s {ratio:>7.2} {floor:>6.2} {verdict}");
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
