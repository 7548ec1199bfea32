//! What can go wrong with a sign-in, in words for admins. People get one uniform sentence at the edge.

/// Why a sign-in did not become an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SsoError {
    /// A request to the provider got no usable answer.
    #[error("the provider could not be asked for {what}: {why}. Check its address and that this server may reach it")]
    ProviderUnreachable {
        /// What was asked for, such as “its configuration”.
        what: String,
        /// What happened instead.
        why: String,
    },
    /// The provider's published configuration cannot be trusted or used.
    #[error("the provider's published configuration cannot be used: {what}")]
    DiscoveryInvalid {
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// The answer belongs to another sign-in, another browser or another provider.
    #[error("the answer does not belong to a sign-in that this browser began; the sign-in has to be started again")]
    StateMismatch,
    /// The sign-in was begun too long ago.
    #[error("the sign-in took longer than {minutes} minutes; it has to be started again")]
    PendingExpired {
        /// How long a sign-in may take.
        minutes: u64,
    },
    /// The answer at the redirect address has a shape that no provider should send.
    #[error("the provider's answer {what}")]
    CallbackInvalid {
        /// What is wrong with it.
        what: &'static str,
    },
    /// RFC 9207: the answer was given by another issuer than the one that was asked.
    #[error("the answer names {} as its issuer, but {expected} was asked", found.as_deref().unwrap_or("nobody"))]
    IssuerMismatch {
        /// The issuer that was asked.
        expected: String,
        /// The issuer that the answer names.
        found: Option<String>,
    },
    /// The provider said no at its sign-in page.
    #[error("the provider refused the sign-in: {error}{}", described(description.as_deref()))]
    Refused {
        /// Its error code, such as `access_denied`.
        error: String,
        /// Its explanation.
        description: Option<String>,
    },
    /// The provider did not take the code (used twice, too old) or did not take our client secret.
    #[error(
        "the provider did not exchange the code: {error}{}. Check the client secret and the redirect address",
        described(description.as_deref())
    )]
    CodeRefused {
        /// Its error code, such as `invalid_grant` or `invalid_client`.
        error: String,
        /// Its explanation.
        description: Option<String>,
    },
    /// The ID token does not prove who signed in.
    #[error("the ID token was refused: {why}")]
    TokenInvalid {
        /// The rule that it breaks.
        why: TokenFault,
    },
    /// A SAML message does not prove what it says.
    #[error("the provider's SAML message was refused: {0}")]
    Saml(#[from] super::saml::SamlFault),
    /// The provider did not let the person prove who they are as the connection asks.
    #[error("the person did not sign in as the connection asks: {what}")]
    TooWeak {
        /// What was asked, and what was done.
        what: String,
    },
    /// A message that may be used once was used before.
    #[error("the provider's answer was used before; the sign-in has to be started again")]
    Replayed,
    /// The logout token does not prove that somebody signed out at the provider.
    #[error("the logout token was refused: {why}")]
    LogoutInvalid {
        /// The rule that it breaks.
        why: TokenFault,
    },
    /// The provider has more groups than it puts into a token, and nobody says which. Never read as none.
    #[error(
        "the provider did not list the groups, because there are too many, and they could not be had elsewhere: {why}. Set groups_endpoint, or have it push groups"
    )]
    GroupsUnknown {
        /// What was tried.
        why: String,
    },
    /// The connection shows who it is by a key, and there is none that may sign now.
    #[error("the connection has no client key that may sign; make one, and have the provider read it")]
    NoClientKey,
    /// The userinfo answer does not belong to the ID token or cannot be read.
    #[error("the userinfo answer was refused: {what}")]
    UserinfoInvalid {
        /// What is wrong with it.
        what: String,
    },
}

/// The rule that an ID token breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// The token endpoint gave no ID token.
    #[error("there is none; the `openid` scope may not be granted to this client")]
    Missing,
    /// It is not a compact JWS with JSON inside.
    #[error("it is malformed: {0}")]
    Malformed(String),
    /// It is larger than any honest ID token.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// Signed with an algorithm outside the allow-list, or not signed.
    #[error("its algorithm {0:?} is not accepted; set RS256, PS256, ES256, ES384 or EdDSA at the provider")]
    Algorithm(String),
    /// It says that it is another kind of token.
    #[error("its type is {0:?}, and an ID token's is \"JWT\"")]
    Type(String),
    /// RFC 7515 §4.1.11: it asks for an extension that we do not know.
    #[error("it has critical header fields that are not understood")]
    Critical,
    /// No key of the provider has its key id and fits its algorithm.
    #[error("the provider publishes no key {} for {algorithm}", kid.as_deref().unwrap_or("(without an id)"))]
    UnknownKey {
        /// The key id that it names.
        kid: Option<String>,
        /// Its algorithm.
        algorithm: String,
    },
    /// The key exists, but is not to be trusted.
    #[error("the provider's key {kid} is not accepted: {why}")]
    WeakKey {
        /// The key id.
        kid: String,
        /// Why not.
        why: String,
    },
    /// The signature is not the provider's.
    #[error("its signature does not verify")]
    Signature,
    /// Another issuer made it.
    #[error("its issuer is {found:?} instead of {expected:?}")]
    Issuer {
        /// The connection's issuer.
        expected: String,
        /// What the token says.
        found: String,
    },
    /// It is meant for somebody else.
    #[error("it is not meant for this client: its audience is {0}")]
    Audience(String),
    /// Another client asked for it.
    #[error("it was issued to another client: {0}")]
    AuthorizedParty(String),
    /// It answers another request.
    #[error("its nonce is missing or belongs to another sign-in")]
    Nonce,
    /// Its time is over.
    #[error("it expired at {0} (seconds since 1970)")]
    Expired(i64),
    /// Its time has not come.
    #[error("it is not valid before {0} (seconds since 1970); compare the clocks")]
    NotYetValid(i64),
    /// It was issued in the future.
    #[error("it was issued in the future, at {0} (seconds since 1970); compare the clocks")]
    IssuedInFuture(i64),
    /// It names nobody.
    #[error("its subject is missing, empty or longer than 255 characters")]
    Subject,
    /// The access token beside it was exchanged.
    #[error("its at_hash does not fit the access token")]
    AccessTokenHash,
    /// The code that it came for was exchanged.
    #[error("its c_hash does not fit the code")]
    CodeHash,
    /// It is of a tenant that the connection does not list.
    #[error("it is of the tenant {0:?}, which this connection does not list")]
    Tenant(String),
    /// Its key is published for another issuer.
    #[error("the key that signed it is published for the issuer {0:?} alone")]
    ForeignKey(String),
    /// They signed in by other means than was asked.
    #[error("they had to sign in with one of {wanted}, and its acr says {found:?}")]
    AuthenticationClass {
        /// What the connection wants.
        wanted: String,
        /// What the token says; empty when it says nothing.
        found: String,
    },
    /// They signed in too long ago, or it does not say when.
    #[error("they had to sign in within {max_age} seconds, and its auth_time does not show it")]
    AuthenticationTime {
        /// How long ago they may have signed in.
        max_age: u32,
    },
    /// It is signed and in time, and tells of no logout.
    #[error("{0}")]
    NotALogout(&'static str),
}

impl From<TokenFault> for SsoError {
    fn from(why: TokenFault) -> Self {
        Self::TokenInvalid { why }
    }
}

fn described(description: Option<&str>) -> String {
    description.map(|text| format!(" ({text})")).unwrap_or_default()
}

/// A stranger's words as they may stand in a log line: no control characters, at most 300 characters.
pub(super) fn quoted(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
