//! castgate's own server, by hand over real sockets: what it takes, what it refuses, whom it waits for and how it leaves.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod caps;
mod drain;
#[path = "../kill/gateway.rs"]
#[expect(dead_code, reason = "no gateway is killed here")]
mod gateway;
mod http2;
mod overload;
mod refusals;
mod scene;
mod slow;
mod tls;
#[path = "../kill/wire.rs"]
#[expect(dead_code, reason = "the status of an answer is enough here")]
mod wire;
#[path = "../world/mod.rs"]
mod world;
