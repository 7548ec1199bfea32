//! Holds the architecture: lines of dependency, homes of outside crates, purity, sizes and names. The laws are a
//! pure function over (path, text), so that a test for each of them can show that it bites.

mod laws;
mod source;

use std::path::{Path, PathBuf};

use laws::breaches;

#[test]
fn the_house_keeps_its_laws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        collect(&root.join(folder), &mut files).unwrap();
    }
    assert!(files.len() > 20, "found only {} Rust files under {}", files.len(), root.display());
    files.sort();
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            breaches(file.strip_prefix(root).unwrap().to_str().unwrap(), &text)
        })
        .collect();
    assert!(found.is_empty(), "{} breaches:\n{}", found.len(), found.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// One breach, at this place, that says this.
#[track_caller]
fn bites(file: &str, text: &str, line: usize, says: &str) {
    let found = breaches(file, text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(&format!("{file}:{line}: ")), "{found:?}");
    assert!(found[0].contains(says), "{found:?} does not say {says:?}");
}

#[track_caller]
fn passes(file: &str, text: &str) {
    assert_eq!(breaches(file, text), Vec::<String>::new());
}

#[test]
fn a_module_does_not_use_what_is_below_it() {
    bites("src/model/id.rs", "//! Ids.\nuse crate::app::App;\n", 2, "`model` (line 0) may not use `crate::app::App`");
    bites("src/store/user.rs", "fn f() {\n    crate::app::clock::now()\n}", 2, "`crate::app::clock::now`");
    passes("src/app/mod.rs", "use crate::store::Store;\nuse crate::app::clock::Clock;");
}

#[test]
fn a_module_does_not_use_its_neighbour() {
    bites("src/store/mod.rs", "use crate::cache::Cache;", 1, "beside it on line 7");
    bites("src/access/mod.rs", "use crate::scim::Patch;", 1, "beside it on line 2");
}

#[test]
fn groups_of_imports_are_read_to_the_last_leaf() {
    let text = "use crate::{\n    model::{Id, role::{self, Role as R}},\n    http::*,\n};";
    bites("src/app/mod.rs", text, 3, "`crate::http::*`");
}

#[test]
fn super_is_followed_out_of_a_module() {
    bites("src/filter/parse/mod.rs", "use super::super::plan::Plan;", 1, "`crate::plan::Plan`");
    bites("src/filter/mod.rs", "use super::plan::Plan;", 1, "`crate::plan::Plan`");
    bites("src/filter/mod.rs", "mod tests {\n    use super::super::plan::Plan;\n}", 2, "`crate::plan::Plan`");
    passes("src/filter/parse.rs", "use super::Plan;\nmod tests { use super::super::plan::Plan; }");
}

#[test]
fn code_for_tests_and_macros_is_held_too() {
    bites("src/cache/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::store::Store;\n}", 3, "`crate::store::Store`");
    bites("src/store/sql.rs", "macro_rules! sql { () => { $crate::app::run() } }", 1, "`crate::app::run`");
}

#[test]
fn going_round_by_the_root_is_seen() {
    bites("src/model/mod.rs", "use crate as house;", 1, "imports the whole crate");
    bites("src/model/mod.rs", "use crate::App;", 1, "not a module on any line");
    bites("src/queue/mod.rs", "", 1, "`queue` is on no line");
    passes("src/model/mod.rs", "pub(crate) fn f() {}\npub(in crate::model) fn g() {}");
    passes("src/lib.rs", "pub use crate::app::App;");
}

#[test]
fn an_outside_crate_stays_at_home() {
    bites("src/app/mod.rs", "use reqwest::Client;", 1, "the crate `reqwest` is at home in `net` alone");
    bites("src/worker/mod.rs", "fn f(c: &::redis::Client) {}", 1, "the crate `redis` is at home in `cache` alone");
    bites("src/cli/mod.rs", "use axum;", 1, "at home in `http` and `lab` alone");
    bites("src/main.rs", "fn main() { clap::Command::new(\"x\"); }", 1, "at home in `cli` alone");
    passes("src/lab/mod.rs", "use axum::Router;");
    passes("src/app/mod.rs", "fn f(s: &S) -> bool { let redis = s.redis; redis.is_some() }");
}

#[test]
fn the_upper_lines_are_pure() {
    bites("src/plan/mod.rs", "pub async fn plan() {}", 1, "but says `async`");
    bites("src/scim/mod.rs", "fn f() {\n    g()\n        .await\n}", 3, "but says `await`");
    bites("src/mapping/mod.rs", "use std::{fmt, time::{Duration, SystemTime}};", 1, "`std::time::SystemTime`");
    bites("src/model/mod.rs", "fn f() { std::env::var(\"A\"); }", 1, "`std::env::var`");
    bites("src/access/mod.rs", "#[tokio::test]\nfn f() {}", 1, "`tokio::test`");
    bites("src/filter/mod.rs", "use std::fs;", 1, "`std::fs`");
    passes("src/filter/mod.rs", "mod tests { fn f() { std::fs::read(\"fixture\"); } }");
    passes("src/config/mod.rs", "use std::{env, fs};");
}

#[test]
fn an_undeclared_route_fails_the_build() {
    bites("src/http/login.rs", "fn f() {\n    Router::new().route(\"/x\", y);\n}", 2, "`route` makes a route");
    bites("src/http/mod.rs", "fn f(r: R) { r.nest(\"/x\", y) }", 1, "`nest` makes a route");
    bites("src/http/api/keys.rs", "use axum::{Json, routing::{get, post}};", 1, "`axum::routing` makes a route");
    passes("src/http/doors/mod.rs", "use axum::routing::get;\nfn f(r: R) { r.route(\"/x\", y) }");
    passes("src/http/request.rs", "fn f(line: L) -> S { line.route.as_str() }");
    passes("src/lab/mod.rs", "fn f(r: R) { r.route(\"/x\", y) }");
}

#[test]
fn what_is_not_code_is_not_held() {
    let text = "//! See [`crate::app`].\n/* crate::app::A /* tokio::x */ crate::http */\n/// `redis::Client`\n\
                const A: (&str, &str, char) = (\"crate::app \\\" std::fs::x\", r#\"crate::http \" tokio::y\"#, '\"');\n\
                fn f<'a>(x: &'a str) -> &'a str { x } // crate::app::B";
    passes("src/model/mod.rs", text);
    bites("src/model/mod.rs", &format!("{text}\nuse crate::app;"), 6, "`crate::app`");
}

#[test]
fn a_file_stays_readable() {
    let long = "//\n".repeat(401);
    bites("src/app/user.rs", &long, 401, "at most 400");
    bites("tests/sign_in.rs", &long, 401, "at most 400");
    passes("src/app/tests.rs", &long);
    bites("src/app/suite.rs", &"//\n".repeat(801), 801, "at most 800");
}

#[test]
fn a_name_says_what_is_inside() {
    bites("src/app/mod.rs", "pub mod util;", 1, "`util` says nothing");
    bites("src/app/common.rs", "", 1, "`common` says nothing");
    bites("tests/world/main.rs", "mod helpers {}", 1, "`helpers` says nothing");
}
