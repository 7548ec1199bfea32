//! Signing in by a connection: what to copy to the provider, what comes back from there, a test.

use super::{HTML, NEED, address, copied, kind::Kind, show, show::Shown, typed_domains};
use crate::{
    app::{App, Error},
    http::{
        api::TOLD_OF_ACCESS,
        console::{
            desk::{Answer, Sent},
            flash::Said,
            guard::told,
            times::when,
        },
        doors::{Doors, post},
        login::see_other,
    },
    model::{Connection, ConnectionId, ConnectionSettings, EventKind, OidcSettings},
};
use axum::extract::{Path, State};
use maud::{Markup, html};
use secrecy::SecretString;

pub(super) fn doors(room: Doors) -> Doors {
    let changed = [&[EventKind::ConnectionChanged], TOLD_OF_ACCESS.as_slice()].concat();
    room.door(
        post("/connections/{id}/sign-in", save)
            .summary("Save what the provider shows for signing in")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&changed)
            .answers_as(303, HTML),
    )
    .door(
        post("/connections/{id}/tests", begin_test)
            .summary("Test signing in by a connection: nobody's access changes")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&[EventKind::ConnectionTestStarted])
            .answers_as(303, None),
    )
}

/// What to do on the provider's side, and what it shows.
pub(super) fn section(shown: &Shown<'_>) -> Markup {
    let (connection, app) = (&shown.connection, shown.app);
    let own = format!("{}/oidc/{}", app.settings().server.origin(), connection.id);
    let empty = OidcSettings::default();
    let oidc = connection.settings.oidc.as_ref().unwrap_or(&empty);
    let issuer =
        if oidc.issuer.is_empty() && shown.kind == Kind::Google { "https://accounts.google.com" } else { &oidc.issuer };
    html! {
        section class="card" aria-labelledby="sign-in" {
            h2 id="sign-in" { "Sign-in" @if connection.settings.oidc.is_some() { " " span class="state good" { "Set up" } } }
            ol class="steps" {
                @for step in shown.kind.steps() { li { p { (step) } } }
                li {
                    p { "Copy these there:" }
                    (copied("Redirect address (sign-in redirect URI)", &app.redirect_uri()))
                    details class="more" {
                        summary { "More addresses, where the provider asks for them" }
                        (copied("After signing out (post-logout redirect URI)", &app.signed_out_address()))
                        (copied("Back-channel logout", &format!("{own}/back-channel-logout")))
                        (copied("Front-channel logout", &format!("{own}/front-channel-logout")))
                        (copied("Keys of private_key_jwt (JWKS)", &format!("{own}/jwks.json")))
                    }
                }
                li {
                    p { "Fill in what the provider shows:" }
                    form method="post" action=(format!("{}/sign-in", address(&connection.id))) {
                        (shown.desk.token())
                        div class="field" {
                            label for="issuer" { "Issuer" }
                            input id="issuer" name="issuer" type="url" required maxlength="2048" value=(issuer) autocapitalize="none"
                                spellcheck="false" aria-describedby="issuer-hint" placeholder="https://example.okta.com";
                            p id="issuer-hint" class="hint" { "Exactly as the provider writes it." }
                        }
                        div class="row field" {
                            div class="field" {
                                label for="client_id" { "Client ID" }
                                input id="client_id" name="client_id" type="text" required maxlength="2048" value=(oidc.client_id)
                                    autocapitalize="none" autocomplete="off" spellcheck="false";
                            }
                            div class="field" {
                                label for="client_secret" { "Client secret" }
                                input id="client_secret" name="client_secret" type="password" maxlength="2048" autocomplete="new-password" aria-describedby="secret-hint";
                            }
                        }
                        p id="secret-hint" class="hint" { "It is kept sealed and never shown again. Empty: the one that is kept stays." }
                        (domains_field(connection))
                        button type="submit" { "Save" }
                    }
                }
            }
        }
    }
}

/// Whose people come in by it.
pub(super) fn domains_field(connection: &Connection) -> Markup {
    html! {
        div class="field" {
            label for="domains" { "E-mail domains of its people" }
            input id="domains" name="domains" type="text" maxlength="1000" value=(connection.settings.domains.join(", "))
                autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="domains-hint";
            p id="domains-hint" class="hint" { "Whoever types an address of these at the sign-in is sent here, once the domain is verified." }
        }
    }
}

/// `POST /console/connections/{id}/sign-in`
async fn save(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let ctx = &sent.desk.ctx;
    let connection = app.connection(ctx, &id).await?;
    let before = connection.settings.oidc.clone().unwrap_or_else(|| OidcSettings::new("", ""));
    let oidc =
        OidcSettings { issuer: sent.text("issuer").to_owned(), client_id: sent.text("client_id").to_owned(), ..before };
    let settings =
        ConnectionSettings { oidc: Some(oidc), domains: typed_domains(sent.text("domains")), ..connection.settings };
    let secret = Some(sent.text("client_secret")).filter(|secret| !secret.is_empty()).map(SecretString::from);
    let saved = app.update_connection(ctx, &id, Some(connection.version), settings, secret).await;
    said((&app, &sent), &id, saved.map(drop)).await
}

/// On, or the page again with what was wrong.
pub(super) async fn said((app, sent): (&App, &Sent), id: &ConnectionId, outcome: Result<(), Error>) -> Answer {
    match outcome {
        Ok(()) => Ok(see_other(&format!("{}?said=saved", address(id)))),
        // What was typed stands in the form again.
        Err(error @ (Error::Invalid { .. } | Error::Conflict { .. })) => Err(error.into()),
        Err(error) => {
            let notice = told(error)?;
            show::page((app, &sent.desk), (id, None), (&Said::default(), None), Some(notice)).await
        }
    }
}

/// A real sign-in that touches nobody's access.
pub(super) fn test(shown: &Shown<'_>) -> Markup {
    html! {
        section class="card" aria-labelledby="test" {
            h2 id="test" { "Test the sign-in" }
            p { "You sign in as usual, also while the connection is disabled. Nobody’s access changes; you read what the provider said and what would follow." }
            @if shown.connection.settings.signs_in() {
                form method="post" action=(format!("{}/tests", address(&shown.connection.id))) {
                    (shown.desk.token()) button type="submit" class="second" { "Test the sign-in" }
                }
            } @else { p class="quiet" { "Set the sign-in up first." } }
            @if !shown.tests.is_empty() {
                h3 { "The last tests" }
                ul class="rows plain" { @for test in &shown.tests {
                    li { div {
                        p {
                            @match &test.result {
                                Some(result) if result.succeeded => span class="state good" { "Works" },
                                Some(_) => span class="state bad" { "Does not work yet" },
                                None => span class="state wait" { "Not finished" },
                            }
                            " " (when(test.started_at, shown.desk.ctx.now))
                        }
                        @if let Some(failure) = test.result.as_ref().filter(|result| !result.succeeded).and_then(|result| result.entry.failure) {
                            p class="small" { (failure.meaning()) " " (failure.remedy()) }
                        }
                        @if let Some(result) = test.result.as_ref().filter(|result| result.succeeded && !result.entry.derived.access.is_empty()) {
                            p class="quiet small" { "They could do: " (result.entry.derived.access.join("; ")) }
                        }
                    } }
                } }
            }
        }
    }
}

/// `POST /console/connections/{id}/tests`
async fn begin_test(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    match app.test_connection(&sent.desk.ctx, &id).await {
        Ok(begun) => Ok(see_other(&begun.url)),
        Err(error) => said((&app, &sent), &id, Err(error)).await,
    }
}
