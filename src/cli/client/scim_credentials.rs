//! What a provider shows at the SCIM door: a connection's tokens and OAuth clients.

use super::{
    Client, ask,
    connections::One,
    noun::{CLIENTS, ENDED_TOKENS, TOKENS},
    stop::Stop,
    table::plain,
    verbs::ListOptions,
};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Tokens {
    /// A connection's tokens. Their secrets are not shown again.
    #[command(after_help = "Examples:
  castgate connections tokens list okta
  castgate connections tokens list okta --ended      # who still comes with an old one")]
    List {
        #[command(flatten)]
        one: One,
        /// Those that have ended, with when and from where somebody last came with each.
        #[arg(long)]
        ended: bool,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Makes a token for the provider. The secret is printed once; a connection has room for two, so that one can be replaced
    /// without a gap.
    #[command(after_help = "Examples:
  castgate connections tokens create okta --days 365
  TOKEN=$(castgate connections tokens create okta -o secret)")]
    Create {
        #[command(flatten)]
        one: One,
        /// Days until it ends; without it it does not end.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// Makes a token that takes the place of another, which goes on working for a while.
    #[command(after_help = "Examples:
  castgate connections tokens rotate okta cgs_3fX9 --days 365
  TOKEN=$(castgate connections tokens rotate okta cgs_3fX9 --overlap-hours 2 -o secret)")]
    Rotate {
        #[command(flatten)]
        one: One,
        /// The old one: its id, or the letters that it begins with as the list shows them.
        token: String,
        /// Hours in which both hold; 0: the old one ends at once.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
        overlap_hours: u32,
        /// Days until the new one ends; without it it does not end.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// Ends a token: whoever pushes with it is refused.
    #[command(after_help = "Example:
  castgate connections tokens revoke okta tok_06h00krhv1t3jel88ooobccad0")]
    Revoke {
        #[command(flatten)]
        one: One,
        /// Its id, or the letters that it begins with as the list shows them.
        token: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Clients {
    /// A connection's OAuth clients.
    #[command(after_help = "Example:
  castgate connections clients list okta")]
    List {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Makes a client, which gets access tokens by client credentials. Without keys it has a secret, which is printed once.
    #[command(after_help = "Examples:
  castgate connections clients create ping provisioning
  castgate connections clients create ping provisioning --jwks keys.json
  castgate connections clients create ping provisioning --jwks-url https://ping.example/jwks.json")]
    Create {
        #[command(flatten)]
        one: One,
        /// What you call it.
        name: String,
        /// The file of its public keys (a JWK set), by which it signs assertions; -: standard input.
        #[arg(long, value_name = "FILE", conflicts_with = "jwks_url")]
        jwks: Option<PathBuf>,
        /// The address at which its public keys are read.
        #[arg(long, value_name = "URL")]
        jwks_url: Option<String>,
    },
    /// Ends a client and its access tokens.
    #[command(after_help = "Example:
  castgate connections clients revoke ping provisioning")]
    Revoke {
        #[command(flatten)]
        one: One,
        /// Its id or name.
        client: String,
    },
}

impl Tokens {
    pub(super) async fn run(self, client: &Client) -> Result<(), Stop> {
        match self {
            Self::List { one, ended, options } => {
                let noun = if ended { &ENDED_TOKENS } else { &TOKENS };
                let path = format!("{}{}", client.connection(&one).await?, noun.path);
                client.list(noun, &path, &[], options.limit()).await
            }
            Self::Create { one, days } => {
                let path = format!("{}{}", client.connection(&one).await?, TOKENS.path);
                let token = client.api.post(&path, json!({"expires_in_days": days})).await?;
                client.output.secret(&format!("A SCIM token for {}", plain(&one.connection)), &token)
            }
            Self::Rotate { one, token, overlap_hours, days } => {
                let path = format!("{}{}", client.connection(&one).await?, TOKENS.path);
                let id = client.id(&TOKENS, &path, &token).await?;
                let body = json!({"overlap_hours": overlap_hours, "expires_in_days": days});
                let new = client.api.post(&format!("{path}/{id}/rotate"), body).await?;
                client.output.secret(&format!("A SCIM token for {}", plain(&one.connection)), &new)
            }
            Self::Revoke { one, token } => {
                let path = format!("{}{}", client.connection(&one).await?, TOKENS.path);
                let id = client.id(&TOKENS, &path, &token).await?;
                let name = plain(&one.connection);
                client.confirm(&format!("Whoever pushes to {name} with this token is refused from now on."))?;
                let nothing = client.api.delete(&format!("{path}/{id}")).await?;
                client.output.done(&format!("Token {id} of {name} is revoked."), &nothing)
            }
        }
    }
}

impl Clients {
    pub(super) async fn run(self, client: &Client) -> Result<(), Stop> {
        match self {
            Self::List { one, options } => {
                let path = format!("{}{}", client.connection(&one).await?, CLIENTS.path);
                client.list(&CLIENTS, &path, &[], options.limit()).await
            }
            Self::Create { one, name, jwks, jwks_url } => {
                let mut body = json!({"name": name});
                if let Some(file) = jwks {
                    body["jwks"] = serde_json::from_str::<Value>(&ask::text(&file)?)
                        .map_err(|error| Stop::usage(format!("{} is not JSON: {error}", file.display())))?;
                }
                if let Some(url) = jwks_url {
                    body["jwks_url"] = json!(url);
                }
                let path = format!("{}{}", client.connection(&one).await?, CLIENTS.path);
                let made = client.api.post(&path, body).await?;
                let text = |field: &str| plain(made[field].as_str().unwrap_or_default());
                let sentence = format!(
                    "Client {} is made. At the provider:\n  token URL  {}\n  client id  {}\n  scope      scim",
                    plain(&name),
                    text("token_url"),
                    text("id")
                );
                if made["secret"].is_null() {
                    return client.output.done(&sentence, &made);
                }
                eprintln!("{sentence}");
                client.output.secret(&format!("The secret of client {}", plain(&name)), &made)
            }
            Self::Revoke { one, client: which } => {
                let path = format!("{}{}", client.connection(&one).await?, CLIENTS.path);
                let id = client.id(&CLIENTS, &path, &which).await?;
                let name = plain(&one.connection);
                client.confirm(&format!("Whoever pushes to {name} as this client is refused from now on."))?;
                let nothing = client.api.delete(&format!("{path}/{id}")).await?;
                client.output.done(&format!("Client {id} of {name} is revoked."), &nothing)
            }
        }
    }
}
