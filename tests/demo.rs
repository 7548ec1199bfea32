//! `castgate demo` as a newcomer runs it: the real binary, in a process of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

/// A run whose temporary files all lie in `temporary`. Port 0: any free one.
fn demo(temporary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_castgate"));
    command.arg("demo").args(["--port", "0"]).args(arguments).env("TMPDIR", temporary).stdin(Stdio::null());
    command
}

#[track_caller]
fn assert_nothing_is_left(temporary: &Path) {
    let left: Vec<_> = temporary.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "the demo left {left:?}");
}

/// The text of one step of the story.
fn step(story: &str, number: usize) -> &str {
    let start = story.find(&format!("\n{number}. ")).unwrap_or_else(|| panic!("no step {number} in:\n{story}"));
    let rest = &story[start + 1..];
    rest.split("\n\n").next().unwrap()
}

#[test]
fn the_story_ends_with_a_session_that_is_over_and_leaves_nothing_behind() {
    let temporary = TempDir::new().unwrap();
    let Output { status, stdout, stderr } = demo(temporary.path(), &["--once"]).output().unwrap();
    let (story, errors) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{story}\n{errors}");
    assert_eq!(errors, "");
    assert!(step(&story, 2).contains(" 0 refused: 40 people, 8 groups"), "{story}");
    assert!(step(&story, 3).contains("member  on prod-eu"), "{story}");
    let ask = "GET /auth/verify?can=manage-clusters&cluster=prod-eu";
    assert!(step(&story, 5).contains(&format!("   200  {ask}")), "{story}");
    let ending = step(&story, 6).lines().map(str::trim).filter(|line| line.len() > 3 && line.as_bytes()[3] == b' ');
    let statuses: Vec<_> = ending.map(|line| &line[..3]).filter(|status| status.parse::<u16>().is_ok()).collect();
    assert_eq!(statuses, ["200", "401"], "{story}");
    assert!(step(&story, 6).contains(&format!("   401  {ask}")), "{story}");
    assert!(step(&story, 7).contains("user.suspended"), "{story}");
    assert_nothing_is_left(temporary.path());
}

#[test]
fn it_stays_up_for_a_visitor_and_stops_when_asked_to() {
    let temporary = TempDir::new().unwrap();
    let process = demo(temporary.path(), &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut running = Running(process);
    let mut says = BufReader::new(running.0.stdout.take().unwrap());
    let login = says.by_ref().lines().map(Result::unwrap).find_map(|line| {
        line.split_whitespace()
            .find(|word| word.starts_with("http://127.0.0.1:") && word.ends_with("/login"))
            .map(str::to_owned)
    });
    let login = login.expect("an address to sign in at");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let page = runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(&login).send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    });
    assert!(page.contains("Work e-mail"), "{page}");
    running.ask_to_stop();
    let mut rest = String::new();
    says.read_to_string(&mut rest).unwrap();
    assert!(running.0.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("The throw-away store is gone."), "{rest}");
    assert_nothing_is_left(temporary.path());
}

#[test]
fn stopped_in_the_middle_of_its_story_it_leaves_nothing_behind_either() {
    let temporary = TempDir::new().unwrap();
    let process = demo(temporary.path(), &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut running = Running(process);
    let mut says = BufReader::new(running.0.stdout.take().unwrap());
    let first = says.by_ref().lines().map(Result::unwrap).find(|line| line.starts_with("1. "));
    assert!(first.is_some());
    running.ask_to_stop();
    let mut rest = String::new();
    says.read_to_string(&mut rest).unwrap();
    assert!(running.0.wait().unwrap().success(), "{rest}");
    assert_nothing_is_left(temporary.path());
}

/// A process that ends with its test, however the test ends.
struct Running(Child);

impl Running {
    fn ask_to_stop(&self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
