//! Keys of Cast AI: the list as it was read there.

use super::{List, Paging};
use crate::{
    app::{App, Mirrored, ReadKey},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, get, put},
        error::ApiFailure,
    },
    model::{Capability, EventKind, MirroredKey},
};
use axum::{
    Json,
    extract::{Query, State},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

const SHOWN: &str = "Cast AI deletes a person's keys when their role changes. What is told here is listed by the preview of every \
                     change that does that. It is never changed here, and cannot be moved: its secret is not ours.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    Doors::at("/api/v1", "Keys", Caller::SessionOrKey)
        .door(
            get("/mirrored-keys", list)
                .query::<Paging>()
                .answers::<List<MirroredKey>>(200)
                .summary("The keys that Cast AI has, as they were read there last")
                .detail(SHOWN)
                .needs(need),
        )
        .door(
            put("/mirrored-keys", mirror)
                .takes::<All>(
                    || json!({"keys": [{"external_id": "7c9e6679", "owner": "ada@example.com", "name": "agent"}]}),
                )
                .answers::<Mirrored>(200)
                .reads(BodyLimit::Scim)
                .summary("Tell which keys Cast AI has: all of them, what is not in the list is there no more")
                .detail(SHOWN)
                .needs(need)
                .tells(&[EventKind::KeysMirrored]),
        )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<MirroredKey>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "mirrored keys")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |after: String, most: usize| async move {
        app.mirrored_keys(ctx, &after, i64::try_from(most).unwrap_or(i64::MAX)).await
    };
    Ok(Json(asked.in_pieces(load, |key: &MirroredKey| key.id.to_string()).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MirroredKeysRequest")]
struct All {
    #[schemars(length(max = 10000))]
    keys: Vec<ReadKey>,
}

async fn mirror(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(All { keys }): JsonBody<All>,
) -> Result<Json<Mirrored>, ApiFailure> {
    Ok(Json(app.mirror_keys(&caller.ctx, keys).await?))
}
