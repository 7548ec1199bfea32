//! The keys with which a connection shows at its provider that it is the client.

use super::{Client, connections::One, noun::CLIENT_KEYS, stop::Stop, table::plain};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum ClientKeys {
    /// Those that are published now, or soon.
    #[command(after_help = "Example:
  castgate connections client-keys list okta")]
    List(One),
    /// Makes the next one. It signs in a day, when the provider has read it, and the old ones stay published for another.
    #[command(after_help = "Examples:
  castgate connections client-keys rotate okta
  castgate connections client-keys rotate okta --revoke      # somebody may know the old ones: they are gone at once")]
    Rotate {
        #[command(flatten)]
        one: One,
        /// The new one signs at once, and the old ones are gone. Until the provider has read it nobody can sign in.
        #[arg(long)]
        revoke: bool,
    },
}

impl ClientKeys {
    pub(super) async fn run(self, client: &Client) -> Result<(), Stop> {
        match self {
            Self::List(one) => {
                let path = format!("{}{}", client.connection(&one).await?, CLIENT_KEYS.path);
                client.list(&CLIENT_KEYS, &path, &[], None).await
            }
            Self::Rotate { one, revoke } => {
                let path = format!("{}{}", client.connection(&one).await?, CLIENT_KEYS.path);
                if revoke {
                    let name = plain(&one.connection);
                    client.confirm(&format!("Nobody signs in by {name} until its provider has read the new key."))?;
                }
                let key = client.api.post(&path, json!({"revoke": revoke})).await?;
                let (kid, from) =
                    (key["kid"].as_str().unwrap_or_default(), key["signs_from"].as_str().unwrap_or_default());
                client.output.done(&format!("Key {} is published, and signs from {}.", plain(kid), plain(from)), &key)
            }
        }
    }
}
