//! E-mail domains: whose they are, and for which single sign-on is enforced.

use super::{List, Paging};
use crate::{
    app::{App, ShownDomain},
    http::{
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, EventKind},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};

const OWNERS: [EventKind; 4] =
    [EventKind::AccessChanged, EventKind::OwnerKept, EventKind::OrganizationOwned, EventKind::OrganizationOwnerless];

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let and_owners = |kinds: &[EventKind]| [kinds, &OWNERS[..]].concat();
    Doors::at("/api/v1", "Domains", Caller::SessionOrKey)
        .door(
            get("/domains", list)
                .summary("The e-mail domains that connections claim, and what shows that they are the organization's")
                .detail("A domain is claimed by a connection's settings. Nothing rests on a claim until it is shown.")
                .needs(need)
                .query::<Paging>()
                .answers::<List<ShownDomain>>(200),
        )
        .door(
            get("/domains/{domain}", one)
                .summary("One domain, with the TXT record that shows it")
                .needs(need)
                .part::<String>("domain")
                .answers::<ShownDomain>(200),
        )
        .door(
            post("/domains/{domain}/verify", verify)
                .summary("Ask the domain's DNS whether it is the organization's")
                .detail("Looked at again once a day; a record that is gone for days ends what rests on it.")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&[EventKind::DomainVerified])
                .part::<String>("domain")
                .answers::<ShownDomain>(200)
                .refuses(&["not_verified", "domain_taken"]),
        )
        .door(
            post("/domains/{domain}/enforce", enforce)
                .summary("Let people of the domain come in by its connection alone")
                .detail(
                    "Asks for a verified domain and for a test of the connection, as it is now, that an owner began and that \
                     succeeded; and an owner has to be left who can sign in. Who of the domain is in by another way is signed \
                     out, who is invited comes in by the connection. `castgate admin recover`, at the machine itself, still \
                     lets an owner in.",
                )
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&and_owners(&[EventKind::DomainEnforced, EventKind::SessionEnded]))
                .part::<String>("domain")
                .answers::<ShownDomain>(200)
                .refuses(&["not_verified", "not_tested", "no_sign_in", "last_owner"]),
        )
        .door(
            post("/domains/{domain}/release", release)
                .summary("Let people of the domain come in by any way again")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&and_owners(&[EventKind::DomainReleased]))
                .part::<String>("domain")
                .answers::<ShownDomain>(200),
        )
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<ShownDomain>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "domains")?;
    let all = app.domains(&caller.ctx).await?;
    Ok(Json(asked.of_all(all, |domain: &ShownDomain| domain.claim.domain.clone())?))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(domain): Path<String>,
) -> Result<Json<ShownDomain>, ApiFailure> {
    Ok(Json(app.domain(&caller.ctx, &domain).await?))
}

async fn verify(
    State(app): State<App>,
    caller: ApiCaller,
    Path(domain): Path<String>,
) -> Result<Json<ShownDomain>, ApiFailure> {
    Ok(Json(app.verify_domain(&caller.ctx, &domain).await?))
}

async fn enforce(
    State(app): State<App>,
    caller: ApiCaller,
    Path(domain): Path<String>,
) -> Result<Json<ShownDomain>, ApiFailure> {
    Ok(Json(app.enforce_domain(&caller.ctx, &domain).await?))
}

async fn release(
    State(app): State<App>,
    caller: ApiCaller,
    Path(domain): Path<String>,
) -> Result<Json<ShownDomain>, ApiFailure> {
    Ok(Json(app.release_domain(&caller.ctx, &domain).await?))
}
