//! Line 6: the guarded HTTP client, the only way from castgate to an address that somebody else wrote down.
//!
//! Whoever sets up a connection says where its metadata and its tokens are. Without a guard they could have castgate read the
//! cloud's metadata service or knock on the database. So: every address is judged [by its number](address) at the moment of
//! connecting (a name that resolves to a public address first and to a private one next wins nothing), https alone, no
//! redirects, no proxy from the environment, a cap on what is read, and a limit on how long it takes.

pub mod address;
mod client;
mod resolver;
mod texts;

pub use client::{Client, NetError, Policy, Response};
pub use texts::{NoAnswer, TextRecords};
