//! How a connection signs people in over SAML 2.0. Our own keys lie apart, sealed.

use super::{ConnectionId, Instant, MatchAttribute, MatchPair, SamlKeyId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a message of SAML travels through the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SamlBinding {
    /// In the query of a redirect.
    Redirect,
    /// In a form that posts itself.
    Post,
}

/// Where a SAML provider takes messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamlEndpoint {
    /// How they come.
    pub binding: SamlBinding,
    /// The address.
    pub location: String,
    /// Where answers go, if elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_location: Option<String>,
}

/// What of a provider's answer has to be signed. Something has to be, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SamlSigning {
    /// The response or the assertion, as the provider likes.
    #[default]
    Either,
    /// The assertion, whatever else is.
    Assertion,
    /// The response, whatever else is.
    Response,
}

/// How a connection signs people in over SAML 2.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own that an admin sets")]
pub struct SamlSettings {
    /// The provider's entity id; empty until it is known, by its metadata or from an admin.
    pub entity_id: String,
    /// Where the provider publishes its metadata: its endpoints and certificates are read there again and again.
    pub metadata_url: Option<String>,
    /// The certificates whose keys sign the metadata, in PEM or Base64: then what is unsigned or signed by others is not read,
    /// at the address as in a document. None: who holds the address is believed.
    pub metadata_certificates: Vec<String>,
    /// Where sign-ins go.
    pub sign_on: Vec<SamlEndpoint>,
    /// Where sign-outs go; none: the provider is not told of them.
    pub logout: Vec<SamlEndpoint>,
    /// The certificates whose keys sign for the provider, in PEM or Base64. Without one nobody signs in.
    pub certificates: Vec<String>,
    /// Whether what we ask is signed.
    pub sign_requests: bool,
    /// Whether people have to prove anew who they are at every sign-in, whatever session the provider has of them.
    pub force_authn: bool,
    /// The format of NameID that is asked for; none: as the provider likes.
    pub name_id_format: Option<String>,
    /// The authentication contexts that are asked for, any one of them; none: as the provider likes.
    pub contexts: Vec<String>,
    /// What has to be signed.
    pub signing: SamlSigning,
    /// Whether SHA-1 is accepted in signatures. It can be forged: only where the provider can do nothing else.
    pub allow_sha1: bool,
    /// Whether a sign-in may begin at the provider. Whoever arrives so is asked here before they are in.
    pub idp_initiated: bool,
    /// Whether the provider's people cannot choose their own e-mail address there. Then an address that it asserts counts as
    /// verified: it may find an invitation, and somebody who is here already, in domains of this connection.
    pub emails_verified: bool,
    /// Attribute → claim, besides the names that are known by themselves: the claims `email`, `name`, `given_name`,
    /// `family_name`, `preferred_username`, `groups`, or one that `attributes` or the mapping reads.
    pub claims: BTreeMap<String, String>,
}

impl Default for SamlSettings {
    fn default() -> Self {
        Self {
            entity_id: String::new(),
            metadata_url: None,
            metadata_certificates: Vec::new(),
            sign_on: Vec::new(),
            logout: Vec::new(),
            certificates: Vec::new(),
            sign_requests: true,
            force_authn: false,
            name_id_format: None,
            contexts: Vec::new(),
            signing: SamlSigning::Either,
            allow_sha1: false,
            idp_initiated: false,
            emails_verified: false,
            claims: BTreeMap::new(),
        }
    }
}

impl SamlSettings {
    /// Who is who unless an admin says otherwise: the NameID is the userName.
    #[must_use]
    pub fn match_pairs() -> Vec<MatchPair> {
        vec![MatchPair { claim: "sub".to_owned(), attribute: MatchAttribute::UserName }]
    }

    /// Whether the provider is known well enough that somebody could sign in.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.entity_id.is_empty() && !self.sign_on.is_empty() && !self.certificates.is_empty()
    }

    /// The endpoint of a kind that is reached most simply: by a redirect if it takes one.
    #[must_use]
    pub fn simplest(endpoints: &[SamlEndpoint]) -> Option<&SamlEndpoint> {
        let redirect = endpoints.iter().find(|endpoint| endpoint.binding == SamlBinding::Redirect);
        redirect.or_else(|| endpoints.first())
    }
}

/// A key of ours at one connection: it signs what we ask and opens what is encrypted for us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SamlKey {
    /// Its id: not the secret.
    pub id: SamlKeyId,
    /// At which connection.
    pub connection: ConnectionId,
    /// The SHA-256 of its certificate, in hexadecimal.
    pub fingerprint: String,
    /// When it was made, and published.
    pub created_at: Instant,
    /// From when on it signs: providers read of it before.
    pub signs_from: Instant,
    /// When it is no longer published, and opens nothing any more; none: nothing has taken its place.
    pub retires_at: Option<Instant>,
}

/// What is known of one certificate of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SamlCertificate {
    /// The SHA-256 of all of it, in hexadecimal.
    pub fingerprint: String,
    /// Whom it names.
    pub subject: String,
    /// The beginning of its validity.
    pub not_before: Instant,
    /// The end of its validity. It is used beyond, and the provider is about to change it.
    pub not_after: Instant,
    /// How many days before its end, at most, it is now: 60, 30, 7, 1, or 0 when it is over; none: more.
    pub expires_within_days: Option<i64>,
}

/// How reading a provider's metadata goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SamlRefresh {
    /// When it was last tried.
    pub tried_at: Option<Instant>,
    /// When it last worked.
    pub fetched_at: Option<Instant>,
    /// Why the last try did not; what was read before stays in use.
    pub problem: Option<String>,
}
