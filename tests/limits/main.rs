//! What the door measures and what it limits, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

mod bodies;
mod callers;
mod measures;
mod noise;
mod targets;
#[path = "../world/mod.rs"]
mod world;

use castgate::{app::Clock, config::Limits};
use world::World;

/// A world whose limits do not come back while a test runs: so many requests, and no more.
pub(crate) async fn limited(settle: impl FnOnce(&mut Limits)) -> World {
    World::start_with(Clock::machine(), |settings| settle(&mut settings.limits)).await
}

/// A world without limits, for those who ask more than anybody would.
pub(crate) async fn unlimited() -> World {
    limited(|limits| {
        let none = "0/s".parse().unwrap();
        (limits.scim, limits.api, limits.address) = (none, none, none);
    })
    .await
}
