//! What a text says of one person: why they get what they get, and what every other rule waits for.

use crate::{
    app::{App, Error, GivenByRule, Names, UnderDraft},
    http::{
        console::{
            desk::{Desk, Failed},
            guard::told,
            times::prose,
            words::{place, role_name, until},
        },
        error::as_sentence,
    },
    mapping::Lacking,
};
use maud::{Markup, html};

/// Rules that give nothing, shown at once.
const MOST_LACKING: usize = 20;

/// What the text says of whoever was asked for; in words, where nobody is meant.
pub(super) async fn under(app: &App, desk: &Desk, (text, asked): (&str, &str)) -> Result<Markup, Failed> {
    let found = match app.under_draft(&desk.ctx, text, asked).await {
        Ok(found) => found,
        Err(error) => {
            let said = match error {
                Error::NotFound { .. } => format!("Nobody is called “{asked}”."),
                error => told(error)?,
            };
            return Ok(html! { h3 { "One person" } p class="quiet" { (said) } });
        }
    };
    let names = app.names(&desk.ctx, []).await?;
    Ok(shown(desk, &found, &names))
}

fn shown(desk: &Desk, found: &UnderDraft, names: &Names) -> Markup {
    let UnderDraft { user, given, default, lacking, near } = found;
    html! {
        h3 { "What these rules say of " a href=(format!("/console/members/{}", user.id)) dir="auto" { (user.label()) } }
        @if given.is_empty() {
            p class="small" {
                @match default {
                    Some(role) => { "No rule gives them anything: they get the default, " strong { (role_name(role, names)) } "." },
                    None => "No rule gives them anything, and the default gives nothing either.",
                }
            }
        } @else {
            ul class="findings small" { @for one in given { (why(desk, one, names)) } }
        }
        @if !lacking.is_empty() || !near.is_empty() {
            p class="small" { strong { "And why not more" } }
            ul class="findings small" {
                @for one in lacking.iter().take(MOST_LACKING) { (why_not(one, names)) }
                @for miss in near { li { p { (prose(&as_sentence(miss))) } } }
            }
            @if lacking.len() > MOST_LACKING { p class="quiet small" { "and " (lacking.len() - MOST_LACKING) " more rules." } }
        }
        p class="hint" { "What people gave them directly comes on top, and is on their own page." }
    }
}

fn why(desk: &Desk, one: &GivenByRule, names: &Names) -> Markup {
    html! {
        li {
            p class="plus" { (role_name(&one.role, names)) " of " (place(&one.scope, names)) (until(one.until, desk.ctx.now)) }
            p class="quiet" { "rule “" (one.rule) "”, line " (one.line) @if !one.because.is_empty() { ": " (one.because) } }
        }
    }
}

fn why_not(one: &Lacking, names: &Names) -> Markup {
    let roles: Vec<&str> = one.roles.iter().map(|role| role_name(role, names)).collect();
    html! {
        li {
            p { (roles.join(" or ")) " by rule “" (one.rule) "”, line " (one.line) }
            p class="quiet" {
                @if let Some(ended) = one.ended { "It ended " (super::super::times::exact(ended)) ". " }
                @if !one.groups.is_empty() {
                    "They are not in " (one.groups.join(" or "))
                    @if let Some(near) = &one.near { ": " (near) }
                    ". "
                }
                @if let Some(condition) = &one.condition { (prose(&as_sentence(condition))) }
            }
        }
    }
}
