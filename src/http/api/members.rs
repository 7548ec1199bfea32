//! Members: everybody who is here, was here or is invited.

use super::{List, Paging};
use crate::{
    app::{App, MemberShown},
    http::{
        caller::ApiCaller,
        doors::{Caller, Doors, get},
        error::ApiFailure,
    },
    model::Capability,
};
use axum::{
    Json,
    extract::{Query, State},
};

pub(super) fn doors() -> Doors {
    Doors::at("/api/v1", "Users", Caller::SessionOrKey).door(
        get("/members", list)
            .query::<Paging>()
            .answers::<List<MemberShown>>(200)
            .summary("Everybody who is here, was here or is invited: state, roles with their reasons, and when they were here")
            .detail("Removed people are listed as long as they may come back. Filter by `state`, `roles`, `last_seen_at`, …")
            .needs(Capability::ManageMembers),
    )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<MemberShown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "members")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |after: String, most: usize| async move {
        app.members_shown(ctx, &after, i64::try_from(most).unwrap_or(i64::MAX)).await
    };
    Ok(Json(asked.in_pieces(load, |member: &MemberShown| member.id.clone()).await?))
}
