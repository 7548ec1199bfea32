//! Whose push it is.

use super::{
    address::{self, Addressed},
    parameters::Given,
};
use crate::{
    app::{App, Attempt, Ctx, Error, Refusing, Shown},
    http::{
        error::{Challenge, Refusal, ScimFailure, as_sentence},
        request::Noted,
        server::ClientAddress,
    },
    model::Connection,
    scim::Extensions,
};
use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;

/// A request of a provider that showed a good token. Whoever answers it takes it out of the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Push {
    pub(super) ctx: Ctx,
    pub(super) connection: Arc<Connection>,
    /// The address by which it was asked, and behind which every location in the answer is: `…/scim/v2`, or the connection's own.
    pub(super) base: Arc<str>,
    /// What stands behind the question mark.
    pub(super) given: Given,
}

impl FromRequestParts<App> for Push {
    type Rejection = ScimFailure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ScimFailure> {
        let push = parts.extensions.remove();
        push.ok_or_else(|| Refusal::internal("a route of the providers that nobody stands before").into())
    }
}

impl Push {
    /// The schemas that are declared for its connection.
    pub(super) fn extensions(&self) -> Extensions<'_> {
        Extensions(&self.connection.schemas)
    }
}

/// Lets nobody past without a token. Whoever shows one that was real is told what became of it; for everybody else every
/// reason for a refusal gets the same bytes.
pub(super) async fn authenticate(
    app: &App,
    (mut request, given): (Request, Given),
    next: Next,
) -> Result<Response, ScimFailure> {
    let extensions = request.extensions();
    let at = extensions.get::<Addressed>().map(|Addressed(connection)| connection);
    let base = address::base(app, at).into();
    let from = extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address);
    let bearer = bearer(request.headers()).ok_or_else(nobody)?;
    let attempt = Attempt::current();
    let (mut ctx, connection) = match app.scim_caller(Shown { bearer, at, from }).await {
        Ok(found) => found,
        Err(refusing) => {
            // The log of whoever made the credential says more than the answer does.
            if let (Some(attempt), Refusing::Unknown | Refusing::Known(_)) = (&attempt, &refusing) {
                attempt.of_token(bearer);
            }
            return Err(refused(refusing).into());
        }
    };
    if let Some(attempt) = &attempt {
        attempt.of_connection(&ctx, &connection);
    }
    if let Some(noted) = request.extensions().get::<Noted>() {
        noted.note(&mut ctx);
        noted.admit(|limits| limits.of_connection(&connection.id))?;
    }
    request.extensions_mut().insert(Push { ctx, connection, base, given });
    Ok(next.run(request).await)
}

fn refused(refusing: Refusing) -> Refusal {
    match refusing {
        Refusing::Unknown => nobody(),
        Refusing::Known(why) => known(&why),
        Refusing::Failed(error) => error.into(),
    }
}

fn nobody() -> Refusal {
    Refusal {
        detail: "Send the token of an enabled connection: Authorization: Bearer ….".to_owned(),
        ..Error::NotSignedIn.into()
    }
}

/// RFC 6750 §3.1: an expired, revoked or otherwise invalid token.
fn known(why: &str) -> Refusal {
    let challenge = format!("Bearer realm=\"castgate\", error=\"invalid_token\", error_description=\"{why}\"");
    Refusal { detail: as_sentence(why), challenge: Some(Box::new(Challenge(challenge))), ..Error::NotSignedIn.into() }
}

/// RFC 6750 §2.1; the scheme's letter case does not matter (RFC 9110 §11.1). One header, or none counts.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).into_iter();
    let (Some(one), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_token_comes_once_and_with_its_scheme() {
        assert_eq!(read(&["Bearer abc"]), Some("abc".to_owned()));
        assert_eq!(read(&["bEARER  abc "]), Some("abc".to_owned()));
        for none in [&[][..], &["abc"], &["Basic abc"], &["Bearerabc"], &["Bearer a", "Bearer a"]] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
