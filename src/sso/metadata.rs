//! A provider's published configuration (OpenID Connect Discovery 1.0), read and judged.

use super::{SsoError, issuer::is_published_as, keys::KeySet};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The signature algorithms that an ID token may have. Never a shared secret (HS*), never `none`.
pub(super) const ALGORITHMS: [&str; 5] = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

/// What we read of the discovery document; the rest is not looked at.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    pub end_session_endpoint: Option<String>,
    pub response_types_supported: Option<Vec<String>>,
    pub scopes_supported: Option<Vec<String>>,
    pub id_token_signing_alg_values_supported: Option<Vec<String>>,
    pub code_challenge_methods_supported: Option<Vec<String>>,
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    pub backchannel_logout_supported: bool,
}

impl Metadata {
    /// Reads the document that `issuer` published and refuses what would let a sign-in be stolen.
    pub(super) fn read(body: &[u8], issuer: &str, loopback_http: bool) -> Result<Self, SsoError> {
        let mut metadata: Self = serde_json::from_slice(body)
            .map_err(|error| invalid(format!("it is not the JSON document that discovery describes ({error})")))?;
        if !is_published_as(&metadata.issuer, issuer) {
            return Err(invalid(format!(
                "it says its issuer is {:?}, but the connection says {issuer:?}; copy the issuer exactly, with or without the last slash",
                super::error::quoted(&metadata.issuer)
            )));
        }
        for (name, address) in metadata.endpoints() {
            check_address(name, address, loopback_http)?;
        }
        let lacks = |offered: &Option<Vec<String>>, wanted: &[&str]| {
            offered.as_ref().is_some_and(|offered| !offered.iter().any(|value| wanted.contains(&value.as_str())))
        };
        if lacks(&metadata.response_types_supported, &["code"]) {
            return Err(invalid(
                "it does not offer the code flow (`response_types_supported` lacks `code`)".to_owned(),
            ));
        }
        if lacks(&metadata.id_token_signing_alg_values_supported, &ALGORITHMS) {
            return Err(invalid(format!("it signs ID tokens with none of {}", ALGORITHMS.join(", "))));
        }
        if lacks(&metadata.code_challenge_methods_supported, &["S256"]) {
            return Err(invalid("it supports PKCE, but not with S256".to_owned()));
        }
        issuer.clone_into(&mut metadata.issuer);
        Ok(metadata)
    }

    fn endpoints(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("authorization_endpoint", Some(&self.authorization_endpoint)),
            ("token_endpoint", Some(&self.token_endpoint)),
            ("jwks_uri", Some(&self.jwks_uri)),
            ("userinfo_endpoint", self.userinfo_endpoint.as_ref()),
            ("end_session_endpoint", self.end_session_endpoint.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, address)| address.map(|address| (name, address.as_str())))
    }

    /// Whether the client secret goes into the body, because the provider does not take it as HTTP Basic.
    pub(super) fn secret_in_body(&self) -> bool {
        // OpenID Connect Discovery §3: if omitted, the default is client_secret_basic.
        self.token_endpoint_auth_methods_supported.as_ref().is_some_and(|methods| {
            let offers = |method: &str| methods.iter().any(|offered| offered == method);
            offers("client_secret_post") && !offers("client_secret_basic")
        })
    }
}

/// Where an issuer publishes its configuration.
pub(super) fn discovery_address(issuer: &str, loopback_http: bool) -> Result<String, SsoError> {
    let url = check_address("the issuer", issuer, loopback_http)?;
    if url.query().is_some() {
        return Err(invalid("the issuer has a query; an issuer is an address without one".to_owned()));
    }
    // OpenID Connect Discovery §4.1: a terminating / MUST be removed before appending.
    Ok(format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer)))
}

/// An address that codes, tokens and keys may travel to: https, or loopback where the deployment allows it.
fn check_address(name: &str, address: &str, loopback_http: bool) -> Result<Url, SsoError> {
    let url = Url::parse(address)
        .map_err(|error| invalid(format!("{name} {:?} is not an address ({error})", super::error::quoted(address))))?;
    let encrypted = url.scheme() == "https";
    let plain = url.scheme() == "http" && loopback_http && is_loopback(&url);
    if !encrypted && !plain {
        return Err(invalid(format!("{name} {:?} is not https", super::error::quoted(address))));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(invalid(format!("{name} has a user name, a password or a fragment in it")));
    }
    Ok(url)
}

/// What does not leave the machine needs no TLS.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn invalid(what: String) -> SsoError {
    SsoError::DiscoveryInvalid { what }
}

/// What an admin's check of a connection found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderSummary {
    /// The issuer, equal to the connection's.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// Where more claims are, if anywhere.
    pub userinfo_endpoint: Option<String>,
    /// Where people sign out, if it can be asked for.
    pub end_session_endpoint: Option<String>,
    /// The signature algorithms that it offers and that are accepted here.
    pub algorithms: Vec<String>,
    /// How many of its keys can be used.
    pub usable_keys: usize,
    /// Its keys that cannot, and why.
    pub refused_keys: Vec<String>,
    /// Whether it says that it supports PKCE with S256; none when it does not say. S256 is sent in any case.
    pub pkce_s256: Option<bool>,
    /// Whether its answers name their issuer (RFC 9207).
    pub names_issuer_in_answers: bool,
    /// Whether it tells us when somebody signs out elsewhere.
    pub back_channel_logout: bool,
    /// What an admin should know, in plain sentences.
    pub remarks: Vec<String>,
}

impl ProviderSummary {
    pub(super) fn of(metadata: &Metadata, keys: &KeySet, scopes: &[String]) -> Self {
        let offered =
            metadata.id_token_signing_alg_values_supported.clone().unwrap_or_else(|| vec!["RS256".to_owned()]);
        let pkce = metadata.code_challenge_methods_supported.as_ref();
        Self {
            issuer: metadata.issuer.clone(),
            authorization_endpoint: metadata.authorization_endpoint.clone(),
            token_endpoint: metadata.token_endpoint.clone(),
            jwks_uri: metadata.jwks_uri.clone(),
            userinfo_endpoint: metadata.userinfo_endpoint.clone(),
            end_session_endpoint: metadata.end_session_endpoint.clone(),
            algorithms: offered.into_iter().filter(|name| ALGORITHMS.contains(&name.as_str())).collect(),
            usable_keys: keys.len(),
            refused_keys: keys.refusals(),
            pkce_s256: pkce.map(|methods| methods.iter().any(|method| method == "S256")),
            names_issuer_in_answers: metadata.authorization_response_iss_parameter_supported,
            back_channel_logout: metadata.backchannel_logout_supported,
            remarks: remarks(metadata, keys, scopes),
        }
    }
}

fn remarks(metadata: &Metadata, keys: &KeySet, scopes: &[String]) -> Vec<String> {
    let mut remarks = Vec::new();
    if keys.len() == 0 {
        remarks.push("None of its keys can be used, so nobody can sign in.".to_owned());
    }
    if metadata.code_challenge_methods_supported.is_none() {
        remarks
            .push("It does not say whether it supports PKCE; castgate sends an S256 challenge in any case.".to_owned());
    }
    if let Some(offered) = &metadata.scopes_supported {
        let missing = scopes.iter().filter(|scope| !offered.contains(scope));
        remarks.extend(missing.map(|scope| {
            format!("It does not list the scope “{scope}”; if sign-in fails with invalid_scope, take it out of the connection.")
        }));
    }
    if metadata.end_session_endpoint.is_none() {
        remarks.push("It cannot be asked to sign people out; signing out ends the session here alone.".to_owned());
    }
    remarks
}
