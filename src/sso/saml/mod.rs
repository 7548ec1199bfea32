//! SAML 2.0 for a service provider: what identity providers say is verified, and what we ask of them is written.
//!
//! Everything here is a function of its arguments: nothing is fetched, no clock is read, nothing is remembered. A stranger's
//! bytes pass the [`gate`] first, which refuses what no provider sends and caps what costs; then the [`signature`] is verified
//! with the keys of the connection and no others; then **the very bytes that were signed are parsed again, alone**, and only
//! from them is read who signed in. Whatever no signature covers does not exist.
//!
//! [`verify_response`] gives a [`SignedIn`]. What is left to the caller: that [`SignedIn::assertion_id`] was not used before, in
//! the transaction that makes the session; that the request belongs to this browser ([`Answers`]); and whom the NameID means.

mod advertised;
mod assertion;
pub mod c14n;
mod encrypted;
mod envelope;
mod fault;
mod gate;
mod idp_metadata;
mod inbound;
mod logout;
mod names;
mod redirect;
mod request;
mod response;
#[cfg(feature = "second-opinion")]
mod second_opinion;
mod signature;
mod tree;
mod writing;

pub use advertised::{OurKey, Ourselves};
pub use assertion::{Attribute, NameId};
pub use fault::SamlFault;
pub use idp_metadata::{Binding, Endpoint, IdpMetadata};
pub use inbound::{Glimpse, glimpse};
pub use logout::{
    LogoutExpected, LogoutMessage, LogoutRequest, LogoutResponse, verify_logout_post, verify_logout_redirect,
};
pub use names::format;
pub use request::{AuthnRequest, LogoutAnswer, LogoutCall, PostForm};
pub use response::{Answers, Expected, SignedIn, Signing, Trust, verify_response};
#[cfg(feature = "second-opinion")]
pub use second_opinion::SecondOpinion;

/// How far the clocks of provider and gateway may differ, in both directions: 60 seconds.
pub const SKEW: std::time::Duration = std::time::Duration::from_mins(1);

/// A new id for a request: an XML name of 160 random bits.
///
/// SAML core §1.3.4 asks for at least 128 bits.
pub fn new_id() -> Result<String, crate::crypto::NoRandomness> {
    let bits = crate::crypto::random::bytes::<20>()?;
    Ok(format!("_{}", data_encoding::HEXLOWER.encode(&bits)))
}
