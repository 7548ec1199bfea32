//! Where the console begins: with what somebody may see of it.

use super::{desk::Desk, guard};
use crate::{
    http::{
        doors::{Caller, Doors, get},
        login::see_other,
    },
    model::Capability,
};
use axum::response::Response;

pub(super) fn doors() -> Doors {
    let home = get("/console", home).summary("The console: to what one may see of it").answers_as(303, None);
    Doors::at("", "Console", Caller::SignedIn).door(home).behind(guard::door)
}

async fn home(desk: Desk) -> Response {
    see_other(if desk.can(Capability::ManageMembers) { "/console/members" } else { "/console/you" })
}
