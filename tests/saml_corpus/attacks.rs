//! What attackers send: every vector begins with something that the provider really signed, or would sign.

use crate::{
    bombs, forged,
    issuer::{How, signed},
    keys, parsing,
    scene::{KEYS, Setting, field, with_signed_assertion, with_signed_response},
    secrets, unfit, untimely, wrapping,
};
use std::sync::LazyLock;

/// One attack.
pub struct Vector {
    pub name: String,
    pub field: String,
    pub setting: Setting,
    /// Why it is refused: one of these codes; none: whatever the reason.
    pub codes: &'static [&'static str],
}

/// A list of attacks.
#[derive(Default)]
pub struct Attacks(pub Vec<Vector>);

impl Attacks {
    pub fn with(&mut self, name: impl Into<String>, xml: &str, setting: Setting, codes: &'static [&'static str]) {
        self.0.push(Vector { name: name.into(), field: field(xml), setting, codes });
    }

    pub fn add(&mut self, name: impl Into<String>, xml: &str, codes: &'static [&'static str]) {
        self.with(name, xml, Setting::default(), codes);
    }

    /// Validly signed in each way, and still not to be believed.
    pub fn said(&mut self, name: &str, assertion: &str, codes: &'static [&'static str]) {
        self.add(format!("{name} (assertion signed)"), &with_signed_assertion(assertion), codes);
        self.add(format!("{name} (response signed)"), &with_signed_response(assertion), codes);
    }

    /// The response says it, and is signed, and still not to be believed.
    pub fn enveloped(&mut self, name: &str, response: &str, codes: &'static [&'static str]) {
        self.add(name, &signed(response, "_r1", &How::with(&KEYS.idp)), codes);
    }
}

/// All of them, made once.
pub static ALL: LazyLock<Vec<Vector>> = LazyLock::new(all);

fn all() -> Vec<Vector> {
    let mut all = Attacks::default();
    wrapping::add(&mut all);
    parsing::add(&mut all);
    bombs::add(&mut all);
    forged::add(&mut all);
    keys::add(&mut all);
    untimely::add(&mut all);
    unfit::add(&mut all);
    secrets::add(&mut all);
    all.0
}
