//! One person, one user, through the real doors: every case of the table of who is who, and a person whose data is erased.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod cells;
#[path = "../invitations/desk.rs"]
mod desk;
mod dump;
mod erasure;
#[path = "../rig/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "what only the tests of passwords use")]
#[path = "../passwords/scene.rs"]
mod scene;
#[path = "../world/mod.rs"]
mod world;
