//! Invitations as people meet them: a real mail server, a real sign-in, and two who follow one link at the same moment.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod desk;
#[path = "../providers/issuer.rs"]
#[expect(dead_code, reason = "these tests need less of it")]
mod issuer;
mod journey;
mod post;
#[path = "../rig/postgres.rs"]
mod postgres;
mod races;
mod sources;
#[path = "../world/mod.rs"]
mod world;

/// The token in a letter's link.
fn token_in(letter: &str) -> String {
    let whole = letter.replace("=\r\n", "").replace("=\n", "");
    let after = whole.split_once("/invitations/").unwrap_or_else(|| panic!("no link in {letter}")).1;
    after.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}
