//! Connections that speak SAML: our addresses and keys at them, and what is read of their providers again and again. The
//! sign-in itself is in [`sign_in`](super::sign_in).

mod expiry;
mod keys;
mod metadata;
mod provider;
mod sign_out;

pub(in crate::app) use keys::{KeyRings, NewSamlKey};
pub use metadata::SamlShown;
pub use sign_out::{LogoutCame, ProviderLogout, SignOutAt};

use super::{App, Error, Work};
use crate::{
    crypto::Certificate,
    model::{Connection, ConnectionId, Instant, SamlBinding, SamlEndpoint, SamlSettings, SamlSigning},
    sso::saml::{Signing, Trust},
};
use url::{Host, Url};

/// Certificates that a connection may have: a provider that rolls over has two.
const MOST_CERTIFICATES: usize = 10;

/// Our own addresses at a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlAddresses {
    /// Our entity id, where our metadata is read.
    pub entity_id: String,
    /// Where providers answer (ACS).
    pub acs: String,
    /// Where they sign people out (SLO).
    pub logout: String,
}

impl App {
    /// Our own addresses at a connection: what its provider has to be told.
    #[must_use]
    pub fn saml_addresses(&self, connection: &ConnectionId) -> SamlAddresses {
        let room = format!("{}/login/saml/{connection}", self.settings().server.origin());
        SamlAddresses {
            entity_id: format!("{room}/metadata"),
            acs: format!("{room}/acs"),
            logout: format!("{room}/logout"),
        }
    }

    /// The settings, if they can be right: every certificate in one form, every address one that a browser may be sent to.
    pub(in crate::app) fn checked_saml(&self, mut settings: SamlSettings) -> Result<SamlSettings, Error> {
        let bad = |field: &str, why: String| Error::invalid(format!("settings.saml.{field}"), why);
        let lists = [
            ("certificates", &mut settings.certificates),
            ("metadata_certificates", &mut settings.metadata_certificates),
        ];
        for (field, texts) in lists {
            if texts.len() > MOST_CERTIFICATES {
                return Err(bad(field, format!("{MOST_CERTIFICATES} certificates are the most")));
            }
            for text in &mut *texts {
                let certificate = Certificate::from_text(text).map_err(|error| bad(field, error.to_string()))?;
                *text = certificate.to_base64();
            }
            texts.dedup();
        }
        for (field, endpoints) in [("sign_on", &settings.sign_on), ("logout", &settings.logout)] {
            for endpoint in endpoints {
                check_endpoint(endpoint).map_err(|why| bad(field, why))?;
            }
        }
        if let Some(url) = &settings.metadata_url {
            self.saml_providers().admits(url).map_err(|why| bad("metadata_url", why))?;
        }
        Ok(settings)
    }
}

/// A browser is sent there with what was asked: over TLS, or to itself.
fn check_endpoint(endpoint: &SamlEndpoint) -> Result<(), String> {
    for location in [Some(&endpoint.location), endpoint.response_location.as_ref()].into_iter().flatten() {
        let url = Url::parse(location).map_err(|error| format!("“{location}” is no address: {error}"))?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(format!("“{location}” names no host")),
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return Err(format!("“{location}” has to begin with https://"));
        }
    }
    Ok(())
}

/// Whom a connection believes.
pub(in crate::app) fn trust_of(settings: &SamlSettings) -> Trust {
    Trust {
        entity_id: settings.entity_id.clone(),
        certificates: settings.certificates.iter().filter_map(|text| Certificate::from_text(text).ok()).collect(),
        allow_sha1: settings.allow_sha1,
    }
}

/// What a connection wants signed.
pub(in crate::app) fn signing_of(settings: &SamlSettings) -> Signing {
    match settings.signing {
        SamlSigning::Either => Signing::Either,
        SamlSigning::Assertion => Signing::Assertion,
        SamlSigning::Response => Signing::Response,
    }
}

/// Whether an endpoint is reached by a redirect.
pub(in crate::app) fn by_redirect(endpoint: &SamlEndpoint) -> bool {
    match endpoint.binding {
        SamlBinding::Redirect => true,
        SamlBinding::Post => false,
    }
}

impl Work<'_> {
    /// What lies beside a connection's settings: whether its metadata is read again and again, and when its certificates end.
    pub(in crate::app) async fn write_saml(&mut self, connection: &Connection, due_at: Instant) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let saml = connection.settings.saml.as_ref();
        let watched = saml.and_then(|saml| saml.metadata_url.as_ref()).map(|_| due_at);
        self.tx.watch_saml_metadata(&organization, &connection.id, watched).await?;
        let texts = saml.map(|saml| saml.certificates.as_slice()).unwrap_or_default();
        let certificates = texts.iter().filter_map(|text| Certificate::from_text(text).ok());
        let ends: Vec<_> = certificates.map(|known| (known.fingerprint().to_owned(), known.not_after())).collect();
        Ok(self.tx.set_saml_certificates(&organization, &connection.id, &ends).await?)
    }
}
