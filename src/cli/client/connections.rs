//! Connections.

use super::{
    Client, Common, ask,
    client_keys::ClientKeys,
    habits::Habits,
    noun::{CONNECTIONS, TOLERANCES, USERS},
    scim_credentials::{Clients, Tokens},
    setup_links::SetupLinks,
    signals::Signals,
    stop::Stop,
    table::plain,
    trial::Trial,
    verbs::SearchOptions,
};
use crate::model::ProviderTokens;
use clap::{Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// People who are named before a deletion.
const NAMED: usize = 20;

/// `castgate connections`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Connections {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All of them.
    #[command(after_help = "Example:
  castgate connections list")]
    List(SearchOptions),
    /// One connection: its settings, and what to enter at the provider.
    #[command(after_help = "Example:
  castgate connections get okta -o yaml")]
    Get(One),
    /// Connects an identity provider: for sign-in, for pushing people, or both.
    #[command(after_help = "Examples:
  castgate connections create okta --profile okta --domain acme.example \\
    --issuer https://acme.okta.com --client-id 0oa1b2 --client-secret-file secret.txt
  castgate connections create okta --saml-metadata https://acme.okta.com/app/x1/sso/saml/metadata --domain acme.example
  castgate connections create adfs --saml-metadata FederationMetadata.xml --domain acme.example
  castgate connections create entra --profile entra        # for SCIM alone
  castgate connections create entra --profile entra --entra-tenant 5a1c2e7e-0000-4000-8000-3d7f1b2c9a10
  castgate connections create other --settings settings.json")]
    Create(Create),
    /// Changes how a connection speaks SCIM; what is not said stays as it is.
    #[command(after_help = "Examples:
  castgate connections set okta --dialect strict
  castgate connections set entra --patch-response empty --group-push known-members
  castgate connections set other --settings settings.json      # any of its settings, as the API has them")]
    Set(Set),
    /// Both sides of a SAML connection: what to enter at the provider, its certificates, our keys, and what is unwise.
    #[command(after_help = "Example:
  castgate connections saml okta -o yaml")]
    Saml(One),
    /// Reads the SAML metadata of a connection's provider now.
    #[command(after_help = "Example:
  castgate connections refresh okta")]
    Refresh(One),
    /// Makes a new SAML key of ours: published now, signing when the provider has read of it.
    #[command(after_help = "Example:
  castgate connections rotate-key okta --overlap-hours 48")]
    RotateKey {
        #[command(flatten)]
        one: One,
        /// How long the new key is published before it signs, and the old one after.
        #[arg(long, value_name = "HOURS", default_value_t = 48)]
        overlap_hours: u32,
    },
    /// Lets a disabled connection push and sign in again.
    #[command(after_help = "Example:
  castgate connections enable okta")]
    Enable(One),
    /// Stops a connection: its people's sessions end at once, and its provider cannot push.
    #[command(after_help = "Examples:
  castgate connections disable okta
  castgate connections disable okta --yes")]
    Disable(One),
    /// Deletes a connection with everybody whom it brought. Shows first who loses what.
    #[command(after_help = "Examples:
  castgate connections delete okta
  castgate connections delete okta --yes")]
    Delete(One),
    /// The SCIM tokens by which a provider pushes.
    #[command(subcommand)]
    Tokens(Tokens),
    /// The OAuth clients by which a provider gets access tokens.
    #[command(subcommand)]
    Clients(Clients),
    /// The keys by which it shows its provider that it is the client, instead of a secret.
    #[command(subcommand)]
    ClientKeys(ClientKeys),
    /// Lets a connection whose adoption is “approval” take somebody over who is here by another way.
    #[command(after_help = "Example:
  castgate connections adopt okta usr_06h00krhv1t3jel88ooobccad0")]
    Adopt {
        #[command(flatten)]
        one: One,
        /// Who: an id or a user name.
        user: String,
    },
    /// Links by which the customer's own IT sets a connection up.
    #[command(subcommand)]
    SetupLinks(SetupLinks),
    /// Security events that its provider tells of: CAEP and RISC.
    #[command(subcommand)]
    Signals(Signals),
    /// Signs in by the connection for real without touching anybody's access, and says what would come of it. It may be disabled.
    #[command(after_help = "Examples:
  castgate connections test okta
  castgate connections test okta --no-browser -o json")]
    Test(Trial),
    /// What its provider sends that the RFC does not allow, and how often.
    #[command(after_help = "Example:
  castgate connections tolerances entra")]
    Tolerances(One),
}

#[derive(Debug, clap::Args)]
pub(super) struct One {
    /// Its id or name.
    pub(super) connection: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profile {
    Okta,
    Entra,
    Generic,
}

#[derive(Debug, clap::Args)]
struct Set {
    /// Its id or name.
    connection: String,
    #[command(flatten)]
    habits: Habits,
    /// A JSON file with settings as the API has them; what is said by options counts more. -: standard input.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Set {
    /// Sends the settings as they are with what was said in their place.
    async fn run(self, client: &Client) -> Result<(), Stop> {
        let path = client.connection(&One { connection: self.connection }).await?;
        let before = client.api.get(&path, &[]).await?;
        let mut settings = before["settings"].as_object().cloned().unwrap_or_default();
        settings.extend(from_file(self.settings.as_deref())?);
        settings.extend(self.habits.said());
        let after = client.api.put_seen(&path, json!({"settings": settings}), &before["version"]).await?;
        client.output.done(&format!("Connection {} has these settings now.", text(&after, "name")), &after)
    }
}

/// Settings as the API has them.
fn from_file(file: Option<&Path>) -> Result<Map<String, Value>, Stop> {
    let Some(file) = file else { return Ok(Map::new()) };
    serde_json::from_str(&ask::text(file)?)
        .map_err(|error| Stop::usage(format!("{} is no JSON object: {error}", file.display())))
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Its name in the mapping.
    name: String,
    /// Whose habits it begins with.
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// The OpenID Connect issuer, exactly as the provider writes it.
    #[arg(long, value_name = "URL", requires = "client_id")]
    issuer: Option<String>,
    /// castgate's name at the provider.
    #[arg(long, value_name = "ID", requires = "issuer")]
    client_id: Option<String>,
    /// The file that holds the client secret; -: standard input.
    #[arg(long, value_name = "FILE", requires = "issuer")]
    client_secret_file: Option<PathBuf>,
    /// The provider's SAML metadata: an address, which is read again and again, or a file; -: standard input.
    #[arg(long, value_name = "URL|FILE", conflicts_with = "issuer")]
    saml_metadata: Option<String>,
    /// Lets SAML sign-ins begin at the provider too.
    #[arg(long, requires = "saml_metadata")]
    idp_initiated: bool,
    /// An e-mail domain whose people sign in here; repeat it for several.
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    /// The id of your Entra directory, whose own tokens are then taken at the connection's own SCIM URL: leave Entra's “Secret
    /// Token” empty.
    #[arg(long, value_name = "TENANT")]
    entra_tenant: Option<String>,
    #[command(flatten)]
    habits: Habits,
    /// A JSON file with settings as the API has them; what is said by options counts more. -: standard input.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Connections {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.search(&CONNECTIONS, &options).await,
            Verb::Get(one) => {
                let path = client.connection(&one).await?;
                client.output.one(&client.api.get(&path, &[]).await?)
            }
            Verb::Create(new) => {
                let connection = client.api.post(CONNECTIONS.path, new.body()?).await?;
                let (scim, redirect) = (text(&connection, "scim_url"), text(&connection, "redirect_uri"));
                let sign_in = match connection["saml_entity_id"].as_str() {
                    Some(entity) => format!("ACS URL        {redirect}\n  entity id      {}", plain(entity)),
                    None => format!("redirect URI   {redirect}"),
                };
                let sentence = format!(
                    "Connection {} is made. At the provider:\n  SCIM base URL  {scim}\n  {sign_in}\n\
                     A token for pushing: castgate connections tokens create {0}",
                    plain(&new.name)
                );
                client.output.done(&sentence, &connection)
            }
            Verb::Set(set) => set.run(&client).await,
            Verb::Saml(one) => {
                let path = format!("{}/saml", client.connection(&one).await?);
                client.output.one(&client.api.get(&path, &[]).await?)
            }
            Verb::Refresh(one) => {
                let path = format!("{}/saml/refresh", client.connection(&one).await?);
                let connection = client.api.post(&path, json!({})).await?;
                client.output.done(&format!("The metadata of {} is read.", text(&connection, "name")), &connection)
            }
            Verb::RotateKey { one, overlap_hours } => {
                let path = format!("{}/saml/keys", client.connection(&one).await?);
                let keys = client.api.post(&path, json!({"overlap_hours": overlap_hours})).await?;
                let from = text(&keys[0], "signs_from");
                client.output.done(&format!("A new key is published, and signs from {from} on."), &keys)
            }
            Verb::Enable(one) => {
                let path = client.connection(&one).await?;
                let connection = client.api.post(&format!("{path}/enable"), json!({})).await?;
                client.output.done(&format!("Connection {} is enabled.", text(&connection, "name")), &connection)
            }
            Verb::Disable(one) => {
                let path = client.connection(&one).await?;
                let name = plain(&one.connection);
                client.confirm(&format!(
                    "Everybody who signed in by {name} is signed out, and {name} cannot push any more."
                ))?;
                let connection = client.api.post(&format!("{path}/disable"), json!({})).await?;
                client.output.done(&format!("Connection {} is disabled.", text(&connection, "name")), &connection)
            }
            Verb::Delete(one) => {
                let path = client.connection(&one).await?;
                let plan = client.api.get(&format!("{path}/deletion"), &[]).await?;
                client.confirm(&lost(&plan))?;
                let token = plan["plan"].as_str().unwrap_or_default();
                let gone = client.api.delete(&format!("{path}?plan={token}")).await?;
                client.output.done(&format!("Connection {} is deleted.", text(&gone, "name")), &gone)
            }
            Verb::Tokens(tokens) => tokens.run(&client).await,
            Verb::Clients(clients) => clients.run(&client).await,
            Verb::ClientKeys(keys) => keys.run(&client).await,
            Verb::Adopt { one, user } => {
                let path = format!("{}/adoptions", client.connection(&one).await?);
                let id = client.id(&USERS, USERS.path, &user).await?;
                let name = plain(&one.connection);
                client.confirm(&format!("From the next push or sign-in on {id} belongs to {name}."))?;
                let nothing = client.api.post(&path, json!({"user": id})).await?;
                client.output.done(&format!("{name} may take {id} over."), &nothing)
            }
            Verb::SetupLinks(links) => links.run(&client).await,
            Verb::Signals(signals) => signals.run(&client).await,
            Verb::Test(trial) => trial.run(&client).await,
            Verb::Tolerances(one) => {
                let path = format!("{}{}", client.connection(&one).await?, TOLERANCES.path);
                client.list(&TOLERANCES, &path, &[], None).await
            }
        }
    }
}

impl Client {
    /// The path of a connection.
    pub(super) async fn connection(&self, one: &One) -> Result<String, Stop> {
        Ok(format!("/connections/{}", self.connection_id(&one.connection).await?))
    }

    /// The id of a connection, by its id or name.
    pub(super) async fn connection_id(&self, called: &str) -> Result<String, Stop> {
        self.id(&CONNECTIONS, CONNECTIONS.path, called).await
    }
}

/// Who loses what by a deletion, as a question begins.
fn lost(plan: &Value) -> String {
    let people = plan["impact"]["people"].as_array().map(Vec::as_slice).unwrap_or_default();
    let keys: u64 = people.iter().filter_map(|person| person["keys"].as_u64()).sum();
    let names: Vec<String> = people.iter().take(NAMED).map(|person| format!("  {}", text(person, "label"))).collect();
    let more = if people.len() > NAMED { format!("\n  and {} more", people.len() - NAMED) } else { String::new() };
    format!(
        "{} people and {} groups of {} are removed; {} lose access, {keys} keys end.\n{}{more}",
        plan["people"],
        plan["groups"],
        text(plan, "name"),
        people.len(),
        names.join("\n")
    )
}

fn text(thing: &Value, field: &str) -> String {
    plain(thing[field].as_str().unwrap_or_default())
}

impl Create {
    fn body(&self) -> Result<Value, Stop> {
        let mut settings = from_file(self.settings.as_deref())?;
        settings.extend(self.habits.said());
        let profile = self.profile.and_then(|profile| profile.to_possible_value());
        settings.extend(profile.map(|profile| ("profile".to_owned(), json!(profile.get_name()))));
        if let (Some(issuer), Some(client_id)) = (&self.issuer, &self.client_id) {
            settings.insert("oidc".to_owned(), json!({"issuer": issuer, "client_id": client_id}));
        }
        let mut document = None;
        if let Some(source) = &self.saml_metadata {
            let mut saml = json!({"idp_initiated": self.idp_initiated});
            match source.starts_with("https://") || source.starts_with("http://") {
                true => saml["metadata_url"] = json!(source),
                false => document = Some(ask::text(Path::new(source))?),
            }
            settings.insert("saml".to_owned(), saml);
        }
        if let Some(tenant) = &self.entra_tenant {
            let tokens = ProviderTokens::of_entra(&tenant.to_ascii_lowercase());
            settings.insert("provider_tokens".to_owned(), json!(tokens));
        }
        if !self.domains.is_empty() {
            settings.insert("domains".to_owned(), json!(self.domains));
        }
        let mut body = json!({"name": self.name, "settings": settings});
        if let Some(document) = document {
            body["metadata"] = json!(document);
        }
        if let Some(file) = &self.client_secret_file {
            body["client_secret"] = json!(ask::text(file)?.trim());
        }
        Ok(body)
    }
}
