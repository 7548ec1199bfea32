//! Opaque bearer secrets: a prefix that says what they open, forty random letters, and a checksum.
//!
//! The prefix lets a secret scanner find one in a repository, the checksum lets it (and us) tell a real one from a look-alike
//! without a database. Only the SHA-256 is stored: 238 random bits need no slow hash.

use super::hash::sha256;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// Random letters in a token: 40 × log2(62) = 238 bits.
const BODY: usize = 40;
/// Letters of the checksum: 62⁶ > 2³².
const CHECKSUM: usize = 6;
/// Letters behind the prefix that a hint shows.
const HINT: usize = 4;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The largest multiple of 62 in a byte: what lies above is drawn again, so that every letter is equally likely.
const FAIR: u8 = 248;

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A connection's SCIM bearer token.
    Scim,
    /// A user's or a service account's API key.
    ApiKey,
    /// A signed-in browser.
    Session,
    /// A one-time link that signs in.
    Link,
    /// A one-time link that accepts an invitation.
    Invitation,
    /// A sign-in under way, bound to the browser that began it.
    SignIn,
    /// An authorization code of castgate as an OpenID provider.
    Code,
    /// A refresh token of castgate as an OpenID provider.
    Refresh,
    /// The secret of a connection's OAuth client.
    ClientSecret,
    /// An access token of a connection's OAuth client: a SCIM bearer token that lives for an hour.
    ScimAccess,
    /// The address of a connection's test.
    Test,
    /// A link by which somebody without an account sets one connection up.
    Setup,
    /// A one-time link by which somebody chooses a password.
    Reset,
    /// A provider's bearer token for security events.
    Signals,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Scim,
        Self::ApiKey,
        Self::Session,
        Self::Link,
        Self::Invitation,
        Self::SignIn,
        Self::Code,
        Self::Refresh,
        Self::ClientSecret,
        Self::ScimAccess,
        Self::Test,
        Self::Setup,
        Self::Reset,
        Self::Signals,
    ];

    /// What every token of this kind begins with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Scim => "cgs_",
            Self::ApiKey => "cgk_",
            Self::Session => "cgn_",
            Self::Link => "cgl_",
            Self::Invitation => "cgi_",
            Self::SignIn => "cgb_",
            Self::Code => "cgc_",
            Self::Refresh => "cgr_",
            Self::ClientSecret => "cgo_",
            Self::ScimAccess => "cga_",
            Self::Test => "cgt_",
            Self::Setup => "cgu_",
            Self::Reset => "cgp_",
            Self::Signals => "cge_",
        }
    }

    /// The kind that a text claims to be by its prefix. Nothing else of the text is checked.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))
    }
}

/// A new token, to be shown to its holder once.
pub struct Secret {
    kind: TokenKind,
    text: SecretString,
}

impl Secret {
    /// The whole text. The only way to it.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What it opens.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// What is stored in its place: the SHA-256 of the whole text.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.expose().as_bytes())
    }

    /// What people recognise it by: the prefix and the first four letters.
    pub fn hint(&self) -> String {
        hint(self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}…)", self.kind.prefix())
    }
}

/// A token that somebody presented and that is well formed. It keeps the hash, not the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    kind: TokenKind,
    hash: [u8; 32],
    hint: String,
}

impl Presented {
    /// What it opens.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// What the store knows it by.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// What people recognise it by: the prefix and the first four letters.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({}…)", self.hint)
    }
}

/// Why a text is not a token. Says nothing of the text itself, which may be a mistyped secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It begins otherwise.
    #[error("this is not a token that begins with {expected}")]
    Prefix {
        /// What it should begin with.
        expected: &'static str,
    },
    /// It is too short, too long, or holds a character that no token has.
    #[error("this token is not complete; copy it again, all {expected} characters")]
    Shape {
        /// How many characters a token has.
        expected: usize,
    },
    /// A letter was changed.
    #[error("this token was mistyped or cut; copy it again")]
    Checksum,
}

/// A new token of a kind. `randomness` fills a slice with random bytes.
pub fn generate(kind: TokenKind, randomness: &mut dyn FnMut(&mut [u8])) -> Secret {
    let mut text = String::with_capacity(kind.prefix().len() + BODY + CHECKSUM);
    text.push_str(kind.prefix());
    let whole = text.len() + BODY;
    let mut drawn = [0_u8; 48];
    while text.len() < whole {
        randomness(&mut drawn);
        for byte in drawn.iter().filter(|byte| **byte < FAIR).take(whole - text.len()) {
            text.push(letter(u32::from(*byte)));
        }
    }
    let checksum = checksum(&text);
    text.push_str(&checksum);
    Secret { kind, text: SecretString::from(text) }
}

/// Checks prefix, length, alphabet and checksum; asks no database.
pub fn parse(text: &str, kind: TokenKind) -> Result<Presented, BadToken> {
    let body = text.strip_prefix(kind.prefix()).ok_or(BadToken::Prefix { expected: kind.prefix() })?;
    if body.len() != BODY + CHECKSUM || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(BadToken::Shape { expected: kind.prefix().len() + BODY + CHECKSUM });
    }
    let (signed, given) = text.split_at(kind.prefix().len() + BODY);
    if checksum(signed) != given {
        return Err(BadToken::Checksum);
    }
    Ok(Presented { kind, hash: sha256(text.as_bytes()), hint: hint(text) })
}

fn hint(text: &str) -> String {
    text.chars().take(4 + HINT).collect()
}

fn letter(number: u32) -> char {
    char::from(ALPHABET[number as usize % ALPHABET.len()])
}

/// The CRC-32 of `text`, as Ethernet and zip have it, in base 62, six letters, most significant first.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut letters = ['0'; CHECKSUM];
    for place in letters.iter_mut().rev() {
        *place = letter(rest % 62);
        rest /= 62;
    }
    letters.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seeded(seed: u64) -> impl FnMut(&mut [u8]) {
        let mut state = seed;
        move |bytes| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = state.to_be_bytes()[0];
            }
        }
    }

    #[test]
    fn a_token_of_a_seed_is_always_the_same() {
        let secret = generate(TokenKind::Scim, &mut seeded(7));
        insta::assert_snapshot!(secret.expose(), @"cgs_2wk76ZfKvjJncwGgeKxxUatJIHCEUxfB71Yo3KZN2KCaoz");
        insta::assert_snapshot!(secret.hint(), @"cgs_2wk7");
    }

    #[test]
    fn debug_never_prints_the_secret() {
        let secret = generate(TokenKind::ApiKey, &mut seeded(7));
        let presented = parse(secret.expose(), TokenKind::ApiKey).unwrap();
        for printed in [format!("{secret:?}"), format!("{presented:?}")] {
            assert!(!printed.contains(&secret.expose()[9..]), "{printed}");
        }
    }

    #[test]
    fn prefixes_are_distinct() {
        for kind in TokenKind::ALL {
            let secret = generate(kind, &mut seeded(3));
            assert_eq!(TokenKind::of(secret.expose()), Some(kind));
        }
    }

    proptest! {
        #[test]
        fn what_was_generated_parses_to_the_same_hash(seed: u64) {
            let secret = generate(TokenKind::Session, &mut seeded(seed));
            let presented = parse(secret.expose(), TokenKind::Session).unwrap();
            prop_assert_eq!(presented.hash(), secret.hash());
            prop_assert_eq!(presented.hint(), secret.hint());
            prop_assert_eq!(parse(secret.expose(), TokenKind::Scim), Err(BadToken::Prefix { expected: "cgs_" }));
        }

        #[test]
        fn one_changed_letter_is_noticed(seed: u64, place in 4..50_usize, other in 0..62_u32) {
            let secret = generate(TokenKind::Link, &mut seeded(seed));
            let changed: String = secret.expose().chars().enumerate()
                .map(|(at, c)| if at == place { letter(other) } else { c }).collect();
            prop_assume!(changed != secret.expose());
            prop_assert_eq!(parse(&changed, TokenKind::Link), Err(BadToken::Checksum));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            prop_assert!(parse(&text, TokenKind::Scim).is_err());
            let prefixed = format!("cgs_{text}");
            prop_assert!(parse(&prefixed, TokenKind::Scim).is_err());
        }
    }
}
