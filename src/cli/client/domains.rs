//! E-mail domains.

use super::{Client, Common, noun::DOMAINS, stop::Stop, table::plain, verbs::ListOptions};
use clap::Subcommand;
use serde_json::{Value, json};

/// `castgate domains`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Domains {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Those that connections claim, and what shows that they are yours.
    #[command(after_help = "Example:
  castgate domains list")]
    List(ListOptions),
    /// One domain, with the TXT record that shows it.
    #[command(after_help = "Example:
  castgate domains get acme.example")]
    Get(One),
    /// Asks the domain's DNS whether it is yours.
    #[command(after_help = "Example:
  castgate domains verify acme.example")]
    Verify(One),
    /// Lets people of the domain come in by its connection alone. An owner tests the connection before.
    #[command(after_help = "Examples:
  castgate connections test okta
  castgate domains enforce acme.example")]
    Enforce(One),
    /// Lets people of the domain come in by any way again.
    #[command(after_help = "Example:
  castgate domains release acme.example")]
    Release(One),
}

#[derive(Debug, clap::Args)]
struct One {
    /// The domain.
    domain: String,
}

impl Domains {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List(options) => client.list(&DOMAINS, DOMAINS.path, &[], options.limit()).await,
            Verb::Get(one) => client.output.one(&client.api.get(&one.path()?, &[]).await?),
            Verb::Verify(one) => client.change(&one, "verify", "is yours: its DNS says so").await,
            Verb::Enforce(one) => {
                let domain = plain(&one.domain);
                client.confirm(&format!(
                    "People of {domain} come in by its connection alone; who of them is in by another way is signed out."
                ))?;
                client.change(&one, "enforce", "has single sign-on enforced").await
            }
            Verb::Release(one) => client.change(&one, "release", "lets its people come in by any way again").await,
        }
    }
}

impl One {
    fn path(&self) -> Result<String, Stop> {
        let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
        if self.domain.is_empty() || self.domain.contains("..") || !self.domain.chars().all(fits) {
            return Err(Stop::usage(format!("“{}” is not a domain like acme.example", plain(&self.domain))));
        }
        let whole: String = url::form_urlencoded::byte_serialize(self.domain.as_bytes()).collect();
        Ok(format!("{}/{whole}", DOMAINS.path))
    }
}

impl Client {
    async fn change(&self, one: &One, verb: &str, what: &str) -> Result<(), Stop> {
        let domain: Value = self.api.post(&format!("{}/{verb}", one.path()?), json!({})).await?;
        let name = plain(domain["domain"].as_str().unwrap_or_default());
        self.output.done(&format!("{name} {what}."), &domain)
    }
}
