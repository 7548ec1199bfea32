//! Connections and their SCIM tokens.

use super::{List, life};
use crate::{
    app::{App, Error, NewConnection},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, delete, get, post, put},
        error::ApiFailure,
    },
    model::{
        Capability, Connection, ConnectionId, ConnectionSettings, EventKind, Instant, Profile, ScimToken, TokenId,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(super) fn doors() -> Doors {
    let need = Capability::ManageOrganization;
    let owners = [
        EventKind::AccessChanged,
        EventKind::OwnerKept,
        EventKind::OrganizationOwned,
        EventKind::OrganizationOwnerless,
    ];
    let and_owners = |kind| [&[kind][..], &owners[..]].concat();
    Doors::at("/api/v1", "Connections", Caller::SessionOrKey)
        .door(get("/connections", list).summary("Every connection").needs(need))
        .door(
            post("/connections", create)
                .summary("Make a connection to an identity provider")
                .needs(need)
                .tells(&and_owners(EventKind::ConnectionCreated)),
        )
        .door(get("/connections/{id}", one).summary("One connection").needs(need))
        .door(
            put("/connections/{id}", replace)
                .summary("Replace a connection's settings")
                .needs(need)
                .tells(&and_owners(EventKind::ConnectionChanged)),
        )
        .door(
            post("/connections/{id}/enable", enable)
                .summary("Let a connection's people and pushes in again")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&and_owners(EventKind::ConnectionEnabled)),
        )
        .door(
            post("/connections/{id}/disable", disable)
                .summary("End a connection's sessions and refuse its tokens")
                .reads(BodyLimit::Unread)
                .needs(need)
                .tells(&and_owners(EventKind::ConnectionDisabled)),
        )
        .about("SCIM tokens")
        .door(get("/connections/{id}/tokens", tokens).summary("A connection's SCIM tokens").needs(need))
        .door(
            post("/connections/{id}/tokens", create_token)
                .summary("Make a SCIM token; its secret is shown once")
                .needs(need)
                .tells(&[EventKind::TokenCreated, EventKind::TokenRevoked]),
        )
        .door(
            delete("/connections/{id}/tokens/{token}", revoke_token)
                .summary("Revoke a SCIM token")
                .needs(need)
                .tells(&[EventKind::TokenRevoked]),
        )
}

/// A connection as the API shows it. The client secret is never shown again.
#[derive(Debug, Serialize)]
struct Shown {
    id: ConnectionId,
    name: String,
    enabled: bool,
    settings: ConnectionSettings,
    pushes_groups: bool,
    /// Where its provider pushes to.
    scim_url: String,
    /// What to register at its provider.
    redirect_uri: String,
    created_at: Instant,
    version: i64,
}

fn shown(app: &App, connection: Connection) -> Shown {
    let Connection { id, name, enabled, settings, pushes_groups, created_at, version, epoch: _ } = connection;
    let scim_url = format!("{}/scim/v2", app.settings().server.origin());
    Shown {
        id,
        name,
        enabled,
        settings,
        pushes_groups,
        scim_url,
        redirect_uri: app.redirect_uri(),
        created_at,
        version,
    }
}

fn answer(app: &App, status: StatusCode, connection: Connection) -> Response {
    let etag = AppendHeaders([(header::ETAG, format!("\"{}\"", connection.version))]);
    (status, etag, Json(shown(app, connection))).into_response()
}

async fn list(State(app): State<App>, caller: ApiCaller) -> Result<Json<List<Shown>>, ApiFailure> {
    let all = app.connections(&caller.ctx).await?;
    Ok(Json(List::whole(all.into_iter().map(|connection| shown(&app, connection)).collect())))
}

async fn one(State(app): State<App>, caller: ApiCaller, Path(id): Path<ConnectionId>) -> Result<Response, ApiFailure> {
    let connection = app.connection(&caller.ctx, &id).await?;
    Ok(answer(&app, StatusCode::OK, connection))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    settings: Map<String, Value>,
    client_secret: Option<String>,
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<Response, ApiFailure> {
    let settings = settings(new.settings)?;
    let new = NewConnection { name: new.name, settings, client_secret: new.client_secret.map(SecretString::from) };
    let connection = app.create_connection(&caller.ctx, new).await?;
    Ok(answer(&app, StatusCode::CREATED, connection))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    settings: Map<String, Value>,
    /// Nothing: the one that is stored stays.
    client_secret: Option<String>,
}

async fn replace(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    headers: HeaderMap,
    JsonBody(new): JsonBody<Replacement>,
) -> Result<Response, ApiFailure> {
    let if_match = if_match(&headers)?;
    let secret = new.client_secret.map(SecretString::from);
    let connection = app.update_connection(&caller.ctx, &id, if_match, settings(new.settings)?, secret).await?;
    Ok(answer(&app, StatusCode::OK, connection))
}

/// RFC 9110 §13.1.1: the version that the change is meant for; `*`: any.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_start_matches("W/").trim_matches('"').parse();
    version.map(Some).map_err(|_| Error::invalid("If-Match", "send the ETag of the answer that was read"))
}

/// Settings from what was sent: what is left out is what the profile begins with.
fn settings(sent: Map<String, Value>) -> Result<ConnectionSettings, Error> {
    let bad = |error: serde_json::Error| Error::invalid("settings", error.to_string());
    let profile = sent.get("profile").cloned().unwrap_or_else(|| json!("generic"));
    let profile: Profile = serde_json::from_value(profile).map_err(bad)?;
    let mut whole = serde_json::to_value(ConnectionSettings::of(profile)).map_err(Error::internal)?;
    if let Value::Object(whole) = &mut whole {
        whole.extend(sent);
    }
    serde_json::from_value(whole).map_err(bad)
}

async fn enable(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<Response, ApiFailure> {
    let connection = app.set_connection_enabled(&caller.ctx, &id, true).await?;
    Ok(answer(&app, StatusCode::OK, connection))
}

async fn disable(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<Response, ApiFailure> {
    let connection = app.set_connection_enabled(&caller.ctx, &id, false).await?;
    Ok(answer(&app, StatusCode::OK, connection))
}

async fn tokens(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<List<ScimToken>>, ApiFailure> {
    Ok(Json(List::whole(app.scim_tokens(&caller.ctx, &id).await?)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTokenBody {
    expires_in_days: Option<u32>,
}

/// The secret is in this answer and in no other.
async fn create_token(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    JsonBody(new): JsonBody<NewTokenBody>,
) -> Result<(StatusCode, Json<Value>), ApiFailure> {
    let made = app.create_scim_token(&caller.ctx, &id, life(new.expires_in_days)?).await?;
    let mut told = json!(made.token);
    told["secret"] = json!(made.secret.expose());
    Ok((StatusCode::CREATED, Json(told)))
}

async fn revoke_token(
    State(app): State<App>,
    caller: ApiCaller,
    Path((connection, token)): Path<(ConnectionId, TokenId)>,
) -> Result<StatusCode, ApiFailure> {
    app.revoke_scim_token(&caller.ctx, &connection, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<ConnectionSettings, Error> {
        settings(value.as_object().cloned().unwrap())
    }

    #[test]
    fn what_is_left_out_is_what_the_profile_begins_with() {
        assert_eq!(read(&json!({"profile": "entra"})).unwrap(), ConnectionSettings::of(Profile::Entra));
        let domains = read(&json!({"profile": "okta", "domains": ["acme.test"]})).unwrap().domains;
        assert_eq!(domains, ["acme.test"]);
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let error = read(&json!({"profile": "okta", "domain": []})).unwrap_err().to_string();
        assert!(error.contains("`domain`"), "{error}");
    }

    #[test]
    fn a_version_is_sent_back_as_it_was_read() {
        let with = |text: &'static str| if_match(&[(header::IF_MATCH, text.parse().unwrap())].into_iter().collect());
        assert_eq!(with("\"7\"").unwrap(), Some(7));
        assert_eq!(with("W/\"7\"").unwrap(), Some(7));
        assert_eq!(with("*").unwrap(), None);
        assert!(with("\"x\"").is_err());
    }
}
