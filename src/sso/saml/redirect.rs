//! The Redirect binding: a deflated message in a query, and a signature over the query's raw bytes.

use super::{
    SamlFault, Trust,
    gate::Kind,
    names::RSA_SHA256,
    signature::{self, signature_algorithm_named},
};
use crate::crypto::{ServiceKey, SignatureAlgorithm};
use data_encoding::BASE64;
use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};
use url::form_urlencoded::{byte_serialize, parse};

/// What came in a query, verified.
pub(super) struct Received {
    /// `SAMLRequest` or `SAMLResponse`.
    pub field: &'static str,
    /// The message.
    pub xml: Vec<u8>,
    pub relay_state: Option<String>,
}

/// The raw parameters of a query that are looked at. A name that is written with escapes is another name.
struct Raw<'a> {
    field: &'static str,
    message: &'a str,
    relay_state: Option<&'a str>,
    algorithm: &'a str,
    signature: &'a str,
}

impl<'a> Raw<'a> {
    fn read(query: &'a str) -> Result<Self, SamlFault> {
        let of = |name: &'static str| -> Result<Option<&'a str>, SamlFault> {
            let mut found = query.split('&').filter_map(|pair| pair.split_once('=')).filter(|pair| pair.0 == name);
            let first = found.next().map(|pair| pair.1);
            // Two of a name: the signature would cover one of them, and somebody would read the other.
            if found.next().is_some() { Err(SamlFault::Repeated { what: name }) } else { Ok(first) }
        };
        let (field, message) = match (of("SAMLRequest")?, of("SAMLResponse")?) {
            (Some(request), None) => ("SAMLRequest", request),
            (None, Some(response)) => ("SAMLResponse", response),
            (None, None) => return Err(SamlFault::Missing { what: "SAMLRequest" }),
            (Some(_), Some(_)) => {
                return Err(SamlFault::Unexpected {
                    what: "SAMLResponse".to_owned(),
                    place: "a query with a SAMLRequest",
                });
            }
        };
        if let Some(encoding) = of("SAMLEncoding")?
            && decoded(encoding) != "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
        {
            return Err(SamlFault::Encoding { why: "its encoding is not DEFLATE" });
        }
        let (Some(algorithm), Some(signature)) = (of("SigAlg")?, of("Signature")?) else {
            return Err(SamlFault::PartUnsigned { what: "message" });
        };
        Ok(Self { field, message, relay_state: of("RelayState")?, algorithm, signature })
    }
}

/// Verifies a raw query and unpacks its message.
///
/// SAML bindings §3.4.4.1: the signature is over the parameters as they stand there, in this order.
pub(super) fn receive(query: &str, trust: &Trust) -> Result<Received, SamlFault> {
    let limit = Kind::Message.most_bytes();
    if query.len() > limit {
        return Err(SamlFault::TooLarge { limit });
    }
    let raw = Raw::read(query)?;
    let algorithm = signature_algorithm_named(&decoded(raw.algorithm))?;
    if algorithm == SignatureAlgorithm::RsaSha1 && !trust.allow_sha1 {
        return Err(SamlFault::Sha1Refused);
    }
    let relay_state = raw.relay_state.map(|state| format!("&RelayState={state}")).unwrap_or_default();
    let signed = format!("{}={}{relay_state}&SigAlg={}", raw.field, raw.message, raw.algorithm);
    signature::signer(trust, algorithm, signed.as_bytes(), &unpacked(raw.signature)?)?;
    let xml = decompress_to_vec_with_limit(&unpacked(raw.message)?, limit).map_err(|error| match error.status {
        miniz_oxide::inflate::TINFLStatus::HasMoreOutput => SamlFault::TooLarge { limit },
        _ => SamlFault::Encoding { why: "it is not deflated" },
    })?;
    Ok(Received { field: raw.field, xml, relay_state: raw.relay_state.map(decoded) })
}

/// The address of a message: signed if a key is given.
pub(super) fn send(
    (field, xml): (&str, &str),
    destination: &str,
    relay_state: Option<&str>,
    key: Option<&ServiceKey>,
) -> Result<String, SamlFault> {
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let mut query = format!("{field}={}", escaped(&BASE64.encode(&compress_to_vec(xml.as_bytes(), 6))));
    if let Some(state) = relay_state {
        query = format!("{query}&RelayState={}", escaped(state));
    }
    if let Some(key) = key {
        query = format!("{query}&SigAlg={}", escaped(RSA_SHA256));
        let signature = key.sign(query.as_bytes()).map_err(|_| SamlFault::CannotSign)?;
        query = format!("{query}&Signature={}", escaped(&BASE64.encode(&signature)));
    }
    let joint = if destination.contains('?') { '&' } else { '?' };
    Ok(format!("{destination}{joint}{query}"))
}

fn decoded(value: &str) -> String {
    parse(format!("v={value}").as_bytes()).next().map(|pair| pair.1.into_owned()).unwrap_or_default()
}

fn unpacked(value: &str) -> Result<Vec<u8>, SamlFault> {
    let text: Vec<u8> = decoded(value).bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    BASE64.decode(&text).map_err(|_| SamlFault::Encoding { why: "it is not Base64" })
}
