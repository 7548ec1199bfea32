//! What stands before every page of the console: the sign-in, and words inside the frame for what went wrong.

use super::{
    desk::{Desk, Failed},
    frame::{Page, Place},
    retry::SentFields,
    times::prose,
};
use crate::{
    app::{App, Error},
    http::{
        caller::SignedIn,
        error::{Refusal, Rendered, Room, as_sentence},
    },
};
use axum::{
    Router,
    extract::{FromRequestParts as _, Request, State},
    http::{HeaderValue, StatusCode, header::CONTENT_SECURITY_POLICY},
    middleware::{self, Next},
    response::Response,
};
use maud::html;

/// What a page of the console may do: what every page may, and run our one script, which asks us alone.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'",
);

/// A page that is not there.
pub(super) async fn nothing() -> Failed {
    Refusal::not_found().into()
}

/// Before the console's pages.
pub(super) fn door(router: Router<App>, app: &App) -> Router<App> {
    router.route_layer(middleware::from_fn_with_state(app.clone(), frame))
}

async fn frame(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let guest = match <SignedIn as axum::extract::FromRequestParts<App>>::from_request_parts(&mut parts, &app).await {
        Ok(SignedIn(guest)) => guest,
        Err(elsewhere) => return elsewhere,
    };
    parts.extensions.insert(guest);
    let fields = SentFields::default();
    parts.extensions.insert(fields.clone());
    let mut for_the_frame = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(refusal) = refusal_of(&response)
        && let Ok(desk) = Desk::from_request_parts(&mut for_the_frame, &app).await
    {
        response = in_the_frame(&desk, refusal, &response, (&fields, for_the_frame.uri.path()));
    }
    if is_page(&response) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    }
    response
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get("content-type");
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// What a handler, the router or an extractor could not do.
fn refusal_of(response: &Response) -> Option<Refusal> {
    if let Some(Failed(refusal)) = response.extensions().get() {
        return Some(refusal.as_ref().clone());
    }
    let status = response.status();
    let bare = status.is_client_error() && response.extensions().get::<Rendered>().is_none() && !is_page(response);
    bare.then(|| match status {
        // An id in the address that is no id: there is no such thing.
        StatusCode::BAD_REQUEST => Refusal::not_found(),
        status => Refusal::bare(status, ""),
    })
}

fn in_the_frame(desk: &Desk, refusal: Refusal, before: &Response, (fields, action): (&SentFields, &str)) -> Response {
    let (status, title) = (refusal.status, title(refusal.status));
    let said = refusal.sentence.map_or_else(|| as_sentence(&refusal.detail), str::to_owned);
    let can_be_mended = [StatusCode::BAD_REQUEST, StatusCode::CONFLICT].contains(&status);
    let again = fields
        .form(desk, action, (refusal.field.as_ref().map(|field| field.0.as_str()), &said))
        .filter(|_| can_be_mended);
    let body = html! {
        div class="card" {
            h1 { (title) }
            p role="alert" data-code=(refusal.code) { (prose(&said)) }
            @match again {
                Some(form) => { p class="quiet" { "Nothing was changed. What you typed is below." } (form) },
                None => p { a class="button second" href="/console" { "To the console" } },
            }
        }
    };
    let page = Page::new(desk, Place::Nowhere, title, body).respond(status);
    // The usual rendering knows what else an answer says: when to try again, what the log is told.
    let mut response = refusal.render(Room::Page);
    *response.body_mut() = page.into_body();
    for (name, value) in before.headers() {
        if name == "allow" {
            response.headers_mut().insert(name.clone(), value.clone());
        }
    }
    response
}

/// What a form is told that could not be sent as it was; everything else fails the page.
pub(super) fn told(error: Error) -> Result<String, Failed> {
    match error {
        Error::Invalid { detail, .. } => Ok(as_sentence(&detail)),
        Error::Conflict { .. }
        | Error::LastOwner { .. }
        | Error::Forbidden { .. }
        | Error::Stale
        | Error::Mapping { .. }
        | Error::Configuration { .. } => Ok(as_sentence(&error.to_string())),
        error => Err(error.into()),
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => "Nothing here",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::SERVICE_UNAVAILABLE => "Not available now",
        status if status.is_server_error() => "Something went wrong",
        _ => "That did not work",
    }
}
