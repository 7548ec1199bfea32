//! What an identity provider publishes about itself.

use super::{
    SamlFault, Trust,
    gate::{Kind, admit},
    names::{DS, HTTP_POST, HTTP_REDIRECT, MD, SAMLP},
    signature,
    tree::{all, at_most_one, attribute, demanded, instant_of, is, named, text},
};
use crate::{crypto::Certificate, model::Instant, sso::error::quoted};
use roxmltree::Node;
use url::{Host, Url};

const MOST_CERTIFICATES: usize = 16;

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
        let document = admit(bytes, Kind::Metadata)?;
        let root = document.root_element();
        let entity = chosen(root, entity_id)?;
        let role = at_most_one(entity, MD, "IDPSSODescriptor")?
            .filter(|role| {
                demanded(*role, "protocolSupportEnumeration").is_ok_and(|list| list.split(' ').any(|p| p == SAMLP))
            })
            .ok_or_else(|| unusable("it describes no identity provider for SAML 2.0; is it the service provider's?"))?;
        let valid_until = valid_until(role)?;
        if let Some(at) = valid_until.filter(|at| now >= *at) {
            return Err(SamlFault::Expired { what: "metadata", at });
        }
        let (certificates, unusable_certificates) = certificates(role)?;
        if certificates.is_empty() {
            let why = unusable_certificates.join("; ");
            return Err(unusable(&format!("it holds no usable certificate for signatures. {why}")));
        }
        let sign_on = endpoints(role, "SingleSignOnService")?;
        if sign_on.is_empty() {
            return Err(unusable("it has no address for sign-ins by the Redirect or POST binding"));
        }
        let formats = all(role, MD, "NameIDFormat").map(|node| Ok(text(node, "NameIDFormat")?.trim().to_owned()));
        Ok(Self {
            entity_id: demanded(entity, "entityID")?.to_owned(),
            sign_on,
            logout: endpoints(role, "SingleLogoutService")?,
            certificates,
            unusable_certificates,
            name_id_formats: formats.collect::<Result<_, SamlFault>>()?,
            wants_signed_requests: matches!(attribute(role, "WantAuthnRequestsSigned"), Some("true" | "1")),
            valid_until,
        })
    }

    /// The same of a description whose every byte is signed by one of these keys. Only the signed bytes are read.
    pub fn parse_signed(
        bytes: &[u8],
        entity_id: Option<&str>,
        signers: &[Certificate],
        now: Instant,
    ) -> Result<Self, SamlFault> {
        let document = admit(bytes, Kind::Metadata)?;
        let root = document.root_element();
        // SAML metadata §3: an enveloped signature of the outermost element.
        let signature = signature::of(root)?.ok_or(SamlFault::PartUnsigned { what: "metadata" })?;
        let trust = Trust { entity_id: String::new(), certificates: signers.to_vec(), allow_sha1: false };
        let signed = signature::verify(signature, "metadata", &trust)?;
        Self::parse(signed.bytes.as_bytes(), entity_id, now)
    }

    /// The address for sign-ins by this binding.
    #[must_use]
    pub fn sign_on_at(&self, binding: Binding) -> Option<&str> {
        self.sign_on.iter().find(|endpoint| endpoint.binding == binding).map(|endpoint| endpoint.location.as_str())
    }
}

fn unusable(why: &str) -> SamlFault {
    SamlFault::Metadata { why: why.to_owned() }
}

/// The entity that is meant: the only provider, or the one of this name.
fn chosen<'a, 'i>(root: Node<'a, 'i>, wanted: Option<&str>) -> Result<Node<'a, 'i>, SamlFault> {
    let single = is(root, MD, "EntityDescriptor");
    if !single && !is(root, MD, "EntitiesDescriptor") {
        return Err(SamlFault::AnotherDocument { expected: "EntityDescriptor", found: named(root) });
    }
    let entities = root.descendants().filter(|node| is(*node, MD, "EntityDescriptor"));
    let mut meant = entities.filter(|node| match wanted {
        Some(name) => attribute(*node, "entityID") == Some(name),
        None => single || all(*node, MD, "IDPSSODescriptor").next().is_some(),
    });
    match (meant.next(), meant.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(unusable("it does not describe the provider that is looked for")),
        (Some(_), Some(_)) => {
            Err(unusable("it describes several providers; say the entity id of the one that is meant"))
        }
    }
}

/// SAML metadata §2.3.1: what is around an element limits it too.
fn valid_until(role: Node<'_, '_>) -> Result<Option<Instant>, SamlFault> {
    let mut earliest: Option<Instant> = None;
    for node in role.ancestors().filter(Node::is_element) {
        if let Some(at) = instant_of(node, "validUntil")? {
            earliest = Some(earliest.map_or(at, |known| known.min(at)));
        }
    }
    Ok(earliest)
}

/// SAML metadata §2.4.1.1: a key without a use is for every use.
fn certificates(role: Node<'_, '_>) -> Result<(Vec<Certificate>, Vec<String>), SamlFault> {
    let (mut usable, mut others) = (Vec::new(), Vec::new());
    let signing = |node: &Node<'_, '_>| attribute(*node, "use").is_none_or(|purpose| purpose == "signing");
    let data = all(role, MD, "KeyDescriptor")
        .filter(signing)
        .flat_map(|node| all(node, DS, "KeyInfo"))
        .flat_map(|node| all(node, DS, "X509Data"))
        .flat_map(|node| all(node, DS, "X509Certificate"));
    for node in data {
        match Certificate::from_text(text(node, "X509Certificate")?) {
            Ok(certificate) if usable.contains(&certificate) => {}
            Ok(certificate) => usable.push(certificate),
            Err(error) => others.push(error.to_string()),
        }
        if usable.len() + others.len() > MOST_CERTIFICATES {
            return Err(SamlFault::TooComplex { what: "certificates", limit: MOST_CERTIFICATES });
        }
    }
    Ok((usable, others))
}

fn endpoints(role: Node<'_, '_>, name: &'static str) -> Result<Vec<Endpoint>, SamlFault> {
    let mut found = Vec::new();
    for node in all(role, MD, name) {
        let binding = match demanded(node, "Binding")? {
            HTTP_REDIRECT => Binding::Redirect,
            HTTP_POST => Binding::Post,
            _ => continue,
        };
        let location = address(demanded(node, "Location")?)?;
        let response_location = attribute(node, "ResponseLocation").map(address).transpose()?;
        found.push(Endpoint { binding, location, response_location });
    }
    Ok(found)
}

/// A browser is sent there: `javascript:` and the like never, plain `http` only on this very machine.
fn address(text: &str) -> Result<String, SamlFault> {
    let here = |url: &Url| match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && here(&url)) => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(unusable(&format!("the address {:?} is not one of https", quoted(text)))),
    }
}
