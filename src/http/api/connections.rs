//! Connections.

use super::{
    List, Paging, client_keys, connection_tokens, saml,
    versions::{changed, tagged, version_seen},
};
use crate::{
    app::{App, Error, NewConnection},
    http::{
        body::JsonBody,
        caller::ApiCaller,
        doors::{BodyLimit, Caller, Doors, get, post, put},
        error::ApiFailure,
    },
    model::{Capability, Connection, ConnectionId, ConnectionSettings, EventKind, Instant, Profile, SamlSettings},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::JsonSchema;
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
    let room = client_keys::doors(connection_tokens::doors(
        Doors::at("/api/v1", "Connections", Caller::SessionOrKey)
            .door(
                get("/connections", list)
                    .summary("Every connection")
                    .needs(need)
                    .query::<Paging>()
                    .answers::<List<Shown>>(200),
            )
            .door(
                post("/connections", create)
                    .summary("Make a connection to an identity provider")
                    .needs(need)
                    .tells(&and_owners(EventKind::ConnectionCreated))
                    .takes::<New>(|| json!({"name": "okta", "settings": {"profile": "okta", "domains": ["acme.test"]}}))
                    .answers::<Shown>(201)
                    .refuses(&["taken", "domain_taken", "slots_taken"]),
            )
            .door(
                get("/connections/{id}", one)
                    .summary("One connection")
                    .needs(need)
                    .part::<ConnectionId>("id")
                    .answers::<Shown>(200)
                    .answers_as(304, None),
            )
            .door(
                put("/connections/{id}", replace)
                    .summary("Replace a connection's settings")
                    .needs(need)
                    .tells(&and_owners(EventKind::ConnectionChanged))
                    .part::<ConnectionId>("id")
                    .takes::<Replacement>(|| json!({"settings": {"profile": "okta"}}))
                    .answers::<Shown>(200)
                    .refuses(&["taken", "domain_taken", "last_owner", "changed"]),
            )
            .door(
                post("/connections/{id}/enable", enable)
                    .summary("Let a connection's people and pushes in again")
                    .reads(BodyLimit::Unread)
                    .needs(need)
                    .tells(&and_owners(EventKind::ConnectionEnabled))
                    .part::<ConnectionId>("id")
                    .answers::<Shown>(200)
                    .refuses(&["taken", "domain_taken"]),
            )
            .door(
                post("/connections/{id}/disable", disable)
                    .summary("End a connection's sessions and refuse its tokens")
                    .reads(BodyLimit::Unread)
                    .needs(need)
                    .tells(&and_owners(EventKind::ConnectionDisabled))
                    .part::<ConnectionId>("id")
                    .answers::<Shown>(200)
                    .refuses(&["last_owner"]),
            ),
    ));
    saml::doors(room)
}

/// A connection as the API shows it. The client secret is never shown again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Connection")]
pub(super) struct Shown {
    id: ConnectionId,
    name: String,
    enabled: bool,
    settings: ConnectionSettings,
    pushes_groups: bool,
    /// Where its provider pushes to.
    scim_url: String,
    /// What to register at its provider: the redirect address, or the ACS address of SAML.
    redirect_uri: String,
    /// Our entity id for SAML, where our metadata is read.
    saml_entity_id: Option<String>,
    /// Where its provider sends people back to after they signed out there.
    post_logout_redirect_uri: String,
    /// Where its provider says who signed out there, by itself.
    back_channel_logout_uri: String,
    /// The same, by the person's browser.
    front_channel_logout_uri: String,
    /// Where its provider reads the keys of `private_key_jwt`.
    jwks_uri: String,
    /// Where its provider tells of security events.
    signal_endpoint_url: String,
    /// Since when its provider pushes nothing, where that is much longer than is its habit.
    silent_since: Option<Instant>,
    created_at: Instant,
    version: i64,
}

pub(super) fn shown(app: &App, connection: Connection) -> Shown {
    let scim_url = app.scim_url(&connection);
    let Connection { id, name, enabled, settings, pushes_groups, created_at, version, schemas: _, epoch: _ } =
        connection;
    let signal_endpoint_url = app.signal_url(&id);
    let own = format!("{}/oidc/{id}", app.settings().server.origin());
    let saml = settings.saml.as_ref().map(|_| app.saml_addresses(&id));
    let (redirect_uri, saml_entity_id) = match saml {
        Some(addresses) => (addresses.acs, Some(addresses.entity_id)),
        None => (app.redirect_uri(), None),
    };
    Shown {
        id,
        name,
        enabled,
        settings,
        pushes_groups,
        scim_url,
        redirect_uri,
        saml_entity_id,
        post_logout_redirect_uri: app.signed_out_address(),
        back_channel_logout_uri: format!("{own}/back-channel-logout"),
        front_channel_logout_uri: format!("{own}/front-channel-logout"),
        jwks_uri: format!("{own}/jwks.json"),
        signal_endpoint_url,
        silent_since: None,
        created_at,
        version,
    }
}

fn answer(app: &App, status: StatusCode, connection: Connection) -> Response {
    changed(status, connection.version, &shown(app, connection))
}

async fn list(
    State(app): State<App>,
    caller: ApiCaller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Shown>>, ApiFailure> {
    let asked = paging.read(&app, &caller.ctx, "connections")?;
    let all = app.connections(&caller.ctx).await?;
    let silences = app.silences(&caller.ctx).await?;
    let all = all.into_iter().map(|connection| with_silence(shown(&app, connection), &silences)).collect();
    Ok(Json(asked.of_all(all, |connection: &Shown| connection.id.to_string())?))
}

async fn one(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    headers: HeaderMap,
) -> Result<Response, ApiFailure> {
    let connection = app.connection(&caller.ctx, &id).await?;
    let version = connection.version.to_string();
    let shown = with_silence(shown(&app, connection), &app.silences(&caller.ctx).await?);
    Ok(tagged(&headers, &version, &shown))
}

fn with_silence(shown: Shown, silences: &[(ConnectionId, Instant)]) -> Shown {
    let silent_since = silences.iter().find(|(silent, _)| *silent == shown.id).map(|(_, since)| *since);
    Shown { silent_since, ..shown }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConnectionRequest")]
struct New {
    /// The name in the mapping: `okta/castai-owners`.
    name: String,
    /// What is left out is what the profile begins with.
    settings: Map<String, Value>,
    /// Our secret at the provider, for sign-in. It is sealed and never shown again.
    client_secret: Option<String>,
    /// The provider's SAML metadata, an XML document: what `settings.saml` leaves out is read from it. Instead, or to have it read
    /// again and again, say where it is in `settings.saml.metadata_url`.
    metadata: Option<String>,
}

async fn create(
    State(app): State<App>,
    caller: ApiCaller,
    JsonBody(new): JsonBody<New>,
) -> Result<Response, ApiFailure> {
    let settings = settings(new.settings)?;
    let settings = app.with_saml_metadata(&caller.ctx, settings, new.metadata.as_deref()).await?;
    let new = NewConnection { name: new.name, settings, client_secret: new.client_secret.map(SecretString::from) };
    let connection = app.create_connection(&caller.ctx, new).await?;
    Ok(answer(&app, StatusCode::CREATED, connection))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConnectionReplacement")]
struct Replacement {
    /// What is left out is what the profile begins with.
    settings: Map<String, Value>,
    /// Nothing: the one that is stored stays.
    client_secret: Option<String>,
    /// The provider's SAML metadata, an XML document.
    metadata: Option<String>,
}

async fn replace(
    State(app): State<App>,
    caller: ApiCaller,
    Path(id): Path<ConnectionId>,
    headers: HeaderMap,
    JsonBody(new): JsonBody<Replacement>,
) -> Result<Response, ApiFailure> {
    let if_match = version_seen(&headers)?;
    let secret = new.client_secret.map(SecretString::from);
    let settings = app.with_saml_metadata(&caller.ctx, settings(new.settings)?, new.metadata.as_deref()).await?;
    let connection = app.update_connection(&caller.ctx, &id, if_match, settings, secret).await?;
    Ok(answer(&app, StatusCode::OK, connection))
}

/// Settings from what was sent: what is left out is what the profile begins with.
fn settings(sent: Map<String, Value>) -> Result<ConnectionSettings, Error> {
    let bad = |error: serde_json::Error| Error::invalid("settings", error.to_string());
    let profile = sent.get("profile").cloned().unwrap_or_else(|| json!("generic"));
    let profile: Profile = serde_json::from_value(profile).map_err(bad)?;
    let mut whole = serde_json::to_value(ConnectionSettings::of(profile)).map_err(Error::internal)?;
    if let Value::Object(whole) = &mut whole {
        if sent.get("saml").is_some_and(|saml| !saml.is_null()) {
            whole.insert("match".to_owned(), json!(SamlSettings::match_pairs()));
        }
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
    fn over_saml_the_name_id_is_the_user_name_unless_somebody_says_otherwise() {
        let saml = json!({"saml": {"metadata_url": "https://idp.test/metadata"}});
        assert_eq!(read(&saml).unwrap().match_pairs, SamlSettings::match_pairs());
        let other = json!({"saml": {}, "match": [{"claim": "sub", "attribute": "externalId"}]});
        assert_ne!(read(&other).unwrap().match_pairs, SamlSettings::match_pairs());
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let error = read(&json!({"profile": "okta", "domain": []})).unwrap_err().to_string();
        assert!(error.contains("`domain`"), "{error}");
    }
}
