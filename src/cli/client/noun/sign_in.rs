//! The nouns of signing in: its traces, domains, set-up links.

use super::{
    super::table::{
        Show::{Moment, Text, With},
        column,
    },
    Noun,
};
use serde_json::Value;

pub(in crate::cli::client) const SIGN_INS: Noun = Noun {
    one: "sign-in",
    prefix: "sgn_",
    path: "/sign-ins",
    names: &["code"],
    cursor: "after",
    columns: &[
        column("CODE", "/code", Text),
        column("AT", "/at", Moment),
        column("OUTCOME", "/outcome", Text),
        column("FAILURE", "/failure", Text),
        column("WHO", "", With(who_tried)),
        column("BY", "/protocol", Text),
        column("FROM", "/address", Text),
    ],
    empty: "No sign-ins.",
};

/// The address as it was typed, else whom it turned out to be.
fn who_tried(sign_in: &Value) -> String {
    let text = |field: &str| sign_in[field].as_str().filter(|text| !text.is_empty());
    text("email").or_else(|| text("user")).unwrap_or("–").to_owned()
}

pub(in crate::cli::client) const DOMAINS: Noun = Noun {
    one: "domain",
    prefix: "",
    path: "/domains",
    names: &["domain"],
    cursor: "after",
    columns: &[
        column("DOMAIN", "/domain", Text),
        column("CONNECTION", "/connection_name", Text),
        column("SHOWN BY", "/proof", Text),
        column("ENFORCED", "/enforced_at", Moment),
        column("TESTED", "/tested_at", Moment),
        column("TXT RECORD", "/record/name", Text),
        column("TEXT", "/record/value", Text),
    ],
    empty: "No domains yet. A connection claims them: castgate connections create okta --domain acme.example",
};

pub(in crate::cli::client) const SETUP_LINKS: Noun = Noun {
    one: "set-up link",
    prefix: "set_",
    path: "/setup-links",
    names: &[],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("MADE", "/created_at", Moment),
        column("BY", "/created_by", Text),
        column("ENDS", "/expires_at", Moment),
        column("REVOKED", "/revoked_at", Moment),
        column("LAST USED", "/last_used_at", Moment),
    ],
    empty: "No set-up links. Make one with: castgate connections setup-links create CONNECTION",
};
