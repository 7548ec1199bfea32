//! The pure modules that strangers' bytes reach first, by themselves.

#[path = "../../src/filter/mod.rs"]
pub mod filter;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/scim/mod.rs"]
pub mod scim;

pub mod entries;
#[cfg(feature = "gateway")]
pub mod gateway;
