//! Receipts: what each end of somebody's access ended, signed; one of them, and how to check it elsewhere.

use super::{
    HTML, ROWS,
    activity::{Tab, head},
    desk::{Answer, Desk},
    frame::{Page, Place},
    parts::{Before, address, empty, older, page_of},
    times::{when, when_or},
    words::{actor, unnamed},
};
use crate::{
    app::{AccessReceipt, App, Names},
    http::doors::{Doors, get},
    model::{Capability, Instant, ReceiptId, UserId},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::header,
    response::IntoResponse as _,
};
use maud::{Markup, html};
use serde::Deserialize;

const PATH: &str = "/console/receipts";

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageMembers;
    room.door(
        get("/receipts", list)
            .summary("What each end of somebody's access ended, signed, the newest first")
            .needs(need)
            .answers_as(200, HTML),
    )
    .door(
        get("/receipts/{id}", show)
            .summary("One receipt, and whether its signature holds")
            .needs(need)
            .part::<ReceiptId>("id")
            .answers_as(200, HTML),
    )
    .door(
        get("/receipts/{id}/download", download)
            .summary("One receipt as a file: the statement as it was signed, the signature and the public key")
            .needs(need)
            .part::<ReceiptId>("id")
            .answers_as(200, Some("application/json")),
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    user: String,
}

fn ids(receipts: &[AccessReceipt]) -> Vec<String> {
    let words = receipts.iter().flat_map(|one| one.said.actor.split_whitespace().map(str::to_owned));
    words.chain(receipts.iter().map(|one| one.said.user.to_string())).collect()
}

/// `GET /console/receipts`
async fn list(
    State(app): State<App>,
    desk: Desk,
    Query(Wanted { user }): Query<Wanted>,
    Query(Before { before }): Query<Before>,
) -> Answer {
    let of = user.parse::<UserId>().ok();
    let load = |most| app.receipts(&desk.ctx, of.as_ref(), (&before, most));
    let (receipts, next) = page_of(ROWS, load, |one| one.id.to_string()).await?;
    let names = app.names(&desk.ctx, ids(&receipts).into_iter().chain([user.clone()])).await?;
    let body = html! {
        (head(Tab::Receipts, None))
        @if of.is_some() { p { "Only those of " strong dir="auto" { (names.known(&user).unwrap_or(unnamed(&user))) } ". " a href=(PATH) { "Show all" } } }
        @if receipts.is_empty() {
            (empty("Nobody’s access has ended", &html! { p { "When somebody is suspended or removed, by whomever, a signed receipt of what that ended is left here." } }))
        } @else {
            ul class="rows plain" { @for one in &receipts { (row(one, &names, desk.ctx.now)) } }
            (older(next.map(|next| address(PATH, &[("user", &user), ("before", &next)]))))
        }
    };
    Ok(Page::new(&desk, Place::Activity, "Receipts", body).ok())
}

fn row(one: &AccessReceipt, names: &Names, now: Instant) -> Markup {
    let user = one.said.user.as_str();
    html! {
        li {
            div {
                p class="title long" { a href=(format!("{PATH}/{}", one.id)) dir="auto" { (names.known(user).unwrap_or(unnamed(user))) } }
                p class="small" { (ended(one)) }
                p class="quiet small" { (one.said.why) " by " span dir="auto" { (actor(&one.said.actor, names)) } }
            }
            div {
                p class="quiet small" { (when(one.said.at, now)) }
                p class="small" { (holds(one)) }
            }
        }
    }
}

fn holds(one: &AccessReceipt) -> Markup {
    html! {
        @if one.valid { span class="state good" { "Signature holds" } }
        @else { span class="state bad" { "Signature does not hold" } }
    }
}

/// “2 sessions and 1 API key ended”
fn ended(one: &AccessReceipt) -> String {
    let counted = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("{} and {} ended", counted(one.said.sessions, "session"), counted(one.said.keys, "API key"))
}

/// `GET /console/receipts/{id}`
async fn show(State(app): State<App>, Path(id): Path<ReceiptId>, desk: Desk) -> Answer {
    let one = app.access_receipt(&desk.ctx, &id).await?;
    let names = app.names(&desk.ctx, ids(std::slice::from_ref(&one))).await?;
    let (said, now, user) = (&one.said, desk.ctx.now, one.said.user.as_str());
    let copied = |label: &str, value: &str| html! { div class="copied" { p class="label" { (label) } code class="secret" data-copy="" { (value) } } };
    let body = html! {
        p class="crumbs" { a href=(PATH) { "Receipts" } }
        div class="head" {
            div {
                h1 class="long" dir="auto" { "End of access: " (names.known(user).unwrap_or(unnamed(user))) }
                p class="quiet" { (holds(&one)) }
            }
            div class="acts" { a class="button second" href=(format!("{PATH}/{id}/download")) { "Download as JSON" } }
        }
        section class="card" aria-labelledby="said" {
            h2 id="said" { "What it says" }
            dl class="facts" {
                dt { "Whose" } dd { a href=(format!("/console/members/{user}")) dir="auto" { (names.known(user).unwrap_or(unnamed(user))) } }
                dt { "When" } dd { (when(said.at, now)) " (" (super::times::exact(said.at)) ")" }
                dt { "Why" } dd { (said.why) }
                dt { "Who did it" } dd dir="auto" { (actor(&said.actor, &names)) }
                dt { "Ended at once" } dd { (ended(&one)) }
                dt { "Last request let in" } dd { (when_or(said.last_accepted, now, "none")) }
            }
            p { a href=(address("/console/activity", &[("subject", user)])) { "What happened around it" } " · " a href=(address(PATH, &[("user", user)])) { "Every receipt of theirs" } }
        }
        (told(&one, now))
        section class="card" aria-labelledby="check" {
            h2 id="check" { "Checking it elsewhere" }
            p { "The signature is Ed25519 over the words " code { "castgate receipt 1" } ", a line feed, and the statement exactly as it stands here. " code { "castgate audit key" } " prints the public keys at the machine itself." }
            (copied("Statement", &one.statement))
            (copied("Signature, base64", &one.signature))
            @if let Some(key) = &one.public_key { (copied("Public key, base64", key)) }
            p class="quiet small" { "Signed with the key " code { (one.signer) } }
            p class="quiet small" { "The download holds who took note as well, signed as of the moment of the download: the words " code { "castgate acknowledgements 1" } ", a line feed, and " code { "told.statement" } "." }
        }
    };
    Ok(Page::new(&desk, Place::Activity, "Receipt", body).ok())
}

/// Who outside was told, and whether they took note.
fn told(one: &AccessReceipt, now: Instant) -> Markup {
    html! {
        section class="card" aria-labelledby="told" {
            h2 id="told" { "Who was told outside" }
            @if one.acknowledgements.is_empty() {
                p class="quiet" { "No webhook is told when access ends. " a href="/console/settings/webhooks" { "Webhooks" } " say it to your other systems at once." }
            } @else {
                ul class="rows plain" { @for one in &one.acknowledgements {
                    li {
                        div {
                            p class="title long" dir="auto" { (one.name.as_deref().unwrap_or("A webhook that was deleted since")) }
                            p class="quiet small" { code { (one.kind) } }
                        }
                        div { @match one.at {
                            Some(at) => { p class="small" { span class="state good" { "Took note" } " " (when(at, now)) } }
                            None => { p class="small" { span class="state wait" { "Not yet" } @if let Some(status) = one.status { " answered " (status) } } }
                        } p class="quiet small" { (one.attempts) @if one.attempts == 1 { " attempt" } @else { " attempts" } } }
                    }
                } }
            }
        }
    }
}

/// `GET /console/receipts/{id}/download`
async fn download(State(app): State<App>, Path(id): Path<ReceiptId>, desk: Desk) -> Answer {
    let one = app.access_receipt(&desk.ctx, &id).await?;
    let disposition = format!("attachment; filename=\"{id}.json\"");
    Ok(([(header::CONTENT_DISPOSITION, disposition)], Json(one)).into_response())
}
