//! What an operator does beside a castgate that runs: audits it, backs it up, changes its master key.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

mod audit;
mod backup;
mod canary;
mod keys;
mod place;
#[path = "../audit/postgres.rs"]
mod postgres;
