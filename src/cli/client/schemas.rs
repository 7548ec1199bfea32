//! Schemas that the organization declares for all its connections.

use super::{Client, Common, ask, noun::SCHEMAS, stop::Stop, table::plain, verbs::SearchOptions};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// `castgate schemas`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Schemas {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// All of them.
    #[command(after_help = "Example:
  castgate schemas list")]
    List(SearchOptions),
    /// One of them, with its attributes.
    #[command(after_help = "Example:
  castgate schemas get urn:acme:params:scim:2.0:User -o json")]
    Get(One),
    /// Declares attributes of people that SCIM does not have: every provider may push them from now on.
    #[command(after_help = "Example:
  castgate schemas declare badge.json

badge.json:
  {\"urn\": \"urn:acme:params:scim:2.0:User\",
   \"attributes\": [{\"name\": \"badge\", \"type\": \"integer\"},
                  {\"name\": \"site\", \"type\": \"complex\", \"sub_attributes\": [{\"name\": \"city\"}]}]}

Types: string, boolean, integer, decimal, dateTime, reference, complex.")]
    Declare {
        /// A JSON file with the declaration, as the API has it. -: standard input.
        file: PathBuf,
    },
    /// Changes what one declares. Nobody loses what they have of it.
    #[command(after_help = "Example:
  castgate schemas change urn:acme:params:scim:2.0:User badge.json")]
    Change {
        #[command(flatten)]
        one: One,
        /// A JSON file with the whole declaration, as the API has it. -: standard input.
        file: PathBuf,
    },
    /// Takes one back. Providers cannot push it any more; what people have of it is kept, and told to nobody.
    #[command(after_help = "Example:
  castgate schemas delete urn:acme:params:scim:2.0:User")]
    Delete(One),
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its URN.
    urn: String,
}

impl One {
    /// Its path, if this is a URN: then it is also safe as a part of a path.
    fn path(&self) -> Result<String, Stop> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b":.-_".contains(&byte);
        if self.urn.to_ascii_lowercase().starts_with("urn:") && self.urn.bytes().all(is_safe) {
            Ok(format!("{}/{}", SCHEMAS.path, self.urn))
        } else {
            Err(Stop::usage(format!("“{}” is no URN such as urn:acme:params:scim:2.0:User", plain(&self.urn))))
        }
    }
}

impl Schemas {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.search(&SCHEMAS, &options).await,
            Verb::Get(one) => client.output.one(&client.api.get(&one.path()?, &[]).await?),
            Verb::Declare { file } => {
                let schema = client.api.post(SCHEMAS.path, Value::Object(declaration(&file)?)).await?;
                let urn = plain(schema["urn"].as_str().unwrap_or_default());
                client.output.done(&format!("Schema {urn} is declared for every connection."), &schema)
            }
            Verb::Change { one, file } => client.change_schema(&one, &file).await,
            Verb::Delete(one) => {
                let path = one.path()?;
                client.confirm(&format!("No provider can push anything of {} any more.", plain(&one.urn)))?;
                let nothing = client.api.delete(&path).await?;
                client.output.done(&format!("Schema {} is taken back.", plain(&one.urn)), &nothing)
            }
        }
    }
}

impl Client {
    async fn change_schema(&self, one: &One, file: &Path) -> Result<(), Stop> {
        let path = one.path()?;
        let before = self.api.get(&path, &[]).await?;
        let said = declaration(file)?;
        let told = said.get("urn").and_then(Value::as_str);
        if let Some(other) = told.filter(|urn| !urn.eq_ignore_ascii_case(&one.urn)) {
            let message = format!("the file declares {}, and a schema keeps its URN", plain(other));
            return Err(Stop::usage(message));
        }
        let field = |name: &str, otherwise: Value| said.get(name).cloned().unwrap_or(otherwise);
        let body =
            json!({"description": field("description", json!("")), "attributes": field("attributes", json!([]))});
        let after = self.api.put_seen(&path, body, &before["version"]).await?;
        self.output.done(&format!("Schema {} is changed.", plain(&one.urn)), &after)
    }
}

/// A declaration as the API has it.
fn declaration(file: &Path) -> Result<Map<String, Value>, Stop> {
    serde_json::from_str(&ask::text(file)?)
        .map_err(|error| Stop::usage(format!("{} is no JSON object: {error}", file.display())))
}
