//! Service accounts and their keys.

use super::{
    Client, Common,
    noun::{KEYS, MACHINES},
    stop::Stop,
    table::plain,
    verbs::{ListOptions, SearchOptions},
};
use clap::Subcommand;
use serde_json::json;

/// `castgate service-accounts`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ServiceAccounts {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All of them.
    #[command(after_help = "Example:
  castgate service-accounts list")]
    List(SearchOptions),
    /// One of them: what is known of it, what it may do, and why.
    #[command(after_help = "Example:
  castgate service-accounts get ci")]
    Get(One),
    /// Makes one. It may do nothing until it is given a role or put into a group.
    #[command(after_help = "Examples:
  castgate service-accounts create ci --description \"Deploys from the pipeline\"
  castgate bindings create --service-account ci --role member --cluster prod-eu
  KEY=$(castgate service-accounts keys create ci deploy -o secret)")]
    Create {
        /// What people call it; unique in the organization.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Refuses its keys at once, until it is reactivated.
    #[command(after_help = "Example:
  castgate service-accounts suspend ci")]
    Suspend(One),
    /// Lets its keys in again.
    #[command(after_help = "Example:
  castgate service-accounts reactivate ci")]
    Reactivate(One),
    /// Closes it for good: its keys end, and what it was given is taken.
    #[command(after_help = "Examples:
  castgate service-accounts delete ci
  castgate service-accounts delete ci --yes")]
    Delete(One),
    /// Its API keys.
    #[command(subcommand)]
    Keys(MachineKeys),
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its id or name.
    account: String,
}

#[derive(Debug, Subcommand)]
enum MachineKeys {
    /// Its keys. Their secrets are not shown again.
    #[command(after_help = "Example:
  castgate service-accounts keys list ci")]
    List {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Makes a key that may do what the service account may do. The secret is printed once.
    #[command(after_help = "Examples:
  castgate service-accounts keys create ci deploy --days 90
  KEY=$(castgate service-accounts keys create ci deploy -o secret)")]
    Create {
        #[command(flatten)]
        one: One,
        /// What people call the key.
        name: String,
        /// Days until it ends; without it it does not end.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// Puts another key in the place of one; the old one goes on for a while. The new secret is printed once.
    #[command(after_help = "Example:
  castgate service-accounts keys rotate ci deploy --overlap 48")]
    Rotate {
        #[command(flatten)]
        one: One,
        /// The key's id or name.
        key: String,
        /// For how many hours the old one goes on.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720), value_name = "HOURS")]
        overlap: u32,
    },
    /// Ends a key at once.
    #[command(after_help = "Example:
  castgate service-accounts keys revoke ci deploy")]
    Revoke {
        #[command(flatten)]
        one: One,
        /// The key's id or name.
        key: String,
    },
}

impl ServiceAccounts {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.search(&MACHINES, &options).await,
            Verb::Get(one) => {
                let path = client.machine(&one).await?;
                let mut account = client.api.get(&path, &[]).await?;
                account["why"] = client.api.get(&format!("{path}/access"), &[]).await?["why"].take();
                client.output.one(&account)
            }
            Verb::Create { name, description } => {
                let new = json!({"name": name, "description": description});
                let account = client.api.post(MACHINES.path, new).await?;
                client
                    .output
                    .done(&format!("Service account {} is made. It may do nothing yet.", plain(&name)), &account)
            }
            Verb::Suspend(one) => {
                let path = client.machine(&one).await?;
                client.confirm(&format!("The keys of {} are refused at once.", plain(&one.account)))?;
                client.turn(&path, "suspend").await
            }
            Verb::Reactivate(one) => {
                let path = client.machine(&one).await?;
                client.turn(&path, "reactivate").await
            }
            Verb::Delete(one) => {
                let path = client.machine(&one).await?;
                let name = plain(&one.account);
                client.confirm(&format!("{name} is closed for good: its keys end, and what it was given is taken."))?;
                let nothing = client.api.delete(&path).await?;
                client.output.done(&format!("Service account {name} is closed."), &nothing)
            }
            Verb::Keys(keys) => keys.run(&client).await,
        }
    }
}

impl Client {
    /// The path of a service account.
    async fn machine(&self, one: &One) -> Result<String, Stop> {
        Ok(format!("{}/{}", MACHINES.path, self.id(&MACHINES, MACHINES.path, &one.account).await?))
    }

    async fn turn(&self, path: &str, how: &str) -> Result<(), Stop> {
        let account = self.api.post(&format!("{path}/{how}"), json!({})).await?;
        let word = |field: &str| plain(account[field].as_str().unwrap_or("?"));
        self.output.done(&format!("Service account {} is {}.", word("name"), word("state")), &account)
    }
}

impl MachineKeys {
    async fn run(self, client: &Client) -> Result<(), Stop> {
        match self {
            Self::List { one, options } => {
                let path = format!("{}{}", client.machine(&one).await?, KEYS.path);
                client.list(&KEYS, &path, &[], options.limit()).await
            }
            Self::Create { one, name, days } => {
                let path = format!("{}{}", client.machine(&one).await?, KEYS.path);
                let key = client.api.post(&path, json!({"name": name, "expires_in_days": days})).await?;
                client.output.secret(&format!("The secret of the key “{}”", plain(&name)), &key)
            }
            Self::Rotate { one, key, overlap } => {
                let path = format!("{}{}", client.machine(&one).await?, KEYS.path);
                let id = client.id(&KEYS, &path, &key).await?;
                client.rotate(&format!("{path}/{id}"), (&key, overlap)).await
            }
            Self::Revoke { one, key } => {
                let path = format!("{}{}", client.machine(&one).await?, KEYS.path);
                let id = client.id(&KEYS, &path, &key).await?;
                client.confirm(&format!("Programs that use the key “{}” are refused from now on.", plain(&key)))?;
                let nothing = client.api.delete(&format!("{path}/{id}")).await?;
                client.output.done(&format!("Key {} is revoked.", plain(&key)), &nothing)
            }
        }
    }
}
