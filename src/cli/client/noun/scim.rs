//! The nouns of SCIM: what providers asked for, what they got away with, and schemas of the organization's own.

use super::{
    super::table::{
        Show::{Moment, Text, With},
        column,
    },
    Noun,
};
use serde_json::Value;

pub(in crate::cli::client) const PUSHES: Noun = Noun {
    one: "request",
    prefix: "psh_",
    path: "/provisioning-log",
    names: &[],
    cursor: "after",
    columns: &[
        column("AT", "/at", Moment),
        column("ASKED", "", With(asked)),
        column("VERDICT", "", With(verdict)),
        column("CHANGE", "", With(change)),
        column("ACCESS", "", With(access)),
        column("TOLERATED", "", With(tolerated)),
        column("MS", "/ms", Text),
    ],
    empty: "No requests of providers.",
};

pub(in crate::cli::client) const TOLERANCES: Noun = Noun {
    one: "tolerance",
    prefix: "",
    path: "/tolerances",
    names: &[],
    cursor: "after",
    columns: &[
        column("TOLERANCE", "/tolerance", Text),
        column("TIMES", "/times", Text),
        column("LAST", "/last_at", Moment),
        column("SENT", "/example", Text),
        column("WHAT IT IS", "/meaning", Text),
    ],
    empty: "None: whatever it sent is as the RFC wants it.",
};

fn asked(push: &Value) -> String {
    let text = |field: &str| push[field].as_str().unwrap_or_default();
    match push["times"].as_u64() {
        Some(times) => format!("{} {} ({times} times)", text("method"), text("path")),
        None => format!("{} {}", text("method"), text("path")),
    }
}

fn verdict(push: &Value) -> String {
    let said = ["scim_type", "message"].iter().filter_map(|field| push[*field].as_str());
    std::iter::once(push["status"].to_string()).chain(said.map(str::to_owned)).collect::<Vec<_>>().join(" ")
}

fn change(push: &Value) -> String {
    let change = &push["change"];
    let list = |field: &str| -> Vec<&str> {
        change[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let mut told: Vec<String> = list("events").into_iter().map(str::to_owned).collect();
    let attributes = list("attributes");
    if !attributes.is_empty() {
        told.push(format!("({})", attributes.join(", ")));
    }
    for (field, sign) in [("members_added", "+"), ("members_removed", "-")] {
        if let Some(count) = change[field].as_u64() {
            told.push(format!("{sign}{count}"));
        }
    }
    told.join(" ")
}

fn access(push: &Value) -> String {
    let count = |field: &str| push["access"][field].as_u64().unwrap_or_default();
    match (count("gained"), count("lost")) {
        (0, 0) => String::new(),
        (gained, lost) => format!("+{gained} -{lost}"),
    }
}

fn tolerated(push: &Value) -> String {
    let names = push["tolerances"].as_array().into_iter().flatten().filter_map(|tolerated| tolerated["name"].as_str());
    names.collect::<Vec<_>>().join(", ")
}

pub(in crate::cli::client) const SCHEMAS: Noun = Noun {
    one: "schema",
    prefix: "urn:",
    path: "/schemas",
    names: &["urn"],
    cursor: "after",
    columns: &[
        column("URN", "/urn", Text),
        column("FOR", "/description", Text),
        column("ATTRIBUTES", "", With(attributes)),
        column("UPDATED", "/updated_at", Moment),
    ],
    empty: "No schemas: providers push what SCIM has. Declare one with: castgate schemas declare FILE",
};

fn attributes(schema: &Value) -> String {
    let all = schema["attributes"].as_array().into_iter().flatten();
    all.filter_map(|attribute| attribute["name"].as_str()).collect::<Vec<_>>().join(", ")
}
