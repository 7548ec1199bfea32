//! Links by which the customer's own IT sets a connection up.

use super::{Client, connections::One, noun::SETUP_LINKS, stop::Stop, table::plain};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum SetupLinks {
    /// Those of a connection.
    #[command(after_help = "Example:
  castgate connections setup-links list okta")]
    List(One),
    /// Makes one, for a connection that is disabled. Whoever has it fills in the connection's sign-in values and tests them, and
    /// sees nothing else.
    #[command(after_help = "Examples:
  castgate connections setup-links create okta
  castgate connections setup-links create okta --days 3")]
    Create {
        #[command(flatten)]
        one: One,
        /// For how many days it is good; 7 without a word, 30 at most.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=30))]
        days: Option<u32>,
    },
    /// Ends one at once.
    #[command(after_help = "Example:
  castgate connections setup-links revoke okta set_06h00krhv1t3jel88ooobccad0")]
    Revoke {
        #[command(flatten)]
        one: One,
        /// The link's id.
        link: String,
    },
}

impl SetupLinks {
    pub(super) async fn run(self, client: &Client) -> Result<(), Stop> {
        match self {
            Self::List(one) => {
                let path = format!("{}{}", client.connection(&one).await?, SETUP_LINKS.path);
                client.list(&SETUP_LINKS, &path, &[], None).await
            }
            Self::Create { one, days } => {
                let path = format!("{}{}", client.connection(&one).await?, SETUP_LINKS.path);
                let made = client.api.post(&path, json!({"expires_in_days": days})).await?;
                let url = plain(made["url"].as_str().unwrap_or_default());
                let sentence = format!(
                    "Send this link to whoever sets {} up; it is not shown again:\n\n  {url}\n\nWhen they are done: castgate \
                     connections enable {}",
                    plain(&one.connection),
                    plain(&one.connection)
                );
                client.output.done(&sentence, &made)
            }
            Self::Revoke { one, link } => {
                let path = format!("{}{}", client.connection(&one).await?, SETUP_LINKS.path);
                let id = client.id(&SETUP_LINKS, &path, &link).await?;
                let nothing = client.api.delete(&format!("{path}/{id}")).await?;
                client.output.done(&format!("The link {id} opens nothing any more."), &nothing)
            }
        }
    }
}
