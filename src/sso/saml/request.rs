//! What we ask of providers.

use super::{NameId, SamlFault};
use crate::{crypto::ServiceKey, model::Instant};

/// A form that the browser posts to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostForm {
    /// Where to.
    pub action: String,
    /// `SAMLRequest` or `SAMLResponse`.
    pub field: &'static str,
    /// That field's value.
    pub value: String,
    /// The field `RelayState`.
    pub relay_state: Option<String>,
}

/// The question who somebody is.
#[derive(Debug, Clone, Copy)]
pub struct AuthnRequest<'a> {
    /// Its id, from [`new_id`](super::new_id): what the answer has to name.
    pub id: &'a str,
    /// Our entity id at this connection.
    pub entity_id: &'a str,
    /// Where the answer has to come.
    pub acs: &'a str,
    /// The provider's address for sign-ins.
    pub destination: &'a str,
    /// The format of NameID that is wanted; none: as the provider likes.
    pub name_id_format: Option<&'a str>,
    /// Whether the person has to prove anew who they are.
    pub force_authn: bool,
    /// The authentication contexts that are wanted, any one of them; none: as the provider likes.
    pub contexts: &'a [String],
    /// Whom it is likely to be, for the provider's login form.
    pub subject_hint: Option<&'a str>,
    /// The time of the request.
    pub now: Instant,
}

impl AuthnRequest<'_> {
    /// The address to send the browser to. Signed if a key is given.
    pub fn redirect(&self, relay_state: Option<&str>, key: Option<&ServiceKey>) -> Result<String, SamlFault> {
        drop((relay_state, key));
        Err(SamlFault::CannotSign)
    }

    /// The form to let the browser post. Signed if a key is given.
    pub fn post(&self, relay_state: Option<&str>, key: Option<&ServiceKey>) -> Result<PostForm, SamlFault> {
        drop((relay_state, key));
        Err(SamlFault::CannotSign)
    }
}

/// Our wish that the provider signs somebody out.
#[derive(Debug, Clone, Copy)]
pub struct LogoutCall<'a> {
    /// Its id, from [`new_id`](super::new_id): what the answer has to name.
    pub id: &'a str,
    /// Our entity id at this connection.
    pub entity_id: &'a str,
    /// The provider's address for sign-outs.
    pub destination: &'a str,
    /// Whom, exactly as the provider named them.
    pub name_id: &'a NameId,
    /// Which of its sessions.
    pub session_index: Option<&'a str>,
    /// The time of the request.
    pub now: Instant,
}

impl LogoutCall<'_> {
    /// The address to send the browser to, signed.
    pub fn redirect(&self, relay_state: Option<&str>, key: &ServiceKey) -> Result<String, SamlFault> {
        drop((relay_state, key));
        Err(SamlFault::CannotSign)
    }

    /// The form to let the browser post, signed.
    pub fn post(&self, relay_state: Option<&str>, key: &ServiceKey) -> Result<PostForm, SamlFault> {
        drop((relay_state, key));
        Err(SamlFault::CannotSign)
    }
}

/// Our answer to a provider that wanted somebody signed out.
#[derive(Debug, Clone, Copy)]
pub struct LogoutAnswer<'a> {
    /// Its id, from [`new_id`](super::new_id).
    pub id: &'a str,
    /// Our entity id at this connection.
    pub entity_id: &'a str,
    /// The provider's address for answers.
    pub destination: &'a str,
    /// The request's id.
    pub in_response_to: &'a str,
    /// Whether it was done.
    pub done: bool,
    /// The time of the answer.
    pub now: Instant,
}

impl LogoutAnswer<'_> {
    /// The address to send the browser to, signed.
    pub fn redirect(&self, relay_state: Option<&str>, key: &ServiceKey) -> Result<String, SamlFault> {
        drop((relay_state, key));
        Err(SamlFault::CannotSign)
    }

    /// The form to let the browser post, signed.
    pub fn post(&self, relay_state: Option<&str>, key: &ServiceKey) -> Result<PostForm, SamlFault> {
        drop((relay_state, key));
        Err(SamlFault::CannotSign)
    }
}
