//! Invitations: people who are not here yet.

use super::{
    Client, Common,
    api::Body,
    noun::INVITATIONS,
    output::Output,
    stop::{Code, Stop},
    table::plain,
    verbs::SearchOptions,
};
use crate::cli::say::say;
use ::http::Method;
use clap::Subcommand;
use serde_json::{Map, Value, json};

/// Where it is said who may be invited.
const SETTINGS: &str = "/invitation-settings";

/// `castgate invitations`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Invitations {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All of them, with their state and what became of their letters.
    #[command(after_help = "Examples:
  castgate invitations list
  castgate invitations list --filter 'state eq \"pending\" and delivery.state eq \"failed\"'")]
    List(SearchOptions),
    /// One of them.
    #[command(after_help = "Example:
  castgate invitations get ada@acme.example")]
    Get(One),
    /// Invites one or several addresses. Those that cannot be invited are told of; the others are invited.
    #[command(after_help = "Examples:
  castgate invitations create ada@acme.example grace@acme.example
  castgate invitations create ada@acme.example --role member --cluster prod-eu --group on-call --days 3")]
    Create {
        /// The addresses.
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<String>,
        #[command(flatten)]
        offer: Offer,
        #[command(flatten)]
        life: Life,
    },
    /// Changes what a pending invitation offers.
    #[command(after_help = "Examples:
  castgate invitations change ada@acme.example --role analyst
  castgate invitations change ada@acme.example --everywhere --no-groups")]
    Change {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        offer: Offer,
        /// In the whole organization, and no longer on some clusters alone.
        #[arg(long, conflicts_with = "cluster")]
        everywhere: bool,
        /// Without any group.
        #[arg(long, conflicts_with = "group")]
        no_groups: bool,
    },
    /// Sends it again, with a new link; the one before is dead.
    #[command(after_help = "Example:
  castgate invitations resend ada@acme.example")]
    Resend {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        life: Life,
    },
    /// Takes it back: its link is dead at once.
    #[command(after_help = "Example:
  castgate invitations revoke ada@acme.example --yes")]
    Revoke(One),
    /// Tells of a letter that came back after the mail server had taken it.
    #[command(after_help = "Example:
  castgate invitations bounced '<job_06h00krhv1t3jel88ooobccad0@castgate.example>' '5.1.1 no such mailbox'")]
    Bounced {
        /// The letter's Message-ID.
        message_id: String,
        /// What the bounce says.
        reason: String,
    },
    /// Whose addresses may be invited; with domains: says so from now on.
    #[command(after_help = "Examples:
  castgate invitations domains
  castgate invitations domains acme.example acme.test
  castgate invitations domains --any")]
    Domains {
        /// The domains; subdomains are named by themselves.
        domains: Vec<String>,
        /// Any address.
        #[arg(long, conflicts_with = "domains")]
        any: bool,
    },
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its id, or the address that is invited.
    invitation: String,
}

/// What is offered.
#[derive(Debug, clap::Args)]
struct Offer {
    /// Which role: owner, member, analyst, viewer, or the id of a custom one. Viewer unless it is said.
    #[arg(long)]
    role: Option<String>,
    /// On these clusters alone, by slug or id. Without it in the whole organization.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Vec<String>,
    /// Into these local groups, by name or id.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Life {
    /// Days until the link stops; 7 unless the operator set another time.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=90))]
    days: Option<u32>,
}

impl Offer {
    /// The fields that were said.
    fn said(self) -> Map<String, Value> {
        let Self { role, cluster, group } = self;
        let mut fields = Map::new();
        fields.extend(role.map(|role| ("role".to_owned(), json!(role))));
        fields.extend((!cluster.is_empty()).then(|| ("clusters".to_owned(), json!(cluster))));
        fields.extend((!group.is_empty()).then(|| ("groups".to_owned(), json!(group))));
        fields
    }
}

impl Invitations {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.search(&INVITATIONS, &options).await,
            Verb::Get(one) => client.output.one(&client.api.get(&client.invitation(&one).await?, &[]).await?),
            Verb::Create { addresses, offer, life } => client.invite(addresses, offer, life).await,
            Verb::Change { one, offer, everywhere, no_groups } => {
                let path = client.invitation(&one).await?;
                let mut fields = offer.said();
                fields.extend(everywhere.then(|| ("clusters".to_owned(), json!([]))));
                fields.extend(no_groups.then(|| ("groups".to_owned(), json!([]))));
                if fields.is_empty() {
                    return Err(Stop::usage(
                        "say what it offers: --role, --cluster, --everywhere, --group or --no-groups",
                    ));
                }
                let changed = client.api.send(Method::PATCH, &path, Body::Json(Value::Object(fields))).await?;
                client.output.done("The invitation is changed.", &changed)
            }
            Verb::Resend { one, life } => {
                let path = format!("{}/resend", client.invitation(&one).await?);
                let sent = client.api.post(&path, json!({"expires_in_days": life.days})).await?;
                client.output.done("The invitation is sent again; the link before is dead.", &sent)
            }
            Verb::Revoke(one) => {
                let path = client.invitation(&one).await?;
                client.confirm(&format!("The invitation of {} is taken back.", plain(&one.invitation)))?;
                let nothing = client.api.delete(&path).await?;
                client.output.done("The invitation is revoked.", &nothing)
            }
            Verb::Bounced { message_id, reason } => {
                let body = json!({"message_id": message_id, "reason": reason});
                let invitation = client.api.post("/invitation-bounces", body).await?;
                let email = plain(invitation["email"].as_str().unwrap_or("?"));
                client.output.done(&format!("It is noted that the letter to {email} came back."), &invitation)
            }
            Verb::Domains { domains, any } => {
                if domains.is_empty() && !any {
                    return client.output.one(&client.api.get(SETTINGS, &[]).await?);
                }
                let settings = Body::Json(json!({"domains": domains}));
                let now = client.api.send(Method::PUT, SETTINGS, settings).await?;
                let sentence = if any { "Any address may be invited." } else { "Only these domains may be invited." };
                client.output.done(sentence, &now)
            }
        }
    }
}

impl Client {
    /// The path of an invitation. Of several to one address the one that is pending is meant.
    async fn invitation(&self, one: &One) -> Result<String, Stop> {
        let path = INVITATIONS.path;
        if one.invitation.starts_with(INVITATIONS.prefix) {
            return Ok(format!("{path}/{}", self.id(&INVITATIONS, path, &one.invitation).await?));
        }
        let wanted = one.invitation.to_lowercase();
        let all = self.pages(&INVITATIONS, path, &[], None).await?;
        let to = |found: &&Value| found["email"].as_str().is_some_and(|email| email.to_lowercase() == wanted);
        let found: Vec<&Value> = all["items"].as_array().into_iter().flatten().filter(to).collect();
        let pending = found.iter().find(|found| found["state"] == "pending").or(found.last());
        match pending.and_then(|found| found["id"].as_str()) {
            Some(id) => Ok(format!("{path}/{id}")),
            None => Err(Stop::new(Code::NotFound, format!("there is no invitation to “{}”", plain(&one.invitation)))),
        }
    }

    /// Invites, and says of each address what became of it. Not all of them: the exit code says so.
    async fn invite(&self, addresses: Vec<String>, offer: Offer, life: Life) -> Result<(), Stop> {
        let said = offer.said();
        let one = |email: String| {
            let mut fields = said.clone();
            fields.insert("email".to_owned(), json!(email));
            fields
        };
        let asked = addresses.len();
        let invitations: Vec<_> = addresses.into_iter().map(one).collect();
        let body = json!({"invitations": invitations, "expires_in_days": life.days});
        let answer = self.api.post(INVITATIONS.path, body).await?;
        let results = || answer["results"].as_array().into_iter().flatten();
        match self.output {
            Output::Table => {
                for result in results() {
                    let email = plain(result["email"].as_str().unwrap_or_default());
                    match result["refused"]["detail"].as_str() {
                        Some(why) => say!("{email}: not invited: {}", plain(why)),
                        None => say!("{email}: invited"),
                    }
                }
            }
            Output::Name => {
                for id in results().filter_map(|result| result["invitation"]["id"].as_str()) {
                    say!("{}", plain(id));
                }
            }
            Output::Json | Output::Yaml | Output::Secret => self.output.one(&answer)?,
        }
        let invited = answer["invited"].as_u64().unwrap_or_default();
        if invited == asked as u64 { Ok(()) } else { Err(Stop::silent(Code::Conflict)) }
    }
}
