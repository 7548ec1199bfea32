//! The mapping: looked at, checked, planned, published.

use super::{
    Client, Common,
    api::Body,
    ask,
    output::Output,
    role_changes::KeyOptions,
    stop::Stop,
    table::{colourful, plain},
    verbs::waiting,
};
use crate::cli::{mapping, say::say};
use ::http::Method;
use clap::Subcommand;
use serde_json::{Value, json};
use std::{path::PathBuf, process::ExitCode};

/// The exit code of a plan that changes something.
const CHANGES: u8 = 2;

/// `castgate mapping`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Mapping {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The mapping in force.
    #[command(after_help = "Examples:
  castgate mapping show > mapping.yaml
  castgate mapping show --draft")]
    Show {
        /// The draft instead.
        #[arg(long)]
        draft: bool,
    },
    /// Says every mistake with its line and column, warns of what is probably not meant, and runs the mapping's own tests.
    ///
    /// Needs no gateway: say which connections and clusters there are. With --live they are those of your organization.
    #[command(after_help = "Examples:
  castgate mapping check mapping.yaml --connection okta --cluster prod-eu --cluster staging-eu
  castgate mapping check mapping.yaml --live")]
    Check {
        #[command(flatten)]
        local: mapping::Check,
        /// Checks against your organization as it is now.
        #[arg(long, conflicts_with_all = ["connections", "clusters"])]
        live: bool,
    },
    /// Saves a mapping that is not in force yet, for others to look at.
    #[command(after_help = "Example:
  castgate mapping draft mapping.yaml")]
    Draft(Text),
    /// What publishing would do: who gains, who loses, whose keys carry less. Changes nothing.
    ///
    /// Exit codes: 0 nothing would change, 2 something would, 1 the mapping is wrong.
    #[command(after_help = "Examples:
  castgate mapping plan mapping.yaml
  castgate mapping plan - -o json < mapping.yaml")]
    Plan(Text),
    /// Puts a mapping in force, after showing what that does.
    #[command(after_help = "Examples:
  castgate mapping publish mapping.yaml
  castgate mapping publish mapping.yaml --yes")]
    Publish {
        #[command(flatten)]
        text: Text,
        #[command(flatten)]
        keys: KeyOptions,
    },
}

#[derive(Debug, clap::Args)]
struct Text {
    /// The mapping config; -: standard input.
    file: PathBuf,
}

impl Mapping {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        let open = || self.common.open();
        match self.verb {
            Verb::Show { draft } => open()?.show_mapping(draft).await,
            Verb::Check { local, live: false } => local.run().map_err(|failure| Stop::wrong(failure.0)),
            Verb::Check { local, live: true } => {
                let found =
                    open()?.with_mapping(Method::POST, "/mapping/check", ask::text(&local.file)?, "Checking …").await?;
                Ok(found)
            }
            Verb::Draft(Text { file }) => {
                let text = ask::text(&file)?;
                open()?.with_mapping(Method::PUT, "/mapping/draft", text, "Saving …").await
            }
            Verb::Plan(Text { file }) => {
                let (client, text) = (open()?, ask::text(&file)?);
                let plan = client.plan(text).await?;
                client.show_plan(&plan)?;
                Ok(if changes(&plan) { ExitCode::from(CHANGES) } else { ExitCode::SUCCESS })
            }
            Verb::Publish { text: Text { file }, keys } => open()?.publish(ask::text(&file)?, &keys).await,
        }
    }
}

impl Client {
    async fn show_mapping(&self, draft: bool) -> Result<ExitCode, Stop> {
        let answer = self.api.get("/mapping", &[]).await?;
        let text = if draft { &answer["draft"] } else { &answer["in_force"]["text"] };
        match (self.output, text.as_str()) {
            // As it was written: it is meant to go into a file.
            (Output::Table, Some(text)) => say!("{}", text.trim_end_matches('\n')),
            (Output::Table, None) if draft => say!("No draft."),
            (Output::Table, None) => {
                say!("No mapping is in force yet. Put one in force with: castgate mapping publish FILE");
            }
            (Output::Name, _) => {
                if let Some(version) = answer["in_force"]["version"].as_i64() {
                    say!("{version}");
                }
            }
            (Output::Json | Output::Yaml | Output::Secret, _) => self.output.one(&answer)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Sends a mapping to be looked at; what was found decides the exit code.
    async fn with_mapping(
        &self,
        method: Method,
        path: &str,
        text: String,
        what: &'static str,
    ) -> Result<ExitCode, Stop> {
        let drafted = method == Method::PUT;
        let bar = waiting(what);
        let found = self.api.send(method, path, Body::Yaml(text)).await?;
        bar.finish_and_clear();
        let good = found["ok"].as_bool().unwrap_or_default();
        if self.output == Output::Table {
            let text = found["text"].as_str().unwrap_or_default();
            text.lines().for_each(|line| say!("{}", plain(line)));
            match (good, drafted) {
                (true, true) => say!("The draft is saved."),
                (true, false) => say!("The mapping is right, and its tests hold."),
                (false, _) => say!("There is something to put right above."),
            }
        } else {
            self.output.one(&found)?;
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn plan(&self, text: String) -> Result<Value, Stop> {
        let bar = waiting("Looking at everybody …");
        let plan = self.api.send(Method::POST, "/mapping/plan", Body::Yaml(text)).await;
        bar.finish_and_clear();
        plan
    }

    fn show_plan(&self, plan: &Value) -> Result<(), Stop> {
        if self.output != Output::Table {
            return self.output.one(plan);
        }
        for warning in plan["warnings"].as_array().into_iter().flatten() {
            eprintln!("castgate: {}", plain(warning["message"].as_str().unwrap_or_default()));
        }
        let colour = colourful();
        for line in plan["text"].as_str().unwrap_or_default().trim_end().lines() {
            let line = plain(line);
            match line.as_bytes().first() {
                Some(b'+') if colour => say!("\u{1b}[32m{line}\u{1b}[0m"),
                Some(b'-') if colour => say!("\u{1b}[31m{line}\u{1b}[0m"),
                Some(_) | None => say!("{line}"),
            }
        }
        Ok(())
    }

    async fn publish(&self, text: String, keys: &KeyOptions) -> Result<ExitCode, Stop> {
        if !self.yes {
            let plan = self.plan(text.clone()).await?;
            if self.output == Output::Table {
                self.show_plan(&plan)?;
            }
            self.confirm("This mapping comes into force for everybody in the organization.")?;
        }
        let bar = waiting("Publishing …");
        let done = self.api.send(Method::POST, "/mapping/publish", Body::Yaml(text.clone())).await;
        bar.finish_and_clear();
        let done = match done {
            Err(stop) if stop.needs_preview() => {
                let change = json!({"kind": "publish", "text": text});
                self.change_roles(change, keys, "The mapping is in force.").await?;
                return Ok(ExitCode::SUCCESS);
            }
            done => done?,
        };
        if self.yes && self.output == Output::Table {
            self.show_plan(&done)?;
        }
        let version = done["version"].as_i64().unwrap_or_default();
        match self.output {
            Output::Name => say!("{version}"),
            Output::Table | Output::Json | Output::Yaml | Output::Secret => {
                self.output.done(&format!("Version {version} is in force."), &done)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether a plan does anything: to bindings, or (a new default) to people alone.
fn changes(plan: &Value) -> bool {
    let any = |pointer: &str| plan.pointer(pointer).and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    ["/diff/open", "/diff/close", "/impact/people"].into_iter().any(any)
}
