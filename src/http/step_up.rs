//! Proving again who somebody is, where a service behind the gateway asks for more than their sign-in showed.
//!
//! What is demanded travels in the address, and whoever sits at the browser could write less into it: then the service asks again.
//! A page with a button stands in between, so that a provider which cannot do more leads nobody in circles.

use super::{
    body::FormBody,
    caller::SignedIn,
    cookies::{self, ReturnTo},
    doors::{Caller, Doors, OrganizationFrom, get, post},
    error::{Challenge, Refusal, SignInFailure},
    login::{leave_with, see_other},
    pages::{
        password,
        sign_in::{self, Again, SoFar},
    },
};
use crate::{app::App, sso::StepUp};
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

/// More ways of signing in than these nobody accepts at once.
const MOST_CLASSES: usize = 10;
/// No honest name of a way to sign in is longer.
const LONGEST_CLASS: usize = 255;

pub(super) fn doors() -> Doors {
    Doors::at("", "Sign-in", Caller::Anyone)
        .door(
            get("/login/again", show)
                .summary("Why somebody who is signed in has to sign in again")
                .answers_as(200, Some("text/html"))
                .answers_as(303, None),
        )
        .door(
            post("/login/again", begin)
                .summary("Off to the provider of the session, which has to ask again")
                .answers_to(Caller::Anyone, OrganizationFrom::Credential)
                .answers_as(200, Some("text/html"))
                .answers_as(303, None),
        )
}

/// What a sign-in has to show: any one of these ways (`acr`, between spaces), and at most so long ago (in seconds).
pub(super) fn demand(acr: Option<&str>, max_age: Option<u32>) -> Result<StepUp, Refusal> {
    let classes: Vec<_> = acr.unwrap_or_default().split(' ').filter(|class| !class.is_empty()).collect();
    // It is said in a header, between quotes.
    let plain = |class: &&str| {
        class.len() <= LONGEST_CLASS && class.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
    };
    if classes.len() > MOST_CLASSES || !classes.iter().all(plain) {
        let why = "acr: name at most ten authentication context classes, separated by spaces";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "invalid", why));
    }
    Ok(StepUp { acr_values: classes.into_iter().map(str::to_owned).collect(), max_age })
}

/// What a program is told whose sign-in is not enough (RFC 9470 §3).
pub(super) fn insufficient(demand: &StepUp) -> Refusal {
    let why = "The sign-in is not strong or not recent enough for this.";
    let said = |name: &str, value: String| format!(", {name}=\"{value}\"");
    let classes = Some(demand.acr_values.join(" ")).filter(|classes| !classes.is_empty());
    let challenge = format!(
        "Bearer error=\"insufficient_user_authentication\"{}{}{}",
        said("error_description", why.trim_end_matches('.').to_owned()),
        classes.map(|classes| said("acr_values", classes)).unwrap_or_default(),
        demand.max_age.map(|seconds| said("max_age", seconds.to_string())).unwrap_or_default(),
    );
    let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "insufficient_user_authentication", why);
    Refusal { challenge: Some(Box::new(Challenge(challenge))), ..refusal }
}

/// The page that leads to a sign-in of this kind, and from there to where somebody wanted to go.
pub(super) fn address(return_to: Option<&ReturnTo>, demand: &StepUp) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(return_to) = return_to {
        query.append_pair("return_to", return_to.as_str());
    }
    if !demand.acr_values.is_empty() {
        query.append_pair("acr", &demand.acr_values.join(" "));
    }
    if let Some(seconds) = demand.max_age {
        query.append_pair("max_age", &seconds.to_string());
    }
    format!("/login/again?{}", query.finish())
}

/// What the page says to itself. None of it is believed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    return_to: Option<String>,
    acr: Option<String>,
    /// As text: an empty field is none.
    max_age: Option<String>,
}

impl Wanted {
    fn demand(&self) -> Result<StepUp, Refusal> {
        let max_age = self.max_age.as_deref().filter(|text| !text.is_empty()).map(str::parse).transpose();
        let max_age =
            max_age.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "invalid", "max_age: is in seconds"))?;
        demand(self.acr.as_deref(), max_age)
    }
}

/// `GET /login/again`. Whose sign-in is enough goes on.
async fn show(
    State(app): State<App>,
    guest: Option<SignedIn>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, SignInFailure> {
    let return_to = ReturnTo::of(wanted.return_to.as_deref(), app.settings());
    let Some(SignedIn(guest)) = guest else { return Ok(see_other(&return_to.by_the_sign_in())) };
    let demand = wanted.demand()?;
    if guest.visit.proves(&demand, app.clock().now()) {
        return Ok(super::login::after_a_form(&return_to));
    }
    let again = Again {
        person: &guest.visit.visitor.label,
        return_to: return_to.as_str(),
        acr: &demand.acr_values.join(" "),
        max_age: demand.max_age,
    };
    Ok(sign_in::again(&again))
}

/// `POST /login/again`
async fn begin(
    State(app): State<App>,
    guest: Option<SignedIn>,
    headers: HeaderMap,
    FormBody(wanted): FormBody<Wanted>,
) -> Result<Response, SignInFailure> {
    cookies::refuse_cross_site(&headers, app.settings())?;
    let return_to = ReturnTo::of(wanted.return_to.as_deref(), app.settings());
    let Some(SignedIn(guest)) = guest else { return Ok(see_other(&return_to.by_the_sign_in())) };
    let begun = app.begin_sign_in_again(&guest.visit, wanted.demand()?, return_to.as_str()).await?;
    if let Some(begun) = begun {
        return Ok(leave_with(&app, &begun).into_response());
    }
    let visit = &guest.visit;
    let email = visit.visitor.email.as_deref().unwrap_or_default();
    let so_far = SoFar { email, organization: &visit.slug, return_to: return_to.as_str() };
    Ok(password::form(StatusCode::OK, so_far, None))
}
