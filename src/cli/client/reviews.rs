//! Access reviews: what nobody uses, what people decide about it, and the evidence.

use super::{
    Client, Common,
    noun::{PROPOSALS, REVIEWS},
    output::Output,
    role_changes::KeyOptions,
    stop::{Code, Stop},
    table::plain,
    verbs::SearchOptions,
};
use crate::cli::say::say;
use clap::Subcommand;
use serde_json::{Value, json};

/// Decisions that are sent at once.
const CHUNK: usize = 500;

/// `castgate reviews`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Reviews {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All of them, with how far they are.
    #[command(after_help = "Example:
  castgate reviews list")]
    List(SearchOptions),
    /// One of them.
    #[command(after_help = "Example:
  castgate reviews get spring")]
    Get(One),
    /// Looks for accounts, keys, invitations and roles that nobody uses, and keeps what it finds.
    #[command(after_help = "Examples:
  castgate reviews start spring
  castgate reviews start spring --account-days 180 --key-days 30 --group-of 5")]
    Start {
        /// What to call it.
        name: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// What one found, with the evidence and what was decided.
    #[command(after_help = "Examples:
  castgate reviews proposals spring
  castgate reviews proposals spring -o json | jq '.items[] | select(.kind == \"unused_key\")'")]
    Proposals(One),
    /// Decides about what one found. Nothing is changed until it is applied.
    #[command(after_help = "Examples:
  castgate reviews decide spring keep rvp_06h01qbn45r9t2euf2aprlbdqk --note 'on leave'
  castgate reviews decide spring remove --kind unused_key
  castgate reviews decide spring suspend --kind unused_account")]
    Decide {
        #[command(flatten)]
        one: One,
        /// keep, suspend, remove, reduce (Owner becomes Member) or group; undecided takes a decision back.
        verdict: String,
        /// Their ids.
        proposals: Vec<String>,
        /// All of this kind that are not decided: unused_account, unused_service_account, unused_key, stale_invitation,
        /// idle_owner, redundant_binding or common_binding.
        #[arg(long, conflicts_with = "proposals")]
        kind: Option<String>,
        /// Why.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Does what was decided. API keys that this touches are shown first: say with --keys what becomes of them.
    #[command(after_help = "Examples:
  castgate reviews apply spring
  castgate reviews apply spring --keys move:ci=agents --yes")]
    Apply {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        keys: KeyOptions,
    },
    /// Closes one: what was not decided stays as it is.
    #[command(after_help = "Example:
  castgate reviews close spring --yes")]
    Close(One),
    /// Prints one as evidence: JSON, or CSV in which no cell is a formula.
    #[command(after_help = "Examples:
  castgate reviews evidence spring > spring.json
  castgate reviews evidence spring --csv > spring.csv")]
    Evidence {
        #[command(flatten)]
        one: One,
        /// As CSV.
        #[arg(long)]
        csv: bool,
    },
}

#[derive(Debug, clap::Args)]
struct One {
    /// The review's id or name.
    review: String,
}

/// From when on something counts as unused.
#[derive(Debug, clap::Args)]
struct Limits {
    /// Days after which an account that nobody used is proposed.
    #[arg(long, default_value_t = 90)]
    account_days: u32,
    /// The same of an API key.
    #[arg(long, default_value_t = 90)]
    key_days: u32,
    /// The same of an invitation that nobody accepted.
    #[arg(long, default_value_t = 14)]
    invitation_days: u32,
    /// The same of an Owner who used nothing that only owners may do.
    #[arg(long, default_value_t = 90)]
    owner_days: u32,
    /// So many people with the same direct role are proposed to become a group.
    #[arg(long, default_value_t = 3)]
    group_of: u32,
}

impl Reviews {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.search(&REVIEWS, &options).await,
            Verb::Get(one) => client.output.one(&client.api.get(&client.review(&one).await?, &[]).await?),
            Verb::Start { name, limits } => {
                let Limits { account_days, key_days, invitation_days, owner_days, group_of } = limits;
                let limits = json!({
                    "account_days": account_days, "key_days": key_days, "invitation_days": invitation_days,
                    "owner_days": owner_days, "group_of": group_of,
                });
                let made = client.api.post(REVIEWS.path, json!({"name": name, "limits": limits})).await?;
                let found = &made["progress"]["proposals"];
                client.output.done(&format!("The review “{}” found {found} things.", plain(&name)), &made)
            }
            Verb::Proposals(one) => {
                let path = format!("{}/proposals", client.review(&one).await?);
                client.list(&PROPOSALS, &path, &[], None).await
            }
            Verb::Decide { one, verdict, proposals, kind, note } => {
                let path = client.review(&one).await?;
                client.decide(&path, (&verdict, &note), (proposals, kind.as_deref())).await
            }
            Verb::Apply { one, keys } => {
                let path = client.review(&one).await?;
                client.apply(&path, &keys).await
            }
            Verb::Close(one) => {
                let path = client.review(&one).await?;
                client.confirm(&format!("The review “{}” is closed.", plain(&one.review)))?;
                let closed = client.api.post(&format!("{path}/close"), json!({})).await?;
                client.output.done("The review is closed.", &closed)
            }
            Verb::Evidence { one, csv } => {
                let path = format!("{}/evidence", client.review(&one).await?);
                if csv {
                    say!("{}", client.api.text(&path, &[("format", "csv".to_owned())]).await?.trim_end());
                    return Ok(());
                }
                say!("{}", super::safe_json(&client.api.get(&path, &[]).await?));
                Ok(())
            }
        }
    }
}

impl Client {
    /// The path of a review.
    async fn review(&self, one: &One) -> Result<String, Stop> {
        Ok(format!("{}/{}", REVIEWS.path, self.id(&REVIEWS, REVIEWS.path, &one.review).await?))
    }

    async fn decide(
        &self,
        path: &str,
        (verdict, note): (&str, &str),
        (named, kind): (Vec<String>, Option<&str>),
    ) -> Result<(), Stop> {
        let proposals = match kind {
            None => named,
            Some(kind) => {
                let all = self.pages(&PROPOSALS, &format!("{path}/proposals"), &[], None).await?;
                let items = all["items"].as_array().cloned().unwrap_or_default();
                let fits = |one: &&Value| one["kind"] == kind && one["decided"].is_null();
                items.iter().filter(fits).filter_map(|one| one["id"].as_str().map(str::to_owned)).collect()
            }
        };
        if proposals.is_empty() {
            return Err(Stop::usage("nothing is left to decide so: name proposals by their ids, or a --kind"));
        }
        let verdict = (verdict != "undecided").then_some(verdict);
        let mut progress = Value::Null;
        for some in proposals.chunks(CHUNK) {
            let one = |id: &String| json!({"proposal": id, "verdict": verdict, "note": note});
            let body = json!({"decisions": some.iter().map(one).collect::<Vec<_>>()});
            progress = self.api.post(&format!("{path}/decisions"), body).await?;
        }
        let sentence =
            format!("{} decided; {} of {} in all.", proposals.len(), progress["decided"], progress["proposals"]);
        self.output.done(&sentence, &progress)
    }

    /// Applies piece by piece, each as it was previewed.
    async fn apply(&self, path: &str, options: &KeyOptions) -> Result<(), Stop> {
        let mut refused = 0;
        loop {
            let preview = self.api.post(&format!("{path}/preview"), json!({})).await?;
            let made = self.make_several(&format!("{path}/apply"), json!({}), (&preview, options)).await?;
            let results = made["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            refused += results.iter().filter(|one| !one["refused"].is_null()).count();
            // What is refused stays where it is: only what was done makes room for more.
            if results.is_empty() || made["made"] == 0 || refused > 0 {
                break;
            }
        }
        if self.output == Output::Table {
            say!("What was decided is done{}.", if refused > 0 { ", but for what stands above" } else { "" });
        }
        if refused == 0 { Ok(()) } else { Err(Stop::silent(Code::Conflict)) }
    }
}
