//! How identity providers get in at the SCIM door: tokens in two slots, OAuth clients, and JWTs of their own. Mostly how they
//! do not.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

mod assertions;
mod clients;
mod issuer;
mod jwts;
mod keys_away;
mod scene;
mod tokens;
#[path = "../world/mod.rs"]
mod world;
