//! Random histories: whatever providers and people do in whatever order, the same things hold after every step.

mod asof;
mod gifts;
mod invariants;
mod model;
mod play;

use crate::harness::{World, found, players, sized};
use play::{Step, any_step, play};
use proptest::{
    collection::vec,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use std::{cell::Cell, time::UNIX_EPOCH};

/// Plays histories, each in an organization of its own, and shrinks the first that goes wrong. `CASTGATE_TEST_SEED` draws the same
/// ones again.
fn histories(postgres: bool, otherwise: u64) {
    let drawn = UNIX_EPOCH.elapsed().map_or(1, |time| time.as_secs());
    let (cases, seed) = (sized("CASTGATE_TEST_HISTORIES", otherwise), sized("CASTGATE_TEST_SEED", drawn));
    let cases = u32::try_from(cases.div_ceil(players())).unwrap();
    std::thread::scope(|scope| {
        for player in 0..players() {
            scope.spawn(move || some(postgres, cases, seed + player));
        }
    });
}

fn some(postgres: bool, cases: u32, seed: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let Some(world) = runtime.block_on(World::on(postgres)) else { return };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let (number, played) = (Cell::new(0), Cell::new(0));
    let outcome = TestRunner::new_with_rng(config, rng).run(&vec(any_step(), 1..25), |steps: Vec<Step>| {
        number.set(number.get() + 1);
        played.set(played.get() + steps.len());
        let slug = format!("history-{}", number.get());
        runtime.block_on(async {
            let tenant = found(&world.app, &slug).await;
            let world = world.of_tenant(tenant);
            play(&world, &steps).await.map_err(TestCaseError::fail)
        })
    });
    let (engine, number, played) = (world.engine(), number.get(), played.get());
    println!("{engine}: {number} histories of {played} steps, seed {seed}");
    if let Err(wrong) = outcome {
        panic!("{engine}, seed {seed}: {wrong}");
    }
}

#[test]
fn every_history_on_sqlite_keeps_the_promises() {
    histories(false, 64);
}

#[test]
fn every_history_on_postgres_keeps_the_promises() {
    histories(true, 16);
}
