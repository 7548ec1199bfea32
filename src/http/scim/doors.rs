//! What is said of the providers' doors.

use super::{bulk, caller, diary, discovery, groups, me, parameters::Given, roles, search, users};
use crate::{
    app::{App, Need},
    http::{
        doors::{BodyLimit, Caller, Door, Doors, delete, every, get, patch, post, put},
        error::{Refusal, ScimFailure},
    },
    model::EventKind,
};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};

const SCIM: Option<&str> = Some("application/scim+json");

/// What a push of a user may come to: people's access follows from what is known of them.
const PEOPLE: &[EventKind] = &[
    EventKind::UserCreated,
    EventKind::UserChanged,
    EventKind::UserSuspended,
    EventKind::UserActivated,
    EventKind::UserRemoved,
    EventKind::UserRevived,
    EventKind::UserLinked,
    EventKind::GroupMembersChanged,
    EventKind::SessionEnded,
    EventKind::KeyRotationDue,
    EventKind::InvitationAccepted,
    EventKind::InvitationWithheld,
    EventKind::AccessChanged,
    EventKind::OwnerKept,
    EventKind::OrganizationOwned,
    EventKind::OrganizationOwnerless,
];

/// What a push of a group may come to.
const GROUPS: &[EventKind] = &[
    EventKind::GroupCreated,
    EventKind::GroupChanged,
    EventKind::GroupMembersChanged,
    EventKind::GroupRemoved,
    EventKind::GroupRevived,
    EventKind::AccessChanged,
    EventKind::OwnerKept,
    EventKind::OrganizationOwned,
    EventKind::OrganizationOwnerless,
];

pub(in crate::http) fn doors() -> Doors {
    let found = |door: Door, what| door.summary(what).answers_as(200, SCIM);
    let doors = Doors::at("/scim/v2", "SCIM", Caller::ScimToken)
        .door(found(get("/ServiceProviderConfig", discovery::configuration), "What this server can do"))
        .door(found(get("/ResourceTypes", discovery::resource_types), "The kinds of resources"))
        .door(found(get("/ResourceTypes/{id}", discovery::resource_type), "One kind of resources"))
        .door(found(get("/Schemas", discovery::schemas), "The schemas"))
        .door(found(get("/Schemas/{urn}", discovery::schema), "One schema"));
    let groups_alone = GROUPS.iter().filter(|kind| !PEOPLE.contains(kind));
    let everything: Vec<EventKind> = PEOPLE.iter().chain(groups_alone).copied().collect();
    let search = post("/.search", search::everything).summary("Find users and groups");
    role_doors(group_doors(user_doors(doors)))
        .door(search.needs(Need::Directory).reads(BodyLimit::Scim).answers_as(200, SCIM))
        .door(changes(post("/Bulk", bulk::run), "Do many things at once", &everything).answers_as(200, SCIM))
        .door(every("/Me", me).summary("Not offered").answers_as(501, SCIM))
        .otherwise(&["", "/{*rest}"], async || ScimFailure::from(Refusal::not_found()))
        .behind(guard)
}

fn guard(router: Router<App>, app: &App) -> Router<App> {
    router.route_layer(middleware::from_fn_with_state(app.clone(), answer))
}

async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    let given = Given::of(request.uri());
    let whose = async |request| caller::authenticate(&app, (request, given.clone()), next).await.into_response();
    diary::keep(&app, (request, &given), whose).await
}

/// Reads the directory.
fn reads(door: Door, what: &'static str) -> Door {
    door.summary(what).needs(Need::Directory).answers_as(200, SCIM)
}

/// Changes the directory, told by a body.
fn changes(door: Door, what: &'static str, tells: &[EventKind]) -> Door {
    door.summary(what).needs(Need::Directory).reads(BodyLimit::Scim).tells(tells)
}

fn user_doors(doors: Doors) -> Doors {
    doors
        .door(reads(get("/Users", users::list), "Find users"))
        .door(changes(post("/Users", users::create), "Push a user", PEOPLE).answers_as(201, SCIM))
        .door(reads(post("/Users/.search", users::search).reads(BodyLimit::Scim), "Find users"))
        .door(reads(get("/Users/{id}", users::read), "One user").answers_as(304, None))
        .door(changes(put("/Users/{id}", users::replace), "Replace a user", PEOPLE).answers_as(200, SCIM))
        .door(
            changes(patch("/Users/{id}", users::patch), "Change a user", PEOPLE)
                .answers_as(200, SCIM)
                .answers_as(204, None),
        )
        .door(
            delete("/Users/{id}", users::delete)
                .summary("Remove a user")
                .needs(Need::Directory)
                .tells(PEOPLE)
                .answers_as(204, None),
        )
}

fn group_doors(doors: Doors) -> Doors {
    doors
        .door(reads(get("/Groups", groups::list), "Find groups"))
        .door(changes(post("/Groups", groups::create), "Push a group", GROUPS).answers_as(201, SCIM))
        .door(reads(post("/Groups/.search", groups::search).reads(BodyLimit::Scim), "Find groups"))
        .door(reads(get("/Groups/{id}", groups::read), "One group").answers_as(304, None))
        .door(changes(put("/Groups/{id}", groups::replace), "Replace a group", GROUPS).answers_as(200, SCIM))
        .door(
            changes(patch("/Groups/{id}", groups::patch), "Change a group", GROUPS)
                .answers_as(200, SCIM)
                .answers_as(204, None),
        )
        .door(
            delete("/Groups/{id}", groups::delete)
                .summary("Delete a group")
                .needs(Need::Directory)
                .tells(GROUPS)
                .answers_as(204, None),
        )
}

fn role_doors(doors: Doors) -> Doors {
    doors
        .door(reads(get("/Roles", roles::list), "The roles that can be assigned"))
        .door(reads(post("/Roles/.search", roles::search).reads(BodyLimit::Scim), "Find roles"))
        .door(reads(get("/Roles/{id}", roles::read), "One role"))
}
