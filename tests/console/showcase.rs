//! The pictures of the README are made from the demo's organization, so that they can be made again:
//! `CASTGATE_TEST_PICTURES=fixtures/pictures cargo test --test console the_readme`.

use crate::{chromium::browse, have};
use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// Bytes of a picture: a README is read on trains.
const MOST: u64 = 120 * 1024;

/// A demo that ends with its test.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.0.wait();
    }
}

fn demo(temporary: &Path) -> (Demo, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_castgate"));
    command.args(["demo", "--port", "0"]).env("TMPDIR", temporary).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut demo = Demo(command.spawn().unwrap());
    let mut says = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let link = says
        .find_map(|line| line.split_whitespace().find(|word| word.contains("/login/link?token=")).map(str::to_owned));
    // What it says later has to go somewhere.
    std::thread::spawn(move || says.for_each(drop));
    (demo, link.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readme_s_pictures_are_made_from_the_demo_and_are_small() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let temporary = TempDir::new().unwrap();
    let (_demo, link) = demo(temporary.path());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let into = env::var_os("CASTGATE_TEST_PICTURES").map_or(temporary.path().join("pictures"), |into| root.join(into));
    let arguments = ["--link".to_owned(), link, "--into".to_owned(), into.display().to_string()];
    let said = browse("browser/showcase.mjs", arguments.to_vec()).await;
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let made = said["pictures"].as_array().unwrap();
    assert!(made.len() >= 3, "{said}");
    for picture in made {
        let (name, bytes) = (picture["name"].as_str().unwrap(), picture["bytes"].as_u64().unwrap());
        assert!(bytes <= MOST, "{name} has {bytes} bytes");
        let kept = format!("fixtures/pictures/{name}.png");
        assert!(readme.contains(&kept), "the README does not show {kept}");
        assert!(root.join(&kept).metadata().unwrap().len() <= MOST, "{kept}");
    }
}
