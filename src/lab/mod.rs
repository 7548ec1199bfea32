//! Line 9: the laboratory, which plays the outside world in the demo.
//!
//! It is an organization of about forty [`people`], a small but real OpenID provider that signs them in
//! ([`Lab`]), and [a pusher](Pusher) that provisions them over SCIM the way Okta and Entra do. It has no passwords: whoever
//! reaches it may be anybody. So it listens on 127.0.0.1 and nowhere else, and no setting changes that.

pub mod people;

mod bodies;
mod grants;
mod pages;
mod provider;
mod pusher;
mod roster;

pub use people::{Directory, MAPPING, Person};
pub use provider::Lab;
pub use pusher::{Exchange, Pusher};

/// Why the laboratory cannot do something.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Somebody asked it to listen where others could reach it.
    #[error("the lab signs anybody in as anybody, so it listens on 127.0.0.1 alone and not on {0}")]
    NotLoopback(std::net::SocketAddr),
    /// No port could be had.
    #[error("the lab's provider cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// No signing key could be made.
    #[error("the lab's provider has no key: {0}")]
    Key(#[from] crate::crypto::jwt::JwtError),
    /// A SCIM request got no answer.
    #[error("{method} {path} got no answer: {error}")]
    Push {
        /// The request's method.
        method: &'static str,
        /// Its path below the SCIM base.
        path: String,
        /// What happened.
        error: crate::net::NetError,
    },
    /// A SCIM request could not even be written down.
    #[error("“{0}” is no SCIM base address, or the token has characters that no header may have")]
    BadBase(String),
}
