//! The roles there are, and those that an organization makes for itself.

use super::{
    Client, Common, api::Body, noun::ROLES, role_changes::KeyOptions, stop::Stop, table::plain, verbs::ListOptions,
};
use ::http::Method;
use clap::Subcommand;
use serde_json::{Map, Value, json};

/// `castgate roles`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Roles {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The built-in roles and the organization's own, with their capabilities.
    #[command(after_help = "Example:
  castgate roles list")]
    List(ListOptions),
    /// One of the organization's own.
    #[command(after_help = "Example:
  castgate roles get \"cost watcher\"")]
    Get(One),
    /// Makes one of capabilities that you hold.
    #[command(after_help = "Example:
  castgate roles create \"cost watcher\" --may view-costs --may view-billing")]
    Create {
        /// What people and the mapping call it.
        name: String,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// What it lets its holders do: manage-clusters, view-clusters, access-billing, view-billing, monitor-costs, view-costs,
        /// manage-organization, manage-members or create-service-account-keys.
        #[arg(long = "may", value_name = "CAPABILITY", required = true)]
        capabilities: Vec<String>,
    },
    /// Changes one, for everybody who holds it.
    #[command(after_help = "Examples:
  castgate roles change \"cost watcher\" --name accountant
  castgate roles change \"cost watcher\" --may view-costs --yes")]
    Change {
        #[command(flatten)]
        one: One,
        /// Its new name.
        #[arg(long)]
        name: Option<String>,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// All that it lets its holders do from now on.
        #[arg(long = "may", value_name = "CAPABILITY")]
        capabilities: Vec<String>,
        #[command(flatten)]
        keys: KeyOptions,
    },
    /// Deletes one that is in use nowhere.
    #[command(after_help = "Example:
  castgate roles delete \"cost watcher\"")]
    Delete(One),
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its id or name.
    role: String,
}

impl Roles {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.list(&ROLES, ROLES.path, &[], options.limit()).await,
            Verb::Get(one) => client.output.one(&client.api.get(&client.role(&one).await?, &[]).await?),
            Verb::Create { name, description, capabilities } => {
                let new =
                    json!({"name": name, "description": description.unwrap_or_default(), "capabilities": capabilities});
                let role = client.api.post(ROLES.path, new).await?;
                client.output.done(&format!("Role {} is made. Nobody holds it yet.", plain(&name)), &role)
            }
            Verb::Change { one, name, description, capabilities, keys } => {
                let path = client.role(&one).await?;
                let mut fields = Map::new();
                fields.extend(name.map(|name| ("name".to_owned(), json!(name))));
                fields.extend(description.map(|description| ("description".to_owned(), json!(description))));
                if !capabilities.is_empty() {
                    client.confirm("Whoever holds the role may do this from now on, and nothing else by it.")?;
                    fields.insert("capabilities".to_owned(), json!(capabilities));
                }
                let done = format!("Role {} is changed.", plain(&one.role));
                match client.api.send(Method::PATCH, &path, Body::Json(Value::Object(fields.clone()))).await {
                    Err(stop) if stop.needs_preview() => {
                        // A preview speaks of rights alone: what else there is to say is said first.
                        let capabilities = fields.shift_remove("capabilities");
                        if !fields.is_empty() {
                            client.api.send(Method::PATCH, &path, Body::Json(Value::Object(fields))).await?;
                        }
                        let role = path.rsplit('/').next().unwrap_or_default();
                        let change = json!({"kind": "edit_role", "role": role, "capabilities": capabilities});
                        client.change_roles(change, &keys, &done).await
                    }
                    role => client.output.done(&done, &role?),
                }
            }
            Verb::Delete(one) => {
                let path = client.role(&one).await?;
                client.confirm(&format!("The role {} is deleted for good.", plain(&one.role)))?;
                let nothing = client.api.delete(&path).await?;
                client.output.done(&format!("Role {} is deleted.", plain(&one.role)), &nothing)
            }
        }
    }
}

impl Client {
    /// The path of a custom role.
    async fn role(&self, one: &One) -> Result<String, Stop> {
        Ok(format!("{}/{}", ROLES.path, self.id(&ROLES, ROLES.path, &one.role).await?))
    }
}
