//! What a caller is told when a request is not done: status, a stable code and a sentence, rendered for whoever asked.

use crate::{
    app::{Error, TurnedAway},
    mapping::Diagnostic,
    model::SignInCode,
    scim::{ScimError, ScimType},
    sso::SsoError,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

pub(super) mod codes;
mod rendering;

pub(super) use rendering::{Internals, Problem, Rendered, Room, Said, as_sentence};

/// What people read when only the log may know more.
const OURS: &str = "Something went wrong inside castgate. The operator finds it in the log by the request's number.";
const READ_ONLY: &str = "castgate cannot change anything at this moment: the disk of its store is full, read-only or broken. \
                         Nothing was changed, and reading goes on. Its operator has to make room; then repeat the request.";
const AWAY: &str = "castgate cannot work at this moment. Please try again in a few seconds.";
const PROVIDER: &str = "Your identity provider's answer could not be accepted. Please start again; if it happens again, tell your administrator.";

/// A refusal, before it is rendered.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// A stable word for programs.
    pub(super) code: &'static str,
    /// What was wrong, where, and what to do; never an internal.
    pub(super) detail: String,
    /// What people read on a page, where it is not the detail.
    pub(super) sentence: Option<&'static str>,
    /// Which field of what was sent it is about.
    pub(super) field: Option<Box<Field>>,
    /// SCIM's own keyword.
    pub(super) scim_type: Option<ScimType>,
    /// What is wrong with a mapping.
    pub(super) diagnostics: Box<[Diagnostic]>,
    /// What a person whose sign-in failed reads to an admin.
    pub(super) reference: Option<Box<SignInCode>>,
    /// For the log.
    pub(super) internals: Option<Box<str>>,
    /// What a 401 says in `WWW-Authenticate`, where it is not the room's own word.
    pub(super) challenge: Option<Box<Challenge>>,
}

/// The name of a field of a form or a body.
#[derive(Debug, Clone)]
pub(super) struct Field(pub(super) String);

/// A value of `WWW-Authenticate`.
#[derive(Debug, Clone)]
pub(super) struct Challenge(pub(super) String);

impl Refusal {
    /// A refusal that says no more than this.
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let (sentence, scim_type, internals, challenge) = (None, None, None, None);
        let (diagnostics, reference, field) = (Box::default(), None, None);
        Self { status, code, detail, sentence, field, scim_type, diagnostics, reference, internals, challenge }
    }

    /// There is nothing at this address.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
    }

    /// A mistake of ours; `why` is for the log.
    pub(super) fn internal(why: impl Into<String>) -> Self {
        Self { internals: Some(why.into().into()), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", OURS) }
    }

    /// What the router or an extractor said, which knows a status and perhaps a sentence.
    pub(super) fn bare(status: StatusCode, why: &str) -> Self {
        let (code, standard) = match status {
            StatusCode::NOT_FOUND => return Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method_not_allowed",
                "This address does not take this method; the Allow header names those that it takes.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The body is larger than what is read here."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_media_type", "The body has a Content-Type that is not read here.")
            }
            status if status.is_server_error() => return Self::internal(format!("status {status}: {why}")),
            _ => ("bad_request", "The request cannot be read."),
        };
        let detail = if why.is_empty() { standard.to_owned() } else { format!("{standard} {why}") };
        Self::new(status, code, detail)
    }

    /// In the words of a room.
    pub(super) fn render(self, room: Room) -> Response {
        rendering::render(self, room)
    }

    fn of_provider(error: &SsoError) -> Self {
        let (status, code) = match error {
            SsoError::ProviderUnreachable { .. } => (StatusCode::BAD_GATEWAY, "provider_unreachable"),
            SsoError::DiscoveryInvalid { .. } => (StatusCode::BAD_GATEWAY, "provider_misconfigured"),
            SsoError::StateMismatch | SsoError::PendingExpired { .. } => (StatusCode::BAD_REQUEST, "sign_in_expired"),
            SsoError::CallbackInvalid { .. } | SsoError::Replayed => {
                (StatusCode::BAD_REQUEST, "provider_answer_invalid")
            }
            SsoError::IssuerMismatch { .. } => (StatusCode::BAD_REQUEST, "provider_issuer_mismatch"),
            SsoError::Refused { .. } | SsoError::TooWeak { .. } => (StatusCode::FORBIDDEN, "provider_refused"),
            SsoError::CodeRefused { .. } => (StatusCode::BAD_GATEWAY, "provider_code_refused"),
            SsoError::TokenInvalid { .. } | SsoError::Saml(_) => (StatusCode::BAD_GATEWAY, "provider_token_invalid"),
            SsoError::LogoutInvalid { .. } => (StatusCode::BAD_REQUEST, "logout_token_invalid"),
            SsoError::GroupsUnknown { .. } => (StatusCode::BAD_GATEWAY, "provider_groups_unknown"),
            SsoError::NoClientKey => (StatusCode::BAD_GATEWAY, "no_client_key"),
            SsoError::UserinfoInvalid { .. } => (StatusCode::BAD_GATEWAY, "provider_userinfo_invalid"),
        };
        let why = error.to_string();
        Self { sentence: Some(PROVIDER), internals: Some(why.as_str().into()), ..Self::new(status, code, why) }
    }

    fn of_turned_away(why: &TurnedAway) -> Self {
        let (status, code) = match why {
            TurnedAway::Expired => (StatusCode::BAD_REQUEST, "sign_in_expired"),
            TurnedAway::Suspended => (StatusCode::FORBIDDEN, "suspended"),
            TurnedAway::NoAccess => (StatusCode::FORBIDDEN, "no_access"),
            TurnedAway::Clash => (StatusCode::CONFLICT, "clash"),
            TurnedAway::DeadLink => (StatusCode::GONE, "dead_link"),
            TurnedAway::NotInvited => (StatusCode::FORBIDDEN, "invitation_of_another"),
            TurnedAway::Withheld => (StatusCode::FORBIDDEN, "invitation_withheld"),
            TurnedAway::Unproven(_) => (StatusCode::FORBIDDEN, "unproven"),
            TurnedAway::Enforced => (StatusCode::FORBIDDEN, "enforced_elsewhere"),
        };
        Self::new(status, code, why.to_string())
    }
}

impl From<ScimError> for Refusal {
    fn from(error: ScimError) -> Self {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = error.scim_type.map_or("scim", ScimType::as_str);
        Self { scim_type: error.scim_type, ..Self::new(status, code, error.detail) }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let said = error.to_string();
        match error {
            Error::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", said),
            Error::Forbidden { .. } => Self::new(StatusCode::FORBIDDEN, "forbidden", said),
            Error::TermsNotAccepted => Self::new(StatusCode::FORBIDDEN, "terms_not_accepted", said),
            Error::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, "not_found", said),
            Error::Conflict { code, detail } => {
                Self { scim_type: Some(ScimType::Uniqueness), ..Self::new(StatusCode::CONFLICT, code, detail) }
            }
            Error::LastOwner { .. } => Self::new(StatusCode::CONFLICT, "last_owner", said),
            Error::Stale => Self::new(StatusCode::PRECONDITION_FAILED, "changed", said),
            Error::Unseen => Self::new(StatusCode::PRECONDITION_REQUIRED, "if_match_required", said),
            Error::Invalid { place, .. } => Self {
                scim_type: Some(ScimType::InvalidValue),
                field: Some(Box::new(Field(place))),
                ..Self::new(StatusCode::BAD_REQUEST, "invalid", said)
            },
            Error::Mapping { diagnostics } => Self {
                diagnostics: diagnostics.into(),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "mapping_invalid", said)
            },
            Error::Configuration { diagnostics } => Self {
                diagnostics: diagnostics.into(),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "configuration_invalid", said)
            },
            Error::Scim(error) => error.into(),
            Error::Provider(error) => Self::of_provider(&error),
            Error::TurnedAway(why) => Self::of_turned_away(&why),
            Error::SignIn { why, code } => Self { reference: Some(Box::new(code)), ..Self::from(*why) },
            Error::Unavailable(why) => {
                Self { internals: Some(why.into()), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", AWAY) }
            }
            Error::ReadOnly(why) => Self {
                internals: Some(why.into()),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "read_only", READ_ONLY)
            },
            Error::Internal(why) => Self::internal(why),
        }
    }
}

/// The error type of a room's handlers: `?` on an `app::Error`, a `ScimError` or a [`Refusal`] renders it as the room does.
macro_rules! failures {
    ($($(#[$doc:meta])* $name:ident in $room:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name(Box<Refusal>);

        impl<E: Into<Refusal>> From<E> for $name {
            fn from(error: E) -> Self {
                Self(Box::new(error.into()))
            }
        }

        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                self.0.render($room)
            }
        }
    )*};
}

failures! {
    /// A SCIM error (RFC 7644 §3.12).
    ScimFailure in Room::Scim;
    /// problem+json (RFC 9457).
    ApiFailure in Room::Api;
    /// An error of OAuth (RFC 6749 §5.2).
    OAuthFailure in Room::OAuth;
    /// A page.
    PageFailure in Room::Page;
    /// The sign-in page, which says why and offers to begin again.
    SignInFailure in Room::SignIn;
}

#[cfg(test)]
mod tests;
