//! Reading what a SAML provider publishes, by the guarded client.

use super::{
    SsoError,
    saml::{Binding, Endpoint, IdpMetadata},
};
use crate::{
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

    /// The metadata at an address; of this entity, where it is known.
    pub async fn fetch(&self, url: &str, entity_id: Option<&str>, now: Instant) -> Result<IdpMetadata, SsoError> {
        let unreachable = |why: String| SsoError::ProviderUnreachable { what: "its metadata".to_owned(), why };
        let answer = self.http.get(url).await.map_err(|error| unreachable(error.to_string()))?;
        if answer.status != StatusCode::OK {
            return Err(unreachable(format!("the address answered {}", answer.status)));
        }
        let found = IdpMetadata::parse(&answer.body, entity_id, now)?;
        match entity_id {
            // What lies there now must not make another provider of this one.
            Some(known) if known != found.entity_id => {
                let what = format!("it is of {:?}, and this connection's provider is {known:?}", found.entity_id);
                Err(SsoError::DiscoveryInvalid { what })
            }
            Some(_) | None => Ok(found),
        }
    }
}

/// Takes over what metadata says: who the provider is, where it is, and the keys that sign for it.
pub fn learn(settings: &mut SamlSettings, found: &IdpMetadata) {
    settings.entity_id.clone_from(&found.entity_id);
    settings.sign_on = found.sign_on.iter().map(endpoint).collect();
    settings.logout = found.logout.iter().map(endpoint).collect();
    settings.certificates = found.certificates.iter().map(crate::crypto::Certificate::to_base64).collect();
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
