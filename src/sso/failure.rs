//! What an error of a protocol is called in the trace.

use super::{SsoError, TokenFault, saml::SamlFault};
use crate::model::SignInFailure;

impl SsoError {
    /// The reason, in the vocabulary that all protocols share.
    #[must_use]
    pub fn failure(&self) -> SignInFailure {
        match self {
            Self::ProviderUnreachable { .. } => SignInFailure::ProviderUnreachable,
            Self::DiscoveryInvalid { .. } => SignInFailure::ProviderMisconfigured,
            Self::StateMismatch => SignInFailure::StateLost,
            Self::PendingExpired { .. } => SignInFailure::TookTooLong,
            Self::CallbackInvalid { .. } => SignInFailure::AnswerMalformed,
            Self::IssuerMismatch { .. } => SignInFailure::IssuerMismatch,
            Self::Refused { .. } => SignInFailure::ProviderRefused,
            // RFC 6749 §5.2: the two words that are about us, not about the code.
            Self::CodeRefused { error, .. } => match error.as_str() {
                "invalid_client" | "unauthorized_client" => SignInFailure::ClientRefused,
                _ => SignInFailure::CodeRefused,
            },
            Self::TokenInvalid { why } | Self::LogoutInvalid { why } => why.failure(),
            Self::GroupsUnknown { .. } => SignInFailure::GroupsUnreadable,
            Self::NoClientKey => SignInFailure::ClientRefused,
            Self::Saml(fault) => fault.failure(),
            Self::TooWeak { .. } => SignInFailure::AuthenticationTooWeak,
            Self::Replayed => SignInFailure::Replayed,
            Self::UserinfoInvalid { .. } => SignInFailure::UserinfoMismatch,
        }
    }
}

impl TokenFault {
    fn failure(&self) -> SignInFailure {
        match self {
            Self::Missing => SignInFailure::TokenMissing,
            Self::Malformed(_) | Self::TooLarge(_) | Self::Type(_) | Self::Critical => {
                SignInFailure::AssertionMalformed
            }
            Self::Algorithm(_) => SignInFailure::AlgorithmRefused,
            Self::UnknownKey { .. } => SignInFailure::WrongCertificate,
            Self::WeakKey { .. } => SignInFailure::WeakKey,
            Self::Signature => SignInFailure::SignatureInvalid,
            Self::Issuer { .. } | Self::Tenant(_) | Self::ForeignKey(_) => SignInFailure::IssuerMismatch,
            Self::Audience(_) => SignInFailure::UnknownAudience,
            Self::AuthorizedParty(_) | Self::AccessTokenHash | Self::CodeHash => SignInFailure::WrongRecipient,
            Self::AuthenticationClass { .. } | Self::AuthenticationTime { .. } => SignInFailure::AuthenticationTooWeak,
            Self::NotALogout(_) => SignInFailure::AssertionMalformed,
            Self::Nonce => SignInFailure::NonceMismatch,
            Self::Expired(_) => SignInFailure::AssertionExpired,
            Self::NotYetValid(_) | Self::IssuedInFuture(_) => SignInFailure::AssertionNotYetValid,
            Self::Subject => SignInFailure::SubjectMissing,
        }
    }
}

impl SamlFault {
    fn failure(&self) -> SignInFailure {
        match self {
            Self::TooLarge { .. }
            | Self::Encoding { .. }
            | Self::Forbidden { .. }
            | Self::TooComplex { .. }
            | Self::NotXml { .. }
            | Self::AnotherDocument { .. } => SignInFailure::AnswerMalformed,
            Self::DuplicateId { .. }
            | Self::RelativeNamespace { .. }
            | Self::Missing { .. }
            | Self::Repeated { .. }
            | Self::Unexpected { .. }
            | Self::Invalid { .. }
            | Self::LivesTooLong { .. }
            | Self::UnknownCondition { .. }
            | Self::NoBearer => SignInFailure::AssertionMalformed,
            Self::SecondOpinion { .. } => SignInFailure::SecondOpinion,
            Self::Unsigned | Self::PartUnsigned { .. } => SignInFailure::SignatureMissing,
            Self::SignatureMisplaced { .. }
            | Self::SignatureReference { .. }
            | Self::SignatureForm { .. }
            | Self::Altered { .. } => SignInFailure::SignatureInvalid,
            Self::AlgorithmRefused { .. } | Self::Sha1Refused => SignInFailure::AlgorithmRefused,
            Self::WrongCertificate { .. } | Self::NoCertificate => SignInFailure::WrongCertificate,
            Self::CannotDecrypt | Self::CipherUnprotected => SignInFailure::EncryptionUnreadable,
            Self::ProviderRefused { .. } => SignInFailure::ProviderRefused,
            Self::UnknownIssuer { .. } => SignInFailure::IssuerMismatch,
            Self::WrongDestination { .. } | Self::WrongRecipient { .. } => SignInFailure::WrongRecipient,
            Self::UnknownAudience { .. } => SignInFailure::UnknownAudience,
            Self::AnotherRequest { .. } => SignInFailure::NonceMismatch,
            Self::NotUnsolicited { .. } => SignInFailure::NotRequested,
            Self::Expired { .. } => SignInFailure::AssertionExpired,
            Self::NotYetValid { .. } => SignInFailure::AssertionNotYetValid,
            Self::NameId { .. } => SignInFailure::SubjectMissing,
            Self::Metadata { .. } => SignInFailure::ProviderMisconfigured,
            Self::CannotSign => SignInFailure::OurFault,
        }
    }
}
