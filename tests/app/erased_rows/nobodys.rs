//! Columns that cannot hold anything of a person.

/// What they hold instead, and the columns of texts and bytes, as `table.column` or `*.column`. One that is listed by its table
/// and is filled all the same, or that is not there, fails the test.
const NOBODYS: &[(&str, &[&str])] = &[
    (
        "the id of something that is no person",
        &[
            "*.id",
            "*.organization",
            "*.connection",
            "*.client",
            "*.event",
            "*.group_id",
            "*.replaced_by",
            "*.request",
            "bindings.scope_id",
            "capability_uses.cluster",
            "events.erased_by",
            "invitations.clusters",
            "invitations.letter",
            "invitations.local_groups",
            "key_reviews.after_id",
            "mirrored_keys.external_id",
            "review_proposals.review",
            "tolerance_heads.counted",
            "webhook_deliveries.webhook",
        ],
    ),
    (
        "one of a few words of ours, or a number of things",
        &[
            "*.kind",
            "*.refused_why",
            "access_reviews.gaps",
            "access_reviews.limits",
            "accidents.counts",
            "api_keys.carried",
            "api_keys.rights",
            "bindings.role",
            "bindings.scope_kind",
            "bindings.source_kind",
            "bindings.subject_kind",
            "capability_uses.capability",
            "domain_claims.proof",
            "facts.source",
            "groups.origin",
            "invitations.delivery",
            "invitations.ended_as",
            "invitations.role",
            "memberships.member_kind",
            "outbox.topic",
            "review_proposals.verdict",
            "roles.capabilities",
            "schema_migrations.name",
            "sign_ins.failure",
            "signal_streams.state",
            "tolerance_counts.tolerance",
            "webhooks.disabled_why",
            "webhooks.kinds",
            "webhook_deliveries.error",
        ],
    ),
    (
        "a hash, a signature, a certificate of ours, or what was drawn by lot",
        &[
            "*.chain",
            "*.fingerprint",
            "*.hash",
            "*.hint",
            "*.jti",
            "*.link",
            "*.signature",
            "*.signer",
            "connections.tested_settings",
            "events.detail_hash",
            "events.salt",
            "idempotency.caller_key",
            "idempotency.fingerprint",
            "mapping_plans.takes",
            "mapping_plans.text",
            "provider_logouts.name",
            "saml_keys.certificate",
            "scim_clients.secret_hash",
            "sign_ins.code",
            "signal_streams.token",
            "throttles.name",
        ],
    ),
    (
        "a secret of a thing, sealed",
        &["*.secret", "cast_ai_links.api_key", "connections.client_secret", "webhooks.old_secret"],
    ),
    ("a letter, sealed: it is opened and read, as the row shows that a use case leaves", &["letters.sealed"]),
    (
        "the network address of a provider's machine",
        &[
            "provider_jwts.last_used_from",
            "scim_clients.last_used_from",
            "scim_tokens.last_used_from",
            "*.refused_from",
        ],
    ),
    (
        "what concerns a whole organization or deployment",
        &[
            "domain_claims.domain",
            "domains.domain",
            "invitation_settings.domains",
            "organizations.name",
            "organizations.slug",
            "saml_metadata.problem",
            "terms.text",
        ],
    ),
    ("how a provider says that somebody proved who they are", &["sessions.acr"]),
];

/// What is wrong with the list, or with the columns that are filled, and all that there are.
pub(super) fn unconsidered<'c>(all: &[&'c str], filled: &[&'c str]) -> Vec<String> {
    let listed: Vec<&str> = NOBODYS.iter().flat_map(|(_, columns)| columns.iter().copied()).collect();
    let is_listed = |column: &str| {
        let of_any_table = column.split_once('.').map(|(_, name)| format!("*.{name}")).unwrap_or_default();
        listed.contains(&column) || listed.contains(&of_any_table.as_str())
    };
    let empty = all.iter().filter(|column| !filled.contains(column));
    let unlisted =
        empty.filter(|column| !is_listed(column)).map(|column| format!("nothing of a person lies in {column}"));
    let untrue = listed.iter().filter(|column| filled.contains(column)).map(|column| format!("{column} is somebody's"));
    let gone = listed.iter().filter(|listed| match listed.strip_prefix('*') {
        Some(name) => !all.iter().any(|column| column.ends_with(name)),
        None => !all.contains(listed),
    });
    unlisted.chain(untrue).chain(gone.map(|column| format!("there is no {column}"))).collect()
}
