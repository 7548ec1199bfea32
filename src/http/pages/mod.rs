//! Pages for people: one layout, one style sheet, nothing from elsewhere; no script but the line that takes a form to a provider.
//!
//! Everything works in a browser without script and under a content security policy that allows our own style sheet and our
//! own forms and nothing else. maud escapes whatever is put into a page; nothing here goes around that.

pub(super) mod account;
pub(super) mod cli;
pub(super) mod invitation;
mod layout;
mod markdown;
pub(super) mod notice;
pub(super) mod password;
pub(super) mod saml;
pub(super) mod second_factor;
pub(super) mod setup;
pub(super) mod sign_in;
pub(super) mod terms;
pub(super) mod trial;

pub(super) use notice::page;

use layout::{Page, Width};

use super::doors::{Caller, Doors, get};
use crate::crypto;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;

const STYLE: &str = include_str!("castgate.css");
const MARK: &str = include_str!("castgate.svg");

/// The style sheet's address changes with its content, so that browsers may keep it for ever.
static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| format!("/assets/castgate.css?v={}", tag(STYLE)));

pub(super) fn doors() -> Doors {
    let sheet = async |headers: HeaderMap| asset(&headers, STYLE, "text/css; charset=utf-8");
    let mark = async |headers: HeaderMap| asset(&headers, MARK, "image/svg+xml");
    let submit = async |headers: HeaderMap| asset(&headers, saml::SUBMIT, "text/javascript; charset=utf-8");
    Doors::at("", "Pages", Caller::Anyone)
        .door(
            get(saml::SUBMIT_ADDRESS, submit)
                .summary("The script that takes a SAML form to its provider")
                .answers_as(200, Some("text/javascript")),
        )
        .door(get("/assets/castgate.css", sheet).summary("The style sheet").answers_as(200, Some("text/css")))
        .door(get("/assets/castgate.svg", mark).summary("The mark").answers_as(200, Some("image/svg+xml")))
}

/// A wide page that belongs to no organization.
pub(super) fn document(title: &str, body: maud::Markup) -> Response {
    Page { title, organization: None, width: Width::Wide, go_to: None, body }.respond(StatusCode::OK)
}

/// What says that a form was made by a page of ours, for this session.
fn form_token(csrf: &str) -> maud::Markup {
    maud::html! { input type="hidden" name="form" value=(csrf); }
}

/// The first letters of the content's hash.
pub(super) fn tag(content: &str) -> String {
    let mut hash = data_encoding::HEXLOWER.encode(&crypto::sha256(content.as_bytes()));
    hash.truncate(16);
    hash
}

/// RFC 9110 §13.1.2: a copy that is still right is not sent again.
pub(super) fn asset(headers: &HeaderMap, content: &'static str, kind: &'static str) -> Response {
    let etag = format!("\"{}\"", tag(content));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fixed = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let etag_header = [(header::ETAG, etag.clone())];
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag)) {
        return (StatusCode::NOT_MODIFIED, fixed, etag_header).into_response();
    }
    (fixed, etag_header, content).into_response()
}
