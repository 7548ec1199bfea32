//! Gone means gone: every door that ends access against everything that somebody can come in with.
//!
//! A table ([`law`]) says for each way ([`ways`]) and each kind of credential ([`kinds`]) what must hold: it is refused in the very
//! next request after the answer, or carries less, or goes on. Everything is made and asked through the doors of a running
//! server, on each store, and was good a moment before.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod browser;
mod jwt;
mod kinds;
mod law;
mod lives;
mod matrix;
#[path = "../rig/postgres.rs"]
mod postgres;
#[path = "../oidc_negative/provider.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod provider;
mod registry;
mod saml;
#[path = "../saml_corpus/issuer.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod saml_issuer;
mod stage;
mod tenant;
mod ways;
#[path = "../world/mod.rs"]
mod world;
