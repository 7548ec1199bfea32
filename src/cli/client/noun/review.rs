//! Access reviews, what they found, and keys of Cast AI, as tables.

use super::{
    super::table::{
        Show::{Moment, Text},
        column,
    },
    Noun,
};

pub(in crate::cli::client) const REVIEWS: Noun = Noun {
    one: "access review",
    prefix: "rvw_",
    path: "/access-reviews",
    names: &["name"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("NAME", "/name", Text),
        column("STARTED", "/created_at", Moment),
        column("FOUND", "/progress/proposals", Text),
        column("DECIDED", "/progress/decided", Text),
        column("TO APPLY", "/progress/to_apply", Text),
        column("CLOSED", "/closed_at", Moment),
    ],
    empty: "No access reviews yet. Begin one with: castgate reviews start NAME",
};

pub(in crate::cli::client) const PROPOSALS: Noun = Noun {
    one: "proposal",
    prefix: "rvp_",
    path: "/proposals",
    names: &[],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("WHAT", "/kind", Text),
        column("WHO", "/about", Text),
        column("BECAUSE", "/evidence", Text),
        column("MAY BE", "/verdicts", Text),
        column("DECIDED", "/decided/verdict", Text),
        column("DONE", "/applied_at", Moment),
    ],
    empty: "Nothing was found: everything is in use.",
};

pub(in crate::cli::client) const MIRRORED_KEYS: Noun = Noun {
    one: "mirrored key",
    prefix: "mky_",
    path: "/mirrored-keys",
    names: &["name", "external_id"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("AT CAST AI", "/external_id", Text),
        column("NAME", "/name", Text),
        column("OF", "/owner", Text),
        column("LAST USED", "/last_used_at", Moment),
        column("READ", "/read_at", Moment),
    ],
    empty: "No keys of Cast AI are mirrored. Tell castgate of them with: castgate keys mirror FILE",
};
