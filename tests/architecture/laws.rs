//! The laws, and the pure function that holds one file to them.

use crate::source::{Path, Token, module_of, paths, tokens};

/// The lines of dependency. A module uses only modules on lines above its own, which leaves no room for a cycle.
const LINES: &[&[&str]] = &[
    &["model"],
    &["filter"],
    &["access", "scim"],
    &["mapping"],
    &["plan", "blueprint"],
    &["config"],
    &["telemetry", "crypto", "net"],
    &["store", "cache", "mail", "sso"],
    &["app"],
    &["http", "worker", "lab"],
    &["cli"],
];

/// The last line that is pure: no async, no clock, no randomness, no I/O.
const LAST_PURE_LINE: usize = 4;

/// Outside crates, and the modules that are their home.
const HOMES: &[(&[&str], &[&str])] = &[
    (&["axum", "hyper", "hyper_util", "tower", "maud", "governor", "qrcodegen"], &["http"]),
    (&["axum"], &["lab"]), // the lab's provider is an HTTP server itself
    (&["rusqlite", "tokio_postgres", "deadpool", "deadpool_postgres", "tokio_postgres_rustls"], &["store"]),
    (&["redis", "moka"], &["cache"]),
    (&["openidconnect", "roxmltree", "miniz_oxide", "samael"], &["sso"]),
    (&["chrono"], &["sso"]), // samael's spans of time; ours are std's
    (&["lettre"], &["mail"]),
    (&["maud"], &["mail"]), // a letter's HTML
    (&["reqwest", "simple_dns"], &["net"]),
    (&["aws_lc_rs", "argon2", "crc32fast", "jsonwebtoken", "subtle"], &["crypto"]),
    (&["saphyr"], &["mapping", "blueprint"]),
    (&["saphyr_parser"], &["mapping"]),
    (&["prometheus_client"], &["telemetry"]),
    (&["clap", "clap_complete", "comfy_table", "indicatif", "rpassword", "webbrowser"], &["cli"]),
];

/// What a pure module does not name.
const IMPURE: &[&str] = &[
    "tokio",
    "rand",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
];

/// The registry: the one file of `http` that makes routes. A route that is not declared there cannot be.
const REGISTRY: &str = "src/http/doors/mod.rs";

/// How axum's router gets a route past the registry.
const ROUTE_MAKERS: &[&str] = &["route", "route_service", "nest", "nest_service"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "misc", "helper", "helpers"];

const MOST_LINES: usize = 400;
const MOST_LINES_OF_A_SUITE: usize = 800;

/// Every breach of the laws in one file, as `path:line: what is wrong`.
pub fn breaches(file: &str, text: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> = size(file, text).into_iter().collect();
    let tokens = tokens(text);
    found.extend(names(file, &tokens));
    let said = paths(file, &tokens);
    if file.starts_with("src/") {
        found.extend(homes(file, &said));
    }
    if file.starts_with("src/") && !is_root(file) {
        found.extend(directions(file, &said));
        found.extend(purity(file, &said));
        found.extend(undeclared_routes(file, &tokens, &said));
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|(line, what)| format!("{file}:{line}: {what}")).collect()
}

/// `lib.rs` and `main.rs` put the house together, so they may name every module.
fn is_root(file: &str) -> bool {
    matches!(file, "src/lib.rs" | "src/main.rs")
}

fn line_of(module: &str) -> Option<usize> {
    LINES.iter().position(|line| line.contains(&module))
}

fn directions(file: &str, said: &[Path]) -> Vec<(usize, String)> {
    let own = module_of(file).swap_remove(0);
    let Some(own_line) = line_of(&own) else {
        return vec![(1, format!("`{own}` is on no line of dependency: give it one in tests/architecture/laws.rs"))];
    };
    let judge = |path: &Path| {
        let inside = path.inside_crate()?;
        let Some(target) = inside.first() else {
            return path.imported.then(|| (path.line, "imports the whole crate: name a module".to_string()));
        };
        if *target == own {
            return None;
        }
        let why = match line_of(target) {
            Some(line) if line < own_line => return None,
            Some(line) if line == own_line => format!("beside it on line {line}"),
            Some(line) => format!("below it on line {line}"),
            // An exported macro lives at the root, where no line holds it: `pub(crate) use` it from its module.
            None => "not a module on any line".to_string(),
        };
        Some((path.line, format!("`{own}` (line {own_line}) may not use `crate::{}`: {why}", inside.join("::"))))
    };
    said.iter().filter_map(judge).collect()
}

fn homes(file: &str, said: &[Path]) -> Vec<(usize, String)> {
    let module = module_of(file);
    let own = module.first().map_or("", String::as_str);
    let judge = |path: &Path| {
        let name = path.segments[0].as_str();
        let homes: Vec<&str> =
            HOMES.iter().filter(|home| home.0.contains(&name)).flat_map(|home| home.1).copied().collect();
        // A single name outside of `use` is a variable or a field.
        let is_crate = path.imported || path.segments.len() > 1;
        let away = is_crate && !homes.is_empty() && !homes.contains(&own);
        away.then(|| (path.line, format!("the crate `{name}` is at home in `{}` alone", homes.join("` and `"))))
    };
    said.iter().filter_map(judge).collect()
}

fn purity(file: &str, said: &[Path]) -> Vec<(usize, String)> {
    let own = module_of(file).swap_remove(0);
    if line_of(&own).is_none_or(|line| line > LAST_PURE_LINE) {
        return Vec::new();
    }
    let judge = |path: &Path| {
        let name = path.segments.join("::");
        let keyword = matches!(name.as_str(), "async" | "await");
        // Tests of pure code may read their fixtures.
        let fixture = path.starts_with("std::fs") && path.module.iter().any(|part| part == "tests");
        let outside =
            (path.imported || path.segments.len() > 1) && IMPURE.iter().any(|impure| path.starts_with(impure));
        let breach = keyword || (outside && !fixture);
        breach.then(|| (path.line, format!("`{own}` is pure (no async, clock, randomness or I/O), but says `{name}`")))
    };
    said.iter().filter_map(judge).collect()
}

fn undeclared_routes(file: &str, tokens: &[Token], said: &[Path]) -> Vec<(usize, String)> {
    if !file.starts_with("src/http/") || file == REGISTRY {
        return Vec::new();
    }
    let what = |name: &str| format!("`{name}` makes a route that nobody declares: declare it as a door ({REGISTRY})");
    let imported = said.iter().filter(|path| path.starts_with("axum::routing"));
    let called = tokens
        .windows(3)
        .filter(|three| three[0].text == "." && ROUTE_MAKERS.contains(&three[1].text.as_str()) && three[2].text == "(");
    imported
        .map(|path| (path.line, what("axum::routing")))
        .chain(called.map(|three| (three[1].line, what(&three[1].text))))
        .collect()
}

fn size(file: &str, text: &str) -> Option<(usize, String)> {
    let suite = file.ends_with("/tests.rs") || file.ends_with("/suite.rs");
    let most = if suite { MOST_LINES_OF_A_SUITE } else { MOST_LINES };
    let lines = text.lines().count();
    (lines > most).then(|| (lines, format!("{lines} lines: split it, a file has at most {most}")))
}

fn names(file: &str, tokens: &[Token]) -> Vec<(usize, String)> {
    let judge = |name: &str, line| {
        EMPTY_NAMES.contains(&name).then(|| (line, format!("`{name}` says nothing: name the module by what it holds")))
    };
    let declared =
        tokens.windows(2).filter(|pair| pair[0].text == "mod").filter_map(|pair| judge(&pair[1].text, pair[1].line));
    module_of(file).iter().filter_map(|part| judge(part, 1)).chain(declared).collect()
}
