//! How people sign in, as admins see it: passwords and second factors.

use crate::{
    app::{App, SignInState},
    http::{
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, post},
        error::ApiFailure,
    },
    model::{Capability, EventKind, UserId},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    Doors::at("/api/v1", "Users", Caller::SessionOrKey)
        .door(
            get("/users/{id}/sign-in", show)
                .summary("How somebody signs in: password, second factor, recovery codes that are left; one's own needs nothing")
                .needs(need)
                .part::<UserId>("id")
                .answers::<SignInState>(200),
        )
        .door(
            post("/users/{id}/password-link", send_link)
                .summary("Mail somebody a link to choose a password; to oneself it needs nothing")
                .detail("It goes to their own address and works once. The password that they have goes on until they use it.")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&[EventKind::PasswordLinkSent])
                .part::<UserId>("id")
                .answers_as(202, None)
                .refuses(&["signs_in_elsewhere", "no_address", "too_many_attempts"]),
        )
        .door(
            delete("/users/{id}/second-factor", clear)
                .summary("Take somebody's authenticator app away, with their recovery codes")
                .detail(
                    "For whoever has lost both. They are signed out everywhere and told by mail. One's own is removed in the \
                     browser, where the password is asked for.",
                )
                .needs(Capability::ManageOrganization)
                .tells(&[EventKind::SecondFactorRemoved, EventKind::SessionEnded])
                .part::<UserId>("id")
                .answers_as(204, None)
                .refuses(&["not_offered", "own_access"]),
        )
}

async fn show(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
) -> Result<Json<SignInState>, ApiFailure> {
    Ok(Json(app.sign_in_state(&caller.ctx, &id).await?))
}

async fn send_link(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<UserId>,
) -> Result<StatusCode, ApiFailure> {
    app.send_password_link(&caller.ctx, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn clear(State(app): State<App>, caller: ApiCaller, Path(id): Path<UserId>) -> Result<StatusCode, ApiFailure> {
    app.clear_second_factor(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
