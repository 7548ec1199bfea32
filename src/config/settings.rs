//! The settings as types, one struct for each section of `config/castgate.toml`, which says what each key means.

use super::{
    accidents::Accidents,
    cast_ai::CastAi,
    domains::Domains,
    hosts::HostPattern,
    mail::{Invitations, Mail},
    passwords::Passwords,
    server::Server,
    units::{Network, Rate, Size, Span},
    webhooks::Webhooks,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{net::SocketAddr, path::PathBuf};

/// Everything that the operator decides. Secrets never appear in its `Debug`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where castgate listens and what it is called.
    pub server: Server,
    /// Where it keeps what must not be lost.
    pub store: Store,
    /// What its secrets lie under.
    pub keys: Keys,
    /// Where it keeps what may be lost.
    pub cache: Cache,
    /// How long a sign-in lasts.
    pub sessions: Sessions,
    /// What is remembered of sign-ins.
    pub sign_in: SignIn,
    /// Signing in by e-mail and password.
    pub passwords: Passwords,
    /// E-mail domains and whose they are.
    pub domains: Domains,
    /// Limits of the SCIM door.
    pub scim: Scim,
    /// How much one caller may ask.
    pub limits: Limits,
    /// Signed tokens.
    pub tokens: Tokens,
    /// Services behind the gateway.
    pub gateway: Gateway,
    /// Whom castgate may call.
    pub network: Outside,
    /// What it writes about itself.
    pub log: Log,
    /// Where its numbers are read.
    pub metrics: Metrics,
    /// What everybody accepts first.
    pub terms: Terms,
    /// What a role change does to keys.
    pub api_keys: ApiKeys,
    /// What counts as an accident of a provider.
    pub accidents: Accidents,
    /// Reading clusters from Cast AI.
    pub cast_ai: CastAi,
    /// Telling others what happens.
    pub webhooks: Webhooks,
    /// How mail goes out.
    pub mail: Mail,
    /// Offers to people who are not here yet.
    pub invitations: Invitations,
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// One file, one node.
    Sqlite,
    /// A server, many nodes.
    Postgres,
}

/// `[store]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Which database.
    pub engine: Engine,
    /// The directory of the database file and of the master key.
    pub data_directory: PathBuf,
    /// The address of PostgreSQL, password included.
    #[serde(deserialize_with = "optional_secret")]
    pub postgres_url: Option<SecretString>,
    /// Connections to PostgreSQL.
    pub postgres_pool: usize,
}

/// Where the master key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeysFrom {
    /// From a file in the data directory.
    File,
    /// From the settings themselves: an environment variable, or a file that one names.
    Environment,
    /// From a program's output.
    Command,
}

/// `[keys]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Which of the ways below.
    pub source: KeysFrom,
    /// The keys themselves.
    #[serde(deserialize_with = "optional_secret")]
    pub master: Option<SecretString>,
    /// A program and its arguments.
    pub command: Vec<String>,
    /// How long it may take.
    pub command_timeout: Span,
}

/// `[cache]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The address of Redis, password included; none: the process's own memory.
    #[serde(deserialize_with = "optional_secret")]
    pub redis_url: Option<SecretString>,
    /// How long a remembered answer is believed.
    pub lease: Span,
    /// Entries in the process's memory.
    pub capacity: u64,
}

/// The cookie attribute of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// Sent when a link from elsewhere is followed.
    Lax,
    /// Never sent from elsewhere.
    Strict,
}

/// `[sessions]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// The longest pause in a session.
    pub idle: Span,
    /// The longest session.
    pub absolute: Span,
    /// The most sessions of one person at once; 0: no limit.
    pub most: u32,
    /// The cookie's name, without prefix.
    pub cookie_name: String,
    /// The domain whose hosts share the cookie, in lower case; none: castgate's own host alone.
    #[serde(deserialize_with = "optional_domain")]
    pub cookie_domain: Option<String>,
    /// Whether the cookie comes along from elsewhere.
    pub same_site: SameSite,
}

/// `[sign_in]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// How long traces are kept.
    pub trace_kept: Span,
    /// Whether they have the values of claims, and not their names alone.
    pub trace_values: bool,
    /// Whether the second verifier of SAML has to agree.
    pub second_opinion: bool,
}

/// `[scim]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scim {
    /// The largest request body.
    pub max_body: Size,
    /// Resources in a page when nothing is asked for.
    pub page_size: usize,
    /// The most resources in a page.
    pub max_page_size: usize,
    /// The life of an OAuth client's access token.
    pub access_token_lifetime: Span,
    /// How long the provisioning log is kept.
    pub log_kept: Span,
    /// The most operations in a bulk request.
    pub max_bulk_operations: usize,
    /// How long a cursor of a listing is good.
    pub cursor_lifetime: Span,
}

/// `[limits]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests of one connection at the SCIM door.
    pub scim: Rate,
    /// Of them at once.
    pub scim_burst: u32,
    /// Requests of one organization at the API.
    pub api: Rate,
    /// Of them at once.
    pub api_burst: u32,
    /// Requests of one address that shows no credential.
    pub address: Rate,
    /// Of them at once.
    pub address_burst: u32,
    /// The most connections of one organization; 0: no limit.
    pub connections: usize,
}

/// `[tokens]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// The life of a signed token.
    pub jwt_lifetime: Span,
    /// How long a key signs before the next one does.
    pub rotate_every: Span,
}

/// `[gateway]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Where a browser may be sent back to after the sign-in, besides castgate's own host.
    pub return_hosts: Vec<HostPattern>,
}

/// `[network]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outside {
    /// Private networks in which identity providers live.
    pub private_networks: Vec<Network>,
    /// Whether identity providers may have any private address.
    pub allow_private_addresses: bool,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
    /// Which lines are written: a level, or directives by module.
    pub level: String,
}

/// `[metrics]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// The address of `/metrics`; none: it is off.
    #[serde(deserialize_with = "optional_address")]
    pub listen: Option<SocketAddr>,
}

/// `[terms]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The file of the terms of service.
    #[serde(deserialize_with = "optional_path")]
    pub terms_of_service: Option<PathBuf>,
    /// The file of the privacy policy.
    #[serde(deserialize_with = "optional_path")]
    pub privacy_policy: Option<PathBuf>,
    /// How long an older acceptance is enough.
    pub transition: Span,
}

/// What a role change by a machine does to keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnRoleChange {
    /// Take the lost rights at once, delete after the grace.
    Attenuate,
    /// Delete at once.
    Delete,
}

/// `[api_keys]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeys {
    /// How long an attenuated key stays.
    pub grace: Span,
    /// What a role change by a machine does.
    pub on_role_change: OnRoleChange,
}

/// The empty text means that there is none: TOML has no null, and the default file must show the key.
pub(super) fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let secret = SecretString::from(String::deserialize(deserializer)?);
    Ok(if secret.expose_secret().is_empty() { None } else { Some(secret) })
}

fn optional_domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    // RFC 6265 §5.2.3: a leading dot means nothing, and a domain is compared in lower case.
    let text = String::deserialize(deserializer)?.trim_start_matches('.').to_ascii_lowercase();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn optional_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
}

pub(super) fn optional_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(if text.is_empty() { None } else { Some(PathBuf::from(text)) })
}
