//! `castgate login`: the page on which somebody lets a command line act for them, and the exchange behind it.
//!
//! The browser is sent to a port on its own machine and nowhere else: an address is not asked for, only the port's number.

use super::{
    body::{FormBody, JsonBody},
    caller::{Guest, SignedIn},
    cookies::ReturnTo,
    doors::{Caller, Doors, OrganizationFrom, get, post},
    error::{ApiFailure, PageFailure},
    login::see_other,
    pages::{cli, notice},
};
use crate::{
    app::{App, CliRequest, Error},
    model::{ApiKey, EventKind},
};
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::form_urlencoded;

/// Letters of the command line's own proof that the answer is to its question.
const LONGEST_STATE: usize = 128;

pub(super) fn doors() -> Doors {
    Doors::at("", "Account", Caller::SignedIn)
        .door(
            get("/cli", show)
                .summary("The page that asks whether a command line may act for one")
                .answers_as(200, Some("text/html")),
        )
        .door(
            post("/cli", confirm)
                .summary("Let a command line act for one; the browser carries a code to its port")
                .answers_as(200, Some("text/html")),
        )
        .door(
            post("/api/v1/cli/exchange", exchange)
                .summary("Trade the code for an API key")
                .answers_to(Caller::Anyone, OrganizationFrom::Sealed)
                .tells(&[EventKind::KeyCreated])
                .takes::<Exchange>(|| json!({"code": "cgo_…", "verifier": "…", "device": "laptop"}))
                .answers::<Exchanged>(201),
        )
}

/// What a command line sends the browser with.
#[derive(Debug, Deserialize)]
struct Asked {
    port: u16,
    challenge: String,
    state: String,
    device: String,
}

impl Asked {
    fn checked(&self) -> Result<CliRequest, Error> {
        if self.port < 1024 {
            return Err(Error::invalid("port", "a command line listens on a port from 1024 to 65535"));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if self.state.is_empty() || self.state.len() > LONGEST_STATE || !self.state.bytes().all(plain) {
            return Err(Error::invalid("state", "it is not the state of a castgate command line"));
        }
        CliRequest::of(&self.challenge, &self.device)
    }

    /// The page's own address: where to come back to after the terms.
    fn address(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("port", &self.port.to_string())
            .append_pair("challenge", &self.challenge)
            .append_pair("state", &self.state)
            .append_pair("device", &self.device)
            .finish();
        format!("/cli?{query}")
    }

    /// RFC 8252 §7.3: the loopback address by its number, as a name could lead elsewhere.
    fn back_with(&self, name: &str, value: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .append_pair("state", &self.state)
            .finish();
        format!("http://127.0.0.1:{}/callback?{query}", self.port)
    }
}

/// `GET /cli`. Looking changes nothing.
async fn show(
    State(app): State<App>,
    SignedIn(guest): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, PageFailure> {
    let request = asked.checked()?;
    match guest.ctx(&app) {
        Ok(_) => Ok(page(&guest, &asked, &request)),
        Err(Error::TermsNotAccepted) => {
            Ok(see_other(&ReturnTo::of(Some(&asked.address()), app.settings()).by_the_terms()))
        }
        Err(error) => Err(error.into()),
    }
}

fn page(guest: &Guest, asked: &Asked, request: &CliRequest) -> Response {
    cli::confirm(&cli::ConfirmPage {
        visit: &guest.visit,
        key_name: &request.key_name(),
        device: request.device(),
        port: asked.port,
        challenge: request.challenge(),
        state: &asked.state,
        refuse: &asked.back_with("error", "denied"),
        csrf: &guest.csrf().unwrap_or_default(),
    })
}

#[derive(Debug, Deserialize)]
struct Confirmed {
    form: Option<String>,
    port: u16,
    challenge: String,
    state: String,
    device: String,
}

/// `POST /cli`. A page that moves on, and no redirect: a form may lead to this site alone.
async fn confirm(
    State(app): State<App>,
    SignedIn(guest): SignedIn,
    headers: HeaderMap,
    FormBody(sent): FormBody<Confirmed>,
) -> Result<Response, PageFailure> {
    guest.refuse_forged(&app, &headers, sent.form.as_deref())?;
    let Confirmed { form: _, port, challenge, state, device } = sent;
    let asked = Asked { port, challenge, state, device };
    let request = asked.checked()?;
    let code = app.allow_cli(&guest.ctx(&app)?, &request).await?;
    Ok(notice::on_the_way("Back to your terminal", "the command line on this machine", &asked.back_with("code", &code)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CodeExchange")]
struct Exchange {
    code: String,
    verifier: String,
    device: String,
}

/// A key with its secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExchangedKey")]
struct Exchanged {
    #[serde(flatten)]
    key: ApiKey,
    secret: String,
}

/// `POST /api/v1/cli/exchange`. The secret is in this answer and in no other.
async fn exchange(
    State(app): State<App>,
    JsonBody(sent): JsonBody<Exchange>,
) -> Result<(StatusCode, Json<Exchanged>), ApiFailure> {
    let made = app.exchange_cli_code(&sent.code, &sent.verifier, &sent.device).await?;
    let secret = made.secret.expose().to_owned();
    Ok((StatusCode::CREATED, Json(Exchanged { key: made.key, secret })))
}
