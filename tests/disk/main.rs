//! A disk that is full, read-only or broken: whoever writes gets 503 and is told so, reading goes on, nothing that was
//! acknowledged is lost, and when the disk is well again so is the gateway, without a restart.
//!
//! A small shim in C stands between the program and its files and lets each kind of write fail; a real full disk is a `tmpfs`
//! of a few megabytes, where this machine lets one be mounted.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

#[path = "../kill/gateway.rs"]
mod gateway;
mod small_disk;
#[path = "../kill/wire.rs"]
mod wire;

use gateway::{Failure, Gateway, Place};
use serde_json::{Value, json};
use small_disk::SmallDisk;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};
use tempfile::TempDir;
use wire::{Answer, Wire};

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");
/// Writes until a disk without room must have been noticed: the log file grows by more than there is room for.
const MANY: usize = 400;

/// The shim, and the file in which it looks for the error to make.
struct Shim {
    directory: TempDir,
}

impl Shim {
    fn build() -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk/fault.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(directory.path().join("fault.so"))
            .arg(source)
            .arg("-ldl")
            .status()?;
        if built.success() { Ok(Self { directory }) } else { Err("cc could not build the shim".into()) }
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let library = self.directory.path().join("fault.so");
        vec![("LD_PRELOAD", library.display().to_string()), ("FAULT_FILE", self.file().display().to_string())]
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("fault")
    }

    fn make(&self, error: &str) {
        fs::write(self.file(), error).unwrap();
    }

    fn heal(&self) {
        fs::remove_file(self.file()).unwrap();
    }
}

fn person(number: usize) -> String {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("person-{number}@acme.example"),
        "externalId": format!("external-{number}"), "title": "x".repeat(2_000),
    })
    .to_string()
}

/// Pushes people and notes who was acknowledged.
struct Pusher {
    wire: Wire,
    next: usize,
    acknowledged: Vec<String>,
}

impl Pusher {
    fn connect(gateway: &Gateway, place: &Place) -> Self {
        let wire = Wire::connect(gateway.address, &place.token).unwrap();
        Self { wire, next: 0, acknowledged: Vec::new() }
    }

    fn push(&mut self) -> Answer {
        self.next += 1;
        let answer = self.wire.send("POST", "/scim/v2/Users", &person(self.next)).unwrap();
        if answer.status == 201 {
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            self.acknowledged.push(body["id"].as_str().unwrap().to_owned());
        }
        answer
    }

    /// Pushes until one is refused.
    fn push_until_refused(&mut self) -> Answer {
        (0..MANY).map(|_| self.push()).find(|answer| answer.status != 201).expect("the disk was never full")
    }

    fn everybody_acknowledged_is_there(&mut self) {
        for id in &self.acknowledged {
            let answer = self.wire.send("GET", &format!("/scim/v2/Users/{id}"), "").unwrap();
            assert_eq!(answer.status, 200, "{id} was acknowledged and is gone");
        }
    }
}

/// What a provider is told while nothing can be written.
fn is_refused_for_the_disk(answer: &Answer) {
    let whole = answer.whole();
    assert_eq!(answer.status, 503, "{whole}");
    assert!(whole.to_ascii_lowercase().contains("\r\nretry-after: "), "{whole}");
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
    assert!(body["detail"].as_str().unwrap().contains("disk"), "{whole}");
}

/// The gateway on a disk that comes down with `error` and gets well again.
async fn suffers(error: &str) -> Result<(), Failure> {
    let shim = Shim::build()?;
    let place = Place::make(None).await?;
    let gateway = place.start_with(PROGRAM, &shim.environment())?;
    let mut pusher = Pusher::connect(&gateway, &place);
    (0..5).for_each(|_| assert_eq!(pusher.push().status, 201));

    shim.make(error);
    for _ in 0..3 {
        is_refused_for_the_disk(&pusher.push());
        pusher.everybody_acknowledged_is_there();
    }
    // The time of a token's last use is noted about once a minute; that it cannot be must keep nobody from reading.
    let mut reader = Wire::connect(gateway.address, &place.token)?;
    assert_eq!(reader.send("GET", "/scim/v2/Users?count=1", "")?.status, 200);

    shim.heal();
    assert_eq!(pusher.push().status, 201, "the disk is well again, and so must be the gateway");
    gateway.kill()?;
    let gateway = place.start(PROGRAM)?;
    pusher.wire = Wire::connect(gateway.address, &place.token)?;
    pusher.everybody_acknowledged_is_there();
    let listed = pusher.wire.send("GET", "/scim/v2/Users?count=0", "")?;
    let listed: Value = serde_json::from_slice(&listed.body)?;
    assert_eq!(listed["totalResults"], json!(pusher.acknowledged.len()), "nobody who was refused is there");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_room() -> Result<(), Failure> {
    suffers("full").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_turned_read_only() -> Result<(), Failure> {
    suffers("readonly").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_died() -> Result<(), Failure> {
    suffers("dead").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_disk_that_really_fills_up() -> Result<(), Failure> {
    let Some(disk) = SmallDisk::mount(16)? else { return Ok(()) };
    let place = Place::make_in(disk.directory()?, None).await?;
    let gateway = place.start(PROGRAM)?;
    let mut pusher = Pusher::connect(&gateway, &place);
    (0..5).for_each(|_| assert_eq!(pusher.push().status, 201));

    let ballast = disk.fill()?;
    is_refused_for_the_disk(&pusher.push_until_refused());
    pusher.everybody_acknowledged_is_there();

    fs::remove_file(ballast)?;
    // The batch that failed may still be on its way out.
    thread::sleep(Duration::from_millis(100));
    assert_eq!(pusher.push().status, 201, "there is room again: {}", place.told());
    gateway.kill()?;
    let gateway = place.start(PROGRAM)?;
    pusher.wire = Wire::connect(gateway.address, &place.token)?;
    pusher.everybody_acknowledged_is_there();
    Ok(())
}
