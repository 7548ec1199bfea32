//! The mapping: looked at, checked, planned, published.

mod publishing;

use super::{
    Client, Common,
    api::Body,
    ask,
    noun::Noun,
    output::Output,
    role_changes::KeyOptions,
    stop::Stop,
    table::{
        Show::{Moment, Text as Words},
        column, plain,
    },
    verbs::{ListOptions, waiting},
};
use crate::cli::{mapping, say::say};
use ::http::Method;
use clap::Subcommand;
use publishing::changes;
use std::{path::PathBuf, process::ExitCode};

/// Versions of the mapping.
const VERSIONS: Noun = Noun {
    one: "version",
    prefix: "",
    path: "/mapping/versions",
    names: &[],
    cursor: "after",
    columns: &[
        column("VERSION", "/version", Words),
        column("PUBLISHED", "/published_at", Moment),
        column("BY", "/author", Words),
        column("WHY", "/reason", Words),
    ],
    empty: "No mapping was published yet. Put one in force with: castgate mapping publish FILE",
};

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
        /// This version instead.
        #[arg(long, value_name = "NUMBER", conflicts_with = "draft")]
        version: Option<i64>,
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
    /// What publishing would do: who gains and who loses what and by which rule, whose keys carry less, who is left as an
    /// owner, which rules give nobody anything. Changes nothing, and holds nobody up.
    ///
    /// Exit codes: 0 nothing would change, 2 something would, 1 the mapping is wrong.
    #[command(after_help = "Examples:
  castgate mapping plan mapping.yaml
  castgate mapping plan - -o json < mapping.yaml")]
    Plan(Text),
    /// Puts a mapping in force, after showing what that does.
    ///
    /// What has become worse between the plan and the publication (a loss, a key or an owner that was not shown) is refused.
    #[command(after_help = "Examples:
  castgate mapping publish mapping.yaml --reason 'analysts see costs'
  castgate mapping plan mapping.yaml -o json | jq -r .plan
  castgate mapping publish mapping.yaml --plan pln_06h01qbn45r9t2euf2aprlbdqk --yes")]
    Publish {
        #[command(flatten)]
        text: Text,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        keys: KeyOptions,
    },
    /// Every version that was published, the newest first.
    #[command(after_help = "Example:
  castgate mapping versions --limit 5")]
    Versions {
        #[command(flatten)]
        list: ListOptions,
    },
    /// What changed from one version to another.
    #[command(after_help = "Examples:
  castgate mapping diff 7
  castgate mapping diff 7 --from 3")]
    Diff {
        /// The newer version.
        version: i64,
        /// The older one; the one before, if nothing is said.
        #[arg(long, value_name = "NUMBER")]
        from: Option<i64>,
    },
    /// Puts an old version in force again, as a new one: the same as publishing its text.
    #[command(after_help = "Example:
  castgate mapping revert 3 --reason 'the team is back'")]
    Revert {
        /// Which.
        version: i64,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        keys: KeyOptions,
    },
    /// All ways to become Owner of the organization: rules, bindings, invitations.
    Owners,
    /// Runs the last days of pushes and sign-ins under a mapping: what people would have had for a while, and not any more.
    #[command(after_help = "Example:
  castgate mapping replay mapping.yaml --days 14")]
    Replay {
        #[command(flatten)]
        text: Text,
        /// How many days.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
        days: u32,
    },
}

#[derive(Debug, clap::Args)]
struct Text {
    /// The mapping config; -: standard input.
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
struct How {
    /// Why, for whoever reads the versions.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// A plan that was looked at before. Without --yes one is made and shown.
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
}

impl Mapping {
    pub(super) async fn run(self) -> Result<ExitCode, Stop> {
        let open = || self.common.open();
        match self.verb {
            Verb::Show { version: Some(version), .. } => open()?.show_version(version).await,
            Verb::Show { draft, version: None } => open()?.show_mapping(draft).await,
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
            Verb::Publish { text: Text { file }, how, keys } => {
                open()?.publish(ask::text(&file)?, (how.reason, how.plan), &keys).await
            }
            Verb::Revert { version, how, keys } => {
                let client = open()?;
                let text = client.text_of(version).await?;
                let reason = how.reason.unwrap_or_else(|| format!("back to version {version}"));
                client.publish(text, (Some(reason), how.plan), &keys).await
            }
            Verb::Versions { list } => {
                let client = open()?;
                client.list(&VERSIONS, VERSIONS.path, &[], list.limit()).await?;
                Ok(ExitCode::SUCCESS)
            }
            Verb::Diff { version, from } => open()?.show_diff(version, from).await,
            Verb::Owners => open()?.show_owner_ways().await,
            Verb::Replay { text: Text { file }, days } => open()?.replay(ask::text(&file)?, days).await,
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
}
