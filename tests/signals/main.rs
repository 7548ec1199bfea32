//! What castgate tells others by webhooks and its feed, and what providers tell it: security events, and that they say nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpus;
mod effects;
mod feed;
#[path = "../kill/gateway.rs"]
mod gateway;
#[path = "../providers/issuer.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod issuer;
mod killed;
mod large;
mod order;
#[path = "../rig/postgres.rs"]
mod postgres;
mod receiver;
mod scene;
mod silence;
mod trouble;
mod webhooks;
#[path = "../kill/wire.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod wire;
#[path = "../world/mod.rs"]
mod world;
