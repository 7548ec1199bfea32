//! Random histories: whatever providers and people do in whatever order, the same things hold after every step.

mod asof;
mod gifts;
mod invariants;
mod model;
mod play;

use crate::harness::{World, found};
use play::{Step, any_step, play};
use proptest::{
    collection::vec,
    test_runner::{Config, TestCaseError, TestRunner},
};
use std::cell::Cell;

/// Plays histories, each in an organization of its own, and shrinks the first that goes wrong.
fn histories(world: Option<World>, runtime: &tokio::runtime::Runtime, cases: u32) {
    let Some(world) = world else { return };
    let cases = std::env::var("CASTGATE_TEST_HISTORIES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let number = Cell::new(0);
    let outcome = TestRunner::new(config).run(&vec(any_step(), 1..25), |steps: Vec<Step>| {
        number.set(number.get() + 1);
        let slug = format!("history-{}", number.get());
        runtime.block_on(async {
            let tenant = found(&world.app, &slug).await;
            let world = world.of_tenant(tenant);
            play(&world, &steps).await.map_err(TestCaseError::fail)
        })
    });
    if let Err(wrong) = outcome {
        panic!("{}: {wrong}", world.engine());
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn every_history_on_sqlite_keeps_the_promises() {
    let runtime = runtime();
    histories(Some(runtime.block_on(World::sqlite())), &runtime, 64);
}

#[test]
fn every_history_on_postgres_keeps_the_promises() {
    let runtime = runtime();
    histories(runtime.block_on(World::postgres()), &runtime, 16);
}
