//! What we publish about ourselves.

use super::{
    c14n::written,
    names::{DS, HTTP_POST, HTTP_REDIRECT, MD, SAMLP},
    writing::time,
};
use crate::model::Instant;
use data_encoding::BASE64;
use std::fmt::Write as _;

/// What providers may encrypt for us with, best first.
const CIPHERS: &[&str] = &[
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
];

/// A key of ours, as metadata shows it.
#[derive(Debug, Clone, Copy)]
pub struct OurKey<'a> {
    /// The certificate around it (DER), from [`ServiceKey::certificate`](crate::crypto::ServiceKey::certificate).
    pub certificate: &'a [u8],
    /// Whether providers shall verify with it. A key is shown before it signs, and until what it signed is over.
    pub signing: bool,
    /// Whether providers shall encrypt for it: the newest alone, while older ones still open what is under way.
    pub encryption: bool,
}

/// A service provider as its metadata describes it.
#[derive(Debug, Clone, Copy)]
pub struct Ourselves<'a> {
    /// Our entity id at this connection.
    pub entity_id: &'a str,
    /// Where answers have to come.
    pub acs: &'a str,
    /// Where logout messages have to come, by both bindings; none: there is no single logout.
    pub logout: Option<&'a str>,
    /// Our keys, newest first.
    pub keys: &'a [OurKey<'a>],
    /// The formats of NameID that are welcome.
    pub name_id_formats: &'a [&'a str],
    /// Whether our requests are signed.
    pub signs_requests: bool,
    /// Until when this may be relied on.
    pub valid_until: Option<Instant>,
}

impl Ourselves<'_> {
    /// The metadata document.
    #[must_use]
    pub fn metadata(&self) -> String {
        let mut xml = format!("<md:EntityDescriptor xmlns:md=\"{MD}\" entityID=\"{}\"", written(self.entity_id));
        if let Some(until) = self.valid_until {
            let _ = write!(xml, " validUntil=\"{}\"", time(until));
        }
        let _ = write!(
            xml,
            "><md:SPSSODescriptor AuthnRequestsSigned=\"{}\" WantAssertionsSigned=\"true\" \
             protocolSupportEnumeration=\"{SAMLP}\">",
            self.signs_requests,
        );
        for key in self.keys {
            for purpose in [("signing", key.signing), ("encryption", key.encryption)] {
                if purpose.1 {
                    xml.push_str(&descriptor(purpose.0, key.certificate));
                }
            }
        }
        if let Some(logout) = self.logout {
            for binding in [HTTP_REDIRECT, HTTP_POST] {
                let location = written(logout);
                let _ = write!(xml, "<md:SingleLogoutService Binding=\"{binding}\" Location=\"{location}\"/>");
            }
        }
        for format in self.name_id_formats {
            let _ = write!(xml, "<md:NameIDFormat>{}</md:NameIDFormat>", written(format));
        }
        xml + &format!(
            "<md:AssertionConsumerService Binding=\"{HTTP_POST}\" Location=\"{}\" index=\"0\" isDefault=\"true\"/>\
             </md:SPSSODescriptor></md:EntityDescriptor>",
            written(self.acs),
        )
    }
}

/// SAML metadata §2.4.1.1.
fn descriptor(purpose: &str, certificate: &[u8]) -> String {
    let methods = match purpose {
        "encryption" => {
            CIPHERS.iter().map(|uri| format!("<md:EncryptionMethod Algorithm=\"{uri}\"/>")).collect::<Vec<_>>().concat()
        }
        _ => String::new(),
    };
    format!(
        "<md:KeyDescriptor use=\"{purpose}\"><ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>",
        BASE64.encode(certificate),
    )
}
