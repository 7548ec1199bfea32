//! A change of roles: first what it would do to every API key, then the change, with what becomes of each.
//!
//! The change itself travels in the form as text; with it goes the token of its preview. Does the change touch other keys by
//! now, nothing happens, and the page is shown again with what moved.

mod asked;
mod page;
mod words;

pub(super) use asked::address;
pub(super) use page::{KeyForm, Since};
pub(super) use words::Told;

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    frame::Page,
    parts::press,
};
use crate::{
    app::{App, Choice, Error, KeyDone, KeyOutcome, KeyTerms, RoleChange},
    http::{
        api::TOLD_OF_ACCESS,
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{Capability, EventKind, KeyId, ServiceAccount, ServiceAccountId},
};
use asked::Asked;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use maud::{Markup, html};
use page::Preview;
use std::collections::BTreeMap;

/// Service accounts that are offered.
const MOST_MACHINES: i64 = 500;

pub(super) fn doors(room: Doors) -> Doors {
    let told: Vec<EventKind> = TOLD_OF_ACCESS
        .into_iter()
        .chain([
            EventKind::KeyRevoked,
            EventKind::KeyAttenuated,
            EventKind::KeyMoved,
            EventKind::KeyRotated,
            EventKind::KeyRotationDue,
            EventKind::GroupMembersChanged,
            EventKind::GroupRemoved,
            EventKind::RoleChanged,
            EventKind::UserSuspended,
            EventKind::UserChanged,
            EventKind::UserRemoved,
            EventKind::SessionEnded,
            EventKind::MappingPublished,
        ])
        .collect();
    room.door(
        get("/role-changes", show)
            .summary("What a change of roles would do to each API key")
            .needs(Capability::ManageMembers)
            .answers_as(200, HTML),
    )
    .door(
        post("/role-changes", make)
            .summary("Make a change of roles as it was looked at")
            .needs(Capability::ManageMembers)
            .tells(&told)
            .answers_as(200, HTML),
    )
}

/// `GET /console/role-changes`: the change is made and undone.
async fn show(State(app): State<App>, desk: Desk, RawQuery(query): RawQuery) -> Answer {
    let change = match Asked::of(&query.unwrap_or_default()).change() {
        Ok(change) => change,
        Err(error) => {
            // Nobody is told what was wrong with a change that they may not ask about.
            desk.needs(Capability::ManageMembers)?;
            return Err(error.into());
        }
    };
    preview(&app, &desk, &change, Looked::default()).await
}

/// What a preview says besides the keys.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// What was shown before, where it moved.
    pub(super) since: Option<Since>,
    /// What was wrong with the form.
    pub(super) notice: Option<String>,
    /// What else the change does.
    pub(super) beside: Option<Markup>,
}

/// The preview of a change.
pub(super) async fn preview(app: &App, desk: &Desk, change: &RoleChange, looked: Looked) -> Answer {
    let Looked { since, notice, beside } = looked;
    let names = app.names(&desk.ctx, asked::ids(change)).await?;
    let told = Told::of(app, desk, change, &names).await?;
    let keys = match app.preview_role_change(&desk.ctx, change).await {
        Ok(keys) => keys,
        Err(error) => return refused(desk, &told, (change, error)),
    };
    let machines = machines(app, desk).await?;
    let status = if since.is_some() || notice.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let shown =
        Preview { desk, change, told: &told, keys: &keys, machines: &machines, names: &names, since, notice, beside };
    Ok(Page::new(desk, told.place, &told.title, shown.body()).respond(status))
}

/// What could not even be looked at: the last owner, something that is held already.
fn refused(desk: &Desk, told: &Told, (change, error): (&RoleChange, Error)) -> Answer {
    let said = super::guard::told(error)?;
    let body = html! {
        h1 { (told.title) }
        div class="notice bad" role="alert" { p { strong { "This cannot be done. " } (said) } }
        div class="acts" {
            @if let RoleChange::Publish(publication) = change {
                @let fields = [("text", publication.text.as_str()), ("reason", publication.reason.as_deref().unwrap_or_default())];
                (press(desk, "/console/mapping/plan", "", "Plan again", &fields))
            }
            a class="button second" href=(told.back) { "Go back" }
        }
    };
    Ok(Page::new(desk, told.place, &told.title, body).respond(StatusCode::CONFLICT))
}

/// The service accounts that a key may move to.
pub(super) async fn machines(app: &App, desk: &Desk) -> Result<Vec<ServiceAccount>, Error> {
    match desk.can(Capability::CreateServiceAccountKeys) {
        true => app.service_accounts(&desk.ctx, "", MOST_MACHINES).await,
        false => Ok(Vec::new()),
    }
}

/// `POST /console/role-changes`
async fn make(State(app): State<App>, sent: Sent) -> Answer {
    let desk = &sent.desk;
    let change = asked::read(sent.raw("change"))?;
    let keys = match choices(&sent) {
        Ok(keys) => keys,
        Err(notice) => return preview(&app, desk, &change, Looked { notice: Some(notice), ..Looked::default() }).await,
    };
    let terms = KeyTerms { preview: sent.text("preview").to_owned(), keys, others: None };
    match app.change_roles(&desk.ctx, &change, &terms).await {
        Ok(made) => done(&app, desk, &change, &made.keys).await,
        Err(Error::Conflict { code: "preview_stale", .. }) => {
            let since = Since(sent.all("shown").map(str::to_owned).collect());
            preview(&app, desk, &change, Looked { since: Some(since), ..Looked::default() }).await
        }
        Err(error @ (Error::Conflict { .. } | Error::Invalid { .. } | Error::Forbidden { .. })) => {
            let notice = super::guard::told(error)?;
            preview(&app, desk, &change, Looked { notice: Some(notice), ..Looked::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What was chosen for each key; an error in words where a choice is not whole.
pub(super) fn choices(sent: &Sent) -> Result<BTreeMap<KeyId, Choice>, String> {
    let mut choices = BTreeMap::new();
    for (id, word) in sent.beginning("do:") {
        let Ok(key) = id.parse::<KeyId>() else { continue };
        let to = sent.text(&format!("to:{id}")).parse::<ServiceAccountId>().ok();
        let choice = match (word, to) {
            ("delete", _) => Choice::Delete,
            ("keep", _) => Choice::Keep,
            ("move", Some(to)) => Choice::Move { to },
            ("move", None) => return Err("Choose the service account that a key moves to.".to_owned()),
            ("rotate", to) => Choice::Rotate { to, overlap_hours: None },
            (_, _) => continue,
        };
        choices.insert(key, choice);
    }
    Ok(choices)
}

/// Back to where it began, or, where there were keys, what became of each first: a new secret is shown this once.
async fn done(app: &App, desk: &Desk, change: &RoleChange, keys: &[KeyOutcome]) -> Answer {
    let ids =
        asked::ids(change).into_iter().chain(keys.iter().filter_map(|key| key.to.as_ref().map(ToString::to_string)));
    let names = app.names(&desk.ctx, ids).await?;
    let told = Told::of(app, desk, change, &names).await?;
    if keys.is_empty() {
        return Ok(see_other(&told.after));
    }
    let body = html! {
        h1 { (told.done) }
        div class="flash" role="status" { p { "The change was made, and this became of the keys that it touched." } }
        ul class="rows plain" { @for key in keys { (outcome(key, &names)) } }
        p class="pager" { a class="button" href=(told.after) { "Go on" } }
    };
    Ok(Page::new(desk, told.place, &told.done, body).ok())
}

/// What became of one key.
pub(super) fn outcome(key: &KeyOutcome, names: &crate::app::Names) -> Markup {
    let to = key.to.as_ref().map(|to| names.of(to.as_str()));
    html! {
        li {
            div {
                p class="title" dir="auto" { (key.name) }
                p class="quiet small" {
                    @match (key.done, to) {
                        (KeyDone::Deleted, _) => { "Deleted: whatever used it is refused from now on." },
                        (KeyDone::Kept, _) => { "Kept: it carries what its owner holds." },
                        (KeyDone::Moved, Some(to)) => { "Moved to " strong { (to) } ", with the same secret: nothing has to be changed where it is used." },
                        (KeyDone::Moved, None) => { "Moved, with the same secret." },
                        (KeyDone::Rotated, Some(to)) => { "A new key of " strong { (to) } " takes its place; the old one goes on for a while." },
                        (KeyDone::Rotated, None) => { "It goes on for a while; its owner makes the new one." },
                    }
                }
                @if !key.given.is_empty() { p class="small" { "Given to it for this: " (key.given.join(", ")) } }
                @if let Some(secret) = &key.secret {
                    p class="small" { strong { "Copy the new secret now: it is not shown again." } }
                    code class="secret" data-copy="" { (secret.expose()) }
                }
            }
        }
    }
}
