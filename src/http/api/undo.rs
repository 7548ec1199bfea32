//! Accidents of providers, and taking them back; what ends of access left behind.

use super::{List, Paging, worded::Worded};
use crate::{
    app::{AccessReceipt, Accident, App, Undo, UndoWish},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, EventKind, UserId},
};
use axum::{
    Json,
    extract::{Query, State},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const UNDOES: &str = "Groups, people, memberships and the bindings of rules that one source took away in a span of at most the last \
                      30 days, and the keys of people whom it suspended. What it added stays. Sessions never come back. Deleted \
                      keys stay deleted.";
/// What an undo may tell of.
pub(in crate::http) const TOLD_OF_UNDO: &[EventKind] = &[
    EventKind::AccidentUndone,
    EventKind::GroupRevived,
    EventKind::UserRevived,
    EventKind::UserActivated,
    EventKind::UserSuspended,
    EventKind::GroupMembersChanged,
    EventKind::AccessChanged,
    EventKind::OrganizationOwned,
];

fn example() -> Value {
    json!({"source": "scim:okta", "from": "2026-11-21T08:00:00Z", "to": "2026-11-21T09:00:00Z"})
}

fn example_undo() -> Value {
    json!({
        "source": "scim:okta", "from": "2026-11-21T08:00:00Z", "to": "2026-11-21T09:00:00Z", "preview": "un1_",
    })
}

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    Doors::at("/api/v1", "Accidents", Caller::SessionOrKey)
        .door(
            get("/accidents", accidents)
                .summary("Unusual spans of removals by one provider that were noticed, the newest first")
                .detail("The owners were told of each. Nothing was held back; an undo takes such a span back.")
                .needs(need)
                .query::<Paging>()
                .answers::<List<Accident>>(200),
        )
        .door(
            post("/undo/preview", preview)
                .summary("What taking back a span of one source's removals would restore, and a token")
                .detail(UNDOES)
                .needs(need)
                .takes::<UndoWish>(example)
                .answers::<Worded<Undo>>(200)
                .refuses(&["not_found"]),
        )
        .door(
            post("/undo", undo)
                .summary("Take a span of one source's removals back, as it was previewed")
                .detail(UNDOES)
                .needs(need)
                .takes::<Wanted>(example_undo)
                .answers::<Worded<Undo>>(200)
                .refuses(&["not_found", "preview_stale"])
                .tells(TOLD_OF_UNDO),
        )
        .about("Receipts")
        .door(
            get("/receipts", receipts)
                .summary("What each end of somebody's access ended, signed, the newest first")
                .detail(
                    "Sessions and keys that ended, and when the last request was let in. The signature is Ed25519, of \
                     `castgate receipt 1`, a line feed and `statement`; `castgate audit key` prints the public keys at the \
                     machine itself.",
                )
                .needs(Capability::ManageMembers)
                .query::<Whose>()
                .answers::<List<AccessReceipt>>(200),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UndoRequest")]
struct Wanted {
    /// Whose removals: `scim:` and a connection's name or id.
    source: String,
    /// From this moment on,
    from: crate::model::Instant,
    /// up to this one.
    to: crate::model::Instant,
    /// The token of its preview.
    preview: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReceiptQuery")]
struct Whose {
    /// Only of this person.
    user: Option<UserId>,
    /// The `next` of the page before; nothing: the newest.
    after: Option<String>,
    /// How many at most; 100 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// A filter as in RFC 7644 §3.4.2.2 over the fields of the answer: `said.sessions gt 0`.
    filter: Option<String>,
}

async fn accidents(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Accident>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "accidents")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |before: String, most: usize| async move {
        app.accidents(ctx, &before, i64::try_from(most).unwrap_or(i64::MAX)).await
    };
    Ok(Json(asked.in_pieces(load, |accident: &Accident| accident.id.to_string()).await?))
}

async fn preview(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(wish): JsonBody<UndoWish>,
) -> Result<Json<Worded<Undo>>, ApiFailure> {
    Ok(Json(app.preview_undo(&caller.ctx, &wish).await?.into()))
}

async fn undo(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Wanted { source, from, to, preview }): JsonBody<Wanted>,
) -> Result<Json<Worded<Undo>>, ApiFailure> {
    Ok(Json(app.undo(&caller.ctx, &UndoWish { source, from, to }, &preview).await?.into()))
}

async fn receipts(
    State(app): State<App>,
    caller: ApiCaller,
    Query(Whose { user, after, limit, filter }): Query<Whose>,
) -> Result<Json<List<AccessReceipt>>, ApiFailure> {
    let list = format!("receipts/{user:?}");
    let asked = Paging { after, limit, filter }.read(&app, &caller.ctx, &list)?;
    let (app, ctx, user) = (&app, &caller.ctx, user.as_ref());
    let load = |before: String, most: usize| async move {
        app.receipts(ctx, user, (&before, i64::try_from(most).unwrap_or(i64::MAX))).await
    };
    Ok(Json(asked.in_pieces(load, |receipt: &AccessReceipt| receipt.id.to_string()).await?))
}
