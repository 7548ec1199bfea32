//! The one error of the use cases. Variants have meaning; only `http` knows status codes.

use crate::{
    mapping::Diagnostic,
    model::{BadId, SignInCode, SignInFailure, UserId},
    scim::ScimError,
    sso::SsoError,
    store::StoreError,
};

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or the token opens nothing. Every reason looks the same from outside.
    #[error("sign in first, or send a token that is valid")]
    NotSignedIn,
    /// The actor is known and may not do this.
    #[error("this needs {need}")]
    Forbidden {
        /// What is missing.
        need: String,
    },
    /// The terms have to be accepted before anything else.
    #[error("the terms of service and the privacy policy have to be accepted first")]
    TermsNotAccepted,
    /// There is none, or it is another organization's.
    #[error("there is no {what} “{id}” here")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// As it was asked for.
        id: String,
    },
    /// It clashes with what is there.
    #[error("{detail}")]
    Conflict {
        /// A stable word for programs.
        code: &'static str,
        /// For people.
        detail: String,
    },
    /// The change would leave the organization without an owner who can be reached.
    #[error("{}", last_owner(.last.as_ref()))]
    LastOwner {
        /// Who is last.
        last: Option<UserId>,
    },
    /// The thing changed since it was read (`If-Match`).
    #[error("this changed since it was read; read it again and repeat the change")]
    Stale,
    /// The thing can only be changed by who says which version they saw (`If-Match`), and nothing was said.
    #[error(
        "this can only be changed as it was read: send its ETag as If-Match, or If-Match: * to replace whatever is there"
    )]
    Unseen,
    /// What was sent cannot be right.
    #[error("{place}: {detail}")]
    Invalid {
        /// The field, parameter or line.
        place: String,
        /// What is wrong with it, and what to do.
        detail: String,
    },
    /// The mapping has mistakes; the version in force stays in force.
    #[error("the mapping has mistakes")]
    Mapping {
        /// Each with its line and column.
        diagnostics: Vec<Diagnostic>,
    },
    /// A document of a whole organization has mistakes; nothing is changed.
    #[error("the configuration has mistakes")]
    Configuration {
        /// Each with its line and column.
        diagnostics: Vec<Diagnostic>,
    },
    /// What SCIM says about it.
    #[error(transparent)]
    Scim(#[from] ScimError),
    /// The provider's people cannot sign in: its answer or its configuration is wrong, or it does not answer.
    #[error(transparent)]
    Provider(#[from] SsoError),
    /// The provider vouches for somebody who does not get in.
    #[error("{0}")]
    TurnedAway(TurnedAway),
    /// A sign-in that failed, and the code of its trace.
    #[error("{why}")]
    SignIn {
        /// Why.
        why: Box<Error>,
        /// What a person reads to an admin.
        code: SignInCode,
    },
    /// Try again later.
    #[error("the service is not available now: {0}")]
    Unavailable(String),
    /// Nothing can be changed until somebody looks after the store's disk; reading goes on.
    #[error("the store cannot be written to: {0}")]
    ReadOnly(String),
    /// A mistake in castgate. The detail is for the log and never for the caller.
    #[error("something went wrong inside castgate")]
    Internal(String),
}

/// Why somebody for whom the provider vouches does not get in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    /// The sign-in took too long, or began in another browser.
    #[error("this sign-in has expired or began in another browser; please start again")]
    Expired,
    /// Suspended by the directory or by an owner.
    #[error("your access is suspended; please ask an owner of your organization")]
    Suspended,
    /// No rule gives them anything and the default is none.
    #[error("you are known, but no rule gives you access yet; please ask an owner of your organization")]
    NoAccess,
    /// Somebody else here has the same name or address, and nothing proves that they are the same person.
    #[error("somebody else here already uses your name or address; please ask an owner of your organization")]
    Clash,
    /// The one-time link is unknown, used or expired.
    #[error("this link has been used or has expired; please ask for a new one")]
    DeadLink,
    /// The invitation's link was followed by somebody whose address is another one.
    #[error(
        "this invitation was sent to another address; sign in as the person whom it was sent to, or ask for one to yours"
    )]
    NotInvited,
    /// Whoever invites may no longer give what the invitation offers.
    #[error(
        "whoever invited you may no longer give what the invitation offers; please ask an owner of the organization"
    )]
    Withheld,
    /// What was typed does not show who it is. Whoever typed it does not learn why.
    #[error("the e-mail address, the organization or the password is not right")]
    Unproven(SignInFailure),
    /// Single sign-on is enforced for their e-mail domain, by another connection.
    #[error("people with your e-mail address sign in by their company's own sign-in alone; please begin there")]
    Enforced,
}

impl TurnedAway {
    /// The reason, in the vocabulary of the trace.
    #[must_use]
    pub fn failure(&self) -> SignInFailure {
        match self {
            Self::Expired => SignInFailure::StateLost,
            Self::Suspended => SignInFailure::Suspended,
            Self::NoAccess => SignInFailure::NoRuleMatched,
            Self::Clash => SignInFailure::Clash,
            Self::DeadLink => SignInFailure::LinkDead,
            Self::NotInvited => SignInFailure::NotInvited,
            Self::Withheld => SignInFailure::InvitationWithheld,
            Self::Unproven(why) => *why,
            Self::Enforced => SignInFailure::EnforcedElsewhere,
        }
    }
}

fn last_owner(last: Option<&UserId>) -> String {
    match last {
        Some(user) => format!(
            "this would leave no owner who can be reached: {user} is the last; make somebody else an owner first"
        ),
        None => "this would leave no owner who can be reached; make somebody else an owner first".to_owned(),
    }
}

impl Error {
    /// There is no such thing here.
    pub fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { what, id: id.into() }
    }

    /// A clash, with a stable word for programs.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    /// Something that cannot be right, and where.
    pub fn invalid(place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid { place: place.into(), detail: detail.into() }
    }

    /// Why a sign-in that ended with this failed.
    #[must_use]
    pub fn sign_in_failure(&self) -> SignInFailure {
        match self {
            Self::SignIn { why, .. } => why.sign_in_failure(),
            Self::Provider(error) => error.failure(),
            Self::TurnedAway(why) => why.failure(),
            Self::TermsNotAccepted => SignInFailure::TermsNotAccepted,
            Self::NotFound { .. } => SignInFailure::ConnectionDisabled,
            Self::NotSignedIn
            | Self::Forbidden { .. }
            | Self::Conflict { .. }
            | Self::LastOwner { .. }
            | Self::Stale
            | Self::Unseen
            | Self::Invalid { .. }
            | Self::Mapping { .. }
            | Self::Configuration { .. }
            | Self::Scim(_)
            | Self::Unavailable(_)
            | Self::ReadOnly(_)
            | Self::Internal(_) => SignInFailure::OurFault,
        }
    }

    /// A mistake of ours.
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        Self::Internal(detail.to_string())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => Self::Unavailable(why),
            StoreError::Unwritable(why) => Self::ReadOnly(why),
            StoreError::Conflict => Self::Unavailable("two changes met; please repeat the request".to_owned()),
            // What callers may run into is asked first; what is left are two requests at the same moment.
            StoreError::Unique(index) => Self::conflict(
                "taken",
                format!("somebody else took the same name at the same moment ({index}); please repeat the request"),
            ),
            StoreError::Corrupt(_)
            | StoreError::Misuse(_)
            | StoreError::LockedByAnother(_)
            | StoreError::Migration(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<BadId> for Error {
    fn from(error: BadId) -> Self {
        Self::invalid("id", error.to_string())
    }
}
