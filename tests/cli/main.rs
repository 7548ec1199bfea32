//! The command line as people and scripts use it: the real program, against a castgate that serves.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod access;
mod chromium;
mod configuration;
mod contexts;
mod exits;
mod following;
mod formats;
mod help;
mod login;
mod mapping;
mod nouns;
mod people;
mod schemas;
mod terminal;
mod together;
#[path = "../world/mod.rs"]
mod world;

use castgate::{app::Clock, model::Instant, store::Store};
use serde_json::{Value, json};
use std::{ffi::OsStr, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};
use world::{Connection, Organization, World};

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");
/// 2026-11-22 01:02:03 UTC.
const NOW: Instant = Instant(1_795_309_323_000_000);

/// A castgate with one organization, and the home of somebody with a terminal.
#[derive(Debug)]
pub(crate) struct Scene {
    pub world: World,
    pub organization: Organization,
    pub store: Store,
    home: TempDir,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Scene {
    pub async fn set() -> Self {
        let directory = TempDir::new().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        let world = Box::pin(World::on((store.clone(), directory), Clock::fixed(NOW, 7), |_| {})).await;
        let organization = world.organization("acme").await;
        Self { world, organization, store, home: TempDir::new().unwrap() }
    }

    /// A command of somebody who is signed in by the environment, as scripts are.
    pub fn command(&self, arguments: &[&str]) -> Command {
        // Ids sort by time: what one command makes comes before what the next one makes.
        self.world.app.clock().advance(Duration::from_secs(1));
        let mut command = self.bare(PROGRAM);
        command.args(arguments).env("CASTGATE_URL", &self.world.origin).env("CASTGATE_KEY", &self.organization.key);
        command
    }

    /// A program in this home, with nothing else in its environment.
    pub fn bare(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home.path()).env("PATH", std::env::var_os("PATH").unwrap());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    pub fn contexts(&self) -> std::path::PathBuf {
        self.home.path().join(".config/castgate/contexts.toml")
    }

    pub async fn run(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments)).await
    }

    /// The same with a text on standard input.
    pub async fn feed(&self, arguments: &[&str], text: &str) -> Said {
        fed(self.command(arguments), text).await
    }

    /// With the key of somebody else.
    pub async fn run_as(&self, key: &str, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        command.env("CASTGATE_KEY", key);
        said(command).await
    }

    /// Somebody whom the directory pushes.
    pub async fn push(&self, connection: &Connection, name: &str) -> String {
        self.world.app.clock().advance(Duration::from_secs(1));
        let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
        connection.post("/Users", json!({"schemas": [schema], "userName": name})).await.expect(201).id()
    }

    /// What the API itself says.
    pub async fn api(&self, path: &str) -> Value {
        let bearer = format!("Bearer {}", self.organization.key);
        self.world.client.get(&format!("/api/v1{path}"), &[("authorization", &bearer)]).await.expect(200).json()
    }
}

pub(crate) async fn said(mut command: Command) -> Said {
    let output = command.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) async fn fed(mut command: Command, text: &str) -> Said {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

impl Said {
    /// This, if the command ended so.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// What standard output held, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }

    /// Standard output with every id and hint made alike, so that snapshots are literal whatever was drawn before.
    pub fn steady(&self) -> String {
        steady(&self.out)
    }
}

/// Letters of an id behind its prefix, and of a hint.
const TAILS: [(&[&str], usize); 2] = [
    (
        &[
            "usr_", "sva_", "grp_", "con_", "tok_", "key_", "bnd_", "cls_", "ses_", "evt_", "org_", "req_", "rvw_",
            "rvp_",
        ],
        26,
    ),
    (&["cgk_", "cgs_"], 4),
];

fn steady(text: &str) -> String {
    let mut text = text.to_owned();
    for (prefixes, length) in TAILS {
        for prefix in prefixes {
            let mut from = 0;
            while let Some(found) = text[from..].find(prefix) {
                let start = from + found + prefix.len();
                let tail = text[start..].chars().take(length).take_while(char::is_ascii_alphanumeric).count();
                text.replace_range(start..start + tail, &"x".repeat(tail));
                from = start;
            }
        }
    }
    text
}
