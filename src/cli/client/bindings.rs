//! Who holds what: bindings, and the question whether somebody may.

use super::{
    Client, Common,
    noun::{BINDINGS, CLUSTERS, GROUPS, MACHINES, USERS},
    output::Output,
    role_changes::KeyOptions,
    stop::{Code, Stop},
    table::plain,
    verbs::ListOptions,
};
use crate::cli::say::say;
use clap::Subcommand;
use serde_json::{Map, Value, json};

/// `castgate bindings`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Bindings {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Who holds what, and what gave it to them.
    #[command(after_help = "Examples:
  castgate bindings list
  castgate bindings list --group castai-owners
  castgate bindings list --role owner --scope organization
  castgate bindings list --source person")]
    List {
        #[command(flatten)]
        subject: Subject,
        /// Only of this role.
        #[arg(long)]
        role: Option<String>,
        /// Only here: organization, or a cluster's slug or id.
        #[arg(long)]
        scope: Option<String>,
        /// Only what this gave: person, rule, invitation, file or floor.
        #[arg(long)]
        source: Option<String>,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Gives a role. Nobody gives what they do not hold.
    #[command(after_help = "Examples:
  castgate bindings create --user ada@acme.example --role analyst
  castgate bindings create --group on-call --role member --cluster prod-eu --until 2027-01-31
  castgate bindings create --user ada@acme.example --role viewer --cluster prod-eu --cluster prod-us")]
    Create {
        #[command(flatten)]
        subject: Subject,
        /// Which role: owner, member, analyst, viewer, or the id of a custom one.
        #[arg(long)]
        role: String,
        /// On this cluster alone: its slug or id; several times for several clusters. Without it in the whole organization.
        #[arg(long = "cluster", value_name = "CLUSTER")]
        clusters: Vec<String>,
        /// Until the end of this day, UTC, or until a moment such as 2027-01-31T12:00:00Z.
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
        #[command(flatten)]
        keys: KeyOptions,
    },
    /// Takes what a person gave, at every cluster for which it was given in one go. What a rule gave is taken by changing the
    /// mapping.
    #[command(after_help = "Examples:
  castgate bindings delete bnd_06h00krhv1t3jel88ooobccad0
  castgate bindings delete bnd_06h00krhv1t3jel88ooobccad0 --cluster prod-eu")]
    Delete {
        /// Its id.
        binding: String,
        /// Only on this one of its clusters: its slug or id.
        #[arg(long, value_name = "CLUSTER")]
        cluster: Option<String>,
        #[command(flatten)]
        keys: KeyOptions,
    },
}

/// Whom it is about.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Subject {
    /// A person: their id, user name or e-mail address.
    #[arg(long)]
    user: Option<String>,
    /// A group: its id or name.
    #[arg(long)]
    group: Option<String>,
    /// A service account: its id or name.
    #[arg(long, value_name = "ACCOUNT")]
    service_account: Option<String>,
}

impl Subject {
    /// The id; none when nobody was named.
    async fn id(&self, client: &Client) -> Result<Option<String>, Stop> {
        let named = [(&USERS, &self.user), (&GROUPS, &self.group), (&MACHINES, &self.service_account)];
        for (noun, called) in named {
            if let Some(called) = called {
                return client.id(noun, noun.path, called).await.map(Some);
            }
        }
        Ok(None)
    }
}

impl Bindings {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List { subject, role, scope, source, options } => {
                let asked =
                    [("subject", subject.id(&client).await?), ("role", role), ("scope", scope), ("source", source)];
                let query: Vec<_> = asked.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
                client.list_bindings(&query, options.limit()).await
            }
            Verb::Create { subject, role, clusters, until, keys } => {
                let id = subject.id(&client).await?;
                let id = id.ok_or_else(|| Stop::usage("say whom: --user, --group or --service-account"))?;
                let mut new = Map::from_iter([("subject".to_owned(), json!(id)), ("role".to_owned(), json!(role))]);
                new.extend((!clusters.is_empty()).then(|| ("clusters".to_owned(), json!(clusters))));
                new.extend(until.map(|until| ("until".to_owned(), json!(moment(until)))));
                let done = format!("The role {} is given.", plain(&role));
                match client.api.post(BINDINGS.path, Value::Object(new.clone())).await {
                    Err(stop) if stop.needs_preview() => {
                        new.insert("kind".to_owned(), json!("give"));
                        client.change_roles(Value::Object(new), &keys, &done).await
                    }
                    binding => client.output.done(&done, &binding?),
                }
            }
            Verb::Delete { binding, cluster, keys } => {
                let id = client.id(&BINDINGS, BINDINGS.path, &binding).await?;
                let id = match &cluster {
                    None => id,
                    Some(cluster) => client.binding_at(&id, cluster).await?,
                };
                let together = cluster.is_none();
                client.confirm("Whoever held this role by it loses it at once.")?;
                match client.api.delete(&format!("{}/{id}?together={together}", BINDINGS.path)).await {
                    Err(stop) if stop.needs_preview() => {
                        let change = json!({"kind": "take", "binding": id, "together": together});
                        client.change_roles(change, &keys, "The role is taken.").await
                    }
                    nothing => client.output.done("The role is taken.", &nothing?),
                }
            }
        }
    }
}

impl Client {
    /// A table has what one act gave at several clusters as one line; programs get every binding.
    async fn list_bindings(&self, query: &[(&'static str, String)], limit: Option<usize>) -> Result<(), Stop> {
        let mut list = self.pages(&BINDINGS, BINDINGS.path, query, limit).await?;
        if matches!(self.output, Output::Table | Output::Name)
            && let Value::Array(rows) = list["items"].take()
        {
            list["items"] = json!(together(rows));
        }
        self.output.list(&BINDINGS, &list)
    }

    /// Of what one act gave, the binding at this cluster.
    async fn binding_at(&self, id: &str, cluster: &str) -> Result<String, Stop> {
        let at = self.id(&CLUSTERS, CLUSTERS.path, cluster).await?;
        let one = self.api.get(&format!("{}/{id}", BINDINGS.path), &[]).await?;
        let subject = one["subject"]["id"].as_str().unwrap_or_default().to_owned();
        let all = self.pages(&BINDINGS, BINDINGS.path, &[("subject", subject)], None).await?;
        let fits = |other: &&Value| of_one_act(&one, other) && other["scope"]["id"] == json!(at);
        let found = all["items"].as_array().into_iter().flatten().find(fits).and_then(|found| found["id"].as_str());
        let none = || Stop::new(Code::NotFound, format!("{} was not given at cluster “{}”", plain(id), plain(cluster)));
        found.map(str::to_owned).ok_or_else(none)
    }
}

/// Whether one act gave both.
fn of_one_act(one: &Value, other: &Value) -> bool {
    ["subject", "role", "source", "until", "author", "since"].iter().all(|field| one[*field] == other[*field])
}

/// What one act gave at several places as one row: the first, with all the places.
fn together(rows: Vec<Value>) -> Vec<Value> {
    let mut acts: Vec<Value> = Vec::new();
    for row in rows {
        let place = row["scope"].clone();
        if let Some(act) = acts.iter_mut().find(|act| of_one_act(act, &row)) {
            if let Value::Array(places) = &mut act["scopes"] {
                places.push(place);
            }
            continue;
        }
        let mut act = row;
        act["scopes"] = json!([place]);
        acts.push(act);
    }
    acts
}

/// A day is meant to its end, as the mapping means it.
fn moment(until: String) -> String {
    if until.len() == "2027-01-31".len() { format!("{until}T23:59:59Z") } else { until }
}

/// `castgate can`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate can ada@acme.example manage-clusters --cluster prod-eu
  castgate can me view-billing && echo yes

Exit codes: 0 they may, 4 they may not.")]
pub(in crate::cli) struct Can {
    #[command(flatten)]
    common: Common,
    /// Who: an id, a user name or an e-mail address; me: yourself.
    who: String,
    /// What: manage-clusters, view-clusters, access-billing, view-billing, monitor-costs, view-costs, manage-organization,
    /// manage-members or create-service-account-keys.
    capability: String,
    /// On this cluster: its slug. Without it in the whole organization.
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
}

impl Can {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        let mut check = Map::from_iter([("can".to_owned(), json!(self.capability))]);
        check.extend((self.who != "me").then(|| ("subject".to_owned(), json!(self.who))));
        check.extend(self.cluster.map(|cluster| ("cluster".to_owned(), json!(cluster))));
        let mut answer = client.api.post("/authorize", json!({"checks": [check]})).await?;
        let decision = answer["decisions"][0].take();
        let allowed = decision["allowed"].as_bool().unwrap_or_default();
        let reason = plain(decision["reason"].as_str().unwrap_or_default());
        match client.output {
            Output::Table => say!("{}: {reason}", if allowed { "yes" } else { "no" }),
            Output::Name => say!("{}", if allowed { "yes" } else { "no" }),
            Output::Json | Output::Yaml | Output::Secret => client.output.one(&decision)?,
        }
        if allowed { Ok(()) } else { Err(Stop::silent(Code::Forbidden)) }
    }
}
