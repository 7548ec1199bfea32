//! castgate: an SSO and SCIM identity-provisioning gateway for Cast AI organizations.

pub mod model;

pub mod filter;

pub mod access;
pub mod scim;

pub mod mapping;

pub mod plan;

pub mod config;

pub mod crypto;
pub mod net;
pub mod telemetry;

pub mod cache;
pub mod sso;
pub mod store;

pub mod app;

pub mod http;
pub mod lab;
pub mod worker;

pub mod cli;
