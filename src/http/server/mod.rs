//! The server itself: connections, and everything about a request that is not what it asks for.

mod client_address;

pub use client_address::ClientAddress;
