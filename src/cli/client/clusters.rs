//! Clusters.

use super::{Common, noun::CLUSTERS, stop::Stop, table::plain, verbs::SearchOptions};
use clap::Subcommand;
use serde_json::{Map, Value, json};

/// `castgate clusters`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Clusters {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All of them.
    #[command(after_help = "Example:
  castgate clusters list")]
    List(SearchOptions),
    /// Makes a cluster known: the mapping may speak of it from now on.
    #[command(after_help = "Examples:
  castgate clusters declare prod-eu
  castgate clusters declare prod-eu --name \"Production, Frankfurt\" --cast-ai-id 3f2504e0-4f89-11d3-9a0c-0305e82c3301")]
    Declare {
        /// Its short name in the mapping; unique in the organization.
        slug: String,
        /// The name that people read.
        #[arg(long)]
        name: Option<String>,
        /// Its id at Cast AI.
        #[arg(long, value_name = "ID")]
        cast_ai_id: Option<String>,
    },
}

impl Clusters {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.list(&CLUSTERS, CLUSTERS.path, &options.query(), options.limit()).await,
            Verb::Declare { slug, name, cast_ai_id } => {
                let mut new = Map::from_iter([("slug".to_owned(), json!(slug))]);
                new.extend(name.map(|name| ("name".to_owned(), json!(name))));
                new.extend(cast_ai_id.map(|id| ("external_id".to_owned(), json!(id))));
                let cluster = client.api.post(CLUSTERS.path, Value::Object(new)).await?;
                client.output.done(&format!("Cluster {} is declared.", plain(&slug)), &cluster)
            }
        }
    }
}
