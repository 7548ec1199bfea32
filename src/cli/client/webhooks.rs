//! Webhooks: who is told what happens.

use super::{
    Client, Common,
    api::Body,
    noun::{DELIVERIES, WEBHOOKS},
    stop::Stop,
    table::plain,
    verbs::ListOptions,
};
use ::http::Method;
use clap::Subcommand;
use serde_json::{Value, json};

/// `castgate webhooks`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Webhooks {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its id or name.
    webhook: String,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All of them, and how they stand.
    #[command(after_help = "Example:
  castgate webhooks list")]
    List(ListOptions),
    /// Has an address told what happens from now on. Its secret is shown once.
    #[command(after_help = "Examples:
  castgate webhooks create siem https://siem.example.com/in
  castgate webhooks create offboarding https://hr.example.com/hook --kind user.suspended --kind user.removed")]
    Create {
        /// What you call it.
        name: String,
        /// Where events are sent.
        url: String,
        /// Only events of this kind, such as user.suspended; may be given several times.
        #[arg(long = "kind", value_name = "KIND")]
        kinds: Vec<String>,
    },
    /// Changes one; what is not said stays as it is.
    #[command(after_help = "Examples:
  castgate webhooks set siem --on
  castgate webhooks set siem --url https://siem.example.com/v2")]
    Set {
        #[command(flatten)]
        one: One,
        /// Another name.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Another address.
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Only events of these kinds from now on.
        #[arg(long = "kind", value_name = "KIND", conflicts_with = "every_kind")]
        kinds: Vec<String>,
        /// Events of every kind from now on.
        #[arg(long)]
        every_kind: bool,
        /// Switches it on: it goes on where it stopped.
        #[arg(long, conflicts_with = "off")]
        on: bool,
        /// Switches it off.
        #[arg(long)]
        off: bool,
    },
    /// Deletes one.
    #[command(after_help = "Example:
  castgate webhooks delete siem")]
    Delete(One),
    /// Sends a message that tells of nothing, and says what came of it.
    #[command(after_help = "Example:
  castgate webhooks test siem")]
    Test(One),
    /// Gives one another secret; the one before signs as well for a while.
    #[command(after_help = "Example:
  castgate webhooks rotate siem --overlap-hours 48")]
    Rotate {
        #[command(flatten)]
        one: One,
        /// How long both sign.
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        overlap_hours: u32,
    },
    /// What one was sent and what came of it, the newest first.
    #[command(after_help = "Example:
  castgate webhooks deliveries siem --limit 20")]
    Deliveries {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Sends an event once more, and says what came of it.
    #[command(after_help = "Example:
  castgate webhooks redeliver siem dlv_06h00krhv1t3jel88ooobccad0")]
    Redeliver {
        #[command(flatten)]
        one: One,
        /// The delivery's id.
        delivery: String,
    },
}

impl Webhooks {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.list(&WEBHOOKS, WEBHOOKS.path, &[], options.limit()).await,
            Verb::Create { name, url, kinds } => {
                let made = client.api.post(WEBHOOKS.path, json!({"name": name, "url": url, "kinds": kinds})).await?;
                client.output.secret(&format!("The secret of webhook {}", plain(&name)), &made)
            }
            Verb::Set { one, name, url, kinds, every_kind, on, off } => {
                let path = client.webhook(&one).await?;
                let active = (on || off).then_some(on);
                let kinds = (every_kind || !kinds.is_empty()).then_some(kinds);
                let mut body = json!({"name": name, "url": url, "kinds": kinds, "active": active});
                if let Value::Object(fields) = &mut body {
                    fields.retain(|_, value| !value.is_null());
                }
                let changed = client.api.send(Method::PATCH, &path, Body::Json(body)).await?;
                client.output.done(&format!("Webhook {} is changed.", plain(&one.webhook)), &changed)
            }
            Verb::Delete(one) => {
                let path = client.webhook(&one).await?;
                let name = plain(&one.webhook);
                client.confirm(&format!("{name} is told nothing any more."))?;
                let nothing = client.api.delete(&path).await?;
                client.output.done(&format!("Webhook {name} is deleted."), &nothing)
            }
            Verb::Test(one) => {
                let path = client.webhook(&one).await?;
                client.told_of(&one, &client.api.post(&format!("{path}/test"), json!({})).await?)
            }
            Verb::Rotate { one, overlap_hours } => {
                let path = client.webhook(&one).await?;
                let body = json!({"overlap_hours": overlap_hours});
                let made = client.api.post(&format!("{path}/rotate"), body).await?;
                client.output.secret(&format!("The new secret of webhook {}", plain(&one.webhook)), &made)
            }
            Verb::Deliveries { one, options } => {
                let path = format!("{}{}", client.webhook(&one).await?, DELIVERIES.path);
                client.list(&DELIVERIES, &path, &[], options.limit()).await
            }
            Verb::Redeliver { one, delivery } => {
                let path = format!("{}{}", client.webhook(&one).await?, DELIVERIES.path);
                let id = client.id(&DELIVERIES, &path, &delivery).await?;
                client.told_of(&one, &client.api.post(&format!("{path}/{id}/redeliver"), json!({})).await?)
            }
        }
    }
}

impl Client {
    async fn webhook(&self, one: &One) -> Result<String, Stop> {
        let id = self.id(&WEBHOOKS, WEBHOOKS.path, &one.webhook).await?;
        Ok(format!("{}/{id}", WEBHOOKS.path))
    }

    /// What came of a message; one that was not taken ends the command as a failure.
    fn told_of(&self, one: &One, sent: &Value) -> Result<(), Stop> {
        let name = plain(&one.webhook);
        if sent["delivered"] == true {
            return self.output.done(&format!("{name} took it: {}.", sent["status"]), sent);
        }
        let why = plain(sent["error"].as_str().unwrap_or_default());
        Err(Stop::wrong(format!("{name} did not take it: {why}")))
    }
}
