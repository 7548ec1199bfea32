//! The API's nouns as the command line shows them: where they live, what their columns are, what an empty list means.

mod accident;
mod review;
mod scim;
mod sign_in;
mod signal;

pub(super) use accident::{ACCIDENTS, RECEIPTS};
pub(super) use review::{MIRRORED_KEYS, PROPOSALS, REVIEWS};
pub(super) use scim::{PUSHES, SCHEMAS, TOLERANCES};
pub(super) use sign_in::{DOMAINS, SETUP_LINKS, SIGN_INS};
pub(super) use signal::{DELIVERIES, SIGNALS, WEBHOOKS};

use super::table::{
    Column,
    Show::{Moment, State, Text, With},
    column,
};
use serde_json::Value;

/// One kind of thing.
#[derive(Debug)]
pub(super) struct Noun {
    /// One of it, in a sentence.
    pub(super) one: &'static str,
    /// What its ids begin with.
    pub(super) prefix: &'static str,
    /// Where the list is, behind `/api/v1`. For what lives inside of another thing its last part.
    pub(super) path: &'static str,
    /// The fields by which people name one besides its id.
    pub(super) names: &'static [&'static str],
    /// The parameter of the list that goes to the next page.
    pub(super) cursor: &'static str,
    /// What a table shows.
    pub(super) columns: &'static [Column],
    /// What an empty list means.
    pub(super) empty: &'static str,
}

pub(super) const USERS: Noun = Noun {
    one: "user",
    prefix: "usr_",
    path: "/users",
    names: &["user_name", "email"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("USER NAME", "/user_name", Text),
        column("NAME", "/display_name", Text),
        column("STATE", "/state", State),
        column("UPDATED", "/updated_at", Moment),
    ],
    empty: "No people yet. They come when a provider pushes them, or when they sign in for the first time.",
};

pub(super) const SESSIONS: Noun = Noun {
    one: "session",
    prefix: "ses_",
    path: "/sessions",
    names: &[],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("CONNECTION", "/connection", Text),
        column("SIGNED IN", "/created_at", Moment),
        column("LAST SEEN", "/last_seen_at", Moment),
        column("ENDS", "/expires_at", Moment),
    ],
    empty: "No sessions: signed in nowhere.",
};

pub(super) const CLIENT_KEYS: Noun = Noun {
    one: "client key",
    prefix: "",
    path: "/client-keys",
    names: &["kid"],
    cursor: "after",
    columns: &[
        column("KEY", "/kid", Text),
        column("SIGNS FROM", "/signs_from", Moment),
        column("GONE", "/retired_at", Moment),
    ],
    empty: "No keys: this connection shows a secret, or nothing.",
};

pub(super) const GROUPS: Noun = Noun {
    one: "group",
    prefix: "grp_",
    path: "/groups",
    names: &["display_name"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("NAME", "/display_name", Text),
        column("ORIGIN", "/origin", Text),
        column("CONNECTION", "/connection", Text),
        column("UPDATED", "/updated_at", Moment),
    ],
    empty: "No groups yet. They come when a provider pushes them.",
};

pub(super) const CLUSTERS: Noun = Noun {
    one: "cluster",
    prefix: "cls_",
    path: "/clusters",
    names: &["slug"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("SLUG", "/slug", Text),
        column("NAME", "/name", Text),
        column("CAST AI ID", "/external_id", Text),
        column("GONE THERE SINCE", "/gone_since", Moment),
    ],
    empty: "No clusters yet. Declare one with: castgate clusters declare prod-eu",
};

pub(super) const CONNECTIONS: Noun = Noun {
    one: "connection",
    prefix: "con_",
    path: "/connections",
    names: &["name"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("NAME", "/name", Text),
        column("PROFILE", "/settings/profile", Text),
        column("ENABLED", "/enabled", State),
        column("SILENT SINCE", "/silent_since", Moment),
        column("SIGNS IN", "/settings/oidc/issuer", Text),
        column("DOMAINS", "/settings/domains", Text),
    ],
    empty: "No connections yet. Make one with: castgate connections create okta --profile okta",
};

pub(super) const TOKENS: Noun = Noun {
    one: "token",
    prefix: "tok_",
    path: "/tokens",
    names: &["hint"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("BEGINS WITH", "/hint", Text),
        column("SLOT", "/slot", Text),
        column("MADE", "/created_at", Moment),
        column("ENDS", "/expires_at", Moment),
        column("LAST USED", "/last_used_at", Moment),
        column("FROM", "/last_used_from", Text),
    ],
    empty: "No tokens yet: the provider cannot push. Make one with: castgate connections tokens create CONNECTION",
};

pub(super) const ENDED_TOKENS: Noun = Noun {
    path: "/ended-tokens",
    columns: &[
        column("ID", "/id", Text),
        column("BEGINS WITH", "/hint", Text),
        column("EXPIRED", "/expires_at", Moment),
        column("REVOKED", "/revoked_at", Moment),
        column("LAST REFUSED", "/last_refused/at", Moment),
        column("FROM", "/last_refused/from", Text),
        column("BECAUSE", "/last_refused/why", Text),
    ],
    empty: "No token of this connection has ended.",
    ..TOKENS
};

pub(super) const CLIENTS: Noun = Noun {
    one: "client",
    prefix: "cli_",
    path: "/clients",
    names: &["name", "hint"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("NAME", "/name", Text),
        column("SECRET", "/hint", Text),
        column("KEYS AT", "/jwks_url", Text),
        column("LAST USED", "/last_used_at", Moment),
        column("FROM", "/last_used_from", Text),
        column("LAST REFUSED", "/last_refused/at", Moment),
        column("BECAUSE", "/last_refused/why", Text),
    ],
    empty: "No clients: the provider pushes with tokens alone. Make one with: castgate connections clients create CONNECTION NAME",
};

pub(super) const KEYS: Noun = Noun {
    one: "key",
    prefix: "key_",
    path: "/keys",
    names: &["name"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("NAME", "/name", Text),
        column("BEGINS WITH", "/hint", Text),
        column("MADE", "/created_at", Moment),
        column("ENDS", "/expires_at", Moment),
        column("LAST USED", "/last_used_at", Moment),
    ],
    empty: "No keys yet. Make one with: castgate keys create NAME",
};

pub(super) const EVENTS: Noun = Noun {
    one: "event",
    prefix: "evt_",
    path: "/events",
    names: &[],
    cursor: "after",
    columns: &[
        column("AT", "/at", Moment),
        column("EVENT", "/kind", Text),
        column("BY", "/actor", Text),
        column("ABOUT", "", With(about)),
    ],
    empty: "No events.",
};

/// The first subjects of an event; a push of a thousand has as many.
fn about(event: &Value) -> String {
    const SHOWN: usize = 2;
    let subjects: Vec<&str> = event["subjects"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let first = subjects.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match subjects.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Who is in a group.
pub(super) const MEMBERS: Noun = Noun {
    one: "member",
    prefix: "usr_",
    path: "/members",
    names: &["display"],
    cursor: "after",
    columns: &[column("ID", "/id", Text), column("KIND", "/kind", Text), column("NAME", "/display", Text)],
    empty: "Nobody is in it.",
};

pub(super) const MACHINES: Noun = Noun {
    one: "service account",
    prefix: "sva_",
    path: "/service-accounts",
    names: &["name"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("NAME", "/name", Text),
        column("STATE", "/state", State),
        column("FOR", "/description", Text),
        column("MADE", "/created_at", Moment),
    ],
    empty: "No service accounts yet. Make one with: castgate service-accounts create NAME",
};

pub(super) const INVITATIONS: Noun = Noun {
    one: "invitation",
    prefix: "inv_",
    path: "/invitations",
    names: &["email"],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("ADDRESS", "/email", Text),
        column("STATE", "/state", State),
        column("ROLE", "/role", Text),
        column("LETTER", "/delivery/state", State),
        column("UNTIL", "/expires_at", Moment),
    ],
    empty: "No invitations yet. Invite somebody with: castgate invitations create ADDRESS",
};

pub(super) const BINDINGS: Noun = Noun {
    one: "binding",
    prefix: "bnd_",
    path: "/bindings",
    names: &[],
    cursor: "after",
    columns: &[
        column("ID", "/id", Text),
        column("WHO", "/subject/id", Text),
        column("ROLE", "/role", Text),
        column("WHERE", "", With(places)),
        column("GIVEN BY", "", With(source)),
        column("UNTIL", "/until", Moment),
    ],
    empty: "No bindings: nobody was given a role. Rules of the mapping give them, or: castgate bindings create",
};

/// Where a binding holds, and those that one act gave with it.
fn places(binding: &Value) -> String {
    let place = |scope: &Value| {
        let text = |field: &str| scope[field].as_str().unwrap_or_default();
        match text("kind") {
            "cluster" => text("id").to_owned(),
            kind => kind.to_owned(),
        }
    };
    match binding["scopes"].as_array() {
        Some(several) => several.iter().map(place).collect::<Vec<_>>().join(", "),
        None => place(&binding["scope"]),
    }
}

/// What gave a binding: a rule by its name, a person by the one who did it.
fn source(binding: &Value) -> String {
    let text = |pointer: &str| binding.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match text("/source/kind") {
        "rule" => format!("rule “{}”", text("/source/name")),
        "person" => text("/author").to_owned(),
        kind => kind.to_owned(),
    }
}

pub(super) const ROLES: Noun = Noun {
    one: "role",
    prefix: "rol_",
    path: "/roles",
    names: &["name"],
    cursor: "after",
    columns: &[
        column("NAME", "/name", Text),
        column("BUILT IN", "/built_in", Text),
        column("MAY", "/capabilities", Text),
    ],
    empty: "No roles.",
};
