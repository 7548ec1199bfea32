//! As much of `sso` as is a function of its arguments.

#[path = "../../src/sso/error.rs"]
mod error;
#[path = "../../src/sso/saml/mod.rs"]
pub mod saml;
