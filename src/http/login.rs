//! Signing in: from an e-mail address to the organization's provider, and back with a session.
//!
//! Nobody learns here which organizations or people exist: a domain that nobody owns leads to the question for the
//! organization's short name, and a name that does not exist gets the same sentence as one that nobody can sign in to.

use super::{
    body::FormBody,
    caller::SignedIn,
    cookies::{self, ReturnTo},
    doors::{Caller, Doors, OrganizationFrom, get, post},
    error::SignInFailure,
    pages::{
        notice, password, saml,
        sign_in::{self, Ask, SoFar},
        trial,
    },
};
use crate::{
    app::{App, Error, Finished, Reach, Route, SignInBegun, SignedIn as Arrived, TermsState, TurnedAway, Whence},
    config::SameSite,
    model::{ConnectionId, EventKind, OrganizationId, SignInProtocol},
    sso::Callback,
    telemetry::metrics,
};
use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use url::Url;

pub(super) const HTML: Option<&str> = Some("text/html");

/// One sentence for an organization that does not exist and for one that has no sign-in.
const NOWHERE: &str =
    "We could not find a sign-in for this organization. Check its short name, or ask a colleague for it.";

/// What a sign-in may come to.
pub(super) const ARRIVALS: &[EventKind] = &[
    EventKind::SessionStarted,
    EventKind::SessionEnded,
    EventKind::SignInRefused,
    EventKind::UserCreated,
    EventKind::UserChanged,
    EventKind::UserLinked,
    EventKind::UserActivated,
    EventKind::UserRevived,
    EventKind::GroupCreated,
    EventKind::GroupMembersChanged,
    EventKind::InvitationAccepted,
    EventKind::InvitationWithheld,
    EventKind::AccessChanged,
    EventKind::OwnerKept,
    EventKind::OrganizationOwned,
    EventKind::OrganizationOwnerless,
];

pub(super) fn doors() -> Doors {
    let (typed, sealed) = (OrganizationFrom::Slug, OrganizationFrom::Sealed);
    Doors::at("", "Sign-in", Caller::Anyone)
        .door(get("/login", show).summary("The sign-in page").answers_as(200, HTML))
        .door(
            post("/login", begin)
                .summary("Off to the provider of the address's organization")
                .answers_to(Caller::Anyone, typed)
                .answers_as(200, HTML),
        )
        .door(
            get("/login/callback", finish)
                .summary("Back from the provider, with a session")
                .answers_to(Caller::Anyone, sealed)
                .tells(&[ARRIVALS, &[EventKind::ConnectionTested]].concat())
                .answers_as(200, HTML)
                .answers_as(303, None),
        )
        .door(get("/login/link", show_link).summary("The page of a one-time link").answers_as(200, HTML))
        .door(
            post("/login/link", use_link)
                .summary("Sign in by a one-time link")
                .answers_to(Caller::Anyone, sealed)
                .tells(ARRIVALS)
                .answers_as(303, None),
        )
}

/// What the pages before a session send. Nothing of it is believed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    email: String,
    organization: String,
    connection: String,
    return_to: Option<String>,
}

impl Wanted {
    fn so_far<'a>(&'a self, return_to: &'a str) -> SoFar<'a> {
        SoFar { email: self.email.trim(), organization: self.organization.trim(), return_to }
    }
}

fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// `GET /login`. Who is signed in already goes on.
async fn show(State(app): State<App>, guest: Option<SignedIn>, Query(wanted): Query<Wanted>) -> Response {
    let return_to = ReturnTo::of(wanted.return_to.as_deref(), app.settings());
    if guest.is_some() {
        return see_other(return_to.as_str());
    }
    let ask = if filled(&wanted.organization).is_some() { Ask::Organization } else { Ask::Email };
    sign_in::sign_in(StatusCode::OK, wanted.so_far(return_to.as_str()), ask, None)
}

/// `POST /login`
async fn begin(
    State(app): State<App>,
    headers: HeaderMap,
    FormBody(wanted): FormBody<Wanted>,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    let return_to = ReturnTo::of(wanted.return_to.as_deref(), app.settings());
    let so_far = wanted.so_far(return_to.as_str());
    if wanted.connection == sign_in::PASSWORD {
        return Ok(password::form(StatusCode::OK, so_far, None));
    }
    if so_far.email.is_empty() && so_far.organization.is_empty() {
        return Ok(sign_in::sign_in(
            StatusCode::OK,
            so_far,
            Ask::Email,
            Some("Please enter your work e-mail address."),
        ));
    }
    match app.route_sign_in(filled(so_far.organization), filled(so_far.email)).await? {
        Route::Provider { organization, connection } => leave(&app, (&organization, &connection), so_far).await,
        Route::Choose(organization, providers) => {
            let chosen = providers.iter().find(|(id, _)| id.as_str() == wanted.connection);
            if let Some((connection, _)) = chosen {
                return leave(&app, (&organization, connection), so_far).await;
            }
            let shown: Vec<_> = providers.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
            Ok(sign_in::choose(so_far, &shown))
        }
        Route::Password => Ok(password::form(StatusCode::OK, so_far, None)),
        Route::AskOrganization => Ok(sign_in::sign_in(StatusCode::OK, so_far, Ask::Organization, None)),
        Route::Nothing => Ok(sign_in::sign_in(StatusCode::OK, so_far, Ask::Organization, Some(NOWHERE))),
    }
}

/// To the provider, with the memory of this sign-in sealed in a cookie.
async fn leave(
    app: &App,
    (organization, connection): (&OrganizationId, &ConnectionId),
    so_far: SoFar<'_>,
) -> Result<Response, SignInFailure> {
    let begun = app.begin_sign_in(organization, connection, filled(so_far.email), so_far.return_to).await?;
    Ok(leave_with(app, &begun))
}

/// The same for a sign-in that has begun.
pub(super) fn leave_with(app: &App, begun: &SignInBegun) -> Response {
    let host = Url::parse(&begun.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let provider = host.as_deref().unwrap_or("your provider");
    let title = "Off to your organization's sign-in";
    let mut response = match &begun.form {
        Some(form) => saml::posts_itself(title, provider, form),
        None => notice::on_the_way(title, provider, &begun.url),
    };
    let cookie = match begun.returns_by_post {
        true => cookies::set_saml_sign_in(app.settings(), &begun.cookie),
        false => cookies::set_sign_in(app.settings(), &begun.cookie),
    };
    add_cookie(&mut response, cookie);
    response
}

/// `GET /login/callback`: the provider sends the browser back. The memory of the sign-in is used up, whatever comes of it.
async fn finish(
    State(app): State<App>,
    whence: Whence,
    headers: HeaderMap,
    Query(callback): Query<Callback>,
) -> Response {
    let sealed = cookies::sign_in(&headers, app.settings());
    let outcome = app.finish_sign_in(sealed.as_deref(), callback, whence).await;
    metrics().sign_in(SignInProtocol::Oidc.name(), said_of_finished(&outcome));
    finished(&app, &headers, outcome).await
}

/// What the browser is answered in which a sign-in has come back, by whichever protocol.
pub(super) async fn finished(app: &App, headers: &HeaderMap, outcome: Result<Finished, Error>) -> Response {
    let mut response = match outcome {
        Ok(Finished::SignedIn(arrived)) => arrive(app, headers, &arrived).await,
        Ok(Finished::Tested(test)) => trial::result(&test),
        Err(error) => SignInFailure::from(error).into_response(),
    };
    add_cookie(&mut response, cookies::clear_sign_in(app.settings()));
    response
}

/// `GET /login/link`
async fn show_link(Query(link): Query<Link>) -> Response {
    sign_in::link(&link.token)
}

#[derive(Deserialize)]
struct Link {
    token: String,
}

/// `POST /login/link`
async fn use_link(
    State(app): State<App>,
    whence: Whence,
    headers: HeaderMap,
    FormBody(link): FormBody<Link>,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    let outcome = app.use_sign_in_link(&link.token, whence).await;
    metrics().sign_in(SignInProtocol::Link.name(), said_of(&outcome));
    let arrived = outcome?;
    Ok(arrive(&app, &headers, &arrived).await)
}

/// The same of a sign-in that has come back, which may have been a test.
pub(super) fn said_of_finished(outcome: &Result<Finished, Error>) -> &'static str {
    match outcome {
        Ok(Finished::Tested(_)) => "tested",
        Ok(Finished::SignedIn(_)) | Err(_) => said_of(outcome),
    }
}

/// An outcome's word among the metrics.
pub(super) fn said_of<T>(outcome: &Result<T, Error>) -> &'static str {
    let error = match outcome {
        Ok(_) => return "signed_in",
        Err(Error::SignIn { why, .. }) => why,
        Err(error) => error,
    };
    match error {
        Error::Provider(_) => "refused_by_provider",
        Error::TurnedAway(TurnedAway::Expired | TurnedAway::DeadLink) => "expired",
        Error::TurnedAway(
            TurnedAway::Suspended
            | TurnedAway::NoAccess
            | TurnedAway::Clash
            | TurnedAway::NotInvited
            | TurnedAway::Withheld
            | TurnedAway::Enforced
            | TurnedAway::Unproven(_),
        ) => "turned_away",
        _ => "failed",
    }
}

/// A fresh session in this browser; what it held before ends.
pub(super) async fn arrive(app: &App, headers: &HeaderMap, arrived: &Arrived) -> Response {
    if let Some(before) = cookies::session(headers, app.settings())
        && let Err(error) = app.sign_out(&before, Reach::Here).await
    {
        // The new session is good all the same; the old one ends by itself.
        tracing::warn!(%error, "the session that a sign-in replaces was not ended");
    }
    let return_to = ReturnTo::of(Some(&arrived.return_to), app.settings());
    let target = match arrived.terms {
        TermsState::Accepted | TermsState::Transition => return_to.to_string(),
        TermsState::Lapsed | TermsState::Never => return_to.by_the_terms(),
    };
    let mut response = match app.settings().sessions.same_site {
        SameSite::Lax if target == return_to.as_str() => after_a_form(&return_to),
        SameSite::Lax => see_other(&target),
        // A redirect goes on with the journey that began elsewhere, and a strict cookie would stay behind.
        SameSite::Strict => notice::on_the_way("You are signed in", "castgate", &target),
    };
    add_cookie(&mut response, cookies::set_session(app.settings(), arrived.secret.expose()));
    response
}

/// On to where somebody wanted to go. To another host a page of its own leads: see [`notice::on_the_way`].
pub(super) fn after_a_form(return_to: &ReturnTo) -> Response {
    match return_to.elsewhere() {
        Some(host) => notice::on_the_way("You are signed in", &host, return_to.as_str()),
        None => see_other(return_to.as_str()),
    }
}

pub(super) fn see_other(target: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, target)]).into_response()
}

pub(super) fn add_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    let Some(cookie) = cookie else {
        tracing::error!("a cookie was not set: its value does not fit into a header");
        return;
    };
    response.headers_mut().append(header::SET_COOKIE, cookie);
}
