//! Signing in over SAML: both sides' values, certificates and keys with their ends.

use super::{HTML, NEED, address, copied, show::Shown, sign_in, typed_domains};
use crate::{
    app::App,
    http::{
        api::TOLD_OF_ACCESS,
        console::{
            desk::{Answer, Sent},
            parts::press,
            times::when,
        },
        doors::{Doors, post},
        error::as_sentence,
        login::see_other,
    },
    model::{ConnectionId, ConnectionSettings, EventKind, SamlSettings},
};
use axum::extract::{Path, State};
use maud::{Markup, html};
use std::time::Duration;

/// How long a new key is published before it signs.
const OVERLAP: Duration = Duration::from_hours(48);

pub(super) fn doors(room: Doors) -> Doors {
    let changed = [&[EventKind::ConnectionChanged], TOLD_OF_ACCESS.as_slice()].concat();
    room.door(
        post("/connections/{id}/saml", save)
            .summary("Save the provider's SAML metadata")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&changed)
            .answers_as(303, HTML),
    )
    .door(
        post("/connections/{id}/saml/refresh", refresh)
            .summary("Read the provider's metadata now")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&[EventKind::ConnectionChanged])
            .answers_as(303, HTML),
    )
    .door(
        post("/connections/{id}/saml/keys", rotate)
            .summary("Make a new key of ours for SAML")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&[EventKind::SamlKeyRotated])
            .answers_as(303, HTML),
    )
}

pub(super) fn section(shown: &Shown<'_>) -> Markup {
    let Some(both) = &shown.saml else { return html! {} };
    let (connection, path, now) = (&shown.connection, address(&shown.connection.id), shown.desk.ctx.now);
    let settings = connection.settings.saml.clone().unwrap_or_default();
    html! {
        section class="card" aria-labelledby="saml" {
            h2 id="saml" { "Sign-in over SAML" @if settings.is_ready() { " " span class="state good" { "Set up" } } @else { " " span class="state wait" { "Not set up yet" } } }
            @for warning in &both.warnings { div class="notice" { p { (as_sentence(warning)) } } }
            ol class="steps" {
                @for step in shown.kind.steps() { li { p { (step) } } }
                li {
                    p { "Copy these there:" }
                    (copied("Entity id (audience); our metadata is read there", &both.addresses.entity_id))
                    (copied("ACS address (HTTP-POST)", &both.addresses.acs))
                    (copied("Logout address (SLO)", &both.addresses.logout))
                }
                li {
                    p { "Say where the provider’s metadata is, or paste it:" }
                    form method="post" action=(format!("{path}/saml")) {
                        (shown.desk.token())
                        div class="field" {
                            label for="metadata_url" { "Address of the provider’s metadata" }
                            input id="metadata_url" name="metadata_url" type="url" maxlength="2048" value=(settings.metadata_url.as_deref().unwrap_or_default()) autocapitalize="none" spellcheck="false" aria-describedby="metadata-hint";
                            p id="metadata-hint" class="hint" { "It is read again every day: new certificates come by themselves." }
                        }
                        div class="field" {
                            label for="metadata" { "Or the metadata itself (XML)" }
                            textarea id="metadata" name="metadata" rows="4" spellcheck="false" autocapitalize="none" {}
                        }
                        (sign_in::domains_field(connection))
                        button type="submit" { "Save" }
                    }
                }
            }
            @if !both.certificates.is_empty() {
                h3 { "The provider’s certificates" }
                ul class="rows plain" { @for one in &both.certificates {
                    li { div { p class="title" { (one.subject) } p class="quiet small" { "ends " (when(one.not_after, now)) } p class="small" { code { (one.fingerprint) } } } }
                } }
            }
            @if let Some(refresh) = &both.refresh {
                p class="quiet small" {
                    @match refresh.fetched_at { Some(at) => { "The metadata was read " (when(at, now)) "." }, None => "The metadata was not read yet." }
                    @if let Some(problem) = &refresh.problem { " " span class="state bad" { (problem) } }
                }
                (press(shown.desk, &format!("{path}/saml/refresh"), "second little", "Read the metadata now", &[]))
            }
            @if !both.keys.is_empty() {
                h3 { "Our keys" }
                ul class="rows plain" { @for key in &both.keys {
                    li { div {
                        p class="title" { code { (key.fingerprint) } }
                        p class="quiet small" { "signs from " (when(key.signs_from, now)) @if let Some(at) = key.retires_at { ", retires " (when(at, now)) } }
                    } }
                } }
            }
            (press(shown.desk, &format!("{path}/saml/keys"), "second little", "Make a new key", &[]))
            p class="hint" { "It is published at once and signs two days later, when providers have read of it." }
        }
    }
}

/// `POST /console/connections/{id}/saml`
async fn save(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let ctx = &sent.desk.ctx;
    let connection = app.connection(ctx, &id).await?;
    let before = connection.settings.saml.clone().unwrap_or_default();
    let url = Some(sent.text("metadata_url")).filter(|url| !url.is_empty()).map(str::to_owned);
    // What the metadata says takes the place of what another one said.
    let saml = SamlSettings {
        metadata_url: url,
        entity_id: String::new(),
        sign_on: Vec::new(),
        logout: Vec::new(),
        certificates: Vec::new(),
        ..before
    };
    let settings =
        ConnectionSettings { saml: Some(saml), domains: typed_domains(sent.text("domains")), ..connection.settings };
    let document = Some(sent.text("metadata")).filter(|text| !text.is_empty());
    let saved = match app.with_saml_metadata(ctx, settings, document).await {
        Ok(settings) => app.update_connection(ctx, &id, Some(connection.version), settings, None).await.map(drop),
        Err(error) => Err(error),
    };
    sign_in::said((&app, &sent), &id, saved).await
}

/// `POST /console/connections/{id}/saml/refresh`
async fn refresh(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    match app.refresh_saml_now(&sent.desk.ctx, &id).await {
        Ok(_) => Ok(see_other(&format!("{}?said=refreshed", address(&id)))),
        Err(error) => sign_in::said((&app, &sent), &id, Err(error)).await,
    }
}

/// `POST /console/connections/{id}/saml/keys`
async fn rotate(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let made = app.rotate_saml_key(&sent.desk.ctx, &id, OVERLAP).await;
    sign_in::said((&app, &sent), &id, made.map(drop)).await
}
