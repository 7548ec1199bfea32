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
use std::time::{Duration, Instant};

/// Where the events are in their order.
const FEED: &str = "/events/feed";
/// Between two tries to reach a gateway that is away.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest that is waited because the gateway asks for it.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);
/// An empty answer that comes earlier than this was not waited for: then the next question waits as long.
const EARLY: Duration = Duration::from_secs(1);
/// Seconds that the gateway waits for something to happen.
const WAIT: &str = "25";
/// Events of one answer.
const LOOK: &str = "500";

/// `castgate events`
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  castgate events --follow
  castgate events --follow --after 1200 -o json | jq .kind"
)]
pub(in crate::cli) struct Events {
    #[command(flatten)]
    common: Common,
    /// Prints what happens from now on, in order and without a gap, until it is stopped.
    #[arg(long)]
    follow: bool,
    /// With --follow: begins behind the event of this number; 0: with the first.
    #[arg(long, value_name = "NUMBER", requires = "follow")]
    after: Option<u64>,
    #[command(subcommand)]
    verb: Option<Verb>,
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
        if self.follow == self.verb.is_some() {
            return Err(Stop::usage("say --follow, or a command such as list"));
        }
        let Some(Verb::List { about, limit, follow }) = self.verb else {
            let after = match self.after {
                Some(number) => number,
                None => client.newest().await?,
            };
            return client.follow(after, None).await;
        };
        let query: Vec<(&'static str, String)> = about.iter().map(|id| ("subject", id.clone())).collect();
        if !follow {
            return client.list(&EVENTS, EVENTS.path, &query, Some(limit as usize)).await;
        }
        // First the number, then the list: what happens in between is in both, and is printed once.
        let newest = client.newest().await?;
        let begin = client.pages(&EVENTS, EVENTS.path, &query, Some(limit as usize)).await?;
        let items = begin["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_known = |event: &&Value| event["number"].as_u64().is_some_and(|number| number <= newest);
        items.iter().rev().filter(is_known).try_for_each(|event| client.tell(event))?;
        client.follow(newest, about.as_deref()).await
    }
}

impl Client {
    /// The number of the newest event.
    async fn newest(&self) -> Result<u64, Stop> {
        let feed = self.api.get(FEED, &[("limit", "1".to_owned())]).await?;
        Ok(feed["newest"].as_u64().unwrap_or_default())
    }

    /// Asks again and again for what is behind the last number. A gateway that is away or has no time for a moment is waited
    /// for; one that refuses ends it.
    async fn follow(&self, mut after: u64, about: Option<&str>) -> Result<(), Stop> {
        loop {
            let query = [("after", after.to_string()), ("wait", WAIT.to_owned()), ("limit", LOOK.to_owned())];
            let asked = Instant::now();
            let feed = match self.api.get(FEED, &query).await {
                Ok(feed) => feed,
                Err(stop) if stop.is(Code::Unavailable) => {
                    tokio::time::sleep(stop.retry_after().map_or(PAUSE, |asks| asks.clamp(EARLY, LONGEST_PAUSE))).await;
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            let items = feed["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            let is_about = |event: &&Value| {
                // Of an event about very many, not all are named: it may be about this one.
                about.is_none_or(|id| {
                    let mut named = event["subjects"].as_array().into_iter().flatten();
                    named.any(|one| one == id) || event["subjects_in_all"].is_u64()
                })
            };
            items.iter().filter(is_about).try_for_each(|event| self.tell(event))?;
            if items.is_empty() && asked.elapsed() < EARLY {
                tokio::time::sleep(EARLY).await;
            }
            after = feed["next"].as_u64().ok_or_else(|| Stop::wrong("the answer does not say what comes next"))?;
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
