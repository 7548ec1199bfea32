//! E-mail and password as people meet them: through the real doors, on both stores.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod accounts;
mod chromium;
mod guessing;
mod links;
#[path = "../rig/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "other tests send headers along")]
mod scene;
mod second_factor;
#[path = "../world/mod.rs"]
mod world;
