//! What we publish about ourselves.

use super::{
    c14n::written,
    names::{DS, HTTP_POST, HTTP_REDIRECT, MD, SAMLP},
    writing::time,
};
use crate::model::Instant;
use data_encoding::BASE64;

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
        let until = self.valid_until.map(|until| format!(" validUntil=\"{}\"", time(until))).unwrap_or_default();
        let mut xml = format!(
            "<md:EntityDescriptor xmlns:md=\"{MD}\" entityID=\"{}\"{until}>\
             <md:SPSSODescriptor AuthnRequestsSigned=\"{}\" WantAssertionsSigned=\"true\" \
             protocolSupportEnumeration=\"{SAMLP}\">",
            written(self.entity_id),
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
                xml.extend(["<md:SingleLogoutService Binding=\"", binding, "\" Location=\"", &location, "\"/>"]);
            }
        }
        for format in self.name_id_formats {
            xml.extend(["<md:NameIDFormat>", &written(format), "</md:NameIDFormat>"]);
        }
        let acs = written(self.acs);
        format!(
            "{xml}<md:AssertionConsumerService Binding=\"{HTTP_POST}\" Location=\"{acs}\" index=\"0\" isDefault=\"true\"/>\
             </md:SPSSODescriptor></md:EntityDescriptor>",
        )
    }
}

/// SAML metadata §2.4.1.1.
fn descriptor(purpose: &str, certificate: &[u8]) -> String {
    let mut methods = String::new();
    for uri in CIPHERS.iter().filter(|_| purpose == "encryption") {
        methods.extend(["<md:EncryptionMethod Algorithm=\"", uri, "\"/>"]);
    }
    format!(
        "<md:KeyDescriptor use=\"{purpose}\"><ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>",
        BASE64.encode(certificate),
    )
}
