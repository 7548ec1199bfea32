//! The console, as a browser meets it: pages by role, forms by their token, names that would do harm, and a real browser that
//! holds every page to its content security policy, looks at it in four shapes and lets axe-core read it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod canaries;
mod chromium;
mod connections;
mod forms;
mod graph;
#[path = "../providers/issuer.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod issuer;
mod journeys;
mod many;
mod mapping;
mod members;
mod outside;
mod people;
#[path = "../rig/postgres.rs"]
mod postgres;
#[path = "../signals/receiver.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod receiver;
mod reviews;
mod roles;
mod rules;
mod scene;
mod settings;
mod showcase;
mod tenancy;
mod together;
#[path = "../world/mod.rs"]
mod world;

use std::env;

/// Whether the tools that these variables name are there.
///
/// # Panics
/// When they are not, and no leg may be skipped.
pub fn have(variables: &[&str]) -> bool {
    let Some(missing) = variables.iter().find(|name| env::var_os(name).is_none()) else { return true };
    assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "{missing} is not set");
    eprintln!("skipped: {missing} is not set; tests/run sets it");
    false
}
