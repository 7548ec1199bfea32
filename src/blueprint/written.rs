//! Each thing as a document writes it: what is as it is by default is left out.

use super::state::{AccountState, BindingName, ClusterState, ConnectionState, GroupState, Holder, RoleState, State};
use crate::model::{ConnectionSettings, ExtensionSchema, Instant, SamlSettings};
use serde_json::{Map, Value, json};

/// An object without what is nothing.
fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let said = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(said.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A text, unless it is empty.
fn some(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

pub(super) fn cluster(cluster: &ClusterState) -> Value {
    let ClusterState { slug, name, external_id } = cluster;
    let name = if name == slug { Value::Null } else { json!(name) };
    object([("slug", json!(slug)), ("name", name), ("external_id", json!(external_id))])
}

pub(super) fn role(role: &RoleState) -> Value {
    let RoleState { name, description, capabilities } = role;
    object([("name", json!(name)), ("description", some(description)), ("capabilities", json!(capabilities))])
}

pub(super) fn account(account: &AccountState) -> Value {
    let AccountState { name, description, suspended } = account;
    let suspended = if *suspended { json!(true) } else { Value::Null };
    object([("name", json!(name)), ("description", some(description)), ("suspended", suspended)])
}

pub(super) fn schema(schema: &ExtensionSchema) -> Value {
    json!(schema)
}

pub(super) fn connection(connection: &ConnectionState) -> Value {
    let ConnectionState { name, enabled, settings } = connection;
    let enabled = if *enabled { Value::Null } else { json!(false) };
    object([("name", json!(name)), ("enabled", enabled), ("settings", settings_of(settings))])
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What is not what the profile begins with.
fn settings_of(settings: &ConnectionSettings) -> Value {
    let mut begins = map(json!(ConnectionSettings::of(settings.profile)));
    begins.shift_remove("profile");
    if settings.saml.is_some() {
        begins.insert("match".to_owned(), json!(SamlSettings::match_pairs()));
    }
    let mut said = map(json!(settings));
    said.retain(|name, value| begins.get(name) != Some(value));
    if let Some(Value::Object(oidc)) = said.get_mut("oidc") {
        oidc.retain(|name, value| {
            let usual = name == "client_auth" && value == "secret";
            let empty = name != "scopes" && value.as_array().is_some_and(Vec::is_empty);
            !(value.is_null() || usual || empty)
        });
    }
    if let Some(Value::Object(saml)) = said.get_mut("saml") {
        let usual = map(json!(SamlSettings::default()));
        saml.retain(|name, value| usual.get(name) != Some(value));
        // What is read at the provider again and again is its to say.
        if saml.contains_key("metadata_url") {
            for read in READ_AT_THE_PROVIDER {
                saml.shift_remove(read);
            }
        }
    }
    Value::Object(said)
}

const READ_AT_THE_PROVIDER: [&str; 4] = ["entity_id", "sign_on", "logout", "certificates"];

/// What a document leaves to the provider's metadata, as it was read from there before.
pub(super) fn as_read_before(wanted: &mut ConnectionSettings, there: &ConnectionSettings) {
    let (Some(wanted), Some(there)) = (&mut wanted.saml, &there.saml) else { return };
    let leaves = wanted.entity_id.is_empty() && wanted.sign_on.is_empty() && wanted.certificates.is_empty();
    if leaves && wanted.metadata_url.is_some() && wanted.metadata_url == there.metadata_url {
        wanted.entity_id.clone_from(&there.entity_id);
        wanted.sign_on.clone_from(&there.sign_on);
        wanted.logout.clone_from(&there.logout);
        wanted.certificates.clone_from(&there.certificates);
    }
}

pub(super) fn group(group: &GroupState, state: &State) -> Value {
    let GroupState { name, users, service_accounts } = group;
    let machines = service_accounts.as_ref().map(|all| all.iter().map(|key| account_name(state, key)).collect());
    let machines: Option<Vec<&str>> = machines;
    object([("name", json!(name)), ("users", json!(users)), ("service_accounts", json!(machines))])
}

/// What a service account is called whose folded name this is.
fn account_name<'s>(state: &'s State, key: &'s str) -> &'s str {
    let known = state.service_accounts.as_ref().and_then(|all| all.get(key));
    known.map_or(key, |account| account.name.as_str())
}

pub(super) fn binding((name, until): (&BindingName, Option<Instant>), state: &State) -> Value {
    let BindingName { holder, role, cluster } = name;
    let (kind, holder) = match holder {
        Holder::User(name) => ("user", name.as_str()),
        Holder::Group(name) => ("group", name.as_str()),
        Holder::ServiceAccount(key) => ("service_account", account_name(state, key)),
    };
    let own = state.roles.as_ref().and_then(|roles| roles.get(role));
    let role = own.map_or(role.as_str(), |role| role.name.as_str());
    object([(kind, json!(holder)), ("role", json!(role)), ("cluster", json!(cluster)), ("until", json!(until))])
}

/// A whole organization as a value, section by section.
pub(super) fn sections(state: &State) -> Map<String, Value> {
    fn list<'a, T: 'a>(all: Option<impl Iterator<Item = T>>, one: impl Fn(T) -> Value) -> Value {
        all.map_or(Value::Null, |all| Value::Array(all.map(one).collect()))
    }
    let organization = state.name.as_ref().map_or(Value::Null, |name| json!({"name": name}));
    let bindings = state.bindings.as_ref().map(|all| all.iter().map(|(name, until)| (name, *until)));
    map(object([
        ("organization", organization),
        ("schemas", list(state.schemas.as_ref().map(|all| all.values()), schema)),
        ("clusters", list(state.clusters.as_ref().map(|all| all.values()), cluster)),
        ("roles", list(state.roles.as_ref().map(|all| all.values()), role)),
        ("connections", list(state.connections.as_ref().map(|all| all.values()), connection)),
        ("service_accounts", list(state.service_accounts.as_ref().map(|all| all.values()), account)),
        ("groups", list(state.groups.as_ref().map(|all| all.values()), |one| group(one, state))),
        ("bindings", list(bindings, |one| binding(one, state))),
        ("mapping", json!(state.mapping)),
    ]))
}
