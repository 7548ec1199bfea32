//! What we ask of providers.

use super::{
    NameId, SamlFault,
    c14n::written,
    names::{HTTP_POST, SAML, SAMLP, SUCCESS},
    redirect,
    writing::{signed, time},
};
use crate::{crypto::ServiceKey, model::Instant};
use data_encoding::BASE64;
use std::fmt::Write as _;

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

impl PostForm {
    fn of(
        (field, xml): (&'static str, &str),
        destination: &str,
        relay_state: Option<&str>,
        key: Option<&ServiceKey>,
    ) -> Result<Self, SamlFault> {
        let value = match key {
            Some(key) => BASE64.encode(signed(xml, key)?.as_bytes()),
            None => BASE64.encode(xml.as_bytes()),
        };
        Ok(Self { action: destination.to_owned(), field, value, relay_state: relay_state.map(str::to_owned) })
    }
}

/// The beginning of every message of ours: its element and who sends it.
fn opening(kind: &str, attributes: &str, (id, at, destination): (&str, Instant, &str), issuer: &str) -> String {
    format!(
        "<samlp:{kind} xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{}\" \
         Destination=\"{}\"{attributes}><saml:Issuer>{}</saml:Issuer>",
        written(id),
        time(at),
        written(destination),
        written(issuer),
    )
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
    /// SAML core §3.4.1.
    fn xml(&self) -> String {
        let mut attributes =
            format!(" AssertionConsumerServiceURL=\"{}\" ProtocolBinding=\"{HTTP_POST}\"", written(self.acs));
        if self.force_authn {
            attributes.push_str(" ForceAuthn=\"true\"");
        }
        let mut xml = opening("AuthnRequest", &attributes, (self.id, self.now, self.destination), self.entity_id);
        if let Some(hint) = self.subject_hint {
            let _ = write!(xml, "<saml:Subject><saml:NameID>{}</saml:NameID></saml:Subject>", written(hint));
        }
        if let Some(format) = self.name_id_format {
            let _ = write!(xml, "<samlp:NameIDPolicy Format=\"{}\" AllowCreate=\"true\"/>", written(format));
        }
        if !self.contexts.is_empty() {
            xml.push_str("<samlp:RequestedAuthnContext Comparison=\"exact\">");
            for context in self.contexts {
                let _ = write!(xml, "<saml:AuthnContextClassRef>{}</saml:AuthnContextClassRef>", written(context));
            }
            xml.push_str("</samlp:RequestedAuthnContext>");
        }
        xml + "</samlp:AuthnRequest>"
    }

    /// The address to send the browser to. Signed if a key is given.
    pub fn redirect(&self, relay_state: Option<&str>, key: Option<&ServiceKey>) -> Result<String, SamlFault> {
        redirect::send(("SAMLRequest", &self.xml()), self.destination, relay_state, key)
    }

    /// The form to let the browser post. Signed if a key is given.
    pub fn post(&self, relay_state: Option<&str>, key: Option<&ServiceKey>) -> Result<PostForm, SamlFault> {
        PostForm::of(("SAMLRequest", &self.xml()), self.destination, relay_state, key)
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
    /// SAML core §3.7.1.
    fn xml(&self) -> String {
        let qualified = [
            ("Format", &self.name_id.format),
            ("NameQualifier", &self.name_id.name_qualifier),
            ("SPNameQualifier", &self.name_id.sp_name_qualifier),
        ];
        let qualified = qualified
            .into_iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| format!(" {name}=\"{}\"", written(value))));
        let session =
            self.session_index.map(|index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", written(index)));
        format!(
            "{}<saml:NameID{}>{}</saml:NameID>{}</samlp:LogoutRequest>",
            opening("LogoutRequest", "", (self.id, self.now, self.destination), self.entity_id),
            qualified.collect::<String>(),
            written(&self.name_id.value),
            session.unwrap_or_default(),
        )
    }

    /// The address to send the browser to, signed.
    pub fn redirect(&self, relay_state: Option<&str>, key: &ServiceKey) -> Result<String, SamlFault> {
        redirect::send(("SAMLRequest", &self.xml()), self.destination, relay_state, Some(key))
    }

    /// The form to let the browser post, signed.
    pub fn post(&self, relay_state: Option<&str>, key: &ServiceKey) -> Result<PostForm, SamlFault> {
        PostForm::of(("SAMLRequest", &self.xml()), self.destination, relay_state, Some(key))
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
    /// SAML core §3.7.2.
    fn xml(&self) -> String {
        let attributes = format!(" InResponseTo=\"{}\"", written(self.in_response_to));
        let status = if self.done { SUCCESS } else { "urn:oasis:names:tc:SAML:2.0:status:Responder" };
        format!(
            "{}<samlp:Status><samlp:StatusCode Value=\"{status}\"/></samlp:Status></samlp:LogoutResponse>",
            opening("LogoutResponse", &attributes, (self.id, self.now, self.destination), self.entity_id),
        )
    }

    /// The address to send the browser to, signed.
    pub fn redirect(&self, relay_state: Option<&str>, key: &ServiceKey) -> Result<String, SamlFault> {
        redirect::send(("SAMLResponse", &self.xml()), self.destination, relay_state, Some(key))
    }

    /// The form to let the browser post, signed.
    pub fn post(&self, relay_state: Option<&str>, key: &ServiceKey) -> Result<PostForm, SamlFault> {
        PostForm::of(("SAMLResponse", &self.xml()), self.destination, relay_state, Some(key))
    }
}
