//! What an operator does beside a castgate that runs: audits it, backs it up, changes its master key.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests talk to their own castgate, which no guard has to keep them from"
)]

mod audit;
mod backup;
mod canary;
mod glass;
mod keys;
mod place;
#[path = "../rig/postgres.rs"]
mod postgres;
