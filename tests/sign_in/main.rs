//! Sign-in as people live it: a browser, castgate over HTTP, and a real OpenID provider (npm `oidc-provider`).
//!
//! `tests/run` installs Node, the provider and Chromium and says where they are. Without them these tests say that they
//! skip, except where `CASTGATE_TEST_LEGS=required` forbids it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod browser;
mod chromium;
mod deletion;
mod dns;
mod domains;
mod endings;
mod groups;
mod journey;
mod people;
mod provider;
mod refusals;
mod scene;
mod setup;
mod signing_out;
mod trace;
mod trial;
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
