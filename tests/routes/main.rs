//! Every route, called as everybody: made from the declarations, so that a new one is held to them from its first day.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod callers;
mod document;
mod fuzzer;
mod lists;
mod once;
mod scene;
mod sign_in;
mod spelling;
mod tenancy;
mod versions;
#[path = "../world/mod.rs"]
mod world;
