//! What an identity provider publishes about itself.

use super::SamlFault;
use crate::{crypto::Certificate, model::Instant};

/// How a message travels through the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// In the query of a redirect.
    Redirect,
    /// In a form that posts itself.
    Post,
}

/// Where a provider takes messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How they come.
    pub binding: Binding,
    /// The address: `https`, or `http` on a loopback address.
    pub location: String,
    /// Where answers go, if elsewhere.
    pub response_location: Option<String>,
}

/// An identity provider's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Its entity id.
    pub entity_id: String,
    /// Where sign-ins begin; at least one.
    pub sign_on: Vec<Endpoint>,
    /// Where sign-outs go.
    pub logout: Vec<Endpoint>,
    /// The certificates that sign for it; at least one.
    pub certificates: Vec<Certificate>,
    /// Certificates that stand there and cannot be used, and why; for people to read.
    pub unusable_certificates: Vec<String>,
    /// The formats of NameID that it says to support.
    pub name_id_formats: Vec<String>,
    /// Whether it wants its requests signed.
    pub wants_signed_requests: bool,
    /// When this description must no longer be relied on.
    pub valid_until: Option<Instant>,
}

impl IdpMetadata {
    /// Reads an `EntityDescriptor`, or the one of this entity id in an `EntitiesDescriptor`.
    ///
    /// A description that is no longer valid at `now` is refused.
    pub fn parse(bytes: &[u8], entity_id: Option<&str>, now: Instant) -> Result<Self, SamlFault> {
        drop((bytes, entity_id, now));
        Err(SamlFault::Metadata { why: String::new() })
    }

    /// The address for sign-ins by this binding.
    #[must_use]
    pub fn sign_on_at(&self, binding: Binding) -> Option<&str> {
        self.sign_on.iter().find(|endpoint| endpoint.binding == binding).map(|endpoint| endpoint.location.as_str())
    }
}
