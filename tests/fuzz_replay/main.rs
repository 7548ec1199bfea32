//! The fuzz targets on stable: every input of the corpus, and mutations of each that are the same in every run.
//!
//! The targets call the very same functions (`tests/fuzz/entries.rs`). What a fuzzer finds becomes a file of the corpus.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

use castgate::{filter, model, scim};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

#[path = "../fuzz/entries.rs"]
mod entries;
#[expect(clippy::expect_used, reason = "an entry stops where something is wrong")]
#[path = "../fuzz/gateway.rs"]
mod gateway;

/// Mutations of each input.
const MUTATIONS: u64 = 60;

/// What mutations put in: the words and marks that the grammars know.
const WORDS: &[&str] = &[
    " eq ",
    " and ",
    " or ",
    "not ",
    " pr",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "\\",
    ".",
    ":",
    "urn:",
    "null",
    "true",
    "\"True\"",
    "{",
    "}",
    ",",
    "add",
    "remove",
    "replace",
    "path",
    "value",
    "op",
    "primary",
    "emails",
    "members",
    "active",
    "id",
    "$ref",
    "\u{130}",
    "\0",
    "9223372036854775808",
    "1e400",
    "%",
    " ",
    "//",
    "https://",
    "@",
    "%2f",
    ".example.com",
    "eyJhbGciOiJFUzI1NiJ9",
    "<a>",
    "</a>",
    "<!--",
    "-->",
    "]]>",
    "<?x?>",
    "&#13;",
    "&amp;",
    " xmlns=\"urn:a\"",
    " xmlns:p=\"urn:p\"",
    "p:",
    " ID=\"_a1\"",
    "http://www.w3.org/2000/09/xmldsig#",
];

/// The first number of a run: the same mutations every time.
struct Numbers(u64);

impl Numbers {
    /// splitmix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::try_from(self.next() % end as u64).unwrap() }
    }
}

fn mutated(input: &[u8], others: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(bytes.len() + 1);
        match numbers.below(6) {
            0 => drop(bytes.splice(at..at, WORDS[numbers.below(WORDS.len())].bytes())),
            1 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            2 => drop(bytes.drain(at..(at + numbers.below(8)).min(bytes.len()))),
            3 => {
                let end = (at + numbers.below(24)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            4 => {
                let other = &others[numbers.below(others.len())];
                let from = numbers.below(other.len());
                let part = other[from..(from + numbers.below(40)).min(other.len())].to_vec();
                bytes.splice(at..at, part);
            }
            _ => bytes.truncate(at.max(bytes.len() / 2)),
        }
    }
    bytes
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The recorded requests of the providers begin where a fuzzer would take long to come to.
fn recorded(wanted: impl Fn(&Value) -> Option<String>) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scim");
    let providers = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut files: Vec<PathBuf> =
        providers.flat_map(|provider| fs::read_dir(provider).unwrap().map(|entry| entry.unwrap().path())).collect();
    files.sort();
    let requests = files.iter().map(|file| serde_json::from_slice::<Value>(&fs::read(file).unwrap()).unwrap());
    requests.filter_map(|request| wanted(&request)).map(String::into_bytes).collect()
}

fn replay(name: &str, target: fn(&[u8]), more: Vec<Vec<u8>>) {
    let mut inputs = corpus(name);
    inputs.extend(more);
    let mut numbers = Numbers(7);
    for input in &inputs {
        told(name, target, input);
        for _ in 0..MUTATIONS {
            told(name, target, &mutated(input, &inputs, &mut numbers));
        }
    }
}

/// Runs one input; what fails is shown as a file for the corpus could hold it.
fn told(name: &str, target: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = std::panic::catch_unwind(|| target(input)) {
        eprintln!("{name} fails at {:?}", String::from_utf8_lossy(input));
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn filters_are_read_and_printed_without_disagreement() {
    replay("filter", entries::filter, Vec::new());
}

#[test]
fn paths_are_read_and_printed_without_disagreement() {
    let paths = recorded(|request| request["body"]["Operations"][0]["path"].as_str().map(str::to_owned));
    replay("path", entries::path, paths);
}

#[test]
fn a_patch_leaves_a_document_that_could_have_come_in() {
    let patches = recorded(|request| (request["method"] == "PATCH").then(|| request["body"].to_string()));
    assert!(patches.len() > 20, "{}", patches.len());
    replay("patch", entries::patch, patches);
}

#[test]
fn bodies_are_read_into_what_could_have_come_in() {
    let bodies =
        recorded(|request| (request["method"] != "PATCH").then(|| request.get("body").map(Value::to_string))?);
    assert!(bodies.len() > 10, "{}", bodies.len());
    replay("body", entries::body, bodies);
}

#[test]
fn a_token_whose_header_is_taken_has_one_meaning() {
    replay("jose", gateway::jose, Vec::new());
}

#[test]
fn a_sign_in_leads_to_places_of_the_settings_alone() {
    replay("return_to", gateway::return_to, Vec::new());
}

#[test]
fn saml_messages_pass_the_gate_or_do_not_and_none_is_accepted() {
    replay("saml", gateway::saml, Vec::new());
}

#[test]
fn saml_metadata_gives_keys_and_addresses_or_nothing() {
    replay("saml_metadata", gateway::saml_metadata, Vec::new());
}
