//! Taking back what a provider took away by mistake.

use super::{Common, noun::ACCIDENTS, output::Output, stop::Stop, table::plain, verbs::ListOptions};
use crate::{cli::say::say, model::Instant};
use clap::Subcommand;
use serde_json::{Value, json};

/// `castgate undo`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate undo --source scim:okta --from 2026-11-21T08:00Z --to 2026-11-21T09:00Z
  castgate undo --source scim:okta --from 2026-11-21T08:00Z --to 2026-11-21T09:00Z --dry-run -o json

What would come back is shown first, and asked about. Sessions never come back.")]
pub(in crate::cli) struct Undo {
    #[command(flatten)]
    common: Common,
    /// Whose removals: scim: and a connection's name or id, such as scim:okta.
    #[arg(long, value_name = "SOURCE")]
    source: String,
    /// From this moment on,
    #[arg(long, value_name = "MOMENT")]
    from: Instant,
    /// up to this one.
    #[arg(long, value_name = "MOMENT")]
    to: Instant,
    /// Shows what would come back, and changes nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Undo {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        let mut wish = json!({"source": self.source, "from": self.from, "to": self.to});
        let preview = client.api.post("/undo/preview", wish.clone()).await?;
        if self.dry_run || client.output == Output::Table {
            show(client.output, &preview)?;
        }
        let counts = ["groups", "people", "activated", "memberships", "bindings"];
        if self.dry_run || counts.iter().all(|count| preview[count] == 0) {
            return Ok(());
        }
        client.confirm("Give all of that back?")?;
        wish["preview"].clone_from(&preview["preview"]);
        let done = client.api.post("/undo", wish).await?;
        match client.output {
            Output::Table => {
                say!("Done.");
                Ok(())
            }
            other @ (Output::Json | Output::Yaml | Output::Name | Output::Secret) => show(other, &done),
        }
    }
}

fn show(output: Output, undo: &Value) -> Result<(), Stop> {
    match output {
        Output::Table => {
            for line in undo["text"].as_str().unwrap_or_default().lines() {
                say!("{}", plain(line));
            }
            Ok(())
        }
        Output::Json | Output::Yaml | Output::Name | Output::Secret => {
            let mut undo = undo.clone();
            if let Some(fields) = undo.as_object_mut() {
                fields.remove("text");
            }
            output.one(&undo)
        }
    }
}

/// `castgate accidents`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Accidents {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The newest first.
    #[command(after_help = "Examples:
  castgate accidents list
  castgate accidents list --limit 1 -o json")]
    List {
        #[command(flatten)]
        options: ListOptions,
    },
}

impl Accidents {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        let Verb::List { options } = self.verb;
        client.list(&ACCIDENTS, ACCIDENTS.path, &[], options.limit()).await
    }
}
