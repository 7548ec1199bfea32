//! Services behind the gateway: real proxies that ask castgate before they let anything through, the tokens that it signs, and
//! what it says of tokens and people to whoever may know.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod authorize;
mod echo;
mod introspect;
mod jwt_authn;
mod keys;
mod machines;
mod people;
mod proxy;
mod raw;
mod story;
mod traefik;
#[path = "../world/mod.rs"]
mod world;
