//! Who sits before the console, and what they send.

use super::retry::SentFields;
use crate::{
    app::{App, Ctx, Error, Need},
    http::{
        body,
        caller::{Guest, SignedIn},
        cookies::ReturnTo,
        error::Refusal,
        login::see_other,
    },
    model::{Capability, Scope},
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

/// Somebody who is signed in and past the terms.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    /// Who.
    pub(super) guest: Guest,
    /// The context of what they ask for.
    pub(super) ctx: Ctx,
}

impl Desk {
    /// Whether they hold this on the whole organization: what needs it is offered.
    pub(super) fn can(&self, capability: Capability) -> bool {
        self.guest.visit.access.can(capability, &Scope::Organization)
    }

    /// Refuses who does not hold this, where a page would else be shown before `app` is asked for anything.
    pub(super) fn needs(&self, capability: Capability) -> Result<(), Error> {
        let need = Need::from(capability).to_string();
        if self.can(capability) { Ok(()) } else { Err(Error::Forbidden { need }) }
    }

    /// The hidden field that every form of theirs carries.
    pub(super) fn token(&self) -> Markup {
        html! { input type="hidden" name="form" value=(self.guest.csrf().unwrap_or_default()); }
    }
}

impl FromRequestParts<App> for Desk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        // The room's guard has looked already.
        let guest = match parts.extensions.get::<Guest>() {
            Some(guest) => guest.clone(),
            None => <SignedIn as FromRequestParts<App>>::from_request_parts(parts, app).await?.0,
        };
        match guest.ctx(app) {
            Ok(ctx) => Ok(Self { guest, ctx }),
            Err(Error::TermsNotAccepted) => {
                let wanted = parts.uri.path_and_query().map(axum::http::uri::PathAndQuery::as_str);
                let wanted = wanted.filter(|_| parts.method.is_safe()).unwrap_or("/console");
                Err(see_other(&ReturnTo::of(Some(wanted), app.settings()).by_the_terms()))
            }
            Err(error) => Err(Failed::from(error).into_response()),
        }
    }
}

/// A form that a page of ours sent for this very session.
#[derive(Debug)]
pub(super) struct Sent {
    /// Who sent it.
    pub(super) desk: Desk,
    fields: Vec<(String, String)>,
}

impl Sent {
    /// The first value of a field, without white space around it; missing is empty.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of a field as it came; missing is empty.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every value of a field that is not empty.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.trim())
    }

    /// The value of a field as what it should be.
    pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self, name: &'static str) -> Result<T, Error> {
        self.text(name).parse().map_err(|error: T::Err| Error::invalid(name, error.to_string()))
    }

    /// The fields whose names begin like this, without that beginning.
    pub(super) fn beginning<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.fields.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.trim())))
    }
}

impl FromRequest<App> for Sent {
    type Rejection = Response;

    /// Nothing of a form is looked at before its token: there is no handler that could forget it.
    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let kept = parts.extensions.get::<SentFields>().cloned();
        let desk = Desk::from_request_parts(&mut parts, app).await?;
        let kind = "application/x-www-form-urlencoded";
        if body::is_one_of(&parts.headers, &[kind]) != Some(true) {
            let detail = format!("Send the form as {kind}, in UTF-8.");
            let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail);
            return Err(Failed::from(refusal).into_response());
        }
        let headers = parts.headers.clone();
        let read = body::read(Request::from_parts(parts, body)).await;
        let bytes = read.map_err(|refusal| Failed::from(refusal).into_response())?;
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&bytes).into_owned().collect();
        for (name, value) in &fields {
            let fit = body::refuse_nul(name).and_then(|()| body::refuse_nul(value));
            fit.map_err(|refusal| Failed::from(refusal).into_response())?;
        }
        let sent = Self { desk, fields };
        let header = headers.get("x-castgate-csrf").and_then(|value| value.to_str().ok());
        let token = Some(sent.text("form")).filter(|token| !token.is_empty()).or(header);
        let forged = sent.desk.guest.refuse_forged(app, &headers, token);
        forged.map_err(|error| Failed::from(error).into_response())?;
        if let Some(kept) = kept {
            kept.keep(&sent.fields);
        }
        Ok(sent)
    }
}

/// What went wrong. The room's guard says it inside the frame.
#[derive(Debug, Clone)]
pub(super) struct Failed(pub(super) Box<Refusal>);

impl<E: Into<Refusal>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What handlers answer.
pub(super) type Answer = Result<Response, Failed>;
