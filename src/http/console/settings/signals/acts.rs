//! What is done to a stream: whom it believes, its token, its end.

use super::{NEED, address, show};
use crate::{
    app::{App, Error},
    http::{
        api::TOLD_OF_ACCESS,
        console::{
            HTML,
            desk::{Answer, Sent},
            flash::Said,
        },
        doors::{Doors, post},
        login::see_other,
    },
    model::{ConnectionId, ConnectionSettings, EventKind, SignalSettings},
};
use axum::extract::{Path, State};

pub(super) fn doors(room: Doors) -> Doors {
    let changed = [&[EventKind::ConnectionChanged], TOLD_OF_ACCESS.as_slice()].concat();
    let ended = [&[EventKind::SignalTokenRevoked], changed.as_slice()].concat();
    room.door(
        post("/settings/signals/{id}", save)
            .summary("Say whose security events are believed")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&changed)
            .answers_as(303, None),
    )
    .door(
        post("/settings/signals/{id}/token", make_token)
            .summary("Make the token of a stream of security events, shown once")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&[EventKind::SignalTokenCreated])
            .answers_as(201, HTML),
    )
    .door(
        post("/settings/signals/{id}/end", end)
            .summary("End a stream of security events")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&ended)
            .answers_as(303, None),
    )
}

/// `POST /console/settings/signals/{id}`
async fn save(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let ctx = &sent.desk.ctx;
    let connection = app.connection(ctx, &id).await?;
    let text = |name: &str| sent.text(name).to_owned();
    let pinned = SignalSettings { issuer: text("issuer"), audience: text("audience"), jwks_url: text("jwks_url") };
    let settings = ConnectionSettings { signals: Some(pinned), ..connection.settings };
    app.update_connection(ctx, &id, Some(sent.parsed("seen")?), settings, None).await?;
    Ok(see_other(&format!("{}?said=saved", address(&id))))
}

/// `POST /console/settings/signals/{id}/token`. The answer is the page with the token: it is shown once and kept nowhere.
async fn make_token(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let new = app.create_signal_token(&sent.desk.ctx, &id).await?;
    show::page((&app, &sent.desk), (&id, ""), (&Said::default(), Some(&new))).await
}

/// `POST /console/settings/signals/{id}/end`
async fn end(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let ctx = &sent.desk.ctx;
    let connection = app.connection(ctx, &id).await?;
    match app.revoke_signal_token(ctx, &id).await {
        // It had none.
        Ok(()) | Err(Error::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    if connection.settings.signals.is_some() {
        let settings = ConnectionSettings { signals: None, ..connection.settings };
        app.update_connection(ctx, &id, None, settings, None).await?;
    }
    Ok(see_other(&format!("{}?said=ended", address(&id))))
}
