//! Where something of a person may lie: which rows, and what becomes of them.

/// What becomes of a row.
#[derive(PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes.
    Gone,
    /// These columns are blanked.
    Set(&'static str),
}

/// Rows of one table that are erased.
///
/// In `which`, ?1 is the organization, ?2 the person, ?3 what they are called, for a column that is one of it, and ?4 the same for
/// one that mentions it. Columns are named with their table where a list of texts could have one of that name (`id`, `value`): inside
/// of a question about the list its own comes first.
pub(super) struct Place {
    pub(super) table: &'static str,
    pub(super) fate: Fate,
    pub(super) which: &'static str,
}

/// So that PostgreSQL knows the types of those that a statement does not use.
pub(super) const USED: &str = "?2 <> '' AND ?3 <> '' AND ?4 <> ''";

const fn gone(table: &'static str, which: &'static str) -> Place {
    Place { table, fate: Fate::Gone, which }
}

const fn blanked(table: &'static str, columns: &'static str, which: &'static str) -> Place {
    Place { table, fate: Fate::Set(columns), which }
}

/// Whether a column is one of the terms ?3.
macro_rules! is_term {
    ($column:literal) => {
        concat!("EXISTS (SELECT 1 FROM texts_of(?3) AS term WHERE lower(", $column, ") LIKE term.value ESCAPE '!')")
    };
}

/// Whether a column mentions one of the terms ?4.
macro_rules! mentions {
    ($column:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM texts_of(?4) AS term WHERE lower(",
            $column,
            ") LIKE '%' || term.value || '%' ESCAPE '!')"
        )
    };
}

/// In this order: what is found by a row of another table comes before that row.
pub(super) const PLACES: &[Place] = &[
    // What is the person's alone.
    gone("identities", "user_id = ?2"),
    gone("facts", "user_id = ?2"),
    gone("adoptions", "user_id = ?2"),
    gone("pending_members", "pending_members.value = ?2"),
    gone("sessions", "user_id = ?2"),
    gone("sign_in_links", "user_id = ?2"),
    gone("terms_acceptances", "user_id = ?2"),
    gone("passwords", "user_id = ?2"),
    gone("password_links", "user_id = ?2"),
    gone("second_factors", "user_id = ?2"),
    gone("recovery_codes", "user_id = ?2"),
    gone("people_seen", "user_id = ?2"),
    gone("signal_suspensions", "user_id = ?2"),
    gone("capability_uses", "holder = ?2"),
    gone("key_reviews", "subject = ?2"),
    gone("mirrored_keys", "owner = ?2"),
    gone("key_uses", "key_id IN (SELECT id FROM api_keys WHERE organization = ?1 AND owner = ?2)"),
    gone("letters", "about = ?2"),
    gone("letters", "about IN (SELECT id FROM api_keys WHERE organization = ?1 AND owner = ?2)"),
    gone("letters", "about IN (SELECT id FROM invitations WHERE organization = ?1 AND accepted_by = ?2)"),
    gone("idempotency", "actor LIKE '%' || ?2 || '%'"),
    // Answers that wait for whoever asks again are sealed, and nobody sees whom they speak of: all of them go. The requests stay
    // done.
    blanked("idempotency", "answer = NULL", "answer IS NOT NULL"),
    gone("api_keys", "owner = ?2"),
    // Of a key that went to a service account: it is known who knows it still, and no more from where they used it.
    blanked("api_keys", "last_used_from = NULL", "known_by = ?2 AND last_used_from IS NOT NULL"),
    gone("sign_ins", "person = ?2"),
    gone("provisioning_log", "entry LIKE '%' || ?2 || '%'"),
    blanked("review_proposals", "note = ''", "note <> '' AND finding LIKE '%' || ?2 || '%'"),
    blanked(
        "invitations",
        "email = 'erased', email_folded = id, delivery_reason = NULL, delivery_answer = NULL",
        "accepted_by = ?2",
    ),
    // What names the person and nothing else.
    gone(
        "letters",
        concat!("about IN (SELECT id FROM invitations WHERE organization = ?1 AND ", is_term!("email"), ")"),
    ),
    blanked(
        "invitations",
        "email = 'erased', email_folded = id, delivery_reason = NULL, delivery_answer = NULL,
         ended_as = CASE WHEN ended_at IS NULL THEN 'revoked' ELSE ended_as END,
         ended_at = COALESCE(ended_at, updated_at), version = version + 1",
        is_term!("email"),
    ),
    gone("pending_members", is_term!("pending_members.value")),
    gone("pending_members", is_term!("display")),
    gone("sign_ins", is_term!("email_folded")),
    // What mentions the person, or somebody whose name is longer: an example says nothing that another would not.
    blanked("tolerance_counts", "example = NULL", mentions!("example")),
];

/// A table whose texts may mention the person among much else: each that may is read before it goes.
pub(super) struct Noted {
    pub(super) table: &'static str,
    /// Whether a provider sent or was answered it.
    pub(super) traffic: bool,
    /// The column.
    pub(super) text: &'static str,
    pub(super) fate: Fate,
}

pub(super) const NOTED: &[Noted] = &[
    Noted { table: "sign_ins", traffic: true, text: "entry", fate: Fate::Gone },
    Noted { table: "connection_tests", traffic: true, text: "result", fate: Fate::Gone },
    Noted { table: "provisioning_log", traffic: true, text: "entry", fate: Fate::Gone },
    Noted { table: "outbox", traffic: false, text: "payload", fate: Fate::Set("payload = '{}'") },
    Noted { table: "api_keys", traffic: false, text: "name", fate: Fate::Set("name = id") },
    // Why somebody decided so of others is evidence.
    Noted { table: "review_proposals", traffic: false, text: "note", fate: Fate::Set("note = ''") },
    // It stays, so that it counts once; what it was about goes.
    Noted {
        table: "signals",
        traffic: true,
        text: "entry",
        fate: Fate::Set("entry = '{\"request\":\"req_00000000000000000000000000\",\"issued_at\":0,\"events\":[]}'"),
    },
];

impl Fate {
    /// The beginning of a statement that brings it about.
    pub(super) fn statement(&self, table: &str) -> String {
        match self {
            Self::Gone => format!("DELETE FROM {table} WHERE organization = ?1"),
            Self::Set(columns) => format!("UPDATE {table} SET {columns} WHERE organization = ?1"),
        }
    }
}

/// Whether a row of this table is one of those, as SQL; None where no place is in it.
pub(super) fn is_one_of<'p>(places: impl Iterator<Item = &'p Place>) -> Option<String> {
    let which: Vec<String> = places.map(|place| format!("({})", place.which)).collect();
    (!which.is_empty()).then(|| which.join(" OR "))
}
