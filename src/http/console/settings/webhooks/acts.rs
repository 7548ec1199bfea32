//! What is done to a webhook: changed, paused, tried, given another secret, deleted.

use super::{
    NEED, PATH, address,
    show::{self, Came},
    wish,
};
use crate::{
    app::{App, Error, Seen, WebhookWish},
    http::{
        console::{
            HTML,
            desk::{Answer, Sent},
            guard::told,
        },
        doors::{Doors, post},
        login::see_other,
    },
    model::{DeliveryId, EventKind, WebhookId},
};
use axum::extract::{Path, State};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        post("/settings/webhooks/{id}", change)
            .summary("Change a webhook's name, its address or what it is told of")
            .needs(NEED)
            .part::<WebhookId>("id")
            .tells(&[EventKind::WebhookChanged])
            .answers_as(303, HTML),
    )
    .door(
        post("/settings/webhooks/{id}/state", set_state)
            .summary("Pause a webhook, or let it go on where it stopped")
            .needs(NEED)
            .part::<WebhookId>("id")
            .tells(&[EventKind::WebhookChanged])
            .answers_as(303, None),
    )
    .door(
        post("/settings/webhooks/{id}/test", test)
            .summary("Send a message that tells of nothing, and say what came of it")
            .needs(NEED)
            .part::<WebhookId>("id")
            .tells(&[EventKind::WebhookTested])
            .answers_as(200, HTML),
    )
    .door(
        post("/settings/webhooks/{id}/rotate", rotate)
            .summary("Give a webhook another secret, shown once")
            .needs(NEED)
            .part::<WebhookId>("id")
            .tells(&[EventKind::WebhookRotated])
            .answers_as(201, HTML),
    )
    .door(
        post("/settings/webhooks/{id}/delete", remove)
            .summary("Delete a webhook")
            .needs(NEED)
            .part::<WebhookId>("id")
            .tells(&[EventKind::WebhookRemoved])
            .answers_as(303, None),
    )
    .door(
        post("/settings/webhooks/{id}/deliveries/{delivery}/redeliver", redeliver)
            .summary("Send an event once more at once, and say what came of it")
            .needs(NEED)
            .part::<WebhookId>("id")
            .part::<DeliveryId>("delivery")
            .tells(&[EventKind::WebhookRedelivered])
            .answers_as(200, HTML),
    )
}

/// `POST /console/settings/webhooks/{id}`
async fn change(State(app): State<App>, Path(id): Path<WebhookId>, sent: Sent) -> Answer {
    let seen = Seen(vec![sent.text("seen").to_owned()]);
    match app.change_webhook(&sent.desk.ctx, &id, wish(&sent), Some(&seen)).await {
        Ok(_) => Ok(see_other(&format!("{}?said=saved", address(&id)))),
        // What was typed stands in the form again.
        Err(error @ Error::Invalid { .. }) => Err(error.into()),
        Err(error) => show::page((&app, &sent.desk), (&id, ""), &Came::Not(told(error)?)).await,
    }
}

/// `POST /console/settings/webhooks/{id}/state`
async fn set_state(State(app): State<App>, Path(id): Path<WebhookId>, sent: Sent) -> Answer {
    let active = sent.text("active") == "yes";
    let wish = WebhookWish { active: Some(active), ..WebhookWish::default() };
    app.change_webhook(&sent.desk.ctx, &id, wish, None).await?;
    Ok(see_other(&format!("{}?said={}", address(&id), if active { "resumed" } else { "paused" })))
}

/// `POST /console/settings/webhooks/{id}/test`
async fn test(State(app): State<App>, Path(id): Path<WebhookId>, sent: Sent) -> Answer {
    let came = app.test_webhook(&sent.desk.ctx, &id).await?;
    show::page((&app, &sent.desk), (&id, ""), &Came::Tried("The test message", came)).await
}

/// `POST /console/settings/webhooks/{id}/rotate`. The answer is the page with the secret: it is shown once and kept nowhere.
async fn rotate(State(app): State<App>, Path(id): Path<WebhookId>, sent: Sent) -> Answer {
    let hours: u32 = sent.parsed("hours")?;
    let made = app.rotate_webhook_secret(&sent.desk.ctx, &id, HOUR.saturating_mul(hours)).await?;
    show::page((&app, &sent.desk), (&id, ""), &Came::Rotated(made.secret, made.webhook.old_secret_until)).await
}

/// `POST /console/settings/webhooks/{id}/delete`
async fn remove(State(app): State<App>, Path(id): Path<WebhookId>, sent: Sent) -> Answer {
    app.remove_webhook(&sent.desk.ctx, &id).await?;
    Ok(see_other(&format!("{PATH}?said=deleted")))
}

/// `POST /console/settings/webhooks/{id}/deliveries/{delivery}/redeliver`
async fn redeliver(State(app): State<App>, Path((id, delivery)): Path<(WebhookId, DeliveryId)>, sent: Sent) -> Answer {
    let came = app.redeliver(&sent.desk.ctx, &id, &delivery).await?;
    show::page((&app, &sent.desk), (&id, ""), &Came::Tried("The event", came)).await
}
