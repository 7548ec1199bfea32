//! How webhooks, their deliveries and providers' signals are shown.

use super::{
    super::table::{
        Show::{Moment, State, Text, With},
        column,
    },
    Noun,
};
use serde_json::Value;

pub(in crate::cli::client) const WEBHOOKS: Noun = Noun {
    one: "webhook",
    prefix: "whk_",
    path: "/webhooks",
    names: &["name"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("NAME", "/name", Text),
        column("ADDRESS", "/url", Text),
        column("KINDS", "", With(kinds)),
        column("ACTIVE", "/active", State),
        column("TOLD UP TO", "/told", Text),
        column("FAILING SINCE", "/failing_since", Moment),
        column("OFF BECAUSE", "/disabled_why", Text),
    ],
    empty: "No webhooks yet. Make one with: castgate webhooks create NAME URL",
};

pub(in crate::cli::client) const DELIVERIES: Noun = Noun {
    one: "delivery",
    prefix: "dlv_",
    path: "/deliveries",
    names: &["event"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("NUMBER", "/number", Text),
        column("EVENT", "/kind", Text),
        column("ATTEMPTS", "/attempts", Text),
        column("LAST", "/last_at", Moment),
        column("TAKEN", "/delivered_at", Moment),
        column("STATUS", "/status", Text),
        column("WRONG", "/error", Text),
    ],
    empty: "Nothing was sent there yet.",
};

/// The kinds that a webhook wants; none of them said: all.
fn kinds(webhook: &Value) -> String {
    let named: Vec<&str> = webhook["kinds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if named.is_empty() { "all".to_owned() } else { named.join(", ") }
}

pub(in crate::cli::client) const SIGNALS: Noun = Noun {
    one: "signal",
    prefix: "sgl_",
    path: "/signals",
    names: &[],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("AT", "/at", Moment),
        column("EVENT", "", With(|signal| each(signal, "event"))),
        column("ABOUT", "", With(|signal| each(signal, "user"))),
        column("CAME OF IT", "", With(|signal| each(signal, "effect"))),
    ],
    empty: "No security events yet.",
};

/// A field of each event of a signal; of a URI its last part.
fn each(signal: &Value, field: &str) -> String {
    let events = signal["events"].as_array().into_iter().flatten();
    let texts = events.filter_map(|event| event[field].as_str());
    texts.map(|text| text.rsplit('/').next().unwrap_or(text)).collect::<Vec<_>>().join(", ")
}
