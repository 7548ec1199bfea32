//! Line 10: commands. Some are for somebody at the machine itself; the others, in [`client`], go through the API as everybody
//! else does.

mod admin;
mod audit;
mod backup;
mod check;
mod client;
mod completion;
mod demo;
mod doctor;
mod health;
mod help;
mod init;
mod later;
mod mapping;
mod master_key;
mod open;
mod org;
mod say;
mod serve;
mod signing_keys;
mod terms;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Of a thread that works, in bytes: unoptimised code keeps the futures that it awaits there.
const STACK: usize = 4 * 1024 * 1024;

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
    /// Serves: the gateway itself.
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
    /// Publishes the terms and the privacy policy where their files changed, and shows them.
    ///
    /// Example: castgate terms --config /etc/castgate.toml
    Terms(Configuration),
    /// Says what is wrong with the settings, without starting.
    ///
    /// Example: castgate check --config /etc/castgate.toml
    Check(check::Check),
    /// The keys that sign what services behind the gateway verify.
    #[command(subcommand)]
    SigningKeys(signing_keys::SigningKeys),
    /// What only somebody at the machine itself may do.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Whether what happened is still what was sealed.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Copies the embedded database into a new file, while the gateway runs.
    ///
    /// Example: castgate backup /backups/castgate-2026-11-21.db
    Backup(backup::Backup),
    /// Makes a data directory of a backup.
    ///
    /// Example: castgate restore /backups/castgate-2026-11-21.db
    Restore(backup::Restore),
    /// The keys under which secrets lie in the store.
    #[command(subcommand)]
    MasterKey(master_key::MasterKeys),
    /// Asks the gateway that these settings describe whether it is ready. For health checks of containers.
    ///
    /// Example: castgate health
    Health(Configuration),
    /// What is wrong with a SCIM server, whosever it is.
    #[command(subcommand)]
    Doctor(doctor::Doctor),
    /// Prints a completion script for a shell.
    Completion(completion::Completion),
    /// What goes through the API.
    #[command(flatten)]
    Remote(client::Remote),
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
    let arguments = match Arguments::from_arg_matches(&help::grouped(Arguments::command()).get_matches()) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build() {
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
        Command::Org(org) => Box::pin(org.run()).await,
        Command::Terms(configuration) => terms::run(&configuration).await,
        Command::Check(check) => check.run(),
        Command::SigningKeys(keys) => keys.run().await,
        Command::Admin(admin) => admin.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Restore(restore) => restore.run().await,
        Command::MasterKey(keys) => keys.run().await,
        Command::Health(configuration) => health::run(&configuration).await,
        Command::Doctor(doctor) => Ok(doctor.run().await),
        Command::Completion(completion) => Ok(completion.run()),
        Command::Remote(remote) => Ok(remote.run().await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        help::grouped(Arguments::command()).debug_assert();
    }

    /// The commands that do something, with their path: `users list`.
    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let path = format!("{path} {}", below.get_name());
            if below.get_subcommands().next().is_some() {
                leaves(below, &path, found);
            } else {
                found.push((path, below.clone()));
            }
        }
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_it() {
        let (mut command, mut found) = (Arguments::command(), Vec::new());
        command.build();
        leaves(&command, "castgate", &mut found);
        assert!(found.len() > 30, "{}", found.len());
        for (path, mut command) in found {
            let help = command.render_long_help().to_string();
            let example = help.split_once("Example").map_or("", |(_, example)| example);
            assert!(example.contains(&path), "{path} shows no example of itself:\n{help}");
            assert!(command.get_about().is_some(), "{path} does not say what it does");
        }
    }
}
