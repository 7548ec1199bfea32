//! `castgate init`: an organization and its first owner.

use super::{Configuration, Failure, open};
use crate::app::NewOrganization;
use crate::cli::say::say;
use std::process::ExitCode;

/// What `init` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    #[command(flatten)]
    configuration: Configuration,
    /// The short name in addresses: lower-case letters, digits and hyphens.
    #[arg(long)]
    slug: String,
    /// The name that people read; the short name if you give none.
    #[arg(long)]
    name: Option<String>,
    /// The first owner's e-mail address.
    #[arg(long, value_name = "EMAIL")]
    owner: String,
    /// The first owner accepts the terms of service and the privacy policy. Without it the key works after they did so on
    /// the page that the sign-in link leads to.
    #[arg(long)]
    accept_terms: bool,
}

impl Init {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let app = open::app(open::settings(&self.configuration)?).await?;
        let new = NewOrganization {
            name: self.name.unwrap_or_else(|| self.slug.clone()),
            slug: self.slug,
            owner: self.owner,
            accept_terms: self.accept_terms,
        };
        let founded = app.found_organization(&new).await?;
        let origin = app.settings().server.origin();
        say!("The organization “{}” ({}) is there.", founded.organization.name, founded.organization.slug);
        say!("Its first owner is {} ({}).\n", new.owner, founded.owner);
        say!("An API key of theirs, shown only now:");
        say!("  {}\n", founded.key.expose());
        say!("A link that signs them in, once, within the hour:");
        say!("  {origin}/login/link?token={}\n", founded.link.expose());
        if !new.accept_terms {
            say!("The key works once they have accepted the terms, on the page that the link leads to.\n");
        }
        say!("Next: connect an identity provider.");
        say!("  castgate serve");
        say!("  curl -H 'Authorization: Bearer KEY' {origin}/api/v1/connections");
        Ok(ExitCode::SUCCESS)
    }
}
