//! samael, a verifier on libxml2 and xmlsec1, asked about what our own verifier has accepted: both have to agree.
//!
//! It is never asked about anything else. By itself it fetches what an unsigned document names, accepts what is unsigned where a
//! provider has no certificate, and can be held for a minute by a small document; all of that is refused before it sees it.
//!
//! What it cannot judge it refuses: assertions and names that are encrypted, and RSA-PSS.

use super::{Answers, Expected, SKEW, SamlFault, SignedIn, Trust, assertion::LONGEST_LIFE, inbound};
use crate::{crypto::Certificate, model::Instant, sso::error::quoted};
use chrono::{TimeDelta, Utc};
use samael::{
    crypto::{AllowedSignatureAlgorithm as Allowed, ReduceMode},
    key_info::{KeyInfo, X509Data},
    metadata::{EntityDescriptor, IdpSsoDescriptor, KeyDescriptor},
    service_provider::{Error as Refusal, ServiceProvider},
};
use std::time::Duration;

/// What the other verifier believes by default.
const STRONG: [Allowed; 6] = [
    Allowed::RsaSha256,
    Allowed::RsaSha384,
    Allowed::RsaSha512,
    Allowed::EcdsaSha256,
    Allowed::EcdsaSha384,
    Allowed::EcdsaSha512,
];

/// What an answer is held against, owned: asking takes a while, on a thread of its own.
#[derive(Debug, Clone)]
pub struct SecondOpinion {
    trust: Trust,
    entity_id: String,
    acs: String,
    /// None: the provider began.
    request: Option<String>,
    now: Instant,
}

impl SecondOpinion {
    /// About an answer that was expected so.
    #[must_use]
    pub fn on(expected: &Expected<'_>) -> Self {
        Self {
            trust: expected.trust.clone(),
            entity_id: expected.entity_id.to_owned(),
            acs: expected.acs.to_owned(),
            request: match expected.answers {
                Answers::Request(id) => Some(id.to_owned()),
                Answers::Nothing => None,
            },
            now: expected.now,
        }
    }

    /// Whether samael accepts the form field too, and reads the same name in it. It blocks for a millisecond or more.
    pub fn agrees(&self, field: &str, ours: &SignedIn) -> Result<(), SamlFault> {
        let disagrees = |why: String| SamlFault::SecondOpinion { why };
        let bytes = inbound::decode(field)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| disagrees(error.to_string()))?;
        let theirs = self.name_in(text).map_err(|error| disagrees(error.to_string()))?;
        if theirs.as_deref() == Some(ours.name_id.value.as_str()) {
            return Ok(());
        }
        Err(disagrees(format!("it reads the name {:?}", quoted(theirs.as_deref().unwrap_or_default()))))
    }

    /// The name that samael reads, by whichever certificate it believes: several kinds of keys at once confuse it.
    fn name_in(&self, text: &str) -> Result<Option<String>, Refusal> {
        // Its strictest way needs a document with one signature.
        let mode = match text.matches("SignatureValue>").count() {
            0..=2 => ReduceMode::PreDigest,
            _ => ReduceMode::ValidateAndMarkNoAncestors,
        };
        let request = self.request.as_deref();
        let requests = request.as_ref().map(std::slice::from_ref);
        let mut why = Refusal::FailedToValidateSignature;
        for certificate in &self.trust.certificates {
            match self.provider(certificate).parse_xml_response_with_mode(text, requests, mode) {
                Ok(assertion) => {
                    return Ok(assertion.subject.and_then(|subject| subject.name_id).map(|name| name.value));
                }
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    fn provider(&self, certificate: &Certificate) -> ServiceProvider {
        let key = KeyDescriptor {
            key_use: Some("signing".to_owned()),
            key_info: KeyInfo { id: None, x509_data: Some(X509Data { certificates: vec![certificate.to_base64()] }) },
            encryption_methods: None,
        };
        let idp_metadata = EntityDescriptor {
            entity_id: Some(self.trust.entity_id.clone()),
            idp_sso_descriptors: Some(vec![signing_by(key)]),
            ..EntityDescriptor::default()
        };
        // It asks the machine's clock; how far that is from ours is not for it to judge.
        let apart = Duration::from_micros(Utc::now().timestamp_micros().abs_diff(self.now.0));
        let span = |span: Duration| TimeDelta::from_std(span + apart).unwrap_or(TimeDelta::MAX);
        ServiceProvider {
            entity_id: Some(self.entity_id.clone()),
            acs_url: Some(self.acs.clone()),
            idp_metadata,
            allow_idp_initiated: self.request.is_none(),
            max_issue_delay: span(LONGEST_LIFE),
            max_clock_skew: span(SKEW),
            // None believes all of them, SHA-1 among them.
            allowed_signature_algorithms: (!self.trust.allow_sha1).then(|| STRONG.to_vec()),
            ..ServiceProvider::default()
        }
    }
}

/// A provider of which nothing is known but a key.
fn signing_by(key: KeyDescriptor) -> IdpSsoDescriptor {
    IdpSsoDescriptor {
        id: None,
        valid_until: None,
        cache_duration: None,
        protocol_support_enumeration: None,
        error_url: None,
        signature: None,
        key_descriptors: vec![key],
        organization: None,
        contact_people: Vec::new(),
        artifact_resolution_service: Vec::new(),
        single_logout_services: Vec::new(),
        manage_name_id_services: Vec::new(),
        name_id_formats: Vec::new(),
        want_authn_requests_signed: None,
        single_sign_on_services: Vec::new(),
        name_id_mapping_services: Vec::new(),
        assertion_id_request_services: Vec::new(),
        attribute_profiles: Vec::new(),
        attributes: Vec::new(),
    }
}
