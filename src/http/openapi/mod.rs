//! The OpenAPI 3.1 document: made from the declarations of the doors and the types that they send, so it cannot say anything
//! else than what is there.

mod operation;
pub(super) mod page;

use super::{
    doors::{Caller, Declared, Doors, get},
    error::{
        Room,
        codes::{CODES, Code},
    },
};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use operation::operation;
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Where the schemas of the types lie.
const SCHEMAS: &str = "/components/schemas";

const ABOUT: &str = "Everything that can be done with an organization, by a program. Send an API key as a bearer token; a \
browser's session works too, with its form token in `X-Castgate-Csrf` for whatever changes something.\n\n\
Lists come in pages: send `next` as `after`. Single things have an ETag: `If-None-Match` saves reading them again, and \
`If-Match` keeps a change from undoing somebody else's. A POST with an `Idempotency-Key` can be repeated for 24 hours: it is \
done once, and answered alike.\n\n\
What is refused is said as problem+json (RFC 9457) with a stable `code`. Another organization's things are not there: 404.\n\n\
Identity providers push to `/scim/v2`, which describes itself as SCIM does (`/scim/v2/ServiceProviderConfig`).";

/// The document and its text, made once.
static DOCUMENT: LazyLock<(Value, String)> = LazyLock::new(|| {
    let document = document(&super::routes());
    let text = document.to_string();
    (document, text)
});

pub(super) fn doors() -> Doors {
    Doors::at("", "Documents", Caller::Anyone)
        .door(
            get("/openapi.json", serve)
                .summary("This API as an OpenAPI 3.1 document")
                .answers_as(200, Some("application/json")),
        )
        .door(get("/docs/api", page::show).summary("This API, to be read").answers_as(200, Some("text/html")))
}

async fn serve() -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, DOCUMENT.1.as_str()).into_response()
}

/// Whether the document speaks of a route: of what programs call. SCIM describes itself, and pages are for people.
fn is_listed(declared: &Declared) -> bool {
    Room::of(&declared.path) == Room::Api
}

/// The whole document.
fn document(routes: &[Declared]) -> Value {
    let mut generator = generator();
    let mut paths: Map<String, Value> = Map::new();
    let mut refused: Map<String, Value> = Map::new();
    let mut tags: Vec<&str> = Vec::new();
    for declared in routes.iter().filter(|declared| is_listed(declared)) {
        if !tags.contains(&declared.noun) {
            tags.push(declared.noun);
        }
        let method = declared.method.to_ascii_lowercase();
        let item = paths.entry(declared.path.clone()).or_insert_with(|| json!({}));
        item[method] = operation(declared, &mut generator, &mut refused);
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "castgate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This castgate"}],
        "tags": tags.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "security": [{"apiKey": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refused,
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key: `cgk_…`."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "castgate",
                    "description": "The session of a browser (over https `__Host-castgate`). What changes something also needs \
                                    the form token from `/api/v1/me` in `X-Castgate-Csrf`.",
                },
            },
        },
    })
}

/// What types are when they are sent.
fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = SCHEMAS.into();
        settings.meta_schema = None;
    });
    settings.for_serialize().into_generator()
}

/// What types are when they are read: each body carries its own schema whole.
fn reader() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.for_deserialize().into_generator()
}

/// RFC 9457, with our code.
fn problem() -> Value {
    let codes: Vec<&str> = CODES.iter().map(|known| known.word).collect();
    let told = |Code { word, status, meaning }: &Code| format!("- `{word}` ({status}): {meaning}");
    let table: Vec<String> = CODES.iter().map(told).collect();
    json!({
        "type": "object",
        "description": "Why a request was not done (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail", "instance"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Where the code is explained."},
            "title": {"type": "string", "description": "The status in words."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "code": {"type": "string", "enum": codes, "description": format!("A stable word for programs.\n\n{}", table.join("\n"))},
            "detail": {"type": "string", "description": "What was wrong, where, and what to do."},
            "instance": {"type": "string", "description": "The request's number, as in `x-request-id` and the log."},
            "diagnostics": {"type": "array", "items": {"$ref": "#/components/schemas/Diagnostic"}},
            "text": {"type": "string", "description": "The diagnostics, for people."},
        },
    })
}
