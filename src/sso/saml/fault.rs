//! Why a SAML message was refused, in words for admins. Whoever signs in gets one uniform sentence at the edge.

use crate::model::Instant;

/// What was wrong with a message of a provider, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SamlFault {
    // --- The document.
    /// More bytes than any honest message.
    #[error("the message is larger than {limit} bytes")]
    TooLarge {
        /// The most that is read.
        limit: usize,
    },
    /// The form field or parameter is not Base64, or not deflated where it has to be.
    #[error("the message cannot be decoded: {why}")]
    Encoding {
        /// What failed.
        why: &'static str,
    },
    /// It has something that SAML messages do not need and attacks do: a DTD, a comment, a processing instruction, CDATA.
    #[error("the document holds {what}, which is never accepted")]
    Forbidden {
        /// What it holds.
        what: &'static str,
    },
    /// Deeper, wider or longer than any honest message.
    #[error("the document has too many {what} (at most {limit})")]
    TooComplex {
        /// Of what.
        what: &'static str,
        /// How many are read.
        limit: usize,
    },
    /// Not well-formed.
    #[error("the document is not well-formed XML: {why}")]
    NotXml {
        /// What the parser says.
        why: String,
    },
    /// Two elements have the same id, so that nobody can say what a signature signs.
    #[error("the id {id:?} stands in the document twice")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// A namespace that reads differently in different places.
    #[error("the namespace {uri:?} is not absolute")]
    RelativeNamespace {
        /// The namespace.
        uri: String,
    },
    // --- Its shape.
    /// Another kind of document.
    #[error("this is a {found}, and a {expected} was expected")]
    AnotherDocument {
        /// What was expected.
        expected: &'static str,
        /// The name of the document's element.
        found: String,
    },
    /// Something that has to be there is not.
    #[error("{what} is missing")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// Something is there twice and has to be there once.
    #[error("there is more than one {what}")]
    Repeated {
        /// What.
        what: &'static str,
    },
    /// Something is where it must not be.
    #[error("{what} must not stand in {place}")]
    Unexpected {
        /// The element or attribute.
        what: String,
        /// Where it stands.
        place: &'static str,
    },
    /// A value that cannot be read as what it has to be.
    #[error("{what} is {found:?}, which cannot be accepted")]
    Invalid {
        /// What.
        what: &'static str,
        /// The value.
        found: String,
    },
    // --- Its signature.
    /// Nobody signed it.
    #[error("neither the response nor its assertion is signed")]
    Unsigned,
    /// The connection wants more signed than is.
    #[error("the {what} is not signed, and this connection demands that it is")]
    PartUnsigned {
        /// The response or the assertion.
        what: &'static str,
    },
    /// A signature stands where it can sign nothing that is read.
    #[error("a signature stands in {parent}, where none belongs")]
    SignatureMisplaced {
        /// The name of the element around it.
        parent: String,
    },
    /// A signature that points to anything but the element around it.
    #[error("the signature refers to {found:?} instead of the element that it stands in ({expected:?})")]
    SignatureReference {
        /// The id of the element around it.
        expected: String,
        /// What it refers to.
        found: String,
    },
    /// A signature of a shape that SAML does not allow.
    #[error("the signature is not of the form that SAML demands: {why}")]
    SignatureForm {
        /// What is wrong.
        why: &'static str,
    },
    /// An algorithm outside the allow-list.
    #[error("the algorithm {algorithm:?} is not accepted")]
    AlgorithmRefused {
        /// Its URI.
        algorithm: String,
    },
    /// SHA-1, and the connection does not say that it may be.
    #[error("the message is signed with SHA-1, which can be forged")]
    Sha1Refused,
    /// No certificate of the connection verifies it.
    #[error("the signature was made by none of the connection's {tried} certificates")]
    WrongCertificate {
        /// How many there are.
        tried: usize,
    },
    /// The connection has no certificate: nothing can be believed.
    #[error("the connection has no certificate")]
    NoCertificate,
    /// What was signed is not what came.
    #[error("the signed {what} was changed after it was signed")]
    Altered {
        /// The response, the assertion, …
        what: &'static str,
    },
    // --- Its encryption.
    /// The ciphertext is not for us, or was changed.
    #[error("the assertion is encrypted and cannot be decrypted with this connection's keys")]
    CannotDecrypt,
    /// AES-CBC can be changed by whoever does not know the key, so the response around it has to be signed.
    #[error("the assertion is encrypted with AES-CBC in a response that is not signed")]
    CipherUnprotected,
    // --- What it says.
    /// The provider says that the sign-in failed.
    #[error("the provider refused: {status}{}", message.as_deref().map(|text| format!(" ({text})")).unwrap_or_default())]
    ProviderRefused {
        /// Its status codes, outer first, without their common prefix.
        status: String,
        /// Its explanation.
        message: Option<String>,
    },
    /// Another provider speaks.
    #[error("it comes from {found:?}, and this connection's provider is {expected:?}")]
    UnknownIssuer {
        /// The connection's provider.
        expected: String,
        /// Who speaks.
        found: String,
    },
    /// It was sent to another address.
    #[error("it is addressed to {found:?}, and this is {expected:?}")]
    WrongDestination {
        /// Our address.
        expected: String,
        /// The address in it.
        found: String,
    },
    /// It may only be delivered at another address.
    #[error("the assertion may be delivered at {found:?}, and this is {expected:?}")]
    WrongRecipient {
        /// Our address.
        expected: String,
        /// The address in it.
        found: String,
    },
    /// It is meant for somebody else.
    #[error("the assertion is meant for {}, and this service is {expected:?}", listed(found))]
    UnknownAudience {
        /// Our entity id.
        expected: String,
        /// Whom it names.
        found: Vec<String>,
    },
    /// It answers another request.
    #[error("it answers {}, which is not the request of this sign-in", found.as_deref().map_or_else(|| "no request".to_owned(), |id| format!("{id:?}")))]
    AnotherRequest {
        /// The request that it names.
        found: Option<String>,
    },
    /// Nobody asked for it, and it pretends that somebody did.
    #[error("it answers the request {found:?}, and there is none")]
    NotUnsolicited {
        /// The request that it names.
        found: String,
    },
    /// Its time is over.
    #[error("the {what} expired at {at}")]
    Expired {
        /// The assertion, the session, the message.
        what: &'static str,
        /// When.
        at: Instant,
    },
    /// Its time has not come.
    #[error("the {what} is not valid before {at}")]
    NotYetValid {
        /// The assertion, the message.
        what: &'static str,
        /// When it will be.
        at: Instant,
    },
    /// It would be valid for longer than it can be remembered that it was used.
    #[error("the assertion is valid until {until}, longer than {hours} hours")]
    LivesTooLong {
        /// The end of its validity.
        until: Instant,
        /// The longest validity.
        hours: u64,
    },
    /// It makes a condition that is not understood, and so not met.
    #[error("the assertion makes the condition {name:?}, which is not understood")]
    UnknownCondition {
        /// The condition's element.
        name: String,
    },
    /// Nobody may deliver it: it has no bearer confirmation.
    #[error("the assertion is not for a browser to deliver: it has no bearer confirmation")]
    NoBearer,
    /// It names nobody, or names somebody ambiguously.
    #[error("its NameID cannot be used: {why}")]
    NameId {
        /// What is wrong.
        why: &'static str,
    },
    /// The second verifier, which this deployment asks about everything that is accepted, does not agree.
    #[error("the second opinion does not agree: {why}")]
    SecondOpinion {
        /// What it says, or reads in its place.
        why: String,
    },
    // --- Metadata.
    /// Metadata that does not describe what is looked for.
    #[error("the metadata cannot be used: {why}")]
    Metadata {
        /// What is wrong with it.
        why: String,
    },
    // --- Our own side.
    /// Our own key did not sign.
    #[error("our own message could not be signed")]
    CannotSign,
}

impl SamlFault {
    /// The fault's lasting name, such as `wrong_certificate`; for traces, searches and counters.
    #[must_use]
    pub fn code(&self) -> String {
        let said = format!("{self:?}");
        let name = said.chars().take_while(char::is_ascii_alphanumeric);
        name.enumerate().fold(String::new(), |mut code, (at, c)| {
            if c.is_ascii_uppercase() && at > 0 {
                code.push('_');
            }
            code.push(c.to_ascii_lowercase());
            code
        })
    }

    /// Whether newer metadata of the provider could mend it: it may have changed its certificate.
    #[must_use]
    pub fn may_be_rotation(&self) -> bool {
        matches!(self, Self::WrongCertificate { .. })
    }

    /// What an admin can do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooComplex { .. } => {
                "Let the provider send only the groups that this application needs."
            }
            Self::Encoding { .. } | Self::NotXml { .. } | Self::AnotherDocument { .. } => {
                "Check that the provider's application is of the kind SAML 2.0 and posts to this connection's ACS address."
            }
            Self::Forbidden { .. }
            | Self::DuplicateId { .. }
            | Self::RelativeNamespace { .. }
            | Self::Unexpected { .. }
            | Self::Repeated { .. }
            | Self::SignatureMisplaced { .. }
            | Self::SignatureReference { .. }
            | Self::Altered { .. } => {
                "No provider sends this of itself. Look for something that rewrites messages on the way; it may be an attack."
            }
            Self::Missing { .. }
            | Self::Invalid { .. }
            | Self::SignatureForm { .. }
            | Self::UnknownCondition { .. } => {
                "Set the provider's application up with its standard SAML 2.0 settings for web single sign-on."
            }
            Self::Unsigned | Self::PartUnsigned { .. } => "Turn signing on in the provider's application.",
            Self::AlgorithmRefused { .. } => {
                "Choose RSA or ECDSA with SHA-256, exclusive canonicalization, and AES-GCM at the provider."
            }
            Self::Sha1Refused => {
                "Choose RSA-SHA256 at the provider. If it cannot, this connection can be told to accept SHA-1."
            }
            Self::WrongCertificate { .. } => {
                "Compare the provider's signing certificate with this connection's; upload its metadata again if it has changed."
            }
            Self::NoCertificate => "Upload the provider's metadata or its signing certificate.",
            Self::CannotDecrypt => {
                "Give this connection's metadata to the provider again: it may encrypt for an old key."
            }
            Self::CipherUnprotected => "Let the provider sign the response as well, or encrypt with AES-GCM.",
            Self::ProviderRefused { .. } => {
                "Look at the provider's own log; often the person is not assigned to the application."
            }
            Self::UnknownIssuer { .. } => "Compare the provider's entity id with this connection's.",
            Self::WrongDestination { .. } | Self::WrongRecipient { .. } => {
                "Enter this connection's ACS address at the provider, exactly as it is shown here."
            }
            Self::UnknownAudience { .. } => "Enter this connection's entity id as the audience at the provider.",
            Self::AnotherRequest { .. } => "The sign-in has to be started again, in the same browser.",
            Self::NotUnsolicited { .. } | Self::LivesTooLong { .. } | Self::NoBearer => {
                "Check the provider's settings for this application; its answer is not one for web single sign-on."
            }
            Self::Expired { .. } | Self::NotYetValid { .. } => {
                "Compare the provider's clock with this server's, and start the sign-in again."
            }
            Self::NameId { .. } => "Let the provider send a NameID that names each person for ever, as plain text.",
            Self::SecondOpinion { .. } => {
                "Let the provider sign with RSA or ECDSA and SHA-256, and encrypt nothing: sign_in.second_opinion can judge no more."
            }
            Self::Metadata { .. } => "Download the identity provider's own metadata again; it is an XML file.",
            Self::CannotSign => "Renew this connection's own key.",
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "nobody".to_owned();
    }
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
