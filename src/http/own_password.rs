//! One's own password and authenticator app.

use super::{
    body::FormBody,
    caller::{Guest, SignedIn},
    cookies::ReturnTo,
    doors::{Caller, Doors, get, post},
    error::{PageFailure, as_sentence},
    login::see_other,
    pages::second_factor::{OwnPassword, own_password},
    passwords::unfit,
};
use crate::{
    app::{App, Ctx, Error, Need, RecoveryCodes},
    model::EventKind,
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use secrecy::SecretString;
use serde::Deserialize;

const HTML: Option<&str> = Some("text/html");

pub(super) fn doors() -> Doors {
    Doors::at("", "Account", Caller::SignedIn)
        .door(
            get("/account/password", show)
                .summary("One's own password and authenticator app")
                .needs(Need::Self_)
                .answers_as(200, HTML),
        )
        .door(
            post("/account/password", change)
                .summary("Change one's password; one's other sessions end")
                .needs(Need::Self_)
                .tells(&[EventKind::PasswordSet, EventKind::SessionEnded])
                .answers_as(200, HTML),
        )
        .door(
            post("/account/password/link", mail_link)
                .summary("Have a link to choose a password mailed to oneself")
                .needs(Need::Self_)
                .tells(&[EventKind::PasswordLinkSent])
                .answers_as(200, HTML),
        )
        .door(
            post("/account/second-factor", offer)
                .summary("Begin to add an authenticator app")
                .needs(Need::Self_)
                .tells(&[EventKind::SecondFactorOffered])
                .answers_as(200, HTML),
        )
        .door(
            post("/account/second-factor/confirm", confirm)
                .summary("Confirm an authenticator app; the page shows recovery codes once")
                .needs(Need::Self_)
                .tells(&[EventKind::SecondFactorAdded])
                .answers_as(200, HTML),
        )
        .door(
            post("/account/second-factor/codes", renew)
                .summary("Make new recovery codes; the page shows them once")
                .needs(Need::Self_)
                .tells(&[EventKind::RecoveryCodesMade])
                .answers_as(200, HTML),
        )
        .door(
            post("/account/second-factor/end", remove)
                .summary("Remove one's authenticator app")
                .needs(Need::Self_)
                .tells(&[EventKind::SecondFactorRemoved])
                .answers_as(200, HTML),
        )
}

/// What the page's forms send. No `Debug`: there are passwords in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    form: Option<String>,
    current: String,
    password: String,
    again: String,
    code: String,
}

/// What a form came to.
#[derive(Default)]
struct Came {
    codes: Option<RecoveryCodes>,
    notice: Option<&'static str>,
}

/// `GET /account/password`
async fn show(State(app): State<App>, SignedIn(guest): SignedIn) -> Result<Response, PageFailure> {
    match guest.ctx(&app) {
        Ok(ctx) => page(&app, (&guest, &ctx), &Came::default(), None).await,
        Err(Error::TermsNotAccepted) => Ok(see_other(&ReturnTo::home().by_the_terms())),
        Err(error) => Err(error.into()),
    }
}

async fn page(
    app: &App,
    (guest, ctx): (&Guest, &Ctx),
    came: &Came,
    wrong: Option<(StatusCode, &str)>,
) -> Result<Response, PageFailure> {
    let shown = app.password_shown(ctx).await?;
    let offered = match shown.may && shown.changed_at.is_some() && shown.second_factor.is_none() {
        true => app.offered_second_factor(ctx).await?,
        false => None,
    };
    let page = OwnPassword {
        organization: &guest.visit.organization_name,
        shown: &shown,
        offered: offered.as_ref(),
        codes: came.codes.as_ref(),
        fewest: app.settings().passwords.min_length,
        csrf: &guest.csrf().unwrap_or_default(),
        notice: wrong.map(|(_, notice)| notice).or(came.notice),
    };
    Ok(own_password(wrong.map_or(StatusCode::OK, |(status, _)| status), &page))
}

/// The page with what a form came to, or with what was wrong.
async fn said(app: &App, who: (&Guest, &Ctx), outcome: Result<Came, Error>) -> Result<Response, PageFailure> {
    let (status, notice) = match outcome {
        Ok(came) => return page(app, who, &came, None).await,
        Err(Error::Invalid { detail, .. }) => (StatusCode::BAD_REQUEST, detail),
        Err(Error::Conflict { detail, .. }) => (StatusCode::CONFLICT, detail),
        Err(error) => return Err(error.into()),
    };
    page(app, who, &Came::default(), Some((status, &unfit_or(&notice)))).await
}

fn unfit_or(detail: &str) -> String {
    // The rules of passwords speak of “it”; everything else is a sentence of its own.
    if detail.starts_with("it ") { unfit(detail) } else { as_sentence(detail) }
}

/// A form of this page, sent by whoever is signed in.
struct Own {
    guest: Guest,
    ctx: Ctx,
    sent: Sent,
}

impl FromRequest<App> for Own {
    type Rejection = Response;

    /// Nothing of a form reaches a handler before its token was right: there is none that could forget it.
    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let SignedIn(guest) = <SignedIn as FromRequestParts<App>>::from_request_parts(&mut parts, app).await?;
        let headers = parts.headers.clone();
        let FormBody(sent) = FormBody::<Sent>::from_request(Request::from_parts(parts, body), app).await?;
        let checked = guest.refuse_forged(app, &headers, sent.form.as_deref()).and_then(|()| guest.ctx(app));
        let ctx = checked.map_err(|error| PageFailure::from(error).into_response())?;
        Ok(Self { guest, ctx, sent })
    }
}

/// `POST /account/password`
async fn change(State(app): State<App>, Own { guest, ctx, sent }: Own) -> Result<Response, PageFailure> {
    let outcome = if sent.password == sent.again {
        let (current, new) = (SecretString::from(sent.current), SecretString::from(sent.password));
        Box::pin(app.change_password(&ctx, &current, &new)).await
    } else {
        Err(Error::invalid("again", "the two new passwords are not the same"))
    };
    let came = Came { notice: Some("Your password is changed."), ..Came::default() };
    said(&app, (&guest, &ctx), outcome.map(|()| came)).await
}

/// `POST /account/password/link`
async fn mail_link(State(app): State<App>, Own { guest, ctx, .. }: Own) -> Result<Response, PageFailure> {
    let outcome = Box::pin(app.mail_own_password_link(&ctx)).await;
    let came = Came { notice: Some("The link is on its way: look into your mail."), ..Came::default() };
    said(&app, (&guest, &ctx), outcome.map(|()| came)).await
}

/// `POST /account/second-factor`
async fn offer(State(app): State<App>, Own { guest, ctx, sent }: Own) -> Result<Response, PageFailure> {
    let outcome = Box::pin(app.offer_second_factor(&ctx, &SecretString::from(sent.current))).await;
    said(&app, (&guest, &ctx), outcome.map(|_| Came::default())).await
}

/// `POST /account/second-factor/confirm`
async fn confirm(State(app): State<App>, Own { guest, ctx, sent }: Own) -> Result<Response, PageFailure> {
    let outcome = Box::pin(app.confirm_second_factor(&ctx, &sent.code)).await;
    let came = |codes| Came { codes: Some(codes), notice: Some("Your app is added.") };
    said(&app, (&guest, &ctx), outcome.map(came)).await
}

/// `POST /account/second-factor/codes`
async fn renew(State(app): State<App>, Own { guest, ctx, sent }: Own) -> Result<Response, PageFailure> {
    let outcome = Box::pin(app.renew_recovery_codes(&ctx, &SecretString::from(sent.current))).await;
    let came = |codes| Came { codes: Some(codes), notice: Some("The recovery codes before are dead.") };
    said(&app, (&guest, &ctx), outcome.map(came)).await
}

/// `POST /account/second-factor/end`
async fn remove(State(app): State<App>, Own { guest, ctx, sent }: Own) -> Result<Response, PageFailure> {
    let outcome = Box::pin(app.remove_second_factor(&ctx, &SecretString::from(sent.current))).await;
    let came = Came { notice: Some("Your app is removed."), ..Came::default() };
    said(&app, (&guest, &ctx), outcome.map(|()| came)).await
}
