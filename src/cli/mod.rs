//! Line 10: commands. What somebody at the machine itself may do; everything else goes through the API.

mod admin;
mod check;
mod demo;
mod health;
mod init;
mod keys;
mod mapping;
mod open;
mod org;
mod say;
mod serve;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// SSO and SCIM identity-provisioning gateway for Cast AI organizations.
#[derive(Debug, Parser)]
#[command(name = "castgate", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Where the settings come from.
#[derive(Debug, Clone, clap::Args)]
struct Configuration {
    /// A settings file; what is not in it keeps its default (see `castgate check --defaults`).
    #[arg(long, env = "CASTGATE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the main job in a minute: a throw-away gateway beside a lab identity provider.
    ///
    /// Example: castgate demo
    Demo(demo::Demo),
    /// Serves.
    ///
    /// Example: castgate serve --config /etc/castgate.toml
    Serve(Configuration),
    /// Makes an organization and its first owner.
    ///
    /// Example: castgate init --slug acme --owner ada@acme.example --accept-terms
    Init(init::Init),
    /// Lists, makes, renames and deletes whole organizations. Local: no organization's role may do it.
    #[command(subcommand)]
    Org(org::Org),
    /// Says what is wrong with the settings, without starting.
    Check(check::Check),
    /// Looks at a mapping config.
    #[command(subcommand)]
    Mapping(mapping::Mapping),
    /// The keys that sign what services behind the gateway verify.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// What only somebody at the machine itself may do.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Asks the gateway that these settings describe whether it is ready. For health checks of containers.
    Health(Configuration),
}

/// A failure, in words for whoever typed the command.
#[derive(Debug)]
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("castgate: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(arguments.command));
    match outcome {
        Ok(code) => code,
        Err(Failure(message)) => {
            eprintln!("castgate: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Demo(demo) => demo.run().await,
        Command::Serve(configuration) => serve::run(&configuration).await,
        Command::Init(init) => init.run().await,
        Command::Org(org) => org.run().await,
        Command::Check(check) => check.run(),
        Command::Mapping(mapping) => mapping.run(),
        Command::Keys(keys) => keys.run().await,
        Command::Admin(admin) => admin.run().await,
        Command::Health(configuration) => health::run(&configuration).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
