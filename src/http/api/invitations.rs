//! Invitations: offers of a role and groups, by mail.

use super::{
    DAY, List, Paging,
    versions::{IfMatch, changed, tagged, version_seen},
};
use crate::{
    app::{App, Error, NotInvited, OfferChange, Wish},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{Caller, Doors, delete, get, patch, post, put},
        error::ApiFailure,
    },
    model::{
        Capability, ClusterId, Delivery, EventKind, GroupId, Instant, Invitation, InvitationId, InvitationState, Role,
        UserId,
    },
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// The longest life that whoever invites may give.
const MOST_DAYS: u32 = 90;

const ANSWERS: &str = "Whoever makes, changes or sends an invitation answers for it: nobody offers what they do not hold, and what \
                       they hold is weighed again when it is accepted. If it is less by then, the invitation gives nothing, and \
                       stays for somebody else to send again.";

pub(super) fn doors() -> Doors {
    let need = Capability::ManageMembers;
    let one_of_them = |door: crate::http::doors::Door| door.part::<InvitationId>("id").needs(need);
    Doors::at("/api/v1", "Invitations", Caller::SessionOrKey)
        .door(
            get("/invitations", list)
                .query::<Paging>()
                .answers::<List<Shown>>(200)
                .summary("Every invitation, with its state and what became of its letter")
                .needs(need),
        )
        .door(
            post("/invitations", create)
                .takes::<New>(|| json!({"invitations": [{"email": "ada@example.com", "role": "viewer"}]}))
                .answers::<Outcomes>(200)
                .summary("Invite one or several addresses; the answer says of each whether it was invited, and why not")
                .detail(ANSWERS)
                .needs(need)
                .tells(&[EventKind::InvitationCreated]),
        )
        .door(
            one_of_them(get("/invitations/{id}", one))
                .answers::<Shown>(200)
                .answers_as(304, None)
                .summary("One invitation"),
        )
        .door(
            one_of_them(patch("/invitations/{id}", change))
                .takes::<Change>(|| json!({"role": "viewer"}))
                .answers::<Shown>(200)
                .refuses(&["not_pending", "changed"])
                .summary("Change what a pending invitation offers")
                .detail(ANSWERS)
                .tells(&[EventKind::InvitationChanged]),
        )
        .door(
            one_of_them(post("/invitations/{id}/resend", resend))
                .takes::<Again>(|| json!({}))
                .answers::<Shown>(200)
                .refuses(&["not_pending", "already_member", "domain_not_allowed", "sent_too_often"])
                .summary("Send an invitation again, with a new link; the one before is dead")
                .detail(ANSWERS)
                .tells(&[EventKind::InvitationResent]),
        )
        .door(
            one_of_them(delete("/invitations/{id}", revoke))
                .answers_as(204, None)
                .refuses(&["not_pending"])
                .summary("Take an invitation back: its link is dead at once")
                .tells(&[EventKind::InvitationRevoked]),
        )
        .door(
            post("/invitation-bounces", bounce)
                .takes::<Bounce>(|| json!({"message_id": "<job_06h01qbn45r9t2euf2aprlbdqk@castgate.example>", "reason": "5.1.1 no such mailbox"}))
                .answers::<Shown>(200)
                .summary("Tell of an invitation's letter that came back after the mail server had taken it")
                .detail("For whatever reads the mailbox of bounces, or the mail service's own notices. The invitation stays good.")
                .needs(need)
                .tells(&[EventKind::InvitationUndelivered])
                .refuses(&["not_found"]),
        )
        .door(
            get("/invitation-settings", settings)
                .answers::<Whom>(200)
                .answers_as(304, None)
                .summary("Whose addresses may be invited")
                .needs(need),
        )
        .door(
            put("/invitation-settings", set)
                .takes::<NewSettings>(|| json!({"domains": ["example.com"]}))
                .answers::<Whom>(200)
                .refuses(&["changed"])
                .summary("Say whose addresses may be invited; invitations that are pending stay")
                .needs(Capability::ManageOrganization)
                .tells(&[EventKind::InvitationSettingsChanged]),
        )
}

/// An invitation as the API shows it. Its link is in its letter, and nowhere else.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Invitation")]
struct Shown {
    id: InvitationId,
    email: String,
    state: InvitationState,
    role: Role,
    /// The clusters on which the role holds; none: the whole organization.
    clusters: Vec<ClusterId>,
    /// Local groups.
    groups: Vec<GroupId>,
    /// The user or service account that answers for it; nothing: the operator.
    invited_by: Option<String>,
    created_at: Instant,
    updated_at: Instant,
    expires_at: Instant,
    /// When it was accepted, revoked, or made way for another one.
    ended_at: Option<Instant>,
    accepted_by: Option<UserId>,
    delivery: Delivery,
    /// How often it was sent again.
    resends: i64,
    version: i64,
}

fn shown(invitation: Invitation, now: Instant) -> Shown {
    let state = invitation.state(now);
    let Invitation { id, email, offer, invited_by, created_at, updated_at, expires_at, ended, .. } = invitation;
    Shown {
        id,
        email,
        state,
        role: offer.role,
        clusters: offer.clusters,
        groups: offer.groups,
        invited_by: invited_by.map(|holder| holder.to_string()),
        created_at,
        updated_at,
        expires_at,
        ended_at: ended.map(|(at, _)| at),
        accepted_by: invitation.accepted_by,
        delivery: invitation.delivery,
        resends: invitation.resends,
        version: invitation.version,
    }
}

fn life(days: Option<u32>) -> Result<Option<Duration>, Error> {
    match days {
        None => Ok(None),
        Some(days @ 1..=MOST_DAYS) => Ok(Some(DAY * days)),
        Some(_) => Err(Error::invalid("expires_in_days", format!("give a number of days from 1 to {MOST_DAYS}"))),
    }
}

/// What is shown moves with the letter as well, which no version counts: the tag's second half does.
fn answer(status: StatusCode, invitation: Invitation, now: Instant) -> Response {
    changed(status, invitation.version, &shown(invitation, now))
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "invitations")?;
    let (app, ctx) = (&app, &caller.ctx);
    let load = |after: String, most: usize| async move {
        let found = app.invitations(ctx, &after, i64::try_from(most).unwrap_or(i64::MAX)).await?;
        Ok(found.into_iter().map(|invitation| shown(invitation, ctx.now)).collect())
    };
    Ok(Json(asked.in_pieces(load, |invitation: &Shown| invitation.id.to_string()).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InvitationRequest")]
struct New {
    /// Whom to invite.
    #[schemars(length(min = 1, max = 100))]
    invitations: Vec<Invitee>,
    /// How long the links work; 7 days unless the operator set another time.
    #[schemars(range(min = 1, max = 90))]
    expires_in_days: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Invitee {
    email: String,
    #[serde(default = "viewer")]
    role: Role,
    /// Clusters by slug or id; none: the whole organization.
    #[serde(default)]
    clusters: Vec<String>,
    /// Local groups by id or name.
    #[serde(default)]
    groups: Vec<String>,
}

/// New people get the least.
fn viewer() -> Role {
    Role::VIEWER
}

/// What became of each address, in the order in which they were sent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvitationOutcomes")]
struct Outcomes {
    /// How many were invited.
    invited: usize,
    results: Vec<OneOutcome>,
}

/// What became of one address.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvitationOutcome")]
struct OneOutcome {
    /// As it was sent.
    email: String,
    /// The invitation; nothing: see `refused`.
    invitation: Option<Shown>,
    refused: Option<RefusedAddress>,
}

/// Why an address was not invited.
#[derive(Debug, Serialize, JsonSchema)]
struct RefusedAddress {
    /// A stable word.
    code: &'static str,
    /// What was wrong, and what to do.
    detail: String,
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(New { invitations, expires_in_days }): JsonBody<New>,
) -> Result<Json<Outcomes>, ApiFailure> {
    let wish = |Invitee { email, role, clusters, groups }| Wish { email, role, clusters, groups };
    let wishes = invitations.into_iter().map(wish).collect();
    let outcomes = app.invite(&caller.ctx, wishes, life(expires_in_days)?).await?;
    let invited = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let one = |outcome: Result<Invitation, NotInvited>| match outcome {
        Ok(invitation) => OneOutcome {
            email: invitation.email.clone(),
            invitation: Some(shown(invitation, caller.ctx.now)),
            refused: None,
        },
        Err(NotInvited { email, code, detail }) => {
            OneOutcome { email, invitation: None, refused: Some(RefusedAddress { code, detail }) }
        }
    };
    Ok(Json(Outcomes { invited, results: outcomes.into_iter().map(one).collect() }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InvitationBounce")]
struct Bounce {
    /// The Message-ID of the letter, with or without its angle brackets.
    message_id: String,
    /// What the bounce says, such as a status of RFC 3463.
    reason: String,
}

async fn bounce(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(Bounce { message_id, reason }): JsonBody<Bounce>,
) -> Result<Json<Shown>, ApiFailure> {
    Ok(Json(shown(app.note_bounce(&caller.ctx, &message_id, &reason).await?, caller.ctx.now)))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<InvitationId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let invitation = app.invitation(&caller.ctx, &id).await?;
    Ok(tagged(&headers, &invitation.version.to_string(), &shown(invitation, caller.ctx.now)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InvitationChange")]
struct Change {
    role: Option<Role>,
    /// Clusters by slug or id; an empty list: the whole organization.
    clusters: Option<Vec<String>>,
    /// Local groups by id or name.
    groups: Option<Vec<String>>,
}

async fn change(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<InvitationId>,
    headers: HeaderMap,
    JsonBody(Change { role, clusters, groups }): JsonBody<Change>,
) -> Result<Response, ApiFailure> {
    let change = OfferChange { role, clusters, groups, if_match: version_seen(&headers)? };
    let invitation = app.change_invitation(&caller.ctx, &id, change).await?;
    Ok(answer(StatusCode::OK, invitation, caller.ctx.now))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InvitationResend")]
struct Again {
    /// How long the new link works; 7 days unless the operator set another time.
    #[schemars(range(min = 1, max = 90))]
    expires_in_days: Option<u32>,
}

async fn resend(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<InvitationId>,
    JsonBody(Again { expires_in_days }): JsonBody<Again>,
) -> Result<Response, ApiFailure> {
    let invitation = app.resend_invitation(&caller.ctx, &id, life(expires_in_days)?).await?;
    Ok(answer(StatusCode::OK, invitation, caller.ctx.now))
}

async fn revoke(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_invitation(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose addresses may be invited.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvitationSettings")]
struct Whom {
    /// Their domains; none: any address.
    domains: Vec<String>,
    version: i64,
}

async fn settings(State(app): State<App>, caller: ApiCaller, headers: HeaderMap) -> Result<Response, ApiFailure> {
    let (domains, version) = app.invitation_domains(&caller.ctx).await?;
    Ok(tagged(&headers, &version.to_string(), &Whom { domains, version }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InvitationSettingsChange")]
struct NewSettings {
    /// Such as example.com; subdomains are named by themselves. None: any address.
    #[schemars(length(max = 100))]
    domains: Vec<String>,
}

async fn set(
    State(app): State<App>,
    caller: ApiCaller,
    headers: HeaderMap,
    JsonBody(NewSettings { domains }): JsonBody<NewSettings>,
) -> Result<Response, ApiFailure> {
    let if_match = IfMatch::of(&headers)?;
    let (domains, version) = app.set_invitation_domains(&caller.ctx, &domains, if_match.seen()).await?;
    Ok(changed(StatusCode::OK, version, &Whom { domains, version }))
}
