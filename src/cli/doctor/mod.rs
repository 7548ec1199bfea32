//! `castgate doctor`: what is wrong with somebody's SCIM server, in plain words.
//!
//! A [`visit::Visit`] sends requests as providers do and holds each [answer](answer) to [rules](rule), part by part
//! ([`checks`]). What it made on the server stands in its [ledger] from before the request on, so that it all goes again,
//! whatever ends the visit. What came of it is a [report].

mod answer;
mod ask;
mod checks;
mod ledger;
mod report;
mod rule;
mod samples;
mod standing;
mod visit;

use super::{client::Stop, serve::asked_to_stop};
use crate::{cli::say::say, crypto::random};
use data_encoding::HEXLOWER;
use report::Report;
use secrecy::SecretString;
use std::{io::Read, path::PathBuf, process::ExitCode};
use visit::{Scope, Visit};

/// The exit code where a server has faults.
const FAULTS: u8 = 2;

/// What the doctor looks at.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Doctor {
    /// Looks over any SCIM server: asks as Okta, Entra and others do, and says what would break which of them.
    ///
    /// It makes people and groups whose names begin with castgate-doctor-, and takes them away at its end, after Ctrl-C too. It
    /// ends with 0 when there are no faults, and with 2 when there are.
    ///
    /// Example: CASTGATE_SCIM_TOKEN=… castgate doctor scim https://castgate.example/scim/v2
    Scim(Scim),
}

/// How to look.
#[derive(Debug, clap::Args)]
pub(super) struct Scim {
    /// The server's SCIM base address, such as https://castgate.example/scim/v2.
    url: String,
    /// Its bearer token. Others on this machine see what is typed here: rather use --token-file or the environment.
    #[arg(env = "CASTGATE_SCIM_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// A file with the token; - reads it from standard input.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Sends nothing but GET, and so makes nothing.
    #[arg(long)]
    read_only: bool,
    /// Holds the server to the RFCs alone, and not to what providers really send.
    #[arg(long)]
    rfc_only: bool,
    /// Shows also what holds.
    #[arg(long)]
    all: bool,
    /// The domain of the people that it makes.
    #[arg(long, value_name = "DOMAIN", default_value = "castgate-doctor.example")]
    domain: String,
    /// How the report is written.
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

impl Doctor {
    /// Runs it; whatever stops it is told on standard error.
    pub(super) async fn run(self) -> ExitCode {
        let Self::Scim(scim) = self;
        scim.run().await.unwrap_or_else(|stop| stop.tell())
    }
}

impl Scim {
    async fn run(self) -> Result<ExitCode, Stop> {
        let token = self.token()?;
        let tag = HEXLOWER.encode(&random::bytes::<5>().map_err(|error| Stop::wrong(error.to_string()))?);
        let scope = Scope { read_only: self.read_only, rfc_only: self.rfc_only };
        let mut visit = Visit::new(&self.url, token, scope, tag, self.domain.clone());
        let prefix = visit.prefix();
        let stopped = tokio::select! {
            outcome = checks::all(&mut visit) => match outcome {
                Ok(()) => None,
                Err(stop) => return Err(stop),
            },
            () = asked_to_stop() => Some("by a signal; what was made is taken away"),
        };
        if let Some(why) = stopped {
            eprintln!("castgate: stopped {why}");
            visit.leave("it was stopped");
        }
        let left = tokio::select! {
            left = visit.clean_up() => left,
            // Who is in a hurry twice does not want to wait; they are told how to find the rest.
            () = asked_to_stop() => vec![format!("perhaps what has a name that begins with {prefix}")],
        };
        let report = Report {
            base: visit.base().to_owned(),
            stopped: stopped.map(str::to_owned),
            requests: visit.requests,
            outcome: visit.outcome(),
            left,
        };
        match self.output {
            Output::Text => say!("{}", report.text(self.all)),
            Output::Json => say!("{}", report.json()),
        }
        Ok(match (report.count().faults, stopped) {
            (_, Some(_)) => ExitCode::FAILURE,
            (0, None) => ExitCode::SUCCESS,
            (_, None) => ExitCode::from(FAULTS),
        })
    }

    fn token(&self) -> Result<SecretString, Stop> {
        let text = match &self.token_file {
            Some(file) if file.as_os_str() == "-" => {
                let mut text = String::new();
                std::io::stdin()
                    .read_to_string(&mut text)
                    .map_err(|error| Stop::wrong(format!("standard input cannot be read: {error}")))?;
                text
            }
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| Stop::usage(format!("{} cannot be read: {error}", file.display())))?,
            None => self
                .token
                .clone()
                .ok_or_else(|| Stop::usage("a token is needed: set CASTGATE_SCIM_TOKEN, or give --token-file FILE"))?,
        };
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Stop::usage("the token is empty, or has characters that no token has"));
        }
        Ok(SecretString::from(token))
    }
}
