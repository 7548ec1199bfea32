//! The faults: one line each. Those of changes and look-ups are in [`crate::later_seeds`].

use crate::faulty::{
    Seed,
    Spoil::{self, Answered, Asked, Becomes, Late, Lost, Says, Silent},
};

pub const fn seed(
    batch: usize,
    names: &'static [&'static str],
    begins: &'static str,
    holds: &'static str,
    spoil: Spoil,
) -> Seed {
    Seed { batch, names, begins, holds, spoil }
}

const CORE_SCHEMA: &str = "GET /Schemas/urn:ietf:params:scim:schemas:core:2.0:User";

const SEEDS: &[Seed] = &[
    // Every answer.
    seed(0, &["content-type"], "GET /ServiceProviderConfig", "", Says("content-type", "application/json")),
    seed(0, &["errors-are-scim"], "GET /Users/7c1e3fb0", "", Answered("\"status\":\"404\"", "\"status\":404")),
    seed(0, &["errors-have-detail"], "GET /CastgateDoctorNothing", "", Answered("\"detail\"", "\"hidden\"")),
    seed(
        0,
        &["errors-tell-no-internals"],
        "GET /Users",
        "userName zz",
        Answered("\"detail\":\"", "\"detail\":\"SQLSTATE "),
    ),
    seed(0, &["lists-are-whole"], "GET /Users", "startIndex=0", Answered("\"startIndex\":1", "\"startIndex\":\"1\"")),
    seed(4, &["no-5xx", "deep-filter-is-survived"], "GET /Users", "((((((", Becomes(500)),
    // Discovery.
    seed(1, &["config-answers"], "GET /ServiceProviderConfig", "", Lost),
    seed(0, &["config-is-whole"], "GET /ServiceProviderConfig", "", Answered("changePassword", "change")),
    seed(0, &["resource-types-answer"], "GET /ResourceTypes", "", Answered("\"name\":\"Group\"", "\"name\":\"Team\"")),
    seed(0, &["resource-type-by-name"], "GET /ResourceTypes/User", "", Lost),
    seed(
        0,
        &["schemas-answer"],
        "GET /Schemas",
        "",
        Answered("\"id\":\"urn:ietf:params:scim:schemas:core:2.0:Group\"", "\"id\":\"x\""),
    ),
    seed(0, &["schema-by-urn"], CORE_SCHEMA, "", Lost),
    seed(1, &["schema-user-name"], CORE_SCHEMA, "", Answered("\"caseExact\":false", "\"caseExact\":true")),
    seed(1, &["schema-attributes-are-whole"], "GET /Schemas", "", Answered("\"multiValued\":true", "\"multi\":true")),
    seed(0, &["discovery-refuses-filters"], "GET /Schemas", "id eq", Becomes(400)),
    seed(0, &["discovery-unknown-404"], "GET /Schemas/urn:castgate", "", Becomes(400)),
    seed(0, &["discovery-is-read-only"], "POST /ResourceTypes", "", Becomes(403)),
    // Access.
    seed(1, &["no-token-401"], "GET /Users", " nobody", Becomes(403)),
    seed(0, &["wrong-token-401"], "GET /Users", "no-such-token", Becomes(403)),
    seed(0, &["no-scheme-401"], "GET /Users", "non-token", Becomes(400)),
    seed(0, &["401-says-how"], "GET /Users", "", Silent("www-authenticate")),
    // Refusals.
    seed(1, &["unknown-id-404"], "GET /Users/7c1e3fb0", "", Becomes(400)),
    seed(1, &["unknown-endpoint-404"], "GET /CastgateDoctorNothing", "", Becomes(400)),
    seed(1, &["bad-filter-400"], "GET /Users", "userName zz", Answered("invalidFilter", "invalidSyntax")),
    seed(0, &["bad-json-400"], "POST /Users", "{\"userName\": ", Answered("scimType", "kind")),
    seed(0, &["list-as-body-400"], "POST /Users", " []", Becomes(422)),
    seed(0, &["bad-media-type-415"], "POST /Users", "text/plain", Becomes(400)),
    seed(
        0,
        &["bad-method-405"],
        "PUT /Users",
        "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"]}",
        Becomes(404),
    ),
    seed(
        0,
        &["no-user-name-400"],
        "POST /Users",
        "[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"active\"",
        Becomes(409),
    ),
    seed(0, &["empty-user-name-400"], "POST /Users", "\"userName\":\"\"", Answered("invalidValue", "invalidPath")),
    // Who asks, and roles.
    seed(0, &["me-says-what-it-is"], "GET /Me", "", Becomes(405)),
    seed(0, &["roles-list"], "GET /Roles", "count=1", Lost),
    seed(0, &["roles-by-id"], "GET /Roles/", "", Lost),
    seed(0, &["roles-read-only"], "POST /Roles", "", Becomes(422)),
    // Pages.
    seed(0, &["nobody-is-an-empty-list"], "GET /Users", "nobody-", Lost),
    seed(
        2,
        &["count-is-kept", "start-below-one", "pages-are-whole"],
        "GET /Users",
        "startIndex=1&count=1 ",
        Asked("count=1", ""),
    ),
    seed(0, &["count-zero"], "GET /Users", "count=0", Asked("count=0", "")),
    seed(0, &["count-negative"], "GET /Users", "count=-1", Becomes(400)),
    seed(1, &["start-below-one"], "GET /Users", "startIndex=0", Lost),
    seed(0, &["start-past-the-end"], "GET /Users", "startIndex=1000000000", Asked("1000000000", "1")),
    seed(0, &["count-is-capped"], "GET /Users", "count=1000000000", Becomes(400)),
    seed(0, &["groups-are-fast"], "GET /Groups", "count=100", Late),
    // People.
    seed(0, &["create-201"], "POST /Users", "-ada@", Becomes(200)),
    seed(0, &["create-location"], "POST /Users", "-ada@", Silent("location")),
    seed(0, &["create-meta"], "POST /Users", "-ada@", Answered("lastModified", "modified")),
    seed(0, &["external-id-is-kept", "create-is-read-back"], "POST /Users", "-ada@", Answered("-ada\"", "-ida\"")),
    seed(
        1,
        &["create-is-read-back"],
        "POST /Users",
        "-ada@",
        Answered("\"givenName\":\"ada\"", "\"givenName\":\"Ada\""),
    ),
    seed(
        0,
        &["client-id-is-ignored"],
        "POST /Users",
        "castgate-doctor-chosen\"",
        Answered("\"userName\":", "\"id\":\"castgate-doctor-chosen\",\"userName\":"),
    ),
    seed(0, &["application-json-is-taken"], "POST /Users", "\"content-type\": \"application/json\"", Lost),
    seed(0, &["nulls-are-nothing"], "POST /Users", "\"addresses\":null", Lost),
    seed(0, &["unknown-attributes-are-ignored"], "POST /Users", "\"custom\"", Lost),
    seed(0, &["empty-texts-are-nothing"], "POST /Users", "\"locality\":\"\"", Lost),
    seed(
        0,
        &["password-is-never-answered"],
        "POST /Users",
        "\"password\"",
        Answered("\"userName\":\"castgate-doctor", "\"password\":\"Castgate-Doctor"),
    ),
    seed(1, &["password-is-taken"], "POST /Users", "\"password\"", Lost),
    seed(0, &["extension-is-kept"], "POST /Users", "-employed@", Answered("Doctors", "Nurses")),
    seed(0, &["duplicate-409"], "POST /Users", "-other\"", Answered("uniqueness", "invalidValue")),
    seed(0, &["duplicate-in-any-case-409"], "POST /Users", "-ADA@", Answered("uniqueness", "invalidValue")),
    // Coming and going.
    seed(1, &["put-replaces"], "PUT /Users/usr_", "\"title\":\"Doctor\"", Answered("\"title\"", "\"untitled\"")),
    seed(0, &["put-ignores-read-only"], "PUT /Users/usr_", "\"id\":\"another\"", Lost),
    seed(0, &["put-unknown-404"], "PUT /Users/7c1e3fb0", "", Becomes(400)),
    seed(0, &["put-taken-name-409"], "PUT /Users/usr_", "-carol@", Becomes(400)),
    seed(
        0,
        &["deactivate-path"],
        "PATCH /Users/usr_",
        "\"path\":\"active\",\"value\":false",
        Asked("\"value\":false", "\"value\":true"),
    ),
    seed(
        1,
        &["reactivate"],
        "PATCH /Users/usr_",
        "\"path\":\"active\",\"value\":true",
        Asked("\"value\":true", "\"value\":false"),
    ),
    seed(
        3,
        &["deactivate-okta", "put-without-active-keeps-it"],
        "PATCH /Users/usr_",
        "{\"active\":false}",
        Asked("\"active\":false", "\"active\":true"),
    ),
    seed(
        2,
        &["put-without-active-keeps-it"],
        "PUT /Users/usr_",
        "\"primary\":true}]}",
        Asked("\"primary\":true}]}", "\"primary\":true}],\"active\":true}"),
    ),
    seed(
        1,
        &["deactivate-put", "re-hire"],
        "PUT /Users/usr_",
        "\"active\":false",
        Asked("\"active\":false", "\"active\":true"),
    ),
    seed(
        0,
        &["inactive-is-still-there"],
        "GET /Users",
        "-bob@",
        Answered("\"active\":false", "\"active\":false},{\"id\":\"x\""),
    ),
    seed(0, &["delete-204", "delete-again-404"], "DELETE /Users/usr_", "", Becomes(202)),
    seed(0, &["deleted-name-is-free"], "POST /Users", "-new\"", Lost),
];

/// All of them.
pub fn seeds() -> impl Iterator<Item = &'static Seed> {
    SEEDS.iter().chain(crate::later_seeds::LATER)
}
