//! What happened.

use super::{
    Client, Common,
    noun::EVENTS,
    output::Output,
    stop::{Code, Stop},
    table,
};
use crate::cli::say::say;
use clap::Subcommand;
use serde_json::Value;
use std::time::Duration;

/// Between two looks of `--follow`.
const PAUSE: Duration = Duration::from_secs(2);
/// Events of one look; when more came in a pause, the next page is asked for.
const LOOK: usize = 100;

/// `castgate events`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Events {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The newest first; with --follow the oldest of them first, and then whatever happens.
    #[command(after_help = "Examples:
  castgate events list --limit 20
  castgate events list --about usr_06h00krhv1t3jel88ooobccad0
  castgate events list --follow -o json | jq .kind")]
    List {
        /// Only what is about this id: a person's, a group's, a connection's.
        #[arg(long, value_name = "ID")]
        about: Option<String>,
        /// At most so many.
        #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Stays, and prints what happens from now on.
        #[arg(long)]
        follow: bool,
    },
}

impl Events {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        let Verb::List { about, limit, follow } = self.verb;
        let query: Vec<(&'static str, String)> = about.into_iter().map(|id| ("subject", id)).collect();
        if follow {
            return client.follow(&query, limit as usize).await;
        }
        client.list(&EVENTS, EVENTS.path, &query, Some(limit as usize)).await
    }
}

impl Client {
    /// Looks again and again. A gateway that is away for a moment is waited for; one that refuses ends it.
    async fn follow(&self, query: &[(&'static str, String)], first: usize) -> Result<(), Stop> {
        let begin = self.pages(&EVENTS, EVENTS.path, query, Some(first)).await?;
        let mut items = begin["items"].as_array().cloned().unwrap_or_default();
        let mut seen = items.first().map(id);
        loop {
            items.iter().rev().try_for_each(|event| self.tell(event))?;
            tokio::time::sleep(PAUSE).await;
            items = match self.since(query, seen.as_deref()).await {
                Ok(items) => items,
                Err(stop) if stop.is(Code::Unavailable) => Vec::new(),
                Err(stop) => return Err(stop),
            };
            seen = items.first().map(id).or(seen);
        }
    }

    /// What is newer than the last one that was seen, the newest first. Ids sort by time.
    async fn since(&self, query: &[(&'static str, String)], seen: Option<&str>) -> Result<Vec<Value>, Stop> {
        let mut limit = LOOK;
        loop {
            let page = self.pages(&EVENTS, EVENTS.path, query, Some(limit)).await?;
            let items = page["items"].as_array().cloned().unwrap_or_default();
            let new = items.iter().take_while(|event| Some(id(event).as_str()) != seen).count();
            if new < items.len() || items.len() < limit || seen.is_none() {
                return Ok(items.into_iter().take(new).collect());
            }
            // All of them are new, and there may be more.
            limit *= 4;
        }
    }

    /// One event, on a line of its own.
    fn tell(&self, event: &Value) -> Result<(), Stop> {
        match self.output {
            Output::Table => {
                let rows = table::table(EVENTS.columns, std::slice::from_ref(event));
                say!("{}", rows.lines().skip(1).collect::<Vec<_>>().join("\n"));
            }
            // A line for each event, for programs that read line by line.
            Output::Json => say!("{event}"),
            Output::Yaml => {
                say!("---");
                self.output.one(event)?;
            }
            Output::Name | Output::Secret => self.output.one(event)?,
        }
        Ok(())
    }
}

fn id(event: &Value) -> String {
    event["id"].as_str().unwrap_or_default().to_owned()
}
