//! The trace of a sign-in: what was tried, what came of it, and why. One shape for every protocol.
//!
//! Nothing in it opens anything: no token, code, secret, cookie or signature, and of claims their names alone unless the
//! operator says otherwise.

use super::{ConnectionId, Instant, RequestId, SignInFailure, SignInId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// One attempt to sign in, as it is read back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SignInTrace {
    /// What a person reads to an admin over the phone.
    pub code: SignInCode,
    /// Its id. Ids sort by the time of the attempts.
    pub id: SignInId,
    /// When it ended.
    pub at: Instant,
    /// By which connection; none for a one-time link.
    pub connection: Option<ConnectionId>,
    /// What was tried, and what came of it.
    #[serde(flatten)]
    pub entry: SignInEntry,
}

/// By what somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInProtocol {
    /// OpenID Connect.
    Oidc,
    /// SAML 2.0.
    Saml,
    /// A one-time link.
    Link,
    /// E-mail address and password.
    Password,
}

impl SignInProtocol {
    /// Its word, also among the metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Oidc => "oidc",
            Self::Saml => "saml",
            Self::Link => "link",
            Self::Password => "password",
        }
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInOutcome {
    /// The person is in.
    SignedIn,
    /// The person has a session that opens the terms and nothing else.
    Held,
    /// The person is not in.
    Failed,
}

/// What was tried, and what came of it. Whoever signs people in fills it as far as the attempt gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SignInEntry {
    /// What came of it.
    pub outcome: SignInOutcome,
    /// By what.
    pub protocol: SignInProtocol,
    /// Why it failed, or why the person is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<SignInFailure>,
    /// What exactly was wrong, for admins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The HTTP request, which the log names too.
    pub request: RequestId,
    /// The address as the person typed it. Nobody has proven it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// From which network address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Who it was, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// From the beginning to the end, the provider's pages included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// What went to and fro, without anything that opens something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<SignInMessage>,
    /// What followed from who it was.
    #[serde(flatten)]
    pub derived: Derived,
}

impl SignInEntry {
    /// An attempt that has only begun: failed by us, until somebody says otherwise.
    #[must_use]
    pub fn begun(protocol: SignInProtocol, request: RequestId) -> Self {
        Self {
            outcome: SignInOutcome::Failed,
            protocol,
            failure: Some(SignInFailure::OurFault),
            detail: None,
            request,
            email: None,
            address: None,
            user: None,
            seconds: None,
            messages: Vec::new(),
            derived: Derived::default(),
        }
    }
}

/// From what the provider says to what somebody may do: claims → facts → rules → roles.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Derived {
    /// What the provider said: claims or attributes. A value that is `null` is not kept.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub claims: Map<String, Value>,
    /// What became facts, as conditions of the mapping read them. A value that is `null` is not kept.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub facts: Map<String, Value>,
    /// The groups of the directory that the person is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// How the groups that the sign-in names differ from those that the provider pushed, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sync: Vec<String>,
    /// What rules gave, a line each, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Rules that nearly gave something, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<String>,
    /// What the person may do: a role and where, a line each, with where it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<String>,
}

impl Derived {
    /// The same without the values of claims and facts: their names stay.
    #[must_use]
    pub fn by_name(mut self) -> Self {
        for value in self.claims.values_mut().chain(self.facts.values_mut()) {
            *value = Value::Null;
        }
        self
    }
}

/// One message of a sign-in, by its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignInMessage {
    /// What it is, such as “the answer at the redirect address”.
    pub what: String,
    /// Its parts by name; what must not be kept is `[hidden]`.
    pub parts: BTreeMap<String, String>,
}

/// The letters of a reference code: none that is taken for another when it is read aloud or copied by hand.
const LETTERS: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters in a code: 30⁸ are 650 thousand million.
const LENGTH: usize = 8;
/// The largest multiple of 30 in a byte: what lies above is drawn again.
const FAIR: u8 = 240;

/// What a person reads to an admin, such as `K7QM-4XTD`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$", "examples" = ["K7QM-4XTD"]))]
pub struct SignInCode(String);

impl SignInCode {
    /// A new one; `fill` gives random bytes.
    pub fn draw(mut fill: impl FnMut(&mut [u8])) -> Self {
        let mut letters = String::with_capacity(LENGTH + 1);
        while letters.len() < LENGTH {
            let mut bytes = [0_u8; 16];
            fill(&mut bytes);
            let fair = bytes.iter().filter(|byte| **byte < FAIR);
            let drawn = fair.filter_map(|byte| LETTERS.get(usize::from(byte % 30))).map(|letter| char::from(*letter));
            letters.extend(drawn.take(LENGTH - letters.len()));
        }
        letters.insert(LENGTH / 2, '-');
        Self(letters)
    }

    /// The text, with its dash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no reference code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a reference code like K7QM-4XTD")]
pub struct BadCode(pub String);

impl FromStr for SignInCode {
    type Err = BadCode;

    /// Takes what people write: small letters, spaces, no dash.
    fn from_str(text: &str) -> Result<Self, BadCode> {
        let bad = || BadCode(text.chars().take(40).collect());
        let mut letters = String::with_capacity(LENGTH + 1);
        for letter in text.chars().filter(|letter| !matches!(letter, '-' | ' ' | '\u{2010}'..='\u{2015}')) {
            let upper = letter.to_ascii_uppercase();
            if letters.len() == LENGTH || !u8::try_from(upper).is_ok_and(|byte| LETTERS.contains(&byte)) {
                return Err(bad());
            }
            letters.push(upper);
        }
        if letters.len() != LENGTH {
            return Err(bad());
        }
        letters.insert(LENGTH / 2, '-');
        Ok(Self(letters))
    }
}

impl TryFrom<String> for SignInCode {
    type Error = BadCode;

    fn try_from(text: String) -> Result<Self, BadCode> {
        text.parse()
    }
}

impl From<SignInCode> for String {
    fn from(code: SignInCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_how_people_write_it() {
        let mut next = 0_u8;
        let code = SignInCode::draw(|bytes| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_add(41);
            }
        });
        assert_eq!(code.as_str().len(), 9);
        for written in [code.as_str().to_lowercase(), code.as_str().replace('-', " "), code.as_str().replace('-', "")] {
            assert_eq!(written.parse(), Ok(code.clone()), "{written}");
        }
        for wrong in ["", "K7QM", "K7QM-4XT0", "K7QM-4XTDD", "K7QM-4XTß", "usr_06h00krhv1t3jel88ooobccad0"] {
            assert!(wrong.parse::<SignInCode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_stay_where_values_go() {
        let claims = Map::from_iter([("email".to_owned(), Value::from("ada@acme.test"))]);
        let derived = Derived { claims, ..Derived::default() }.by_name();
        assert_eq!(serde_json::json!(derived).to_string(), r#"{"claims":{"email":null}}"#);
    }
}
