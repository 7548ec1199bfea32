//! How accidents and receipts are shown.

use super::{
    super::table::{
        Show::{Moment, Text, With},
        column,
    },
    Noun,
};
use serde_json::Value;

pub(in crate::cli::client) const ACCIDENTS: Noun = Noun {
    one: "accident",
    prefix: "acc_",
    path: "/accidents",
    names: &[],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("CONNECTION", "/connection", Text),
        column("FROM", "/from", Moment),
        column("TO", "/to", Moment),
        column("GROUPS", "/counts/groups", Text),
        column("MEMBERS", "/counts/members", Text),
        column("PEOPLE", "/counts/people", Text),
    ],
    empty: "No accidents.",
};

pub(in crate::cli::client) const RECEIPTS: Noun = Noun {
    one: "receipt",
    prefix: "rct_",
    path: "/receipts",
    names: &[],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("USER", "/said/user", Text),
        column("AT", "/said/at", Moment),
        column("WHY", "/said/why", Text),
        column("BY", "/said/actor", Text),
        column("SESSIONS", "/said/sessions", Text),
        column("KEYS", "/said/keys", Text),
        column("LAST LET IN", "/said/last_accepted", Moment),
        column("SIGNED", "", With(signed)),
        column("TOLD", "", With(told)),
    ],
    empty: "No receipts.",
};

fn signed(receipt: &Value) -> String {
    if receipt["valid"].as_bool().unwrap_or_default() { "yes" } else { "NO" }.to_owned()
}

/// How many webhooks took note, of those that were told.
fn told(receipt: &Value) -> String {
    let all = receipt["acknowledgements"].as_array().map(Vec::as_slice).unwrap_or_default();
    let taken = all.iter().filter(|one| !one["at"].is_null()).count();
    if all.is_empty() { "–".to_owned() } else { format!("{taken} of {}", all.len()) }
}
