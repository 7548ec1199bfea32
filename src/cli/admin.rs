//! `castgate admin`: what only somebody at the machine itself may do.

use super::{Configuration, Failure, open};
use crate::cli::say::say;
use clap::Subcommand;
use std::process::ExitCode;

/// What `admin` does.
#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Breaks the glass: makes somebody an owner and prints a link that signs them in once.
    ///
    /// For an organization whose owners are gone. It is recorded and told of. With the embedded database the gateway has to be
    /// stopped first.
    ///
    /// Example: castgate admin recover --slug acme --owner ada@acme.example
    Recover {
        #[command(flatten)]
        configuration: Configuration,
        /// The organization's short name.
        #[arg(long)]
        slug: String,
        /// The e-mail address of the owner: a local person, made if there is none of that address.
        #[arg(long, value_name = "EMAIL")]
        owner: String,
    },
}

impl Admin {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let Self::Recover { configuration, slug, owner } = self;
        let app = open::app(open::settings(&configuration)?).await?;
        let link = app.recover_organization(&slug, &owner).await?;
        let origin = app.settings().server.origin();
        say!("{owner} is an owner of “{slug}” now; this is on record.\n");
        say!("A link that signs them in, once, within the hour:");
        say!("  {origin}/login/link?token={}", link.expose());
        Ok(ExitCode::SUCCESS)
    }
}
