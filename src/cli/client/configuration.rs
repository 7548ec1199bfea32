//! A whole organization as a file: exported, planned, applied.

use super::{
    Client, Common, ask, output::Output, role_changes::KeyOptions, stop::Stop, table::painted, verbs::waiting,
};
use crate::cli::say::say;
use serde_json::{Value, json};
use std::{path::PathBuf, process::ExitCode};

/// The exit code of a plan that changes something.
const CHANGES: u8 = 2;

/// `castgate export`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  castgate export > acme.yaml

Secrets, and what providers, rules and invitations made, are not in it.")]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    common: Common,
}

/// `castgate plan`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate plan -f acme.yaml
  castgate plan -f acme.yaml --prune -o json

Exit codes: 0 nothing would change, 2 something would, 1 the document is wrong.")]
pub(in crate::cli) struct Plan {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    document: Document,
}

/// `castgate apply`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate apply -f acme.yaml
  castgate plan -f acme.yaml -o json | jq -r .plan
  castgate apply -f acme.yaml --plan cfp1_… --yes

What it does is shown first, and asked about. All of it is done, or nothing.")]
pub(in crate::cli) struct Apply {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    document: Document,
    /// A plan that was looked at before: when something else would be done by now, nothing is.
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    #[command(flatten)]
    keys: KeyOptions,
}

#[derive(Debug, clap::Args)]
struct Document {
    /// The document; -: standard input.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Deletes what the document's sections do not name. Without it that is left alone.
    #[arg(long)]
    prune: bool,
}

impl Document {
    /// The file's name, and what is sent of it.
    fn read(&self) -> Result<(String, Value), Stop> {
        let name = match self.file.as_os_str() == "-" {
            true => "document.yaml".to_owned(),
            false => self.file.display().to_string(),
        };
        Ok((name, json!({"text": ask::text(&self.file)?, "prune": self.prune})))
    }
}

impl Export {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        let exported = client.api.get("/configuration", &[]).await?;
        match (client.output, exported["text"].as_str()) {
            // It is meant to go into a file.
            (Output::Table | Output::Yaml, Some(text)) => say!("{}", text.trim_end_matches('\n')),
            (Output::Table | Output::Yaml, None) | (Output::Json | Output::Name | Output::Secret, _) => {
                client.output.one(&exported)?;
            }
        }
        Ok(())
    }
}

impl Plan {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        let client = self.common.open()?;
        let (name, wanted) = self.document.read()?;
        let plan = client.plan_document(&name, &wanted).await?;
        client.show_document_plan(&plan)?;
        Ok(if is_empty(&plan) { ExitCode::SUCCESS } else { ExitCode::from(CHANGES) })
    }
}

impl Apply {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        let client = self.common.open()?;
        let (name, mut wanted) = self.document.read()?;
        let mut plan = self.plan;
        if !client.yes {
            let shown = client.plan_document(&name, &wanted).await?;
            if client.output == Output::Table {
                client.show_document_plan(&shown)?;
            }
            if is_empty(&shown) {
                return if client.output == Output::Table { Ok(()) } else { client.output.one(&shown) }
                    .map(|()| ExitCode::SUCCESS);
            }
            client.confirm("All of that is done in one step.")?;
            // What was shown is what is done.
            plan = plan.or_else(|| shown["plan"].as_str().map(str::to_owned));
        }
        if let Some(plan) = plan {
            wanted["plan"] = json!(plan);
        }
        let bar = waiting("Applying …");
        let done = client.api.post("/configuration/apply", wanted.clone()).await;
        bar.finish_and_clear();
        let done = match done {
            Err(stop) if stop.needs_preview() => {
                wanted["kind"] = json!("configure");
                client.change_roles(wanted, &self.keys, "Done.").await?;
                return Ok(ExitCode::SUCCESS);
            }
            done => done.map_err(|stop| stop.of_file(&name))?,
        };
        if client.yes && client.output == Output::Table {
            client.show_document_plan(&done)?;
        }
        client.output.done(if is_empty(&done) { "There was nothing to do." } else { "Done." }, &done)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn is_empty(plan: &Value) -> bool {
    plan["changes"].as_array().is_none_or(Vec::is_empty)
}

impl Client {
    async fn plan_document(&self, name: &str, wanted: &Value) -> Result<Value, Stop> {
        let bar = waiting("Looking at everybody …");
        let plan = self.api.post("/configuration/plan", wanted.clone()).await;
        bar.finish_and_clear();
        plan.map_err(|stop| stop.of_file(name))
    }

    fn show_document_plan(&self, plan: &Value) -> Result<(), Stop> {
        if self.output != Output::Table {
            return self.output.one(plan);
        }
        for warning in plan["warnings"].as_array().into_iter().flatten() {
            eprintln!("castgate: {}", super::table::plain(warning["message"].as_str().unwrap_or_default()));
        }
        painted(plan["text"].as_str().unwrap_or_default());
        Ok(())
    }
}
