//! `castgate audit`: whether what happened is still what was sealed.

use super::{Configuration, Failure, open};
use crate::{
    app::{Audit as Outcome, AuditKeys, Auditor, Checkpoint, Progress},
    cli::say::say,
    model::OrganizationId,
    store::Store,
};
use clap::Subcommand;
use data_encoding::HEXLOWER;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{fs, path::PathBuf, process::ExitCode};

/// What the command ends with when something is not as it was sealed.
const TAMPERED: u8 = 3;
/// Organizations that are read at once.
const CHUNK: i64 = 100;

/// What `audit` does.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Walks through the sealed events and names the first that was changed, removed, inserted or moved.
    ///
    /// It may run beside the gateway. It ends with 0 when all is as it was sealed, with 3 when something is not.
    ///
    /// A checkpoint that was kept elsewhere (a line of the log, or the output of `castgate audit checkpoint`) also finds somebody
    /// who turned the whole store back.
    ///
    /// Example: castgate audit verify --organization acme --checkpoint /mnt/worm/castgate.log
    Verify {
        #[command(flatten)]
        configuration: Configuration,
        #[command(flatten)]
        which: Which,
        /// A file with checkpoints, one or many, alone or among other lines, such as a log. May be given several times.
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// How the outcome is written.
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Prints how far events are sealed, signed: keep it elsewhere.
    ///
    /// Example: castgate audit checkpoint >> /mnt/worm/checkpoints
    Checkpoint {
        #[command(flatten)]
        configuration: Configuration,
        #[command(flatten)]
        which: Which,
    },
    /// Prints the public keys (Ed25519) by which anybody can verify checkpoints.
    ///
    /// Example: castgate audit key
    Key {
        #[command(flatten)]
        configuration: Configuration,
    },
}

/// Which organizations.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The short name of one organization; all, if it is left out.
    #[arg(long, value_name = "SLUG")]
    organization: Option<String>,
}

/// How an outcome is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, one line an organization.
    Json,
}

impl Audit {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Verify { configuration, which, checkpoint, output } => {
                let (store, keys) = opened(&configuration).await?;
                verify(&store, &keys, &which, (&checkpoint, output)).await
            }
            Self::Checkpoint { configuration, which } => {
                let (store, _) = opened(&configuration).await?;
                for (id, _) in organizations(&store, &which).await? {
                    if let Some(seal) = store.read().await?.event_head(&id).await? {
                        say!("{}", Checkpoint { organization: id, seal });
                    }
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Key { configuration } => {
                let (_, keys) = opened(&configuration).await?;
                for (id, public) in keys.public() {
                    say!("{id} {}", HEXLOWER.encode(public));
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

async fn opened(configuration: &Configuration) -> Result<(Store, AuditKeys), Failure> {
    let (store, sealer) = open::beside(&open::settings(configuration)?).await?;
    let mut tx = store.read().await?;
    let keys = AuditKeys::load(&mut tx, &sealer).await?;
    drop(tx);
    Ok((store, keys))
}

async fn organizations(store: &Store, which: &Which) -> Result<Vec<(OrganizationId, String)>, Failure> {
    let mut all: Vec<(OrganizationId, String)> = Vec::new();
    loop {
        let after = all.last().map_or("", |(id, _)| id.as_str()).to_owned();
        let page = store.read().await?.organization_slugs(&after, CHUNK).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if let Some(slug) = &which.organization {
        all.retain(|(_, known)| known == slug);
        if all.is_empty() {
            return Err(Failure(format!("there is no organization “{slug}” here")));
        }
    }
    Ok(all)
}

async fn verify(
    store: &Store,
    keys: &AuditKeys,
    which: &Which,
    (files, output): (&[PathBuf], Output),
) -> Result<ExitCode, Failure> {
    let anchors = read_checkpoints(files)?;
    let organizations = organizations(store, which).await?;
    for anchor in &anchors {
        // An organization that is gone with all its events: only what was kept elsewhere knows of it.
        if which.organization.is_none() && !organizations.iter().any(|(id, _)| *id == anchor.organization) {
            say!("{}: there is no such organization any more, but a saved checkpoint of it", anchor.organization);
            return Ok(ExitCode::from(TAMPERED));
        }
    }
    let mut is_well = true;
    for (id, slug) in organizations {
        let bar = ProgressBar::new(0).with_prefix(slug.clone()).with_style(style()?);
        let told = |progress: Progress| {
            bar.set_length(u64::try_from(progress.of).unwrap_or(0));
            bar.set_position(u64::try_from(progress.done).unwrap_or(0));
        };
        let audit = Auditor::new(store, keys).verify(&id, &anchors, told).await?;
        bar.finish_and_clear();
        is_well &= audit.finding.is_none();
        print(&slug, &id, &audit, output);
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(TAMPERED) })
}

fn style() -> Result<ProgressStyle, Failure> {
    Ok(ProgressStyle::with_template("{prefix}: {pos} of {len} events {wide_bar} {eta}")?)
}

fn read_checkpoints(files: &[PathBuf]) -> Result<Vec<Checkpoint>, Failure> {
    let mut all = Vec::new();
    for file in files {
        let text =
            fs::read_to_string(file).map_err(|error| Failure(format!("{} cannot be read: {error}", file.display())))?;
        let before = all.len();
        for checkpoint in Checkpoint::all_in(&text) {
            all.push(checkpoint.map_err(|error| Failure(format!("{}: {error}", file.display())))?);
        }
        if all.len() == before {
            return Err(Failure(format!("there is no checkpoint in {}", file.display())));
        }
    }
    Ok(all)
}

fn print(slug: &str, id: &OrganizationId, audit: &Outcome, output: Output) {
    let Outcome { events, checkpoints, erased, unsealed, finding } = audit;
    match (output, finding) {
        (Output::Json, _) => {
            let said = finding.as_ref().map(ToString::to_string);
            let mut line = json!({
                "organization": id, "slug": slug, "ok": finding.is_none(), "events": events,
                "checkpoints": checkpoints, "erased": erased, "unsealed": unsealed, "finding": finding,
            });
            if let (Some(said), Some(finding)) = (said, line.get_mut("finding").and_then(|f| f.as_object_mut())) {
                finding.insert("message".to_owned(), said.into());
            }
            say!("{line}");
        }
        (Output::Text, None) => {
            let waiting = if *unsealed > 0 { format!("; {unsealed} wait to be sealed") } else { String::new() };
            let erased = match erased {
                0 => String::new(),
                1 => "; the detail of 1 was erased on request".to_owned(),
                more => format!("; the details of {more} were erased on request"),
            };
            say!("{slug}: {events} events and {checkpoints} checkpoints are as they were sealed{erased}{waiting}");
        }
        (Output::Text, Some(finding)) => say!("{slug}: {finding}"),
    }
}
