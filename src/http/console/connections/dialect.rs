//! How a connection speaks SCIM: how strictly it is read, what it is answered with, what comes of groups and of people who are here
//! already.

use super::{HTML, NEED, address, show::Shown, sign_in};
use crate::{
    app::{App, Error},
    http::{
        api::TOLD_OF_ACCESS,
        console::desk::{Answer, Sent},
        doors::{Doors, post},
    },
    model::{Adoption, ConnectionId, ConnectionSettings, EventKind, GroupPush, PatchResponse, ScimDialect},
};
use axum::extract::{Path, State};
use maud::{Markup, html};

/// What may be chosen: the value, its word in forms, what people read.
type Choices<T> = &'static [(T, &'static str, &'static str)];

const DIALECTS: Choices<ScimDialect> = &[
    (ScimDialect::Tolerant, "tolerant", "Tolerant: takes what providers really send, and counts below what was off"),
    (ScimDialect::Strict, "strict", "Strict: refuses what the standard refuses"),
];
const ANSWERS: Choices<PatchResponse> = &[
    (PatchResponse::Body, "body", "200 with what there is now, as Okta expects it"),
    (PatchResponse::Empty, "empty", "204 and nothing more, as Entra ID expects it"),
];
const GROUPS: Choices<GroupPush> = &[
    (GroupPush::Accept, "accept", "Taken; members who are not here yet join when they come"),
    (GroupPush::KnownMembers, "known_members", "Taken only if every member is here already"),
    (GroupPush::Refuse, "refuse", "Refused: groups come from sign-ins"),
];
const ADOPTIONS: Choices<Adoption> = &[
    (Adoption::VerifiedDomain, "verified_domain", "Taken over if the domain is verified for this connection"),
    (Adoption::Approval, "approval", "Taken over if an admin approved it by name"),
    (Adoption::Never, "never", "Never taken over: the provider is told that they exist"),
];

pub(super) fn doors(room: Doors) -> Doors {
    let changed = [&[EventKind::ConnectionChanged], TOLD_OF_ACCESS.as_slice()].concat();
    room.door(
        post("/connections/{id}/dialect", save)
            .summary("Save how a connection speaks SCIM")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&changed)
            .answers_as(303, HTML),
    )
}

fn select<T: PartialEq>((name, label): (&str, &str), choices: Choices<T>, now: &T) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for (value, word, words) in choices { option value=(word) selected[value == now] { (words) } }
            }
        }
    }
}

fn chosen<T: Copy>(sent: &Sent, name: &'static str, choices: Choices<T>) -> Result<T, Error> {
    let found = choices.iter().find(|(_, word, _)| *word == sent.text(name));
    found.map(|(value, ..)| *value).ok_or_else(|| Error::invalid(name, "choose one of those that are offered"))
}

pub(super) fn section(shown: &Shown<'_>) -> Markup {
    let settings = &shown.connection.settings;
    html! {
        section class="card" aria-labelledby="dialect" {
            h2 id="dialect" { "How it speaks SCIM" }
            form method="post" action=(format!("{}/dialect", address(&shown.connection.id))) {
                (shown.desk.token())
                (select(("reading", "Its requests are read"), DIALECTS, &settings.dialect))
                (select(("patch_response", "A PATCH is answered with"), ANSWERS, &settings.patch_response))
                (select(("group_push", "Groups that it pushes"), GROUPS, &settings.group_push))
                (select(("adoption", "People of the same address who are here by another way"), ADOPTIONS, &settings.adoption))
                label class="check" {
                    input type="checkbox" name="read_roles" value="yes" checked[settings.read_roles];
                    span { "Rules may ask for the roles that it pushes. They give nothing by themselves." }
                }
                button type="submit" class="second" { "Save" }
            }
        }
    }
}

/// `POST /console/connections/{id}/dialect`
async fn save(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let ctx = &sent.desk.ctx;
    let connection = app.connection(ctx, &id).await?;
    let settings = ConnectionSettings {
        dialect: chosen(&sent, "reading", DIALECTS)?,
        patch_response: chosen(&sent, "patch_response", ANSWERS)?,
        group_push: chosen(&sent, "group_push", GROUPS)?,
        adoption: chosen(&sent, "adoption", ADOPTIONS)?,
        read_roles: !sent.text("read_roles").is_empty(),
        ..connection.settings
    };
    let saved = app.update_connection(ctx, &id, Some(connection.version), settings, None).await;
    sign_in::said((&app, &sent), &id, saved.map(drop)).await
}
