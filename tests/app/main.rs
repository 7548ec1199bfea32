//! The use cases, without HTTP, on both engines: what holds whatever order things happen in.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod deprovision;
mod groups;
mod harness;
mod histories;
mod mapping;
mod nouns;
mod owners;
mod postgres;
mod races;
mod tenancy;
mod who;
