//! The link in an invitation's letter: a page that changes nothing, and a button that leads to the organization's sign-in.

use super::{
    body::FormBody,
    cookies,
    doors::{Caller, Doors, OrganizationFrom, get, post},
    error::PageFailure,
    login::{leave_with, see_other},
    pages::invitation,
};
use crate::app::{Acceptance, App};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;

const HTML: Option<&str> = Some("text/html");

pub(super) fn doors() -> Doors {
    Doors::at("", "Sign-in", Caller::Anyone)
        .door(
            get("/invitations/{token}", show)
                .part::<String>("token")
                .summary("The page of an invitation: looking changes nothing")
                .answers_to(Caller::Anyone, OrganizationFrom::Sealed)
                .answers_as(200, HTML),
        )
        .door(
            post("/invitations/{token}", accept)
                .part::<String>("token")
                .summary("Accept an invitation: off to the organization's sign-in")
                .answers_to(Caller::Anyone, OrganizationFrom::Sealed)
                .answers_as(200, HTML),
        )
}

/// `GET /invitations/{token}`: mail scanners and previews look as often as they like.
async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, PageFailure> {
    let shown = app.invitation_shown(&token).await?;
    let takes_password = app.invitation_takes_password(&token).await?;
    Ok(invitation::invitation(StatusCode::OK, &shown, &token, (&[], takes_password), None))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chosen {
    connection: String,
}

/// `POST /invitations/{token}`. There is no session whose token the form could carry: the address itself is the secret, and
/// only a page of ours may send it.
async fn accept(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    FormBody(Chosen { connection }): FormBody<Chosen>,
) -> Result<Response, PageFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    let chosen = Some(connection.as_str()).filter(|chosen| !chosen.is_empty());
    match app.begin_acceptance(&token, chosen).await? {
        Acceptance::Leave(begun) => Ok(leave_with(&app, &begun)),
        Acceptance::Choose(providers) => {
            let shown = app.invitation_shown(&token).await?;
            let providers: Vec<_> = providers.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
            let takes_password = app.invitation_takes_password(&token).await?;
            Ok(invitation::invitation(StatusCode::OK, &shown, &token, (&providers, takes_password), None))
        }
        // No provider signs anybody in: a password does.
        Acceptance::Nowhere if app.invitation_takes_password(&token).await? => {
            Ok(see_other(&format!("/invitations/{token}/password")))
        }
        Acceptance::Nowhere => {
            let shown = app.invitation_shown(&token).await?;
            Ok(invitation::invitation(StatusCode::CONFLICT, &shown, &token, (&[], false), Some(NOWHERE)))
        }
    }
}

const NOWHERE: &str =
    "This organization has no way to sign in yet. The invitation stays good: please ask whoever invited you.";
