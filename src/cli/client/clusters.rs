//! Clusters.

use super::{Common, api::Body, noun::CLUSTERS, stop::Stop, table::plain, verbs::SearchOptions};
use ::http::Method;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

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
    /// Gives a cluster another slug, name or Cast AI id. Rules that speak of it are evaluated again.
    #[command(after_help = "Example:
  castgate clusters change prod-eu --slug prod-frankfurt")]
    Change {
        /// Its id or slug.
        cluster: String,
        /// Its new short name in the mapping.
        #[arg(long)]
        slug: Option<String>,
        /// Its new name.
        #[arg(long)]
        name: Option<String>,
        /// Its new id at Cast AI; empty: it has none.
        #[arg(long, value_name = "ID")]
        cast_ai_id: Option<String>,
    },
    /// Removes a cluster: every role that holds there alone ends.
    #[command(after_help = "Example:
  castgate clusters remove staging-us --yes")]
    Remove {
        /// Its id or slug.
        cluster: String,
    },
    /// Reads the clusters at Cast AI now, and says what is new, gone or undecided.
    ///
    /// They are read by themselves as well, from time to time: `castgate clusters standing` says how that goes.
    #[command(after_help = "Example:
  castgate clusters sync")]
    Sync,
    /// Gives an API key of Cast AI's by which clusters are read from now on, and reads them. It is sealed and never shown again.
    #[command(after_help = "Examples:
  castgate clusters connect --key-file cast-ai-key.txt
  echo $CASTAI_API_KEY | castgate clusters connect --key-file -")]
    Connect {
        /// A file with the key; -: standard input. It needs to see clusters there, and nothing else.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Forgets the key of Cast AI's. Clusters stay as they are.
    #[command(after_help = "Example:
  castgate clusters disconnect --yes")]
    Disconnect,
    /// How reading clusters from Cast AI stands.
    #[command(after_help = "Example:
  castgate clusters standing")]
    Standing,
}

impl Clusters {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.search(&CLUSTERS, &options).await,
            Verb::Sync => client.sync_clusters().await,
            Verb::Connect { key_file } => client.connect_cast_ai(&key_file).await,
            Verb::Disconnect => client.disconnect_cast_ai().await,
            Verb::Standing => client.cast_ai_standing().await,
            Verb::Declare { slug, name, cast_ai_id } => {
                let new = said([
                    ("slug", Some(json!(slug))),
                    ("name", name.map(Value::from)),
                    ("external_id", cast_ai_id.map(Value::from)),
                ]);
                let cluster = client.api.post(CLUSTERS.path, new).await?;
                client.output.done(&format!("Cluster {} is declared.", plain(&slug)), &cluster)
            }
            Verb::Change { cluster, slug, name, cast_ai_id } => {
                let id = client.id(&CLUSTERS, CLUSTERS.path, &cluster).await?;
                let external = cast_ai_id.map(|id| if id.is_empty() { Value::Null } else { json!(id) });
                let change =
                    said([("slug", slug.map(Value::from)), ("name", name.map(Value::from)), ("external_id", external)]);
                let path = format!("{}/{id}", CLUSTERS.path);
                let changed = client.api.send(Method::PATCH, &path, Body::Json(change)).await?;
                client.output.done(&format!("Cluster {} is changed.", plain(&cluster)), &changed)
            }
            Verb::Remove { cluster } => {
                let id = client.id(&CLUSTERS, CLUSTERS.path, &cluster).await?;
                let slug = plain(&cluster);
                client.confirm(&format!("Every role that holds on {slug} alone ends at once."))?;
                let gone = client.api.delete(&format!("{}/{id}", CLUSTERS.path)).await?;
                let bindings = gone["bindings"].as_i64().unwrap_or_default();
                client.output.done(&format!("Cluster {slug} is removed, and {bindings} bindings with it."), &gone)
            }
        }
    }
}

/// An object of what was said; what was not said is left out.
fn said<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
}
