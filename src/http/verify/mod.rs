//! For services behind the gateway: who is this, may they, and a token that says so.
//!
//! `/auth/verify` is what nginx (`auth_request`) asks before it lets a request through, `/auth/verify/traefik` what Traefik
//! (`forwardAuth`) and `/auth/verify/envoy` what Envoy (`ext_authz` over HTTP) do. The question is the same; they differ in
//! where the [original] request is written, and in that nginx makes a redirect of a 401 by itself, while the others hand our
//! answer to the browser. What the request itself claims about its sender is never read.

mod answer;
mod original;

pub(super) use original::take_from_path;

use super::{
    caller::Guest,
    cookies::ReturnTo,
    doors::{Caller, Doors, OrganizationFrom, every, get},
    error::{ApiFailure, Refusal},
    request::Noted,
    step_up,
};
use crate::{
    app::{App, Error, Question},
    model::Capability,
    sso::StepUp,
};
use axum::{
    Json,
    extract::{FromRequest, Query, Request, State, rejection::QueryRejection},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use original::{Original, Proxy};
use schemars::JsonSchema;
use serde::Deserialize;

/// Whether an address is one at which a gateway asks.
pub(super) fn is_a_question(path: &str) -> bool {
    path.strip_prefix("/auth/verify").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(super) fn doors() -> Doors {
    // Every method: some proxies repeat that of the request that they ask about. No body is ever read.
    Doors::at("", "Behind the gateway", Caller::SessionOrKey)
        .door(
            every("/auth/verify", nginx)
                .summary("Whether the sender of a request may do what is asked, with headers that say who it is")
                .query::<Asked>()
                .answers_as(200, None)
                .refuses(&["not_found", "insufficient_user_authentication"]),
        )
        .door(
            every("/auth/verify/traefik", traefik)
                .summary("The same for Traefik, which hands our answer to the browser")
                .query::<Asked>()
                .answers_as(200, None)
                .refuses(&["not_found", "insufficient_user_authentication"]),
        )
        .door(
            every("/auth/verify/envoy", envoy)
                .summary("The same for Envoy, which puts the original path behind the address")
                .query::<Asked>()
                .answers_as(200, None)
                .refuses(&["not_found", "insufficient_user_authentication"]),
        )
        .door(
            get("/.well-known/jwks.json", jwks)
                .summary("The public keys of the tokens that services verify")
                .answers_to(Caller::Anyone, OrganizationFrom::Nothing)
                .answers_as(200, Some("application/json")),
        )
}

async fn nginx(State(app): State<App>, asking: Asking) -> Result<Response, ApiFailure> {
    verify(app, asking, Proxy::Nginx).await
}

async fn traefik(State(app): State<App>, asking: Asking) -> Result<Response, ApiFailure> {
    verify(app, asking, Proxy::Traefik).await
}

async fn envoy(State(app): State<App>, asking: Asking) -> Result<Response, ApiFailure> {
    verify(app, asking, Proxy::Envoy).await
}

/// What is asked besides the credential. It comes from the proxy's configuration, never from the original request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A capability that the sender must hold.
    can: Option<String>,
    /// On this cluster, by its short name.
    cluster: Option<String>,
    /// Whom the token is for; castgate itself if nobody is named.
    audience: Option<String>,
    /// How the sender has to have signed in: one of these authentication context classes, between spaces.
    acr: Option<String>,
    /// How many seconds ago the sender may have signed in at most.
    max_age: Option<u32>,
    /// What becomes of a CORS preflight, which never carries a credential.
    #[serde(default)]
    preflight: Preflight,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Preflight {
    /// It is asked for a credential like everything else.
    #[default]
    Refuse,
    /// The service answers it, for nobody in particular.
    Pass,
}

impl Asked {
    fn question(&self, proxy: Proxy) -> Result<Question, Error> {
        let can = match self.can.as_deref() {
            Some(name) => Some(name.parse::<Capability>().map_err(|error| Error::invalid("can", error.to_string()))?),
            None => None,
        };
        if self.preflight == Preflight::Pass && proxy == Proxy::Nginx {
            // What nginx does not set itself it copies from the request: its sender could say that it is a preflight.
            let why = "nginx cannot say safely which requests are preflights; answer OPTIONS in nginx itself";
            return Err(Error::invalid("preflight", why));
        }
        Ok(Question { can, cluster: self.cluster.clone() })
    }
}

/// One question of a proxy.
struct Asking {
    parts: Parts,
    asked: Result<Asked, QueryRejection>,
    /// Whoever came, if anybody did; the reason why not waits until the answer is made.
    sender: Result<Guest, Error>,
    noted: Option<Noted>,
}

impl FromRequest<App> for Asking {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (parts, _) = request.into_parts();
        let asked = Query::<Asked>::try_from_uri(&parts.uri).map(|Query(asked)| asked);
        let sender = Guest::of(app, &parts).await;
        let noted = parts.extensions.get::<Noted>().cloned();
        Ok(Self { parts, asked, sender, noted })
    }
}

async fn verify(app: App, asking: Asking, proxy: Proxy) -> Result<Response, ApiFailure> {
    let Asking { parts, asked, sender, noted } = asking;
    let asked =
        asked.map_err(|why| misconfigured(Refusal::new(StatusCode::BAD_REQUEST, "invalid", why.body_text())))?;
    let question = asked.question(proxy).map_err(|error| misconfigured(error.into()))?;
    let demand = step_up::demand(asked.acr.as_deref(), asked.max_age).map_err(misconfigured)?;
    // Most are let through, and nobody looks at where they come back to.
    let original = || Original::read(proxy, &parts);
    let request = noted.as_ref().map_or("", |noted| noted.id().as_str());
    let guest = match sender {
        Ok(guest) => guest,
        Err(Error::NotSignedIn) if asked.preflight == Preflight::Pass && original().is_preflight() => {
            return Ok(answer::nobody(&app, &parts.headers, request)?.into_response());
        }
        Err(error @ Error::NotSignedIn) => {
            let original = original();
            let address = sign_in(&app, &original);
            return Ok(answer::elsewhere(error, &original, (answer::LOGIN, &address)));
        }
        Err(error) => return Err(error.into()),
    };
    if let Err(error) = guest.visit.past_the_terms() {
        let original = original();
        let back = original.wanted(app.settings()).map_or_else(|| "/terms".to_owned(), |wanted| wanted.by_the_terms());
        let address = format!("{}{back}", app.settings().server.origin());
        return Ok(answer::elsewhere(error, &original, (answer::TERMS, &address)));
    }
    if !guest.visit.proves(&demand, app.clock().now()) {
        return Ok(too_weak(&app, &original(), &demand));
    }
    app.ask(&guest.visit, &question).await?;
    let audience = asked.audience.as_deref().unwrap_or_else(|| app.settings().server.origin());
    let signed = app.sign(&guest.visit, audience).await?;
    Ok(answer::identity(&app, &parts.headers, (request, &signed))?.into_response())
}

/// A proxy's configuration is wrong, and every request fails until it is put right: whoever reads the log must see it.
fn misconfigured(refusal: Refusal) -> Refusal {
    tracing::error!(why = refusal.detail, "a gateway asks /auth/verify for something that there is not");
    refusal
}

/// A person signs in again; a program is told what its token lacks.
fn too_weak(app: &App, original: &Original, demand: &StepUp) -> Response {
    let wanted = original.wanted(app.settings());
    let address = format!("{}{}", app.settings().server.origin(), step_up::address(wanted.as_ref(), demand));
    answer::elsewhere(step_up::insufficient(demand), original, (answer::LOGIN, &address))
}

fn sign_in(app: &App, original: &Original) -> String {
    let path = original.wanted(app.settings()).as_ref().map_or_else(|| "/login".to_owned(), ReturnTo::by_the_sign_in);
    format!("{}{path}", app.settings().server.origin())
}

/// `GET /.well-known/jwks.json`: the public halves of the keys that sign the tokens.
async fn jwks(State(app): State<App>) -> Result<Response, ApiFailure> {
    Ok(([(header::CACHE_CONTROL, "public, max-age=60")], Json(app.jwks().await?)).into_response())
}
