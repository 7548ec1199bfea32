//! Whoever can write to the store, but has not the master key, changes nothing of what happened unnoticed.
//!
//! `CASTGATE_TEST_SEED` plays a run again.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

mod forger;
#[path = "../rig/postgres.rs"]
mod postgres;
mod tampers;
mod world;

use castgate::app::{Checkpoint, Wrong};
use world::World;

const TAMPERS: usize = 500;

async fn everywhere(test: impl AsyncFn(&World)) {
    test(&World::sqlite().await).await;
    if let Some(world) = World::postgres().await {
        test(&world).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sealed_verifies_and_the_newest_are_counted() {
    everywhere(async |world| {
        let audit = world.verify(&world.organization, &[]).await;
        assert_eq!((audit.events, audit.unsealed, &audit.finding), (120, 0, &None), "{}", world.engine());
        assert!(audit.checkpoints > 3, "{}", audit.checkpoints);
        world.happen(&world.organization, 1).await;
        let audit = world.verify(&world.organization, &[]).await;
        assert_eq!((audit.events, audit.unsealed, audit.finding), (120, 1, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_tampers_are_all_found_and_the_first_bad_row_is_named() {
    let seed = std::env::var("CASTGATE_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    everywhere(async |world| {
        println!("{}: seed {seed}", world.engine());
        world.remember().await;
        let mut dice = tampers::Dice::new(seed);
        let mut wrong = Vec::new();
        let mut kinds = std::collections::BTreeMap::<&'static str, usize>::new();
        for turn in 0..TAMPERS {
            let tamper = tampers::one(world, turn, &mut dice).await;
            *kinds.entry(tamper.name).or_default() += 1;
            let found = world.verify(&world.organization, &[]).await.finding;
            if !found.as_ref().is_some_and(|found| (tamper.is_right)(found)) {
                wrong.push(format!("{turn} {}: {} → {found:?}", tamper.name, tamper.what));
            }
            world.restore().await;
        }
        assert_eq!(world.verify(&world.organization, &[]).await.finding, None, "everything is back in its place");
        assert!(wrong.is_empty(), "{}: {} of {TAMPERS}:\n{}", world.engine(), wrong.len(), wrong.join("\n"));
        println!("{kinds:?}");
    })
    .await;
}

/// The store as a whole is put back to what it was: nothing inside it can tell. What was saved elsewhere can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_turns_everything_back_is_found_by_a_checkpoint_kept_elsewhere() {
    everywhere(async |world| {
        world.remember().await;
        world.app.clock().advance(std::time::Duration::from_mins(2));
        world.happen(&world.organization, 3).await;
        world.seal().await;
        let saved = world.app.audit_head(&world.organization).await.unwrap().unwrap();
        let saved: Checkpoint = saved.to_string().parse().unwrap();
        assert_eq!(world.verify(&world.organization, std::slice::from_ref(&saved)).await.finding, None);

        world.restore().await;
        assert_eq!(world.verify(&world.organization, &[]).await.finding, None);
        let found = world.verify(&world.organization, std::slice::from_ref(&saved)).await.finding.unwrap();
        assert_eq!((found.number, &found.wrong), (121, &Wrong::TailCut { through: 121 }));

        // Another event takes the place of the one that was cut: the number is there again, the event is not.
        world.happen(&world.organization, 4).await;
        world.seal().await;
        let found = world.verify(&world.organization, std::slice::from_ref(&saved)).await.finding.unwrap();
        assert_eq!(found.wrong, Wrong::Rechained { through: 121 });

        let mut forged = saved;
        forged.seal.number = 120;
        let found = world.verify(&world.organization, &[forged]).await.finding.unwrap();
        assert_eq!(found.wrong, Wrong::AnchorForged);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_built_on_what_was_tampered_with() {
    everywhere(async |world| {
        world.run("UPDATE event_heads SET number = 60".to_owned(), &[]).await;
        for organization in [&world.organization, &world.other] {
            world.happen(organization, 5).await;
        }
        assert_eq!(world.app.seal_events().await.unwrap().events, 0);
        assert_eq!(world.app.seal_events().await.unwrap().refused, 2);
        assert_eq!(world.verify(&world.organization, &[]).await.finding.unwrap().wrong, Wrong::HeadForged);
    })
    .await;
}

/// Two sealers at once, as two nodes have them: every number is given once, and nothing is left over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_seal_at_once_give_every_number_once() {
    everywhere(async |world| {
        for round in 0..20 {
            for number in 0..5 {
                world.happen(&world.organization, round * 5 + number).await;
            }
            let (one, other) = tokio::join!(world.app.seal_events(), world.app.seal_events());
            assert_eq!((one.unwrap().refused, other.unwrap().refused), (0, 0));
        }
        world.seal().await;
        let audit = world.verify(&world.organization, &[]).await;
        assert_eq!((audit.events, audit.unsealed, audit.finding), (220, 0, None), "{}", world.engine());
    })
    .await;
}

/// Sealing takes the writer's time from nobody for long: a statement for each event of a batch, and three for all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_costs_a_statement_for_each_event_and_a_handful_besides() {
    everywhere(async |world| {
        let (store, recorder) = world.store.recorded();
        let sealer = world::app(store, world.app.clock().clone()).await;
        for number in 0..100 {
            world.happen(&world.organization, number).await;
        }
        drop(recorder.take());
        // On PostgreSQL somebody else's transaction may put a part of it off.
        let mut rounds = 0;
        let mut events = 0;
        while events < 100 {
            events += sealer.seal_events().await.unwrap().events;
            rounds += 1;
        }
        let statements = recorder.take().len();
        println!("{}: {statements} statements for {events} events in {rounds} rounds", world.engine());
        assert!(statements <= events + 12 * rounds, "{statements} for {events} events in {rounds} rounds");
    })
    .await;
}
