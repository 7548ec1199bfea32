//! The caller's own API keys.

use super::{Common, noun::KEYS, stop::Stop, table::plain, verbs::ListOptions};
use clap::Subcommand;
use serde_json::json;

/// `castgate keys`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Keys {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Your keys. Their secrets are not shown again.
    #[command(after_help = "Example:
  castgate keys list")]
    List(ListOptions),
    /// Makes a key that may do what you may do. The secret is printed once.
    ///
    /// Where standard output is no terminal it gets the secret and nothing else.
    #[command(after_help = "Examples:
  castgate keys create ci --days 90
  KEY=$(castgate keys create ci -o secret)")]
    Create {
        /// What you call it.
        name: String,
        /// Days until it ends; without it it does not end.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// Ends a key at once.
    #[command(after_help = "Examples:
  castgate keys revoke ci
  castgate keys revoke key_06h00krhv1t3jel88ooobccad0 --yes")]
    Revoke {
        /// Its id or name.
        key: String,
    },
}

impl Keys {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.list(&KEYS, KEYS.path, &[], options.limit()).await,
            Verb::Create { name, days } => {
                let key = client.api.post(KEYS.path, json!({"name": name, "expires_in_days": days})).await?;
                client.output.secret(&format!("The secret of the key “{}”", plain(&name)), &key)
            }
            Verb::Revoke { key } => {
                let id = client.id(&KEYS, KEYS.path, &key).await?;
                client.confirm(&format!("Programs that use the key “{}” are refused from now on.", plain(&key)))?;
                let nothing = client.api.delete(&format!("/keys/{id}")).await?;
                client.output.done(&format!("Key {} is revoked.", plain(&key)), &nothing)
            }
        }
    }
}
