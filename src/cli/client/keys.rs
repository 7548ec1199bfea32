//! The caller's own API keys.

use super::{
    Client, Common,
    api::Body,
    noun::{KEYS, MIRRORED_KEYS},
    stop::Stop,
    table::plain,
    verbs::ListOptions,
};
use ::http::Method;
use clap::Subcommand;
use serde_json::{Value, json};

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
    /// Puts another key in the place of one; the old one goes on for a while. The new secret is printed once.
    #[command(after_help = "Examples:
  castgate keys rotate ci
  KEY=$(castgate keys rotate ci --overlap 48 -o secret)")]
    Rotate {
        /// Its id or name.
        key: String,
        /// For how many hours the old one goes on.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720), value_name = "HOURS")]
        overlap: u32,
    },
    /// Switches a key off: it opens nothing until it is on again.
    #[command(after_help = "Example:
  castgate keys off ci")]
    Off {
        /// Its id or name.
        key: String,
    },
    /// Switches a key on again.
    #[command(after_help = "Example:
  castgate keys on ci")]
    On {
        /// Its id or name.
        key: String,
    },
    /// The keys that Cast AI has, as they were read there last: a change of roles shows which of them it ends.
    #[command(after_help = "Example:
  castgate keys mirrored")]
    Mirrored(ListOptions),
    /// Tells castgate which keys Cast AI has: all of them, what is not in the file is there no more. No secrets.
    #[command(after_help = "Example:
  castgate keys mirror keys.json
  echo '[{\"external_id\": \"7c9e6679\", \"owner\": \"ada@acme.example\", \"name\": \"agent\"}]' | castgate keys mirror -")]
    Mirror {
        /// A JSON list; - is standard input.
        file: String,
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
            Verb::Rotate { key, overlap } => {
                let id = client.id(&KEYS, KEYS.path, &key).await?;
                client.rotate(&format!("/keys/{id}"), (&key, overlap)).await
            }
            Verb::Off { key } => client.switch_key(&key, false).await,
            Verb::On { key } => client.switch_key(&key, true).await,
            Verb::Mirrored(options) => client.list(&MIRRORED_KEYS, MIRRORED_KEYS.path, &[], options.limit()).await,
            Verb::Mirror { file } => {
                let text = super::ask::text(std::path::Path::new(&file))?;
                let keys: Value = serde_json::from_str(&text)
                    .map_err(|error| Stop::usage(format!("{} is no JSON list: {error}", plain(&file))))?;
                let body = Body::Json(json!({"keys": keys}));
                let read = client.api.send(Method::PUT, MIRRORED_KEYS.path, body).await?;
                let unknown = read["unknown_owners"].as_array().map_or(0, Vec::len);
                let sentence = format!(
                    "{} keys of Cast AI are mirrored, {} are gone, and {unknown} owners are nobody here.",
                    read["kept"], read["forgotten"]
                );
                client.output.done(&sentence, &read)
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

impl Client {
    /// Puts another key in the place of the one at this path.
    pub(super) async fn rotate(&self, path: &str, (called, overlap): (&str, u32)) -> Result<(), Stop> {
        let mut rotated = self.api.post(&format!("{path}/rotate"), json!({"overlap_hours": overlap})).await?;
        let new = rotated["new"].take();
        let name = plain(called);
        self.output
            .secret(&format!("The secret of the key in the place of “{name}”, which works {overlap} hours more"), &new)
    }

    async fn switch_key(&self, called: &str, active: bool) -> Result<(), Stop> {
        let id = self.id(&KEYS, KEYS.path, called).await?;
        let body = Body::Json(json!({"active": active}));
        let key = self.api.send(Method::PATCH, &format!("/keys/{id}"), body).await?;
        let how = if active { "on" } else { "off" };
        self.output.done(&format!("Key {} is {how}.", plain(called)), &key)
    }
}
