//! Security events of a connection's provider.

use super::{Client, connections::One, noun::SIGNALS, stop::Stop, table::plain, verbs::ListOptions};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Signals {
    /// What the provider told of and what came of it, the newest first.
    #[command(after_help = "Example:
  castgate connections signals list okta --limit 20")]
    List {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Where it delivers, and how its stream stands.
    #[command(after_help = "Example:
  castgate connections signals show okta")]
    Show(One),
    /// Makes the token that it shows; the one before is dead. Whose events are believed stands in the connection's settings.
    #[command(after_help = "Example:
  castgate connections signals token okta")]
    Token(One),
    /// Revokes the token: no security event is accepted any more.
    #[command(after_help = "Example:
  castgate connections signals revoke okta")]
    Revoke(One),
}

impl Signals {
    pub(super) async fn run(self, client: &Client) -> Result<(), Stop> {
        match self {
            Self::List { one, options } => {
                let path = format!("{}{}", client.connection(&one).await?, SIGNALS.path);
                client.list(&SIGNALS, &path, &[], options.limit()).await
            }
            Self::Show(one) => {
                let path = format!("{}/signal-stream", client.connection(&one).await?);
                client.output.one(&client.api.get(&path, &[]).await?)
            }
            Self::Token(one) => {
                let path = format!("{}/signal-stream/token", client.connection(&one).await?);
                let made = client.api.post(&path, json!({})).await?;
                client.output.secret(&format!("The token for security events of {}", plain(&one.connection)), &made)
            }
            Self::Revoke(one) => {
                let path = format!("{}/signal-stream/token", client.connection(&one).await?);
                let name = plain(&one.connection);
                client.confirm(&format!("Security events of {name} are refused from now on."))?;
                let nothing = client.api.delete(&path).await?;
                client.output.done(&format!("No security event of {name} is accepted any more."), &nothing)
            }
        }
    }
}
