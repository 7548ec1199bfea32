//! Why somebody may do something, why not, and as of then.

use super::{
    Common,
    output::Output,
    stop::{Code, Stop},
    table::plain,
};
use crate::{cli::say::say, model::Instant};

/// `castgate why`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate why ada@acme.example --can manage-clusters --cluster prod-eu
  castgate why alice --can access-billing --at 2026-03-03T10:00Z
  castgate why me --can manage-members -o json | jq .rules

The exit code is 0 where they may, 4 where they may not.")]
pub(in crate::cli) struct Why {
    #[command(flatten)]
    common: Common,
    /// Who: an id, a user name, an e-mail address or what stands before its @; me: yourself.
    who: String,
    /// What: manage-clusters, view-clusters, access-billing, view-billing, monitor-costs, view-costs, manage-organization,
    /// manage-members or create-service-account-keys.
    #[arg(long, value_name = "CAPABILITY")]
    can: String,
    /// On this cluster: its slug. Without it in the whole organization.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// As of this moment, such as 2026-03-03T10:00Z. Without it now.
    #[arg(long, value_name = "MOMENT")]
    at: Option<Instant>,
}

impl Why {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        let mut query = vec![("can", self.can)];
        query.extend((self.who != "me").then_some(("subject", self.who)));
        query.extend(self.cluster.map(|cluster| ("cluster", cluster)));
        query.extend(self.at.map(|at| ("at", at.to_string())));
        let mut answer = client.api.get("/why", &query).await?;
        let allowed = answer["allowed"].as_bool().unwrap_or_default();
        let text = answer["text"].take();
        match client.output {
            Output::Table => {
                for line in text.as_str().unwrap_or_default().lines() {
                    say!("{}", plain(line));
                }
            }
            Output::Name => say!("{}", if allowed { "yes" } else { "no" }),
            Output::Json | Output::Yaml | Output::Secret => {
                if let Some(fields) = answer.as_object_mut() {
                    fields.remove("text");
                }
                client.output.one(&answer)?;
            }
        }
        if allowed { Ok(()) } else { Err(Stop::silent(Code::Forbidden)) }
    }
}
