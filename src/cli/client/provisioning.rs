//! What providers asked for over SCIM, and what came of it.

use super::{Common, noun::PUSHES, stop::Stop};
use crate::filter::{Dialect, FilterError, parse};
use clap::Subcommand;

/// `castgate provisioning`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Provisioning {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The newest first.
    #[command(after_help = "Examples:
  castgate provisioning list --limit 20
  castgate provisioning list --failed                          # what was refused, and why
  castgate provisioning list --about usr_06h00krhv1t3jel88ooobccad0
  castgate provisioning list --filter 'access.lost gt 0 or change.members_removed gt 10'
  castgate provisioning list --filter 'tolerances.name eq \"string_boolean\"' -o json")]
    List {
        /// Only what this filter finds: the language of SCIM (RFC 7644) over the fields that -o json shows.
        #[arg(long, value_name = "FILTER", value_parser = read)]
        filter: Option<String>,
        /// Only of this connection, by its id or name.
        #[arg(long, value_name = "CONNECTION")]
        connection: Option<String>,
        /// Only what is about this user or group.
        #[arg(long, value_name = "ID")]
        about: Option<String>,
        /// Only what was refused or went wrong.
        #[arg(long)]
        failed: bool,
        /// At most so many.
        #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
}

/// The text as it is, if it is a filter: the gateway reads it, and a mistake is told before it is asked.
fn read(text: &str) -> Result<String, FilterError> {
    parse(text, Dialect::Tolerant).map(|_| text.to_owned())
}

impl Provisioning {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        let Verb::List { filter, connection, about, failed, limit } = self.verb;
        let connection = match connection {
            Some(called) => Some(client.connection_id(&called).await?),
            None => None,
        };
        let equals = |field: &str, value: String| format!("{field} eq {}", serde_json::Value::from(value));
        let conditions: Vec<String> = filter
            .map(|filter| format!("({filter})"))
            .into_iter()
            .chain(connection.map(|id| equals("connection", id)))
            .chain(about.map(|id| equals("resource", id)))
            .chain(failed.then(|| "status ge 400".to_owned()))
            .collect();
        let query = if conditions.is_empty() { Vec::new() } else { vec![("filter", conditions.join(" and "))] };
        client.list(&PUSHES, PUSHES.path, &query, Some(limit as usize)).await
    }
}
