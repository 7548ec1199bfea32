//! Who one is, and where.

use super::{
    Common,
    contexts::Place,
    output::Output,
    stop::{Code, Stop},
    table::{
        self,
        Show::{Text, With},
        column, plain,
    },
};
use crate::cli::say::say;
use clap::Subcommand;
use serde_json::{Value, json};

/// `castgate whoami`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate whoami
  castgate whoami -o json | jq -r .organization.slug")]
pub(in crate::cli) struct Whoami {
    #[command(flatten)]
    common: Common,
}

impl Whoami {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        let me = client.api.get("/me", &[]).await?;
        match client.output {
            Output::Table => {
                let word = |pointer: &str| plain(me.pointer(pointer).and_then(Value::as_str).unwrap_or("–"));
                let you = |field: &str| plain(visitor(&me)[field].as_str().unwrap_or("–"));
                let roles: Vec<String> =
                    me["roles"].as_array().into_iter().flatten().filter_map(|role| role.as_str()).map(plain).collect();
                let (label, name) = (you("label"), you("user_name"));
                let facts = json!({
                    "you": if label == name { name } else { format!("{label} ({name})") },
                    "id": you("id"),
                    "organization": format!("{} ({})", word("/organization/name"), word("/organization/slug")),
                    "roles": if roles.is_empty() { vec!["none".to_owned()] } else { roles },
                    "gateway": client.api.origin(),
                });
                say!("{}", table::facts(&facts));
                Ok(())
            }
            Output::Name => {
                say!("{}", plain(visitor(&me)["id"].as_str().unwrap_or_default()));
                Ok(())
            }
            Output::Json | Output::Yaml | Output::Secret => client.output.one(&me),
        }
    }
}

/// Who a key belongs to: a person, or a machine.
pub(super) fn visitor(me: &Value) -> &Value {
    me.get("user").or_else(|| me.get("service_account")).unwrap_or(&Value::Null)
}

/// `castgate context`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ContextCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All of them; the one in use has a star.
    #[command(after_help = "Example:
  castgate context list")]
    List,
    /// Uses another one from now on.
    #[command(after_help = "Example:
  castgate context use acme")]
    Use {
        /// Its name.
        name: String,
    },
    /// Forgets one. Its key stays good: `castgate logout --context NAME` revokes it first.
    #[command(after_help = "Example:
  castgate context remove acme")]
    Remove {
        /// Its name.
        name: String,
    },
}

impl ContextCommand {
    pub(super) fn run(self) -> Result<(), Stop> {
        let place = Place::of_this_person()?;
        match self.verb {
            Verb::List => {
                let all = place.load()?;
                if all.contexts.is_empty() {
                    say!("No contexts yet. Sign in with: castgate login https://castgate.example");
                    return Ok(());
                }
                let columns = [
                    column("", "/current", With(|context| context["current"].as_str().unwrap_or_default().to_owned())),
                    column("NAME", "/name", Text),
                    column("ORGANIZATION", "/organization", Text),
                    column("YOU", "/user", Text),
                    column("GATEWAY", "/url", Text),
                ];
                let rows: Vec<_> = all.contexts.iter().map(|(name, context)| {
                    let current = if all.current.as_ref() == Some(name) { "*" } else { "" };
                    json!({"current": current, "name": name, "organization": context.organization, "user": context.user, "url": context.url})
                }).collect();
                say!("{}", table::table(&columns, &rows));
                Ok(())
            }
            Verb::Use { name } => place.change(|all| {
                all.find(Some(&name))?;
                all.current = Some(name.clone());
                say!("“{name}” is in use.");
                Ok(())
            }),
            Verb::Remove { name } => place.change(|all| match all.remove(&name) {
                Some(_) => {
                    say!("“{name}” is forgotten.");
                    Ok(())
                }
                None => Err(Stop::new(Code::NotFound, format!("there is no context “{}”", plain(&name)))),
            }),
        }
    }
}
