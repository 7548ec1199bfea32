//! Who tried to sign in, and what came of it.

use super::{Common, noun::SIGN_INS, stop::Stop};
use crate::model::SignInCode;
use clap::Subcommand;

/// `castgate sign-ins`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SignIns {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The newest first.
    #[command(after_help = "Examples:
  castgate sign-ins list --limit 20
  castgate sign-ins list --person ada@acme.example
  castgate sign-ins list --connection okta --failure no_rule_matched")]
    List {
        /// Only by this connection, by its id or name.
        #[arg(long, value_name = "CONNECTION")]
        connection: Option<String>,
        /// Only of this person: a user's id, or the address as it was typed.
        #[arg(long, value_name = "PERSON")]
        person: Option<String>,
        /// Only those that failed for this reason, such as state_lost.
        #[arg(long, value_name = "REASON")]
        failure: Option<crate::model::SignInFailure>,
        /// At most so many.
        #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// One attempt, by the code on the person's page: why it failed and what to do.
    #[command(after_help = "Examples:
  castgate sign-ins show K7QM-4XTD
  castgate sign-ins show 'k7qm 4xtd'")]
    Show {
        /// The code, as the person reads it out.
        code: SignInCode,
    },
}

impl SignIns {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List { connection, person, failure, limit } => {
                let mut query = Vec::new();
                if let Some(called) = connection {
                    query.push(("connection", client.connection_id(&called).await?));
                }
                query.extend(person.map(|person| ("person", person)));
                query.extend(failure.map(|failure| ("failure", failure.to_string())));
                client.list(&SIGN_INS, SIGN_INS.path, &query, Some(limit as usize)).await
            }
            Verb::Show { code } => client.output.one(&client.api.get(&format!("{}/{code}", SIGN_INS.path), &[]).await?),
        }
    }
}
