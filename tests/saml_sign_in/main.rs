//! Sign-in over SAML as people live it: a browser, castgate over HTTP, and two identity providers that nobody here wrote,
//! pysaml2 (on xmlsec1) and SimpleSAMLphp (on PHP's DOM), which read castgate's own metadata.
//!
//! `tests/run` installs them and says where they are. Without them these tests say that they skip, except where
//! `CASTGATE_TEST_LEGS=required` forbids it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

#[path = "../sign_in/browser.rs"]
#[expect(dead_code, reason = "the OpenID journeys do more with it")]
mod browser;
mod chromium;
mod journey;
mod provider;
mod refusals;
mod rollover;
mod scene;
#[cfg(feature = "second-opinion")]
mod second_opinion;
mod setup;
mod sign_out;
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
