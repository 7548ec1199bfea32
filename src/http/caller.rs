//! Who sent a request: somebody with a session in a browser, or a program with an API key.

use super::{
    cookies::{self, sign_in_address},
    error::{ApiFailure, PageFailure},
    request::Noted,
    server::ClientAddress,
};
use crate::{
    app::{App, Credential, Ctx, Error, Visit, Whence},
    crypto::TokenKind,
};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use std::{convert::Infallible, sync::Arc};

/// The header in which a script of ours sends the form token.
const TOKEN_HEADER: &str = "x-castgate-csrf";

/// From where a request comes, for the trace of a sign-in.
impl FromRequestParts<App> for Whence {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address);
        Ok(Self { address, request: parts.extensions.get::<Noted>().map(|noted| noted.id().clone()) })
    }
}

/// Somebody whom a credential lets in.
#[derive(Clone)]
pub(super) struct Guest {
    /// Who, and what they may do.
    pub(super) visit: Arc<Visit>,
    /// The session's secret, when it was a session.
    session: Option<String>,
    noted: Option<Noted>,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest").field("visit", &self.visit).finish_non_exhaustive()
    }
}

impl Guest {
    /// Whom the request's key or session lets in. A key that is sent counts, whatever cookies come along.
    pub(super) async fn of(app: &App, parts: &Parts) -> Result<Self, Error> {
        match key(&parts.headers) {
            Some(key) => Self::enter(app, parts, Credential::Key(key), None).await,
            None => Self::of_session(app, parts).await,
        }
    }

    async fn of_session(app: &App, parts: &Parts) -> Result<Self, Error> {
        let secret = cookies::session(&parts.headers, app.settings()).ok_or(Error::NotSignedIn)?;
        Self::enter(app, parts, Credential::Session(&secret), Some(secret.clone())).await
    }

    async fn enter(
        app: &App,
        parts: &Parts,
        credential: Credential<'_>,
        session: Option<String>,
    ) -> Result<Self, Error> {
        let visit = app.visit(credential).await?;
        app.note_key_use(&visit, parts.extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address));
        let noted = parts.extensions.get::<Noted>().cloned();
        if let Some(noted) = &noted {
            noted.note_caller(visit.actor().kind(), &visit.organization);
        }
        Ok(Self { visit, session, noted })
    }

    /// The context of what they ask for, once the terms are accepted.
    pub(super) fn ctx(&self, app: &App) -> Result<Ctx, Error> {
        self.visit.ctx(app).map(|ctx| self.noted(ctx))
    }

    /// The context of what is open before that.
    pub(super) fn ctx_before_terms(&self, app: &App) -> Ctx {
        self.noted(self.visit.ctx_before_terms(app))
    }

    fn noted(&self, mut ctx: Ctx) -> Ctx {
        if let Some(noted) = &self.noted {
            noted.note(&mut ctx);
        }
        ctx
    }

    /// The token that this session's forms carry; none for a key, which no browser sends by itself.
    pub(super) fn csrf(&self) -> Option<String> {
        self.session.as_deref().map(cookies::csrf_token)
    }

    /// Refuses a change that another site may have had the browser send.
    pub(super) fn refuse_forged(&self, app: &App, headers: &HeaderMap, token: Option<&str>) -> Result<(), Error> {
        match &self.session {
            Some(secret) => cookies::refuse_forged(headers, app.settings(), secret, token),
            None => Ok(()),
        }
    }
}

/// The API key of a request. What does not look like one may be meant for a service behind the gateway.
fn key(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        // RFC 9110 §11.1: the scheme's name is not case-sensitive.
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let is_key = |text: &&str| TokenKind::of(text) == Some(TokenKind::ApiKey);
    bearer.filter(is_key).or_else(|| text("x-api-key"))
}

/// Somebody signed in, with a browser. Others are sent to the sign-in and come back.
#[derive(Debug, Clone)]
pub(super) struct SignedIn(pub(super) Guest);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match Guest::of_session(app, parts).await {
            Ok(guest) => Ok(Self(guest)),
            Err(Error::NotSignedIn) => {
                let wanted = parts.uri.path_and_query().map_or("/account", |wanted| wanted.as_str());
                let to = if parts.method == Method::GET { sign_in_address(wanted) } else { "/login".to_owned() };
                Err((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
            }
            Err(error) => Err(PageFailure::from(error).into_response()),
        }
    }
}

impl OptionalFromRequestParts<App> for SignedIn {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Infallible> {
        Ok(Guest::of_session(app, parts).await.ok().map(Self))
    }
}

/// A caller of the API: a key, or a session whose changes carry the form token in a header. The terms are accepted.
#[derive(Debug, Clone)]
pub(super) struct ApiCaller {
    /// Who.
    pub(super) guest: Guest,
    /// The context of what they ask for.
    pub(super) ctx: Ctx,
}

impl FromRequestParts<App> for ApiCaller {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiFailure> {
        let guest = Guest::of(app, parts).await?;
        if let Some(noted) = &guest.noted {
            noted.admit(|limits| limits.of_organization(&guest.visit.organization))?;
        }
        // RFC 9110 §9.2.1: safe methods change nothing, so there is nothing to forge.
        if !parts.method.is_safe() {
            let token = parts.headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
            guest.refuse_forged(app, &parts.headers, token)?;
        }
        let ctx = guest.ctx(app)?;
        Ok(Self { guest, ctx })
    }
}
