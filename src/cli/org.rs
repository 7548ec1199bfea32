//! `castgate org`: whole organizations, by somebody at the machine itself.

use super::{Configuration, Failure, init, open};
use crate::cli::say::say;
use clap::Subcommand;
use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    process::ExitCode,
};

/// What `org` does. With the embedded database the gateway has to be stopped first.
#[derive(Debug, Subcommand)]
pub(super) enum Org {
    /// Makes an organization and its first owner, as `castgate init` does.
    ///
    /// Example: castgate org create --slug acme --owner ada@acme.example --accept-terms
    Create(init::Init),
    /// Every organization of this deployment.
    ///
    /// Example: castgate org list
    List(Configuration),
    /// Gives an organization another short name or another name.
    ///
    /// Addresses with the old short name stop working at once: people who typed it at the sign-in have to type the new one.
    ///
    /// Example: castgate org rename acme --slug acme-corp --name "Acme Corp."
    Rename {
        #[command(flatten)]
        configuration: Configuration,
        /// The short name that it has.
        slug: String,
        /// The short name that it gets.
        #[arg(long = "slug", value_name = "SLUG", required_unless_present = "name")]
        new_slug: Option<String>,
        /// The name that people read.
        #[arg(long)]
        name: Option<String>,
    },
    /// Says that an e-mail domain is an organization's, where no DNS can be asked. This is on record, and owners see it.
    ///
    /// A connection of the organization has to claim the domain before.
    ///
    /// Example: castgate org assert-domain acme acme.example
    AssertDomain {
        #[command(flatten)]
        configuration: Configuration,
        /// Its short name.
        slug: String,
        /// The domain.
        domain: String,
    },
    /// Deletes an organization with everything in it: people, groups, keys, mapping, events. There is no way back.
    ///
    /// Asks for the short name a second time; a script says it with --yes.
    ///
    /// Example: castgate org delete acme --yes acme
    Delete {
        #[command(flatten)]
        configuration: Configuration,
        /// Its short name.
        slug: String,
        /// The short name once more, in place of the question.
        #[arg(long, value_name = "SLUG")]
        yes: Option<String>,
    },
}

impl Org {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Create(new) => return new.run().await,
            Self::List(configuration) => list(&configuration).await?,
            Self::Rename { configuration, slug, new_slug, name } => {
                let app = open::app(open::settings(&configuration)?).await?;
                let renamed = app.rename_organization(&slug, new_slug.as_deref(), name.as_deref()).await?;
                say!("“{slug}” is “{}” ({}) now; this is on record.", renamed.name, renamed.slug);
                if renamed.slug != slug {
                    say!("Sign-in addresses with “{slug}” lead nowhere any more.");
                }
            }
            Self::AssertDomain { configuration, slug, domain } => {
                let app = open::app(open::settings(&configuration)?).await?;
                let shown = app.assert_domain(&slug, &domain).await?;
                say!(
                    "{} is {slug}'s now, by the connection “{}”, because you say so: no DNS record shows it. This is on record.",
                    shown.claim.domain,
                    shown.connection_name
                );
            }
            Self::Delete { configuration, slug, yes } => {
                // Asked before the store is opened: nothing is held while somebody thinks.
                let repeated = match yes {
                    Some(repeated) => repeated,
                    None => asked(&slug)?,
                };
                let app = open::app(open::settings(&configuration)?).await?;
                let deleted = app.delete_organization(&slug, &repeated).await?;
                let organization = deleted.organization;
                say!("“{}” ({}) is gone, with {} rows.", organization.name, organization.id, deleted.rows);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(configuration: &Configuration) -> Result<(), Failure> {
    let app = open::app(open::settings(configuration)?).await?;
    let all = app.organizations().await?;
    if all.is_empty() {
        say!("There is no organization yet: castgate org create");
    }
    let widest = all.iter().map(|found| found.slug.chars().count()).max().unwrap_or_default();
    for found in all {
        let ownerless = if found.ownerless_since.is_some() { "  (no owner can be reached)" } else { "" };
        say!("{:<widest$}  {}  {}  since {}{ownerless}", found.slug, found.id, found.name, found.created_at);
    }
    Ok(())
}

/// The short name as somebody types it a second time.
fn asked(slug: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure(format!("nobody is there to ask: repeat the short name with --yes {slug}")));
    }
    let mut output = io::stdout().lock();
    let _ = write!(output, "Everything in “{slug}” will be deleted, for good. Type its short name again: ");
    let _ = output.flush();
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
