//! A row for each way in which a table can hold something of a person, and what an erasure makes of it.
//!
//! `<me>` is the person's id. `<key>`, `<moved>`, `<accepted>` and `<invited>` are the ids of a key of theirs, of a machine's key that
//! they know still, of an invitation that they accepted, and of one to their address. `<mail>`, `<name>` and `<phone>` are known of them
//! as they are; each of `<sub>`, `<fact>`, `<old>`, `<tried>`, `<verified>` and `<linked>` from one row here alone. `<word>` (their
//! provider's) and `<nick>` (their own) are words that may mean others too, `<from>` is a network address, `<near>` an address that
//! ends like theirs, `<theirs>` that of somebody who lives on; `<job>` and `<role>` are new ids.

/// What an erasure makes of a row about the person.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Gone,
    /// It stays, and these columns lose what they say.
    Blanked(&'static [&'static str]),
    /// The same, whoever it is about.
    BlankedForAll(&'static [&'static str]),
    /// It stays as it is, because it says only this.
    Stays(Why),
    /// It stays as it is, and whoever erases is told of its table: somebody wrote it about something else.
    Told,
}

/// Why a row about the person stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The id alone: who held, gave, took and did what stays provable, and says nothing of who it was.
    TheIdAlone,
    /// It is about others, or may be.
    OfOthers,
}

pub(super) struct Row {
    pub(super) table: &'static str,
    pub(super) says: &'static [(&'static str, &'static str)],
    pub(super) fate: Fate,
}

const fn row(table: &'static str, says: &'static [(&'static str, &'static str)], fate: Fate) -> Row {
    Row { table, says, fate }
}

const fn gone(table: &'static str, says: &'static [(&'static str, &'static str)]) -> Row {
    row(table, says, Fate::Gone)
}

const fn id_stays(table: &'static str, says: &'static [(&'static str, &'static str)]) -> Row {
    row(table, says, Fate::Stays(Why::TheIdAlone))
}

const fn others(table: &'static str, says: &'static [(&'static str, &'static str)]) -> Row {
    row(table, says, Fate::Stays(Why::OfOthers))
}

const fn told(table: &'static str, says: &'static [(&'static str, &'static str)]) -> Row {
    row(table, says, Fate::Told)
}

const PAYLOAD: Fate = Fate::Blanked(&["payload"]);
const NOTE: Fate = Fate::Blanked(&["note"]);
const ENTRY: Fate = Fate::Blanked(&["entry"]);
const ADDRESS: Fate = Fate::Blanked(&["delivery_answer", "delivery_reason", "email", "email_folded"]);
const ENDED: Fate =
    Fate::Blanked(&["delivery_answer", "delivery_reason", "email", "email_folded", "ended_as", "ended_at", "version"]);

pub(super) const ROWS: &[Row] = &[
    // The person's alone.
    gone("identities", &[("user_id", "<me>"), ("value", "<sub>")]),
    gone("facts", &[("user_id", "<me>"), ("document", r#"{"nickName":"<fact>"}"#)]),
    gone("adoptions", &[("user_id", "<me>"), ("approved_by", "user <me>")]),
    id_stays("adoptions", &[("approved_by", "user <me>")]),
    gone("sessions", &[("user_id", "<me>"), ("provider_session", "<sub>"), ("acr", "urn:mfa"), ("id_token", "<mail>")]),
    gone("sign_in_links", &[("user_id", "<me>")]),
    gone("terms_acceptances", &[("user_id", "<me>")]),
    gone("passwords", &[("user_id", "<me>"), ("verified_email", "<verified>")]),
    gone("password_links", &[("user_id", "<me>"), ("email", "<linked>")]),
    gone("second_factors", &[("user_id", "<me>")]),
    gone("recovery_codes", &[("user_id", "<me>")]),
    gone("people_seen", &[("user_id", "<me>")]),
    gone("signal_suspensions", &[("user_id", "<me>")]),
    gone("capability_uses", &[("holder", "<me>")]),
    gone("key_reviews", &[("subject", "<me>")]),
    // How far the review of a group's keys has come.
    id_stays("key_reviews", &[("after_owner", "<me>")]),
    gone("mirrored_keys", &[("owner", "<me>"), ("name", "laptop of <name>")]),
    told("mirrored_keys", &[("owner", "another"), ("name", "laptop of <name>")]),
    // Keys, and what hangs on them.
    gone("api_keys", &[("id", "<key>"), ("owner", "<me>"), ("name", "laptop of <name>"), ("created_by", "user <me>")]),
    gone("key_uses", &[("key_id", "<key>")]),
    others("key_uses", &[("key_id", "<moved>")]),
    row(
        "api_keys",
        &[("id", "<moved>"), ("known_by", "<me>"), ("last_used_from", "<from>"), ("created_by", "user <me>")],
        Fate::Blanked(&["last_used_from"]),
    ),
    others("api_keys", &[("known_by", "another"), ("last_used_from", "<from>")]),
    row("api_keys", &[("name", "for <mail>")], Fate::Blanked(&["name"])),
    others("api_keys", &[("name", "for <near>")]),
    others("api_keys", &[("name", "for <nick>")]),
    // Letters, by what they are about.
    gone("letters", &[("id", "<job>"), ("about", "<me>")]),
    gone("letters", &[("id", "<job>"), ("about", "<key>")]),
    gone("letters", &[("id", "<job>"), ("about", "<accepted>")]),
    gone("letters", &[("id", "<job>"), ("about", "<invited>")]),
    others("letters", &[("id", "<job>"), ("about", "<moved>")]),
    // Invitations. Somebody who came by a link that was sent to somebody else's address.
    row(
        "invitations",
        &[
            ("id", "<accepted>"),
            ("email", "<theirs>"),
            ("email_folded", "<theirs>"),
            ("accepted_by", "<me>"),
            ("ended_at", "1"),
            ("ended_as", "accepted"),
            ("delivery_reason", "<theirs> is unknown"),
            ("delivery_answer", "550 <theirs>"),
        ],
        ADDRESS,
    ),
    row(
        "invitations",
        &[
            ("email", "<old>"),
            ("email_folded", "<old>"),
            ("accepted_by", "<me>"),
            ("ended_at", "1"),
            ("ended_as", "accepted"),
            ("delivery_reason", "<old> is unknown"),
            ("delivery_answer", "550 <old>"),
        ],
        ADDRESS,
    ),
    row(
        "invitations",
        &[
            ("id", "<invited>"),
            ("email", "<mail>"),
            ("email_folded", "<mail>"),
            ("delivery_reason", "<mail> is unknown"),
            ("delivery_answer", "550 <mail>"),
        ],
        ENDED,
    ),
    others("invitations", &[("email", "<near>"), ("email_folded", "<near>")]),
    id_stays("invitations", &[("invited_by", "<me>")]),
    // Whoever is awaited.
    gone("pending_members", &[("value", "<me>")]),
    gone("pending_members", &[("value", "<word>")]),
    gone("pending_members", &[("display", "<name>")]),
    gone("pending_members", &[("display", "<nick>")]),
    others("pending_members", &[("display", "<near>")]),
    // Requests that are answered once.
    gone("idempotency", &[("actor", "key of <me>")]),
    row("idempotency", &[("answer", "sealed, about <mail>")], Fate::BlankedForAll(&["answer"])),
    // What came in and what was tried.
    gone("sign_ins", &[("person", "<me>"), ("email_folded", "<tried>")]),
    // By the provider, which said no address.
    gone("sign_ins", &[("person", "<me>"), ("email_folded", "")]),
    gone("sign_ins", &[("email_folded", "<mail>")]),
    gone("sign_ins", &[("entry", r#"{"detail":"no <mail>"}"#)]),
    gone("sign_ins", &[("entry", r#"{"value":"<word>"}"#)]),
    others("sign_ins", &[("entry", r#"{"detail":"no <near>"}"#)]),
    gone("provisioning_log", &[("entry", r#"{"path":"/Users/<me>"}"#)]),
    gone("provisioning_log", &[("entry", r#"{"detail":"no <mail>"}"#)]),
    gone("provisioning_log", &[("entry", r#"{"value":"<word>"}"#)]),
    others("provisioning_log", &[("entry", r#"{"detail":"no <near>, a <nick>"}"#)]),
    gone("connection_tests", &[("started_by", "user <me>"), ("result", r#"{"claims":"<mail>"}"#)]),
    id_stays("connection_tests", &[("started_by", "user <me>"), ("result", r#"{"claims":"<near>"}"#)]),
    row("signals", &[("entry", r#"{"about":"<mail>"}"#)], ENTRY),
    others("signals", &[("entry", r#"{"about":"<near>"}"#)]),
    row("tolerance_counts", &[("example", "\"value\": \"<mail>\"")], Fate::Blanked(&["example"])),
    others("tolerance_counts", &[("example", "\"value\": \"<nick>\"")]),
    // Work that waits: by each name that they have or had, wherever it is known from.
    row("outbox", &[("payload", r#"{"of":"<mail>"}"#)], PAYLOAD),
    row("outbox", &[("payload", r#"{"of":"<name>"}"#)], PAYLOAD),
    row("outbox", &[("payload", r#"{"of":"<phone>"}"#)], PAYLOAD),
    row("outbox", &[("payload", r#"{"of":"<sub>"}"#)], PAYLOAD),
    row("outbox", &[("payload", r#"{"of":"<fact>"}"#)], PAYLOAD),
    row("outbox", &[("payload", r#"{"of":"<old>"}"#)], PAYLOAD),
    row("outbox", &[("payload", r#"{"of":"<tried>"}"#)], PAYLOAD),
    row("outbox", &[("payload", r#"{"of":"<verified>"}"#)], PAYLOAD),
    row("outbox", &[("payload", r#"{"of":"<linked>"}"#)], PAYLOAD),
    others("outbox", &[("payload", r#"{"of":"<near>"}"#)]),
    others("outbox", &[("payload", r#"{"of":"<theirs>"}"#)]),
    others("outbox", &[("payload", r#"{"of":"<word>","as":"<nick>"}"#)]),
    // Reviews: what was found stays, with the id.
    row("review_proposals", &[("finding", r#"{"user":"<me>"}"#), ("note", "they asked for it")], NOTE),
    row("review_proposals", &[("finding", r#"{"user":"<me>"}"#), ("note", "<mail> asked for it")], NOTE),
    row("review_proposals", &[("finding", "{}"), ("note", "as <mail> said")], NOTE),
    others("review_proposals", &[("finding", "{}"), ("note", "as <near> said")]),
    id_stays(
        "review_proposals",
        &[("finding", r#"{"user":"<me>"}"#), ("note", ""), ("decided_by", "user <me>"), ("applied_by", "user <me>")],
    ),
    // Who held what, and who did what.
    id_stays("memberships", &[("member_kind", "user"), ("member_id", "<me>"), ("ended", "2")]),
    id_stays("bindings", &[("subject_id", "<me>"), ("author", "user <me>"), ("ended", "2"), ("ended_by", "user <me>")]),
    id_stays("receipts", &[("user_id", "<me>"), ("statement", r#"{"user":"<me>"}"#)]),
    id_stays("mapping_plans", &[("author", "user <me>"), ("owners", r#"["<me>"]"#)]),
    id_stays("setup_links", &[("created_by", "user <me>")]),
    // What somebody wrote about something else.
    told(
        "clusters",
        &[
            ("slug", "of <mail>"),
            ("slug_folded", "of <mail>"),
            ("name", "of <name>"),
            ("external_id", "<mail>"),
            ("name_there", "<mail>"),
        ],
    ),
    told(
        "roles",
        &[
            ("id", "<role>"),
            ("name", "<name>"),
            ("name_folded", "<name>"),
            ("description", "for <mail>"),
            ("capabilities", "[]"),
        ],
    ),
    told(
        "connections",
        &[("name", "<name>"), ("name_folded", "<name>"), ("settings", r#"{"x":"<mail>"}"#), ("tested_by", "user <me>")],
    ),
    told("domain_claims", &[("answer", "ask <mail>"), ("enforced_by", "user <me>")]),
    told("scim_clients", &[("name", "<name>"), ("jwks", r#"{"x":"<mail>"}"#), ("jwks_url", "https://x.test/<mail>")]),
    told("facts", &[("document", r#"{"manager":{"displayName":"<name>"}}"#)]),
    // Somebody who was removed, and had the same address.
    told(
        "users",
        &[
            ("user_name", "<mail>"),
            ("user_name_folded", "<mail>"),
            ("external_id", "<mail>"),
            ("display_name", "<name>"),
            ("email", "<mail>"),
            ("email_folded", "<mail>"),
            ("removed_at", "1"),
            ("document", r#"{"userName":"<mail>"}"#),
        ],
    ),
    told("groups", &[("display_name", "<name>"), ("display_name_folded", "<name>"), ("external_id", "<mail>")]),
    told("bindings", &[("source_kind", "rule"), ("source_detail", "<name>")]),
    told("mapping_drafts", &[("text", "# <name>"), ("author", "user <me>")]),
    told(
        "mapping_versions",
        &[("text", "# <name>"), ("reason", "<name> left"), ("connections", r#"["<name>"]"#), ("author", "user <me>")],
    ),
    told(
        "service_accounts",
        &[("name", "<name>"), ("name_folded", "<name>"), ("description", "ask <mail>"), ("created_by", "<me>")],
    ),
    told("extension_schemas", &[("schemas", r#"[{"description":"ask <mail>"}]"#)]),
    told("access_reviews", &[("name", "<name>"), ("created_by", "user <me>"), ("closed_by", "user <me>")]),
    told("webhooks", &[("name", "<name>"), ("url", "https://x.test/<mail>")]),
    told(
        "cast_ai_links",
        &[("given_by", "user <me>"), ("undecided", r#"["of <mail>"]"#), ("problem", r#"{"detail":"<mail>"}"#)],
    ),
];
