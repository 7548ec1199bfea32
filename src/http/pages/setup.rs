//! The page of a set-up link: what to copy to the provider, what to fill in from there, a test.

use super::{
    Page, Width,
    trial::{found, headline},
};
use crate::app::{SetupShown, SetupSignIn};
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

/// `GET /setup/{token}`. `notice` says what went wrong before; `token_once` is a SCIM token that was made just now.
pub(in crate::http) fn setup(
    status: StatusCode,
    shown: &SetupShown,
    link: &str,
    notice: Option<&str>,
    token_once: Option<&str>,
) -> Response {
    let body = html! {
        h1 { "Set up the sign-in of " (shown.organization) }
        p class="lead" { "Connection " (shown.connection) ". This page shows and changes this one connection's values, and nothing else." }
        @if let Some(notice) = notice { div class="notice" role="alert" { p { (notice) } } }
        @if shown.enabled {
            div class="notice" { p { "The connection is in use: its values are changed by the admins of " (shown.organization) " alone. You can still test it." } }
        }
        (at_the_provider(shown))
        @if !shown.enabled { (values(shown, link)) }
        (test(shown, link))
        (scim(shown, link, token_once))
    };
    let title = "Set up a sign-in";
    Page { title, organization: Some(&shown.organization), width: Width::Wide, go_to: None, body }.respond(status)
}

fn at_the_provider(shown: &SetupShown) -> Markup {
    html! {
        section class="card" {
            h2 { "1. At your identity provider" }
            @match &shown.sign_in {
                SetupSignIn::Oidc { redirect_uri, .. } => {
                    p { "Make an OpenID Connect application (web, authorization code) with this redirect address:" }
                    code class="secret" { (redirect_uri) }
                    p class="hint" { "Let it send the scopes openid, profile and email, and groups if it has them." }
                }
                SetupSignIn::Saml { ours, .. } => {
                    p { "Make a SAML 2.0 application. If your provider reads metadata, this address is all that it needs:" }
                    code class="secret" id="our-metadata" { (ours.entity_id) }
                    p { "Otherwise copy these two, and the certificate out of the metadata if it is asked for:" }
                    dl class="facts" {
                        dt { "ACS address (reply address)" } dd { code { (ours.acs) } }
                        dt { "Entity ID (audience)" } dd { code { (ours.entity_id) } }
                    }
                    p class="hint" { "Let it sign the assertion or the response with SHA-256, and send the e-mail address as NameID. "
                        "Attributes named email, name and groups are understood." }
                }
            }
        }
    }
}

fn values(shown: &SetupShown, link: &str) -> Markup {
    html! {
        section class="card" {
            h2 { "2. What it shows you" }
            form method="post" action=(format!("/setup/{link}")) {
                @match &shown.sign_in {
                    SetupSignIn::Oidc { issuer, client_id, has_secret, .. } => (oidc_fields(issuer, client_id, *has_secret)),
                    SetupSignIn::Saml { metadata_url, metadata, provider, certificates, .. } => {
                        (saml_fields((metadata_url, metadata), (provider, certificates)))
                    }
                }
                button class="fill" type="submit" { "Save" }
            }
        }
    }
}

fn oidc_fields(issuer: &str, client_id: &str, has_secret: bool) -> Markup {
    html! {
        div class="field" {
            label for="issuer" { "Issuer" }
            input id="issuer" name="issuer" type="url" required maxlength="2048" value=(issuer)
                autocapitalize="none" spellcheck="false" aria-describedby="issuer-hint";
            p id="issuer-hint" class="hint" { "Exactly as the provider writes it, such as https://acme.okta.com" }
        }
        div class="field" {
            label for="client_id" { "Client ID" }
            input id="client_id" name="client_id" type="text" required maxlength="2048" value=(client_id)
                autocapitalize="none" autocomplete="off" spellcheck="false";
        }
        div class="field" {
            label for="client_secret" { "Client secret" }
            input id="client_secret" name="client_secret" type="password" maxlength="2048"
                autocomplete="new-password" aria-describedby="secret-hint";
            p id="secret-hint" class="hint" {
                @if has_secret { "One is kept, sealed. Leave this empty to keep it." }
                @else { "It is kept sealed and never shown again." }
            }
        }
    }
}

/// One of the two is enough. The address is better: a key that the provider changes is read there.
fn saml_fields((metadata_url, metadata): (&str, &str), (provider, certificates): (&str, &[String])) -> Markup {
    html! {
        @if !certificates.is_empty() {
            dl class="facts" id="provider" {
                dt { "Provider" } dd { code { (provider) } }
                dt { "Certificates (SHA-256)" } dd { @for known in certificates { code { (known) } " " } }
            }
            hr;
        }
        div class="field" {
            label for="metadata_url" { "Address of the provider's metadata" }
            input id="metadata_url" name="metadata_url" type="url" maxlength="2048" value=(metadata_url)
                autocapitalize="none" spellcheck="false" aria-describedby="metadata-url-hint";
            p id="metadata-url-hint" class="hint" { "It is read again every hour, so that a new certificate needs nobody's hand." }
        }
        div class="field" {
            label for="metadata" { "Or the metadata itself" }
            textarea id="metadata" name="metadata" rows="6" spellcheck="false" autocapitalize="none"
                placeholder="<EntityDescriptor …>" aria-describedby="metadata-hint" { (metadata) }
            p id="metadata-hint" class="hint" { "For a provider whose address cannot be reached from here. A new certificate is then yours to bring." }
        }
    }
}

fn test(shown: &SetupShown, link: &str) -> Markup {
    html! {
        section class="card" {
            h2 { "3. Test it" }
            p { "You sign in as usual. Nobody's access changes by it." }
            @if !shown.sign_in.is_ready() {
                p class="hint" { "Save the values first." }
            } @else {
                form method="post" action=(format!("/setup/{link}/test")) {
                    button class="second" type="submit" { "Test the sign-in" }
                }
            }
            @if let Some(result) = shown.last_test.as_ref().and_then(|test| test.result.as_ref()) {
                h3 { "The last test" }
                div id="last-test" { p { strong { (headline(result)) } } (found(result)) }
                @if result.succeeded && !shown.enabled {
                    p { "An admin of " (shown.organization) " now looks at it and enables the connection." }
                }
            }
        }
    }
}

fn scim(shown: &SetupShown, link: &str, token_once: Option<&str>) -> Markup {
    html! {
        section class="card" {
            h2 { "4. Pushing people and groups (SCIM)" }
            p { "If your provider pushes, give it this base URL:" }
            code class="secret" { (shown.scim_url) }
            @if let Some(token) = token_once {
                p { "And this token. Copy it now: it is not shown again." }
                code class="secret" id="scim-token" { (token) }
            } @else if !shown.enabled {
                form method="post" action=(format!("/setup/{link}/scim-token")) {
                    button class="second" type="submit" { "Make a token for it" }
                }
            }
        }
    }
}
