//! Signing in by e-mail and password, and choosing one by a link.
//!
//! Every reason for a refusal looks the same: status, page, and the work that was done.

use super::{
    body::FormBody,
    caller::SignedIn,
    cookies::{self, ReturnTo},
    doors::{Caller, Doors, OrganizationFrom, get, post},
    error::{PageFailure, SignInFailure},
    login::{add_cookie, arrive, said_of, see_other},
    pages::{
        password::{self, Choosing, REFUSED},
        sign_in::SoFar,
    },
};
use crate::{
    app::{App, ByPassword, Error, Tried, Whence},
    model::{EventKind, SignInProtocol},
    telemetry::metrics,
};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use secrecy::SecretString;
use serde::Deserialize;
use std::time::Duration;

const HTML: Option<&str> = Some("text/html");
const ENTERS: &[EventKind] = &[EventKind::SessionStarted, EventKind::SessionEnded];
const DIFFERENT: &str = "The two passwords are not the same. Please type the new one twice.";

pub(super) fn doors() -> Doors {
    let (typed, sealed) = (OrganizationFrom::Slug, OrganizationFrom::Sealed);
    let invited = [super::login::ARRIVALS, &[EventKind::PasswordSet]].concat();
    Doors::at("", "Sign-in", Caller::Anyone)
        .door(get("/login/password", show).summary("The form for e-mail and password").answers_as(200, HTML))
        .door(
            post("/login/password", sign_in)
                .summary("Sign in by e-mail and password")
                .answers_to(Caller::Anyone, typed)
                .tells(ENTERS)
                .answers_as(200, HTML)
                .answers_as(303, None),
        )
        .door(
            post("/login/code", finish)
                .summary("The code of an authenticator app, or a recovery code, after the password")
                .answers_to(Caller::Anyone, sealed)
                .tells(&[ENTERS, &[EventKind::RecoveryCodeUsed]].concat())
                .answers_as(303, None),
        )
        .door(
            get("/login/forgot", show_forgot)
                .summary("Where a link to choose a password is asked for")
                .answers_as(200, HTML),
        )
        .door(
            post("/login/forgot", forgot)
                .summary("Have a link to choose a password mailed")
                .detail("The answer is the same whether there is somebody to mail it to or not: who that is is looked up afterwards.")
                .answers_to(Caller::Anyone, typed)
                .answers_as(200, HTML),
        )
        .door(
            get("/login/reset", show_link)
                .summary("The page of a link to choose a password: looking changes nothing")
                .answers_to(Caller::Anyone, sealed)
                .answers_as(200, HTML),
        )
        .door(
            post("/login/reset", choose)
                .summary("Choose a password by a link, once; every session of the person ends")
                .answers_to(Caller::Anyone, sealed)
                .tells(&[EventKind::PasswordSet, EventKind::SessionEnded])
                .answers_as(200, HTML),
        )
        .door(
            get("/invitations/{token}/password", show_invited)
                .part::<String>("token")
                .summary("Where an invitation is accepted with a password: looking changes nothing")
                .answers_to(Caller::Anyone, sealed)
                .answers_as(200, HTML),
        )
        .door(
            post("/invitations/{token}/password", accept)
                .part::<String>("token")
                .summary("Accept an invitation with a password")
                .answers_to(Caller::Anyone, sealed)
                .tells(&invited)
                .answers_as(303, None),
        )
}

/// What the pages send. Nothing of it is believed, and it has no `Debug`: there is a password in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    email: String,
    organization: String,
    password: String,
    again: String,
    code: String,
    token: String,
    return_to: Option<String>,
}

impl Sent {
    fn so_far<'a>(&'a self, return_to: &'a str) -> SoFar<'a> {
        SoFar { email: self.email.trim(), organization: self.organization.trim(), return_to }
    }
}

/// `GET /login/password`. Who is signed in already goes on.
async fn show(State(app): State<App>, guest: Option<SignedIn>, Query(sent): Query<Sent>) -> Response {
    let return_to = ReturnTo::of(sent.return_to.as_deref(), app.settings());
    if guest.is_some() {
        return see_other(return_to.as_str());
    }
    password::form(StatusCode::OK, sent.so_far(return_to.as_str()), None)
}

/// `POST /login/password`
async fn sign_in(
    State(app): State<App>,
    whence: Whence,
    headers: HeaderMap,
    FormBody(mut sent): FormBody<Sent>,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    let device = cookies::device(&headers, app.settings());
    let return_to = ReturnTo::of(sent.return_to.as_deref(), app.settings());
    let password = SecretString::from(std::mem::take(&mut sent.password));
    let so_far = sent.so_far(return_to.as_str());
    let tried = Tried {
        slug: so_far.organization,
        email: so_far.email,
        password,
        device: device.as_deref(),
        return_to: return_to.as_str(),
    };
    let outcome = Box::pin(app.sign_in_by_password(tried, &whence)).await;
    note(&outcome);
    let again = |notice: &str, status| password::form(status, so_far, Some(notice));
    Ok(said(&app, &headers, outcome?, again).await)
}

/// `POST /login/code`
async fn finish(
    State(app): State<App>,
    whence: Whence,
    headers: HeaderMap,
    FormBody(sent): FormBody<Sent>,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    let half = cookies::sign_in(&headers, app.settings());
    let outcome = Box::pin(app.finish_by_code(half.as_deref(), &sent.code, &whence)).await;
    note(&outcome);
    let again = |notice: &str, status| {
        let notice =
            if notice == REFUSED { "This code is wrong, or was used before. Wait for the next one." } else { notice };
        password::code(status, Some(notice))
    };
    Ok(said(&app, &headers, outcome?, again).await)
}

/// What a browser is answered, by an attempt's outcome; `again` is the page once more.
async fn said(
    app: &App,
    headers: &HeaderMap,
    outcome: ByPassword,
    again: impl FnOnce(&str, StatusCode) -> Response,
) -> Response {
    match outcome {
        ByPassword::In(arrived, device) => {
            let mut response = arrive(app, headers, &arrived).await;
            add_cookie(&mut response, cookies::clear_sign_in(app.settings()));
            remember(app, &mut response, device.as_deref());
            response
        }
        ByPassword::Code(half) => {
            let mut response = password::code(StatusCode::OK, None);
            add_cookie(&mut response, cookies::set_sign_in(app.settings(), &half));
            response
        }
        ByPassword::Refused => again(REFUSED, StatusCode::FORBIDDEN),
        ByPassword::Wait(wait) => {
            let seconds = wait.as_secs() + 1;
            let mut response =
                again(&format!("Too many attempts. Please wait {}.", in_words(wait)), StatusCode::TOO_MANY_REQUESTS);
            // RFC 6585 §4.
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

fn in_words(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ 0..60 => format!("{} seconds", seconds + 1),
        seconds => format!("{} minutes", seconds / 60 + 1),
    }
}

fn remember(app: &App, response: &mut Response, device: Option<&str>) {
    if let Some(device) = device {
        add_cookie(response, cookies::set_device(app.settings(), device));
    }
}

fn note(outcome: &Result<ByPassword, Error>) {
    let said = match outcome {
        Ok(ByPassword::In(..)) => "signed_in",
        Ok(ByPassword::Code(_)) => "half_in",
        Ok(ByPassword::Refused) => "turned_away",
        Ok(ByPassword::Wait(_)) => "held_back",
        Err(_) => said_of(outcome),
    };
    metrics().sign_in(SignInProtocol::Password.name(), said);
}

/// `GET /login/forgot`
async fn show_forgot(Query(sent): Query<Sent>) -> Response {
    password::forgot(sent.so_far(""))
}

/// `POST /login/forgot`
async fn forgot(
    State(app): State<App>,
    whence: Whence,
    headers: HeaderMap,
    FormBody(sent): FormBody<Sent>,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    app.ask_for_password_link(&sent.organization, &sent.email, &whence).await?;
    Ok(password::asked())
}

/// `GET /login/reset`: mail scanners and previews look as often as they like.
async fn show_link(State(app): State<App>, Query(sent): Query<Sent>) -> Result<Response, SignInFailure> {
    link_page(&app, &sent.token, (StatusCode::OK, None)).await
}

async fn link_page(
    app: &App,
    token: &str,
    (status, notice): (StatusCode, Option<&str>),
) -> Result<Response, SignInFailure> {
    let email = app.password_link_shown(token).await?;
    let choosing = Choosing { action: "/login/reset", token: Some(token), email: &email, fewest: fewest(app) };
    Ok(password::choose(status, choosing, notice))
}

/// `POST /login/reset`
async fn choose(
    State(app): State<App>,
    headers: HeaderMap,
    FormBody(sent): FormBody<Sent>,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    if sent.password != sent.again {
        return link_page(&app, &sent.token, (StatusCode::BAD_REQUEST, Some(DIFFERENT))).await;
    }
    match Box::pin(app.choose_password(&sent.token, &SecretString::from(sent.password))).await {
        Ok(device) => {
            let mut response = password::chosen();
            add_cookie(&mut response, cookies::clear_session(app.settings()));
            remember(&app, &mut response, device.as_deref());
            Ok(response)
        }
        Err(Error::Invalid { detail, .. }) => {
            let notice = unfit(&detail);
            link_page(&app, &sent.token, (StatusCode::BAD_REQUEST, Some(&notice))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /invitations/{token}/password`
async fn show_invited(State(app): State<App>, Path(token): Path<String>) -> Result<Response, PageFailure> {
    invited_page(&app, &token, (StatusCode::OK, None)).await
}

async fn invited_page(
    app: &App,
    token: &str,
    (status, notice): (StatusCode, Option<&str>),
) -> Result<Response, PageFailure> {
    if !app.invitation_takes_password(token).await? {
        return Ok(see_other(&format!("/invitations/{token}")));
    }
    let email = app.invitation_shown(token).await?.email;
    let action = format!("/invitations/{token}/password");
    let choosing = Choosing { action: &action, token: None, email: &email, fewest: fewest(app) };
    Ok(password::choose(status, choosing, notice))
}

/// `POST /invitations/{token}/password`
async fn accept(
    State(app): State<App>,
    whence: Whence,
    Path(token): Path<String>,
    headers: HeaderMap,
    FormBody(sent): FormBody<Sent>,
) -> Result<Response, PageFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    if sent.password != sent.again {
        return invited_page(&app, &token, (StatusCode::BAD_REQUEST, Some(DIFFERENT))).await;
    }
    let outcome = Box::pin(app.accept_with_password(&token, &SecretString::from(sent.password), &whence)).await;
    match outcome {
        Ok((arrived, device)) => {
            metrics().sign_in(SignInProtocol::Password.name(), "signed_in");
            let mut response = arrive(&app, &headers, &arrived).await;
            remember(&app, &mut response, device.as_deref());
            Ok(response)
        }
        Err(Error::Invalid { detail, .. }) => {
            let notice = unfit(&detail);
            invited_page(&app, &token, (StatusCode::BAD_REQUEST, Some(&notice))).await
        }
        Err(error @ Error::SignIn { .. }) => Ok(SignInFailure::from(error).into_response()),
        Err(error) => Err(error.into()),
    }
}

fn fewest(app: &App) -> usize {
    app.settings().passwords.min_length
}

/// Why a password was not taken, as a sentence.
pub(super) fn unfit(detail: &str) -> String {
    format!("This password was not taken: {detail}.")
}
