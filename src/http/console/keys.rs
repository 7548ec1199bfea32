//! What pages say of API keys, and the fields of a new one.

use super::{
    desk::Sent,
    parts::sure,
    times::{when, when_or},
    words::until,
};
use crate::{
    app::{Error, Names, NewKey},
    model::{ApiKey, Instant},
};
use maud::{Markup, html};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// A secret that is shown this once.
pub(super) fn shown_once(new: &NewKey) -> Markup {
    html! {
        div class="flash" role="status" id="new-key" {
            p { strong { "The key “" (new.key.name) "” is made. Copy it now: it is not shown again." } }
            div class="copied" { span class="unseen" { "The new key" } code class="secret" data-copy="" { (new.secret.expose()) } }
        }
    }
}

/// One key: its name, its use, its end.
pub(super) fn facts(key: &ApiKey, names: &Names, now: Instant) -> Markup {
    html! {
        div {
            p class="title long" dir="auto" { (key.name) " " code { (key.hint) "…" } @if !key.active { " " span class="state gone" { "Switched off" } } }
            p class="quiet small" {
                "made " (when(key.created_at, now)) ", last used " (when_or(key.last_used_at, now, "never"))
                @if let Some(from) = &key.last_used_from { " from " (from) }
                (until(key.expires_at, now))
                @if key.rights.is_some() { ", carries less than its owner holds" }
            }
            @if let Some(known) = &key.known_by { p class="small" { "Its secret is known by " span dir="auto" { (names.of(known.as_str())) } ", whose it was." } }
            @if let Some(at) = key.rotate_by { p class="small" { span class="state bad" { "Rotate it" } " by " (when(at, now)) ": somebody who knows it has left." } }
            @if let Some(at) = key.delete_at { p class="small" { span class="state wait" { "Carries less than it did" } ", and is deleted " (when(at, now)) "." } }
            @if key.replaced_by.is_some() { p class="small" { "Another key takes its place." } }
        }
    }
}

/// The way to end one: first what is lost.
pub(super) fn end(key: &ApiKey, press: &Markup) -> Markup {
    let lost = "Whatever uses this key is refused at once, and that cannot be taken back. To give it another without a gap, make the new one first.";
    sure(("End", &key.name), lost, press)
}

/// The name and the life of a new key.
pub(super) fn fields() -> Markup {
    html! {
        div class="row field" {
            div class="field" { label for="key-name" { "Name" } input id="key-name" name="name" type="text" required maxlength="80" autocomplete="off"; }
            div class="field short" {
                label for="key-days" { "Life" }
                select id="key-days" name="days" {
                    option value="30" { "30 days" }
                    option value="90" selected { "90 days" }
                    option value="365" { "1 year" }
                    option value="" { "No end" }
                }
            }
        }
    }
}

/// How long it is to live; nothing: without end.
pub(super) fn life(sent: &Sent) -> Result<Option<Duration>, Error> {
    match sent.text("days") {
        "" => Ok(None),
        text => match text.parse::<u32>() {
            Ok(days @ 1..=3650) => Ok(Some(DAY * days)),
            Ok(_) | Err(_) => Err(Error::invalid("days", "give a number of days from 1 to 3650, or leave it empty")),
        },
    }
}
