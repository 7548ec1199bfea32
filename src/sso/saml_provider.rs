//! Reading what a SAML provider publishes, by the guarded client.

use super::{
    SsoError,
    saml::{Binding, Endpoint, IdpMetadata, SamlFault},
};
use crate::{
    crypto::Certificate,
    model::{Instant, SamlBinding, SamlEndpoint, SamlSettings},
    net,
};
use http::StatusCode;

/// Reads the metadata of SAML providers. Cheap to clone, and remembers nothing.
#[derive(Debug, Clone)]
pub struct SamlProviders {
    http: net::Client,
}

impl SamlProviders {
    /// Over this client, which decides what addresses may be reached.
    #[must_use]
    pub fn new(http: net::Client) -> Self {
        Self { http }
    }

    /// Whether metadata may be read at this address, as far as the address says so itself.
    pub fn admits(&self, url: &str) -> Result<(), String> {
        self.http.admits(url).map_err(|error| error.to_string())
    }

    /// The metadata at the address of these settings; of their entity, where it is known, and signed by whom they say.
    pub async fn fetch(&self, url: &str, settings: &SamlSettings, now: Instant) -> Result<IdpMetadata, SsoError> {
        let unreachable = |why: String| SsoError::ProviderUnreachable { what: "its metadata".to_owned(), why };
        let answer = self.http.get(url).await.map_err(|error| unreachable(error.to_string()))?;
        if answer.status != StatusCode::OK {
            return Err(unreachable(format!("the address answered {}", answer.status)));
        }
        let found = described(&answer.body, settings, now)?;
        match pinned(settings) {
            // What lies there now must not make another provider of this one.
            Some(known) if known != found.entity_id => {
                let what = format!("it is of {:?}, and this connection's provider is {known:?}", found.entity_id);
                Err(SsoError::DiscoveryInvalid { what })
            }
            Some(_) | None => Ok(found),
        }
    }
}

/// What a document says of the provider that the settings name, or of its only one. Where they say who signs metadata, it is
/// signed, and only what is signed is read.
pub fn described(document: &[u8], settings: &SamlSettings, now: Instant) -> Result<IdpMetadata, SamlFault> {
    let signers: Vec<_> =
        settings.metadata_certificates.iter().filter_map(|text| Certificate::from_text(text).ok()).collect();
    match settings.metadata_certificates.is_empty() {
        true => IdpMetadata::parse(document, pinned(settings), now),
        false => IdpMetadata::parse_signed(document, pinned(settings), &signers, now),
    }
}

fn pinned(settings: &SamlSettings) -> Option<&str> {
    Some(settings.entity_id.as_str()).filter(|id| !id.is_empty())
}

/// Takes over what metadata says: who the provider is, where it is, and the keys that sign for it.
pub fn learn(settings: &mut SamlSettings, found: &IdpMetadata) {
    settings.entity_id.clone_from(&found.entity_id);
    settings.sign_on = found.sign_on.iter().map(endpoint).collect();
    settings.logout = found.logout.iter().map(endpoint).collect();
    settings.certificates = found.certificates.iter().map(Certificate::to_base64).collect();
    settings.sign_requests |= found.wants_signed_requests;
}

fn endpoint(found: &Endpoint) -> SamlEndpoint {
    SamlEndpoint {
        binding: match found.binding {
            Binding::Redirect => SamlBinding::Redirect,
            Binding::Post => SamlBinding::Post,
        },
        location: found.location.clone(),
        response_location: found.response_location.clone(),
    }
}
