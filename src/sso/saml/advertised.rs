//! What we publish about ourselves.

use crate::model::Instant;

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
        String::new()
    }
}
