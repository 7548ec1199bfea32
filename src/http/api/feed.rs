//! The feed of events: in order and without a gap, for whoever follows them.

use crate::{
    app::{App, Error, Feed, LONGEST_WAIT},
    http::{
        caller::ApiCaller,
        doors::{Doors, get},
        error::ApiFailure,
        server::Arrival,
    },
    model::Capability,
};
use axum::{
    Extension, Json,
    extract::{Query, State},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Events in an answer when nothing is said, and the most that there are.
const PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 500;

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/events/feed", feed)
            .query::<Wanted>()
            .answers::<Feed>(200)
            .summary("What happened, the oldest first, in the order of the events' numbers and without a gap")
            .detail(
                "Send `next` of the answer as `after` of the next request: nothing is missed, and nothing comes twice. An event has \
                 its number, and is in the feed, about a second after it happened. With `wait` an empty answer comes only after \
                 that many seconds in which nothing happened, or when the process that waits is about to end.",
            )
            .needs(Capability::ManageOrganization),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EventFeedQuery")]
struct Wanted {
    /// The number of the last event that is known; 0 or nothing: from the first.
    #[schemars(range(min = 0))]
    after: Option<i64>,
    /// How many at most; 100 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// How many seconds to wait for something to happen, 30 at most; nothing: not at all.
    #[schemars(range(min = 0, max = 30))]
    wait: Option<u64>,
}

async fn feed(
    State(app): State<App>,
    caller: ApiCaller,
    arrival: Option<Extension<Arrival>>,
    Query(Wanted { after, limit, wait }): Query<Wanted>,
) -> Result<Json<Feed>, ApiFailure> {
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Error::invalid("limit", format!("give a number from 1 to {LARGEST_PAGE}")).into());
    }
    let wait = Duration::from_secs(wait.unwrap_or(0));
    if wait > LONGEST_WAIT {
        return Err(Error::invalid("wait", "give a number of seconds from 0 to 30").into());
    }
    let asked = (after.unwrap_or(0), limit);
    let waiting = app.event_feed(&caller.ctx, asked, wait);
    let Some(Extension(arrival)) = arrival else { return Ok(Json(waiting.await?)) };
    let found = tokio::select! {
        biased;
        found = waiting => found,
        // A process that leaves waits for nothing: it says what there is.
        () = arrival.identity().closed() => app.event_feed(&caller.ctx, asked, Duration::ZERO).await,
    };
    Ok(Json(found?))
}
