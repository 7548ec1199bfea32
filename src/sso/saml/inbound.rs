//! From a form field or a parameter to the bytes of a document.

use super::{
    SamlFault,
    gate::{Kind, admit},
    names::SAML,
    tree::{attribute, elements, is},
};
use crate::sso::error::quoted;
use data_encoding::BASE64;

/// What a message says of itself before anything of it is believed: enough to find the sign-in and to write a trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Glimpse {
    /// The name of its element, such as `Response`.
    pub kind: String,
    /// Its id.
    pub id: Option<String>,
    /// Who says to have sent it.
    pub issuer: Option<String>,
    /// The request that it says to answer.
    pub in_response_to: Option<String>,
    /// The whole of it, for a trace. Holds personal data.
    pub xml: String,
}

/// Looks at the form field of a POST binding (`SAMLResponse`, `SAMLRequest`) without believing it.
pub fn glimpse(field: &str) -> Result<Glimpse, SamlFault> {
    let bytes = decode(field)?;
    let document = admit(&bytes, Kind::Message)?;
    let root = document.root_element();
    let issuer = elements(root).find(|child| is(*child, SAML, "Issuer")).and_then(|issuer| issuer.text());
    Ok(Glimpse {
        kind: quoted(root.tag_name().name()),
        id: attribute(root, "ID").map(quoted),
        issuer: issuer.map(|issuer| quoted(issuer.trim())),
        in_response_to: attribute(root, "InResponseTo").map(quoted),
        xml: document.input_text().to_owned(),
    })
}

/// SAML bindings §3.5.4: Base64, which some providers break into lines.
pub(super) fn decode(field: &str) -> Result<Vec<u8>, SamlFault> {
    let limit = Kind::Message.most_bytes();
    if field.len() > limit / 2 * 3 {
        return Err(SamlFault::TooLarge { limit });
    }
    let why = "it is not Base64";
    let bytes = match field.bytes().any(|byte| byte.is_ascii_whitespace()) {
        false => BASE64.decode(field.as_bytes()),
        true => BASE64.decode(&field.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>()),
    };
    bytes.map_err(|_| SamlFault::Encoding { why })
}
