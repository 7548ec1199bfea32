//! The stable words of refusals, in one place. Programs match on them; sentences may change, these do not.

/// One code of problem+json.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Code {
    /// The word.
    pub(in crate::http) word: &'static str,
    /// The status that it comes with.
    pub(in crate::http) status: u16,
    /// When it is said, and what to do.
    pub(in crate::http) meaning: &'static str,
}

const fn code(status: u16, word: &'static str, meaning: &'static str) -> Code {
    Code { word, status, meaning }
}

/// All of them, by status.
pub(in crate::http) const CODES: &[Code] = &[
    code(400, "bad_request", "The request cannot be read: its framing, a parameter or a part of its path."),
    code(400, "incomplete_body", "The body ended before it was whole."),
    code(400, "invalid", "A field, parameter or header has a value that cannot be right; the detail names it."),
    code(400, "invalid_json", "The body is no JSON, or has no single meaning; the detail names the place."),
    code(
        400,
        "provider_answer_invalid",
        "What the identity provider sent back cannot be read. Begin the sign-in again.",
    ),
    code(400, "logout_token_invalid", "The provider's logout token proves nothing."),
    code(400, "provider_issuer_mismatch", "The answer comes from another issuer than the sign-in went to."),
    code(400, "sign_in_expired", "The sign-in took too long or began in another browser. Begin again."),
    code(401, "insufficient_user_authentication", "The sign-in is not strong or not recent enough (RFC 9470)."),
    code(401, "not_signed_in", "Nobody is signed in, or the token opens nothing. Every reason looks the same."),
    code(403, "enforced_elsewhere", "People of this e-mail domain sign in by another connection alone."),
    code(403, "forbidden", "The caller is known and lacks what the detail names."),
    code(403, "invitation_of_another", "The invitation was sent to somebody else, and stays theirs."),
    code(403, "invitation_withheld", "Whoever invited may no longer give what the invitation offers."),
    code(403, "no_access", "The provider vouches for somebody whom no rule gives anything."),
    code(403, "provider_refused", "The identity provider turned the person away."),
    code(403, "suspended", "The person is suspended."),
    code(403, "terms_not_accepted", "The terms have to be accepted first, in a browser."),
    code(403, "unproven", "What was typed does not show who it is."),
    code(404, "not_found", "There is no such thing here, or it is another organization's."),
    code(405, "method_not_allowed", "The address does not take this method; Allow names those that it takes."),
    code(408, "body_too_slow", "The body came too slowly."),
    code(409, "clash", "Somebody else has the same name or address, and nothing proves that they are the same person."),
    code(409, "ambiguous_subject", "Several people may be meant; the detail names them. Ask by the id."),
    code(409, "already_given", "There is such a binding already."),
    code(409, "already_applied", "What was decided about it in the review has been done."),
    code(409, "already_erased", "What was personal of them was erased before. There is nothing left to do."),
    code(409, "already_theirs", "The person belongs to the connection already."),
    code(409, "already_invited", "There is a pending invitation to this address. Send it again."),
    code(409, "already_member", "Somebody here has this address. Give them the role itself."),
    code(409, "domain_not_allowed", "The organization's settings do not let addresses of this domain be invited."),
    code(409, "domain_taken", "The e-mail domain belongs to another connection."),
    code(409, "enabled", "The connection is enabled: its organization's admins alone change it. Disable it first."),
    code(409, "enforced", "Single sign-on is enforced for a domain of the connection. Release it first."),
    code(409, "in_use", "The role is held, offered, carried or given somewhere; the detail says where."),
    code(409, "already_replaced", "Another token or key has the place of this one already."),
    code(409, "holder_lacks", "No role gives the service account what the key carries."),
    code(409, "preview_required", "The change touches API keys. Ask for a preview and send its token."),
    code(409, "preview_stale", "What was previewed has changed since; the detail says what. Ask for a preview again."),
    code(409, "holder_suspended", "Whose key it would be is suspended."),
    code(409, "no_address", "The person has no e-mail address that a letter could go to."),
    code(409, "not_offered", "There is no authenticator app to confirm, renew the codes of, or remove."),
    code(409, "signs_in_elsewhere", "The person signs in by their company's own sign-in, or not at all."),
    code(409, "too_many_attempts", "It was asked for too often in a short time. Wait a little."),
    code(409, "no_sign_in", "The connection signs nobody in yet. Give it its sign-in settings first."),
    code(409, "not_connected", "No key of Cast AI was given. Give one first: PUT /api/v1/cast-ai."),
    code(
        409,
        "not_given_by_a_person",
        "A rule, an invitation, a file or the guard gave it: the detail says what to edit instead.",
    ),
    code(
        409,
        "not_verified",
        "The domain's DNS does not show that it is the organization's; the detail names the record.",
    ),
    code(409, "not_tested", "No owner has tested the connection as it is now. Do that first."),
    code(409, "not_by_approval", "The connection takes nobody over by approval. Set its adoption to approval first."),
    code(409, "not_pending", "The invitation was accepted, was revoked or has expired; the detail says which."),
    code(409, "not_local", "A connection pushes it: it is changed at its provider."),
    code(
        409,
        "answer_lost",
        "The change of this Idempotency-Key was made, and its answer was lost. Read what is there now.",
    ),
    code(409, "in_progress", "The first request with this Idempotency-Key is still being answered. Repeat it later."),
    code(409, "last_owner", "The change would leave no owner who can be reached."),
    code(409, "own_access", "It is about the caller's own access. Somebody else decides about that."),
    code(409, "plan_of_another_text", "The plan is that of another text. Plan this one, and publish it by that plan."),
    code(409, "plan_published", "The plan was published, and another version is in force since. Plan again."),
    code(409, "plan_worse", "Something has become worse since it was planned; the detail names it. Plan again."),
    code(409, "plan_changed", "What it would do has changed since it was looked at. Look again."),
    code(409, "no_client_keys", "The connection shows its provider a secret and not a key."),
    code(409, "review_closed", "The access review is closed. Begin another one."),
    code(409, "sent_too_often", "The invitation was sent again as often as it may be."),
    code(
        409,
        "slots_taken",
        "There are as many as there may be, of connections, webhooks, or one connection's tokens, clients and keys. Remove one first.",
    ),
    code(409, "still_active", "The person is active: what was asked for is there once their access has ended."),
    code(409, "taken", "The name, or whatever has to be the only one of its kind, is taken."),
    code(409, "terms_changed", "The terms have changed since they were shown. Read them again."),
    code(409, "used_since", "It was used since the review looked, or is otherwise no longer what it was found to be."),
    code(410, "dead_link", "The link has been used or has expired. Ask for a new one."),
    code(412, "changed", "If-Match names another version than there is. Read it again and repeat the change."),
    code(413, "too_large", "The body is larger than what is read here."),
    code(415, "unsupported_media_type", "The body has a Content-Type that is not read here."),
    code(422, "configuration_invalid", "The document has mistakes; `diagnostics` has each with line and column."),
    code(422, "idempotency_key_reused", "This Idempotency-Key came with another request before. Take a new one."),
    code(422, "mapping_invalid", "The mapping has mistakes; `diagnostics` has each with line and column."),
    code(428, "if_match_required", "There is a draft: send the ETag of the one that was read as If-Match."),
    code(429, "rate_limited", "Too many requests. Retry-After says when to go on."),
    code(431, "too_many_headers", "The request has more header lines than are read."),
    code(500, "internal", "A mistake in castgate. The operator finds it in the log by the request's number."),
    code(501, "not_implemented", "The method or the framing is none that is served here."),
    code(502, "no_client_key", "The connection has no key that may sign for it at its provider."),
    code(502, "provider_code_refused", "The identity provider did not take its own code."),
    code(
        502,
        "provider_groups_unknown",
        "The identity provider has more groups than it lists, and they could not be had elsewhere.",
    ),
    code(502, "provider_misconfigured", "The identity provider's configuration cannot be read."),
    code(502, "provider_token_invalid", "The identity provider's token does not hold."),
    code(502, "provider_unreachable", "The identity provider does not answer."),
    code(502, "provider_userinfo_invalid", "What the identity provider says of the person cannot be read."),
    code(503, "draining", "castgate is about to stop. Another one answers, or this one after its start."),
    code(503, "overloaded", "castgate has more to do than it can. Retry-After says when to try again."),
    code(503, "timed_out", "The request took longer than one may take."),
    code(
        503,
        "read_only",
        "The disk of the store is full, read-only or broken: nothing can be changed, and reading goes on.",
    ),
    code(503, "unavailable", "castgate cannot work at this moment. Retry-After says when to try again."),
];

/// Whether a word is in the list. SCIM's own keywords are said in SCIM's errors alone.
pub(in crate::http) fn is_listed(code: &str) -> bool {
    CODES.iter().any(|known| known.word == code)
}

/// The status of a code; 400 for one that is not listed, which a test rules out.
pub(in crate::http) fn status_of(code: &str) -> u16 {
    CODES.iter().find(|known| known.word == code).map_or(400, |known| known.status)
}
