//! `castgate doctor scim`: the real program against castgate itself, against a server with faults, and interrupted.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod faulty;
mod later_seeds;
mod manners;
mod ourselves;
mod seeds;
#[path = "../world/mod.rs"]
mod world;

use serde_json::Value;
use std::{
    collections::BTreeSet,
    process::{Output, Stdio},
};
use tokio::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");

/// The doctor, ready to be sent to a server. The token comes by the environment.
pub(crate) fn doctor(base: &str, token: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["doctor", "scim", base]).args(arguments).env_clear().env("CASTGATE_SCIM_TOKEN", token);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// What the doctor said.
#[derive(Debug)]
pub(crate) struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

pub(crate) async fn said(mut command: Command) -> Said {
    command.output().await.unwrap().into()
}

impl Said {
    #[track_caller]
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }
}

/// The names of the rules with one of these verdicts.
pub(crate) fn named(report: &Value, verdicts: &[&str]) -> BTreeSet<String> {
    let checks = report["checks"].as_array().unwrap().iter();
    let wanted = checks.filter(|check| verdicts.contains(&check["verdict"].as_str().unwrap()));
    wanted.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}
