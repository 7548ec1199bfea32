//! People.

use super::{
    Client, Common,
    noun::{GROUPS, KEYS, MACHINES, USERS},
    output::Output,
    role_changes::KeyOptions,
    stop::{Code, Stop},
    table::plain,
    verbs::SearchOptions,
};
use clap::Subcommand;
use serde_json::{Value, json};

/// `castgate users`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Users {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: UserVerb,
}

#[derive(Debug, Subcommand)]
enum UserVerb {
    /// Everybody in the organization.
    #[command(after_help = "Examples:
  castgate users list
  castgate users list -o name | wc -l
  castgate users list --filter 'state eq \"suspended\" and attributes.title co \"Engineer\"'
  castgate users list -o json | jq -r .items[].email")]
    List(SearchOptions),
    /// One person: what is known of them, what they may do, and why.
    #[command(after_help = "Examples:
  castgate users get ada@acme.example
  castgate users get usr_06h00krhv1t3jel88ooobccad0 -o yaml")]
    Get(User),
    /// Gives somebody this role in the place of what people gave them before; what rules give stays.
    ///
    /// API keys that this touches are shown first, with their use: say with --keys what becomes of them.
    #[command(after_help = "Examples:
  castgate users role ada@acme.example analyst
  castgate users role ada@acme.example viewer --keys move:ci=agents
  castgate users role ada@acme.example member --cluster prod-eu --keys keep --yes")]
    Role {
        #[command(flatten)]
        user: User,
        /// owner, member, analyst, viewer, or the id of a custom one.
        role: String,
        /// On this cluster alone: its slug or id; several times for several clusters. Without it in the whole organization.
        #[arg(long = "cluster", value_name = "CLUSTER")]
        clusters: Vec<String>,
        #[command(flatten)]
        keys: KeyOptions,
    },
    /// Ends somebody's access at once: their sessions, and their keys while they are suspended.
    #[command(after_help = "Examples:
  castgate users suspend ada@acme.example
  castgate users suspend ada@acme.example --yes")]
    Suspend(User),
    /// Lets a suspended person in again.
    #[command(after_help = "Example:
  castgate users reactivate ada@acme.example")]
    Reactivate(User),
    /// Removes somebody for good: sessions and keys end, and what they were given is taken.
    #[command(after_help = "Examples:
  castgate users remove ada@acme.example
  castgate users remove ada@acme.example --yes")]
    Remove(User),
    /// Erases what is personal of somebody who is suspended or removed, for good: first it is shown what goes.
    ///
    /// Their id stays, and says nothing of who it was. Events that mention them lose what they said of them, and still verify.
    /// Backups and log files from before are not touched.
    #[command(after_help = "Examples:
  castgate users erase usr_06h00krhv1t3jel88ooobccad0
  castgate users erase ada@acme.example --preview
  castgate users erase ada@acme.example --confirm ada@acme.example")]
    Erase {
        /// Their id; of whoever is suspended also their user name or e-mail address.
        user: String,
        /// Shows what would go, and changes nothing.
        #[arg(long)]
        preview: bool,
        /// Their user name, letter by letter: needed where there is no terminal to ask at.
        #[arg(long, value_name = "USER_NAME", conflicts_with = "preview")]
        confirm: Option<String>,
    },
    /// Changes several people at once. Who cannot be changed is told of, the others are changed.
    ///
    /// API keys that this touches are shown first, with their use: say with --keys what becomes of them.
    #[command(after_help = "Examples:
  castgate users change ada@acme.example grace@acme.example --role viewer
  castgate users change ada@acme.example grace@acme.example --join on-call
  castgate users change $(castgate users list --filter 'title eq \"Intern\"' -o name) --suspend --yes")]
    Change {
        /// Their ids, user names or e-mail addresses.
        #[arg(required = true, value_name = "USER")]
        users: Vec<String>,
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        keys: KeyOptions,
    },
    /// How somebody signs in: whether there is a password, an authenticator app, and how many recovery codes are left.
    #[command(after_help = "Examples:
  castgate users sign-in
  castgate users sign-in ada@acme.example -o json")]
    SignIn(OneOrYou),
    /// Mails somebody a link to choose a password; without a name: yourself.
    #[command(after_help = "Examples:
  castgate users password-link
  castgate users password-link ada@acme.example")]
    PasswordLink(OneOrYou),
    /// Takes somebody's authenticator app away, with their recovery codes: they are signed out everywhere, and told.
    #[command(after_help = "Example:
  castgate users clear-second-factor ada@acme.example")]
    ClearSecondFactor(User),
    /// Where somebody is signed in.
    #[command(after_help = "Example:
  castgate users sessions ada@acme.example")]
    Sessions(User),
    /// Somebody's API keys.
    #[command(after_help = "Example:
  castgate users keys ada@acme.example")]
    Keys(User),
    /// Moves one of somebody's API keys to a service account: its secret and what it carries stay as they are.
    #[command(after_help = "Example:
  castgate users move-key ada@acme.example ci agents")]
    MoveKey {
        #[command(flatten)]
        user: User,
        /// The key's id or name.
        key: String,
        /// The service account's id or name.
        account: String,
    },
}

/// What is done with each of several people.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Gives them this role in the place of what people gave them before.
    #[arg(long)]
    role: Option<String>,
    /// Puts them into this local group.
    #[arg(long, value_name = "GROUP")]
    join: Option<String>,
    /// Takes them out of this local group.
    #[arg(long, value_name = "GROUP")]
    leave: Option<String>,
    /// Suspends them.
    #[arg(long)]
    suspend: bool,
    /// Takes a suspension back.
    #[arg(long)]
    reactivate: bool,
    /// Removes them.
    #[arg(long)]
    remove: bool,
}

#[derive(Debug, clap::Args)]
struct User {
    /// Their id, user name or e-mail address.
    user: String,
}

#[derive(Debug, clap::Args)]
struct OneOrYou {
    /// Their id, user name or e-mail address. Without it: you.
    user: Option<String>,
}

impl Users {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            UserVerb::List(options) => client.search(&USERS, &options).await,
            UserVerb::Get(User { user }) => {
                let id = client.id(&USERS, USERS.path, &user).await?;
                let mut person = client.api.get(&format!("/users/{id}"), &[]).await?;
                if client.output == Output::Table
                    && let Some(fields) = person.as_object_mut()
                {
                    // The sentences under `why` say the same.
                    fields.shift_remove("access");
                }
                client.output.one(&person)
            }
            UserVerb::Role { user: User { user }, role, clusters, keys } => {
                let id = client.id(&USERS, USERS.path, &user).await?;
                let mut change = json!({"kind": "set_role", "user": id, "role": role});
                if !clusters.is_empty() {
                    change["clusters"] = json!(clusters);
                }
                let done = format!("{} is {} now.", plain(&user), plain(&role));
                client.change_roles(change, &keys, &done).await
            }
            UserVerb::Suspend(User { user }) => {
                let id = client.id(&USERS, USERS.path, &user).await?;
                client.confirm(&format!("{} loses access at once: sessions end, keys stop.", plain(&user)))?;
                let person = client.api.post(&format!("/users/{id}/suspend"), json!({})).await?;
                client.output.done(&format!("{} is {}.", called(&person), word(&person["state"])), &person)
            }
            UserVerb::Reactivate(User { user }) => {
                let id = client.id(&USERS, USERS.path, &user).await?;
                let person = client.api.post(&format!("/users/{id}/reactivate"), json!({})).await?;
                client.output.done(&format!("{} is {}.", called(&person), word(&person["state"])), &person)
            }
            UserVerb::Remove(User { user }) => {
                let id = client.id(&USERS, USERS.path, &user).await?;
                let name = plain(&user);
                client.confirm(&format!(
                    "{name} is removed: sessions and keys end, and what they were given is taken."
                ))?;
                let nothing = client.api.delete(&format!("/users/{id}")).await?;
                client.output.done(&format!("{name} is removed."), &nothing)
            }
            UserVerb::Erase { user, preview, confirm } => client.erase(&user, (preview, confirm)).await,
            UserVerb::Change { users, what, keys } => client.change_people(&users, what, &keys).await,
            UserVerb::SignIn(whose) => {
                let id = client.one_or_me(whose).await?;
                client.output.one(&client.api.get(&format!("/users/{id}/sign-in"), &[]).await?)
            }
            UserVerb::PasswordLink(whose) => {
                let id = client.one_or_me(whose).await?;
                let nothing = client.api.post(&format!("/users/{id}/password-link"), json!({})).await?;
                client.output.done("A link to choose a password is on its way.", &nothing)
            }
            UserVerb::ClearSecondFactor(User { user }) => {
                let id = client.id(&USERS, USERS.path, &user).await?;
                let name = plain(&user);
                client.confirm(&format!(
                    "{name} signs in with the password alone from now on, and is signed out everywhere."
                ))?;
                let nothing = client.api.delete(&format!("/users/{id}/second-factor")).await?;
                client.output.done(&format!("{name} has no authenticator app any more."), &nothing)
            }
            UserVerb::Sessions(User { user }) => client.sessions_of(&user).await,
            UserVerb::MoveKey { user: User { user }, key, account } => {
                let path = format!("/users/{}/keys", client.id(&USERS, USERS.path, &user).await?);
                let id = client.id(&KEYS, &path, &key).await?;
                let to = client.id(&MACHINES, MACHINES.path, &account).await?;
                client.confirm(&format!("The key “{}” becomes that of {}.", plain(&key), plain(&account)))?;
                let moved = client.api.post(&format!("{path}/{id}/move"), json!({"to": to})).await?;
                client.output.done(&format!("Key {} is that of {} now.", plain(&key), plain(&account)), &moved["key"])
            }
            UserVerb::Keys(User { user }) => {
                let id = client.id(&USERS, USERS.path, &user).await?;
                client.list(&KEYS, &format!("/users/{id}/keys"), &[], None).await
            }
        }
    }
}

fn called(person: &Value) -> String {
    word(&person["user_name"])
}

fn word(value: &Value) -> String {
    plain(value.as_str().unwrap_or("?"))
}

impl Client {
    async fn change_people(&self, users: &[String], what: What, keys: &KeyOptions) -> Result<(), Stop> {
        let mut ids = Vec::with_capacity(users.len());
        for user in users {
            ids.push(self.id(&USERS, USERS.path, user).await?);
        }
        let change = match what {
            What { role: Some(role), .. } => json!({"kind": "set_role", "role": role}),
            What { join: Some(group), .. } => {
                json!({"kind": "join", "group": self.id(&GROUPS, GROUPS.path, &group).await?})
            }
            What { leave: Some(group), .. } => {
                json!({"kind": "leave", "group": self.id(&GROUPS, GROUPS.path, &group).await?})
            }
            What { suspend: true, .. } => json!({"kind": "suspend"}),
            What { reactivate: true, .. } => json!({"kind": "reactivate"}),
            What { .. } => json!({"kind": "remove"}),
        };
        let body = json!({"users": ids, "change": change});
        let preview = self.api.post("/member-changes/preview", body.clone()).await?;
        let made = self.make_several("/member-changes", body, (&preview, keys)).await?;
        if made["made"].as_u64() == Some(ids.len() as u64) { Ok(()) } else { Err(Stop::silent(Code::Conflict)) }
    }

    async fn erase(&self, user: &str, (preview, confirm): (bool, Option<String>)) -> Result<(), Stop> {
        let id = self.id(&USERS, USERS.path, user).await?;
        let path = format!("/users/{id}/erasure");
        let plan = self.api.get(&path, &[]).await?;
        if preview {
            return self.output.one(&plan);
        }
        let name = plan["confirm"].as_str().unwrap_or_default();
        let rows: u64 = plan["rows"].as_object().into_iter().flatten().filter_map(|(_, rows)| rows.as_u64()).sum();
        let left: Vec<&String> = plan["left"].as_object().into_iter().flatten().map(|(table, _)| table).collect();
        let left = match left.as_slice() {
            [] => String::new(),
            tables => {
                let tables: Vec<String> = tables.iter().map(|table| plain(table)).collect();
                format!(" They are still mentioned in {}: take that out yourself.", tables.join(", "))
            }
        };
        let common: Vec<String> = plan["common"].as_array().into_iter().flatten().map(word).collect();
        let common = match common.as_slice() {
            [] => String::new(),
            words => format!(
                " These words may mean others too, and are looked for only in what is about them: {}. They may stand \
                 elsewhere.",
                words.join(", ")
            ),
        };
        let question = format!(
            "What is personal of {} is erased for good: {rows} rows, and the details of {} events.{left}{common}",
            plain(name),
            plan["events"]
        );
        let confirm = Self::repeated(&question, &plain(name), confirm)?;
        let erased = self.api.post(&path, json!({"plan": plan["plan"], "confirm": confirm})).await?;
        self.output.done(&format!("What was personal of {id} is erased."), &erased)
    }

    async fn one_or_me(&self, whose: OneOrYou) -> Result<String, Stop> {
        match whose.user {
            Some(user) => self.id(&USERS, USERS.path, &user).await,
            None => self.me().await,
        }
    }
}
