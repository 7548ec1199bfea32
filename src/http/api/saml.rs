//! What SAML adds to a connection: both sides' metadata, certificates and keys.

use super::{connections::Shown as Connection, versions::changed};
use crate::{
    app::{App, SamlShown},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Doors, get, post},
        error::ApiFailure,
    },
    model::{Capability, ConnectionId, EventKind, SamlCertificate, SamlKey, SamlRefresh},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
/// How long a new key is published before it signs, when nothing is said: providers read metadata daily.
const OVERLAP_HOURS: u32 = 48;
/// A quarter of a year: longer is a mistake in the unit.
const MOST_HOURS: u32 = 24 * 90;

/// The doors of SAML, behind those of connections.
pub(super) fn doors(doors: Doors) -> Doors {
    let need = Capability::ManageOrganization;
    doors
        .about("SAML")
        .door(
            get("/connections/{id}/saml", one)
                .summary(
                    "Both sides of a SAML connection: what to enter at the provider, its certificates and our keys",
                )
                .needs(need)
                .part::<ConnectionId>("id")
                .answers::<Shown>(200),
        )
        .door(
            post("/connections/{id}/saml/refresh", refresh)
                .reads(BodyLimit::Unread)
                .summary("Read the provider's metadata now")
                .needs(need)
                .tells(&[EventKind::ConnectionChanged])
                .part::<ConnectionId>("id")
                .answers::<Connection>(200),
        )
        .door(
            post("/connections/{id}/saml/keys", rotate)
                .summary("Make a new key of ours: published now, signing when providers have read of it")
                .needs(need)
                .tells(&[EventKind::SamlKeyRotated])
                .part::<ConnectionId>("id")
                .takes::<Rotation>(|| json!({"overlap_hours": 48}))
                .answers::<Vec<SamlKey>>(201)
                .refuses(&["slots_taken"]),
        )
}

/// Both sides of a connection that speaks SAML.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Saml")]
struct Shown {
    /// Our entity id: the audience. Our metadata is read there.
    entity_id: String,
    /// Where the provider answers (ACS), by HTTP-POST.
    acs_url: String,
    /// Where the provider signs people out (SLO), by HTTP-Redirect and HTTP-POST.
    logout_url: String,
    /// The provider's certificates, and when they end.
    certificates: Vec<SamlCertificate>,
    /// Our keys, the youngest first.
    keys: Vec<SamlKey>,
    /// How reading the provider's metadata goes; none: there is no address to read it at.
    metadata: Option<SamlRefresh>,
    /// What is right but unwise, and what is about to go wrong.
    warnings: Vec<String>,
}

impl From<SamlShown> for Shown {
    fn from(shown: SamlShown) -> Self {
        let SamlShown { addresses, certificates, keys, refresh, warnings } = shown;
        Self {
            entity_id: addresses.entity_id,
            acs_url: addresses.acs,
            logout_url: addresses.logout,
            certificates,
            keys,
            metadata: refresh,
            warnings,
        }
    }
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<Shown>, ApiFailure> {
    let connection = app.connection(&caller.ctx, &id).await?;
    let shown = app.saml_shown(&caller.ctx, &connection).await?;
    let shown = shown.ok_or_else(|| crate::app::Error::not_found("SAML connection", id.as_str()))?;
    Ok(Json(shown.into()))
}

async fn refresh(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<Response, ApiFailure> {
    app.refresh_saml_now(&caller.ctx, &id).await?;
    let connection = app.connection(&caller.ctx, &id).await?;
    Ok(changed(StatusCode::OK, connection.version, &super::connections::shown(&app, connection)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SamlKeyRotation")]
struct Rotation {
    /// How long the new key is published before it signs, and the old ones after; 48 unless said. 0: it signs at once, and a provider
    /// that verifies what we ask has to be told first.
    overlap_hours: Option<u32>,
}

async fn rotate(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    JsonBody(wanted): JsonBody<Rotation>,
) -> Result<(StatusCode, Json<Vec<SamlKey>>), ApiFailure> {
    let hours = wanted.overlap_hours.unwrap_or(OVERLAP_HOURS);
    if hours > MOST_HOURS {
        let detail = format!("give a number of hours from 0 to {MOST_HOURS}");
        return Err(crate::app::Error::invalid("overlap_hours", detail).into());
    }
    let keys = app.rotate_saml_key(&caller.ctx, &id, HOUR * hours).await?;
    Ok((StatusCode::CREATED, Json(keys)))
}
