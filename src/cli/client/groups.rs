//! Groups: those that providers push to look at, local ones to change.

use super::{
    Client, Common,
    noun::{GROUPS, MACHINES, MEMBERS, USERS},
    output::Output,
    role_changes::KeyOptions,
    stop::{Code, Stop},
    table::{self, plain},
    verbs::SearchOptions,
};
use crate::cli::say::say;
use ::http::Method;
use clap::Subcommand;
use serde_json::json;

/// `castgate groups`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Groups {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All groups, pushed and local.
    #[command(after_help = "Examples:
  castgate groups list
  castgate groups list --filter 'origin eq \"local\"' -o yaml")]
    List(SearchOptions),
    /// One group, and who is in it.
    #[command(after_help = "Examples:
  castgate groups get castai-owners
  castgate groups get grp_06h00krhv1t3jel88ooobccad0 -o json")]
    Get(One),
    /// Makes a local group. No rule matches it; people give it roles.
    #[command(after_help = "Examples:
  castgate groups create on-call
  castgate bindings create --group on-call --role member --cluster prod-eu")]
    Create {
        /// Its name.
        name: String,
    },
    /// Gives a local group another name.
    #[command(after_help = "Example:
  castgate groups rename on-call first-responders")]
    Rename {
        #[command(flatten)]
        one: One,
        /// Its new name.
        name: String,
    },
    /// Deletes a local group for good: whoever held a role by it loses it.
    #[command(after_help = "Example:
  castgate groups delete on-call --yes")]
    Delete {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        keys: KeyOptions,
    },
    /// Puts a person or a service account into a local group.
    #[command(after_help = "Example:
  castgate groups add on-call ada@acme.example")]
    Add(Pair),
    /// Takes a person or a service account out of a local group.
    #[command(after_help = "Example:
  castgate groups remove on-call ada@acme.example")]
    Remove(Pair),
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its id or name.
    group: String,
}

#[derive(Debug, clap::Args)]
struct Pair {
    #[command(flatten)]
    one: One,
    /// Who: a person's or a service account's id or name.
    member: String,
    #[command(flatten)]
    keys: KeyOptions,
}

impl Groups {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.search(&GROUPS, &options).await,
            Verb::Get(one) => client.show_group(&one).await,
            Verb::Create { name } => {
                let group = client.api.post(GROUPS.path, json!({"name": name})).await?;
                client.output.done(&format!("Group {} is made.", plain(&name)), &group)
            }
            Verb::Rename { one, name } => {
                let path = client.group(&one).await?;
                let body = super::api::Body::Json(json!({"name": name}));
                let group = client.api.send(Method::PATCH, &path, body).await?;
                client.output.done(&format!("Group {} is called {} now.", plain(&one.group), plain(&name)), &group)
            }
            Verb::Delete { one, keys } => {
                let path = client.group(&one).await?;
                let name = plain(&one.group);
                client.confirm(&format!("Whoever holds a role by the group {name} loses it at once."))?;
                let gone = match client.api.delete(&path).await {
                    Err(stop) if stop.needs_preview() => {
                        let group = path.rsplit('/').next().unwrap_or_default();
                        let change = json!({"kind": "delete_group", "group": group});
                        return client.change_roles(change, &keys, &format!("Group {name} is deleted.")).await;
                    }
                    gone => gone?,
                };
                let count = |field: &str| gone[field].as_i64().unwrap_or_default();
                let sentence = format!(
                    "Group {name} is deleted; it had {} members and {} bindings.",
                    count("members"),
                    count("bindings")
                );
                client.output.done(&sentence, &gone)
            }
            Verb::Add(pair) => client.move_member((Method::PUT, "join"), pair, "is in").await,
            Verb::Remove(pair) => client.move_member((Method::DELETE, "leave"), pair, "is no longer in").await,
        }
    }
}

impl Client {
    /// The path of a group.
    async fn group(&self, one: &One) -> Result<String, Stop> {
        Ok(format!("{}/{}", GROUPS.path, self.id(&GROUPS, GROUPS.path, &one.group).await?))
    }

    async fn show_group(&self, one: &One) -> Result<(), Stop> {
        let path = self.group(one).await?;
        let mut group = self.api.get(&path, &[]).await?;
        if self.output != Output::Table {
            return self.output.one(&group);
        }
        let members = group.as_object_mut().and_then(|fields| fields.shift_remove("members"));
        say!("{}\n", table::facts(&group));
        self.output.list(&MEMBERS, &json!({"items": members}))
    }

    /// The id of a person, or of a service account when no person is called so.
    async fn member(&self, called: &str) -> Result<String, Stop> {
        if called.starts_with(MACHINES.prefix) {
            return self.id(&MACHINES, MACHINES.path, called).await;
        }
        match self.id(&USERS, USERS.path, called).await {
            Err(stop) if stop.is(Code::NotFound) => match self.id(&MACHINES, MACHINES.path, called).await {
                Err(machine) if machine.is(Code::NotFound) => Err(stop),
                found => found,
            },
            found => found,
        }
    }

    async fn move_member(&self, (method, kind): (Method, &str), pair: Pair, now: &str) -> Result<(), Stop> {
        let Pair { one, member, keys } = pair;
        let path = self.group(&one).await?;
        let id = self.member(&member).await?;
        let done = format!("{} {now} {}.", plain(&member), plain(&one.group));
        match self.api.send(method, &format!("{path}/members/{id}"), super::api::Body::Nothing).await {
            Err(stop) if stop.needs_preview() => {
                let group = path.rsplit('/').next().unwrap_or_default();
                self.change_roles(json!({"kind": kind, "group": group, "member": id}), &keys, &done).await
            }
            answer => self.output.done(&done, &answer?),
        }
    }
}
