//! Webhooks: who is told what happens, and what became of it.

use super::{
    List, Paging,
    versions::{IfMatch, changed, tagged},
};
use crate::{
    app::{App, NewWebhook, Sent, WebhookWish},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, patch, post},
        error::ApiFailure,
    },
    model::{Capability, DeliveryId, EventKind, Webhook, WebhookDelivery, WebhookId},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
/// How long both secrets sign when nothing is said.
const OVERLAP_HOURS: u32 = 24;

const MESSAGES: &str = "Each event is sent by POST as {type, timestamp, data}, `data` being the event as GET /events shows it, in \
     the order of their numbers, at least once. `webhook-id` is the event's id, the same however often it is sent; \
     `webhook-signature` has, for each secret that holds, `v1,` and the base64 of HMAC-SHA256 over id, `webhook-timestamp` and body \
     with dots between them (standardwebhooks.com). Whatever is not answered with 2xx is sent again, later and later; the events \
     behind it wait. Redirects are not followed, and private addresses are not called unless the operator allows it.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let room = Doors::at("/api/v1", "Webhooks", Caller::SessionOrKey)
        .door(
            get("/webhooks", list).summary("Every webhook").needs(need).query::<Paging>().answers::<List<Webhook>>(200),
        )
        .door(
            post("/webhooks", create)
                .summary("Have an address told what happens from now on; its secret is shown once")
                .detail(MESSAGES)
                .needs(need)
                .tells(&[EventKind::WebhookCreated])
                .takes::<New>(
                    || json!({"name": "siem", "url": "https://siem.example.com/in", "kinds": ["user.suspended"]}),
                )
                .answers::<WithSecret>(201)
                .refuses(&["slots_taken"]),
        )
        .door(
            get("/webhooks/{id}", one)
                .summary("One webhook, and how it stands")
                .needs(need)
                .part::<WebhookId>("id")
                .answers::<Webhook>(200)
                .answers_as(304, None),
        )
        .door(
            patch("/webhooks/{id}", change)
                .summary("Change a webhook; one that is switched on goes on where it stopped")
                .needs(need)
                .tells(&[EventKind::WebhookChanged])
                .part::<WebhookId>("id")
                .takes::<Changes>(|| json!({"active": true}))
                .answers::<Webhook>(200)
                .refuses(&["changed"]),
        )
        .door(
            delete("/webhooks/{id}", remove)
                .summary("Delete a webhook; nothing is sent there any more")
                .needs(need)
                .tells(&[EventKind::WebhookRemoved])
                .part::<WebhookId>("id")
                .answers_as(204, None),
        );
    sending(room)
}

fn sending(room: Doors) -> Doors {
    let need = Capability::ManageOrganization;
    room.door(
        post("/webhooks/{id}/rotate", rotate)
            .summary("Give a webhook another secret; the one before signs as well for a while")
            .needs(need)
            .tells(&[EventKind::WebhookRotated])
            .part::<WebhookId>("id")
            .takes::<Overlap>(|| json!({"overlap_hours": 24}))
            .answers::<WithSecret>(200),
    )
    .door(
        post("/webhooks/{id}/test", test)
            .summary("Send a message that tells of nothing, and say what came of it")
            .reads(BodyLimit::Unread)
            .needs(need)
            .tells(&[EventKind::WebhookTested])
            .part::<WebhookId>("id")
            .answers::<Sent>(200),
    )
    .door(
        get("/webhooks/{id}/deliveries", deliveries)
            .summary("What a webhook was sent and what came of it, the newest first")
            .needs(need)
            .part::<WebhookId>("id")
            .query::<Paging>()
            .answers::<List<WebhookDelivery>>(200),
    )
    .door(
        post("/webhooks/{id}/deliveries/{delivery}/redeliver", redeliver)
            .summary("Send an event once more at once, and say what came of it")
            .reads(BodyLimit::Unread)
            .needs(need)
            .tells(&[EventKind::WebhookRedelivered])
            .part::<WebhookId>("id")
            .part::<DeliveryId>("delivery")
            .answers::<Sent>(200),
    )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Webhook>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "webhooks")?;
    Ok(Json(asked.of_all(app.webhooks(&caller.ctx).await?, |webhook: &Webhook| webhook.id.to_string())?))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<WebhookId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let webhook = app.webhook(&caller.ctx, &id).await?;
    Ok(tagged(&headers, &webhook.version.to_string(), &webhook))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WebhookRequest")]
struct New {
    /// What people call it.
    name: String,
    /// Where events are sent: an https address.
    url: String,
    /// The kinds of events that are sent there; nothing: all.
    #[serde(default)]
    kinds: Vec<EventKind>,
}

/// A webhook, with what verifies its messages.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewWebhook")]
struct WithSecret {
    #[serde(flatten)]
    webhook: Webhook,
    /// `whsec_…`. It is in this answer and in no other.
    secret: String,
}

impl From<NewWebhook> for WithSecret {
    fn from(new: NewWebhook) -> Self {
        Self { secret: new.secret.expose_secret().to_owned(), webhook: new.webhook }
    }
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(New { name, url, kinds }): JsonBody<New>,
) -> Result<(StatusCode, Json<WithSecret>), ApiFailure> {
    let wish = WebhookWish { name: Some(name), url: Some(url), kinds: Some(kinds), active: None };
    let new = app.create_webhook(&caller.ctx, wish).await?;
    Ok((StatusCode::CREATED, Json(new.into())))
}

/// What is left out stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WebhookChanges")]
struct Changes {
    /// What people call it.
    name: Option<String>,
    /// Where events are sent.
    url: Option<String>,
    /// The kinds of events; an empty list: all.
    kinds: Option<Vec<EventKind>>,
    /// Whether anything is sent.
    active: Option<bool>,
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<WebhookId>,
    headers: HeaderMap,
    JsonBody(Changes { name, url, kinds, active }): JsonBody<Changes>,
) -> Result<Response, ApiFailure> {
    let if_match = IfMatch::of(&headers)?;
    let wish = WebhookWish { name, url, kinds, active };
    let webhook = app.change_webhook(&caller.ctx, &id, wish, if_match.seen()).await?;
    Ok(changed(StatusCode::OK, webhook.version, &webhook))
}

async fn remove(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, ApiFailure> {
    app.remove_webhook(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WebhookRotation")]
struct Overlap {
    /// How long the secret before signs as well; 24 if nothing is said, 720 at most.
    overlap_hours: Option<u32>,
}

async fn rotate(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<WebhookId>,
    JsonBody(Overlap { overlap_hours }): JsonBody<Overlap>,
) -> Result<Json<WithSecret>, ApiFailure> {
    let overlap = HOUR.saturating_mul(overlap_hours.unwrap_or(OVERLAP_HOURS));
    Ok(Json(app.rotate_webhook_secret(&caller.ctx, &id, overlap).await?.into()))
}

async fn test(State(app): State<App>, caller: ApiCaller, Path(id): Path<WebhookId>) -> Result<Json<Sent>, ApiFailure> {
    Ok(Json(app.test_webhook(&caller.ctx, &id).await?))
}

async fn deliveries(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<WebhookId>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<WebhookDelivery>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, &format!("deliveries/{id}"))?;
    let (app, ctx, id) = (&app, &caller.ctx, &id);
    let load = |before: String, most: usize| async move {
        app.deliveries(ctx, id, (&before, i64::try_from(most).unwrap_or(i64::MAX))).await
    };
    Ok(Json(asked.in_pieces(load, |delivery: &WebhookDelivery| delivery.id.to_string()).await?))
}

async fn redeliver(
    State(app): State<App>,
    caller: ApiCaller,
    Path((id, delivery)): Path<(WebhookId, DeliveryId)>,
) -> Result<Json<Sent>, ApiFailure> {
    Ok(Json(app.redeliver(&caller.ctx, &id, &delivery).await?))
}
