//! Where SAML providers send browsers: their answers to sign-ins, their sign-outs, and our metadata.
//!
//! All of it comes from another site, mostly by a form. What proves that it is meant is not the browser's word but the
//! provider's signature, and for a sign-in the request that this very browser's cookie names.

use super::{
    body, cookies,
    doors::{BodyLimit, Caller, Doors, OrganizationFrom, get, post},
    error::{PageFailure, Refusal, SignInFailure},
    login::{ARRIVALS, HTML, add_cookie, finished, said_of, said_of_finished},
    pages::{notice, saml as pages},
};
use crate::{
    app::{App, Error, LogoutCame, ProviderLogout, SamlArrival, SignOutAt, Whence},
    model::{ConnectionId, EventKind},
    telemetry::metrics,
};
use axum::{
    extract::{FromRequest, Path, RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use url::form_urlencoded;

const FORM: &str = "application/x-www-form-urlencoded";
/// SAML metadata §4.1.1.
const METADATA: &str = "application/samlmetadata+xml";

/// What people read where a provider's word about signing out cannot be believed.
const UNPROVEN_SIGN_OUT: &str = "What your identity provider said about signing out could not be accepted, and changed nothing. If you \
                                 have just signed out, your session here has ended; close the browser to end the one there as well.";

pub(super) fn doors() -> Doors {
    let address = OrganizationFrom::Address;
    Doors::at("", "Sign-in", Caller::Anyone)
        .door(
            get("/login/saml/{connection}/metadata", metadata)
                .part::<ConnectionId>("connection")
                .summary("castgate's SAML metadata at a connection: what its provider reads")
                .answers_to(Caller::Anyone, address)
                .answers_as(200, Some(METADATA)),
        )
        .door(
            post("/login/saml/{connection}/acs", finish)
                .part::<ConnectionId>("connection")
                .reads(BodyLimit::Saml)
                .summary("Back from a SAML provider, with a session")
                .answers_to(Caller::Anyone, address)
                .tells(&[ARRIVALS, &[EventKind::ConnectionTested]].concat())
                .answers_as(303, None)
                .answers_as(200, HTML),
        )
        .door(
            post("/login/saml/{connection}/confirm", confirm)
                .part::<ConnectionId>("connection")
                .reads(BodyLimit::Saml)
                .summary("Agree to a sign-in that began at the provider")
                .answers_to(Caller::Anyone, address)
                .tells(ARRIVALS)
                .answers_as(303, None),
        )
        .door(
            get("/login/saml/{connection}/logout", log_out_by_redirect)
                .part::<ConnectionId>("connection")
                .summary("A SAML provider signs somebody out, or has done so (HTTP-Redirect)")
                .answers_to(Caller::Anyone, address)
                .tells(&[EventKind::SessionEnded])
                .answers_as(200, HTML),
        )
        .door(
            post("/login/saml/{connection}/logout", log_out_by_post)
                .part::<ConnectionId>("connection")
                .reads(BodyLimit::Saml)
                .summary("A SAML provider signs somebody out, or has done so (HTTP-POST)")
                .answers_to(Caller::Anyone, address)
                .tells(&[EventKind::SessionEnded])
                .answers_as(200, HTML),
        )
}

/// The fields of a provider's form, in their order.
struct Fields(Vec<(String, String)>);

impl Fields {
    /// The one field of this name. Two would be read as one here and as the other elsewhere.
    fn one(&self, name: &str) -> Result<&str, Refusal> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (found.next(), found.next()) {
            (Some(value), None) => Ok(value),
            (Some(_), Some(_)) => Err(bad(format!("The form has more than one {name}."))),
            (None, _) => Err(bad(format!("The form has no {name}."))),
        }
    }
}

fn bad(detail: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalid", detail)
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = SignInFailure;

    async fn from_request(request: Request, _: &S) -> Result<Self, SignInFailure> {
        if body::is_one_of(request.headers(), &[FORM]) != Some(true) {
            return Err(Refusal::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE, "").into());
        }
        let bytes = body::read(request).await?;
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

/// `GET /login/saml/{connection}/metadata`
async fn metadata(State(app): State<App>, Path(id): Path<ConnectionId>) -> Result<Response, PageFailure> {
    let document = app.saml_metadata(&id).await?;
    Ok(([(header::CONTENT_TYPE, METADATA)], document).into_response())
}

/// `POST /login/saml/{connection}/acs`. The memory of the sign-in is used up, whatever comes of it.
async fn finish(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    headers: HeaderMap,
    whence: Whence,
    fields: Fields,
) -> Result<Response, SignInFailure> {
    let field = fields.one("SAMLResponse")?;
    let cookie = cookies::saml_sign_in(&headers, app.settings());
    let outcome = match app.finish_saml_sign_in(&id, cookie.as_deref(), (field, whence)).await {
        Ok(SamlArrival::Confirm { person, organization }) => {
            return Ok(pages::confirm(&id, &person, &organization, field));
        }
        Ok(SamlArrival::Finished(finished)) => Ok(finished),
        Err(error) => Err(error),
    };
    metrics().sign_in("saml", said_of_finished(&outcome));
    let mut response = finished(&app, &headers, outcome).await;
    add_cookie(&mut response, cookies::clear_saml_sign_in(app.settings()));
    Ok(response)
}

/// `POST /login/saml/{connection}/confirm`: a page of ours alone may send it.
async fn confirm(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    headers: HeaderMap,
    whence: Whence,
    fields: Fields,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    let outcome = app.confirm_saml_sign_in(&id, (fields.one("SAMLResponse")?, whence)).await;
    metrics().sign_in("saml", said_of(&outcome));
    Ok(finished(&app, &headers, outcome).await)
}

/// `GET /login/saml/{connection}/logout`
async fn log_out_by_redirect(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let query = query.unwrap_or_default();
    log_out(&app, &id, &headers, LogoutCame::Redirect(&query)).await
}

/// `POST /login/saml/{connection}/logout`
async fn log_out_by_post(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
    headers: HeaderMap,
    Fields(fields): Fields,
) -> Result<Response, PageFailure> {
    log_out(&app, &id, &headers, LogoutCame::Post(&fields)).await
}

async fn log_out(
    app: &App,
    id: &ConnectionId,
    headers: &HeaderMap,
    came: LogoutCame<'_>,
) -> Result<Response, PageFailure> {
    let left_with = cookies::saml_sign_out(headers, app.settings());
    let outcome = app.provider_logout(id, came, left_with.as_deref()).await;
    let mut response = match outcome.map_err(refused_sign_out)? {
        // The provider asks while this browser may wait for an answer of its own.
        ProviderLogout::Answer(Some(at)) => return Ok(leave_to_sign_out("You are signed out here", &at)),
        ProviderLogout::Answer(None) => return Ok(notice::signed_out(false)),
        ProviderLogout::Answered { complete: true } => notice::signed_out(true),
        ProviderLogout::Answered { complete: false } => notice::signed_out_in_part(),
    };
    add_cookie(&mut response, cookies::clear_saml_sign_out(app.settings()));
    Ok(response)
}

/// What cannot be believed of a provider ended nothing. Who came with an answer to their own sign-out is out here all the same.
fn refused_sign_out(error: Error) -> PageFailure {
    let mut refusal = Refusal::from(error);
    refusal.sentence = refusal.sentence.map(|_| UNPROVEN_SIGN_OUT);
    refusal.into()
}

/// To the provider, to sign out there or with an answer to it.
pub(super) fn leave_to_sign_out(title: &str, at: &SignOutAt) -> Response {
    match at {
        SignOutAt::Address(address) => notice::on_the_way(title, "sign out at your provider", address),
        SignOutAt::Form(form) => pages::posts_itself(title, "sign out at your provider", form),
    }
}
