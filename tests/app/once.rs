//! A request under a key is done once, whatever dies in between.

use crate::harness::{World, everywhere};
use castgate::app::{Ctx, Error, Once, Slot};
use std::time::Duration;

const REQUEST: [u8; 32] = [1; 32];

fn ctx(world: &World) -> Ctx {
    let ctx = world.operator();
    Ctx { now: world.app.clock().now(), request: world.app.new_request(), ..ctx }
}

async fn slot(world: &World, key: &str) -> Slot {
    match world.app.begin_once(&ctx(world), key, &REQUEST).await.unwrap() {
        Once::Do(slot) => slot,
        other => panic!("{other:?}"),
    }
}

async fn declare(world: &World, slot: &Slot, slug: &str) -> Result<(), Error> {
    let ctx = ctx(world);
    world.app.run_once(slot, world.app.declare_cluster(&ctx, slug, None, None)).await.map(drop)
}

#[tokio::test]
async fn a_key_whose_request_died_before_its_change_is_taken_over() {
    everywhere(async |world| {
        let dead = slot(world, "a").await;
        assert!(matches!(world.app.begin_once(&ctx(world), "a", &REQUEST).await.unwrap(), Once::InProgress));
        assert!(matches!(world.app.begin_once(&ctx(world), "a", &[2; 32]).await.unwrap(), Once::Reused));
        world.app.clock().advance(Duration::from_mins(2));
        let next = slot(world, "a").await;
        // The first was only slow: its change comes too late and changes nothing.
        let late = declare(world, &dead, "late").await;
        assert!(matches!(late, Err(Error::Conflict { code: "in_progress", .. })), "{late:?}");
        declare(world, &next, "next").await.unwrap();
        let clusters = world.app.clusters(&ctx(world)).await.unwrap();
        assert_eq!(clusters.iter().map(|cluster| cluster.slug.as_str()).collect::<Vec<_>>(), ["next"]);
    })
    .await;
}

#[tokio::test]
async fn a_key_whose_request_died_after_its_change_is_never_done_again() {
    everywhere(async |world| {
        let slot = slot(world, "a").await;
        declare(world, &slot, "prod").await.unwrap();
        world.app.clock().advance(Duration::from_hours(1));
        assert!(matches!(world.app.begin_once(&ctx(world), "a", &REQUEST).await.unwrap(), Once::Lost));
        world.app.let_go(&slot).await.unwrap();
        assert!(matches!(world.app.begin_once(&ctx(world), "a", &REQUEST).await.unwrap(), Once::Lost));
        world.app.keep_answer(&slot, b"done").await.unwrap();
        let again = world.app.begin_once(&ctx(world), "a", &REQUEST).await.unwrap();
        assert!(matches!(&again, Once::Done(answer) if answer == b"done"), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn after_a_day_a_key_is_forgotten() {
    everywhere(async |world| {
        let slot = slot(world, "a").await;
        world.app.keep_answer(&slot, b"done").await.unwrap();
        world.app.clock().advance(Duration::from_hours(24));
        world.app.keep_house().await.unwrap();
        assert!(matches!(world.app.begin_once(&ctx(world), "a", &REQUEST).await.unwrap(), Once::Done(_)));
        world.app.clock().advance(Duration::from_secs(1));
        world.app.keep_house().await.unwrap();
        assert!(matches!(world.app.begin_once(&ctx(world), "a", &REQUEST).await.unwrap(), Once::Do(_)));
    })
    .await;
}
