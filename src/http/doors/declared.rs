//! What is said of a route: who may call it, what it takes, what it answers, what it changes.

use crate::{app::Need, config::Settings, model::EventKind};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use std::fmt;

/// The most that is read of a body that is not SCIM's.
const MAX_BODY: usize = 256 * 1024;
/// The most that is read of a form with a SAML message: half a MiB of XML in Base64, with the letters that a form escapes.
const MAX_SAML: usize = 1024 * 1024;
/// The most that is read of a whole organization's document, in JSON: its longest text with the letters that JSON escapes.
const MAX_CONFIGURATION: usize = 5 * 1024 * 1024;

/// Whom a route answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Everybody.
    Anyone,
    /// Somebody signed in, in a browser; others are sent to the sign-in (303).
    SignedIn,
    /// Somebody signed in or an API key; others get 401 as problem+json.
    SessionOrKey,
    /// A program with an API key; others, a browser's session among them, get 401 as problem+json.
    Key,
    /// An identity provider with its connection's token; others get 401 as a SCIM error.
    ScimToken,
}

/// Where a route learns whose data it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganizationFrom {
    /// It is about no organization.
    Nothing,
    /// The organization of the session or key.
    Credential,
    /// The organization of the connection whose token came.
    Token,
    /// The organization of the connection whose own address was called.
    Address,
    /// What was typed: a slug, or an address whose domain one organization has verified.
    Slug,
    /// What was sealed into a cookie or a one-time link.
    Sealed,
}

/// How much of a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLimit {
    /// No body is read.
    Unread,
    /// What a form or a document of the API needs.
    Usual,
    /// What a SAML message may be, in a form.
    Saml,
    /// What a document of a whole organization may be.
    Configuration,
    /// What `scim.max_body` says.
    Scim,
}

impl BodyLimit {
    /// In bytes; `None`: nothing is read.
    #[must_use]
    pub fn bytes(self, settings: &Settings) -> Option<usize> {
        match self {
            Self::Unread => None,
            Self::Usual => Some(MAX_BODY),
            Self::Saml => Some(MAX_SAML),
            Self::Configuration => Some(MAX_CONFIGURATION),
            Self::Scim => Some(settings.scim.max_body.bytes()),
        }
    }
}

/// The schema of a type, made when it is asked for.
#[derive(Clone, Copy)]
pub struct SchemaOf(fn(&mut SchemaGenerator) -> Schema);

impl SchemaOf {
    /// Of this type.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        Self(SchemaGenerator::subschema_for::<T>)
    }

    /// The schema, or a reference to it among the generator's definitions.
    #[must_use]
    pub fn make(self, generator: &mut SchemaGenerator) -> Schema {
        (self.0)(generator)
    }
}

impl fmt::Debug for SchemaOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SchemaOf(…)")
    }
}

/// One kind of body that a route takes.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// Its media type.
    pub media: &'static str,
    /// What it holds.
    pub schema: SchemaOf,
}

/// One answer of a route that is no refusal.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The media type; none: no body.
    pub media: Option<&'static str>,
    /// What it holds, where that is known.
    pub schema: Option<SchemaOf>,
}

/// One route, whole. The router, the documents and the tests are made of it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The HTTP method. HEAD goes wherever GET does.
    pub method: &'static str,
    /// The template of the path, as the request line has it: `/scim/v2/Users/{id}`.
    pub path: String,
    /// The noun under which the documents list it.
    pub noun: &'static str,
    /// What it does, in half a line.
    pub summary: &'static str,
    /// What else is worth knowing.
    pub detail: &'static str,
    /// Whom it answers.
    pub who: Caller,
    /// Where it learns whose data it is about.
    pub organization: OrganizationFrom,
    /// What `App::begin` or `App::read` weighs; none: nothing.
    pub need: Option<Need>,
    /// How much of a body is read.
    pub body: BodyLimit,
    /// The kinds of events that a change by this route may write. Empty: it changes nothing that anybody audits.
    pub tells: Vec<EventKind>,
    /// The types of the parts in braces.
    pub parts: Vec<(&'static str, SchemaOf)>,
    /// What may stand behind the question mark.
    pub query: Option<SchemaOf>,
    /// The bodies that it takes.
    pub takes: Vec<Taken>,
    /// A body that works.
    pub example: Option<fn() -> Value>,
    /// Its answers.
    pub answers: Vec<Answered>,
    /// The codes of refusals that are this route's own, besides those that follow from the rest of the declaration.
    pub refuses: Vec<&'static str>,
}

impl Declared {
    /// Whether an `Idempotency-Key` makes a repetition of it harmless.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        let by_somebody = matches!(self.who, Caller::SessionOrKey | Caller::Key);
        self.method == "POST" && self.path.starts_with("/api/v1/") && by_somebody && self.is_change()
    }

    /// Whether it may change something.
    #[must_use]
    pub fn is_change(&self) -> bool {
        !self.tells.is_empty()
    }

    /// The names of the parts in braces.
    #[must_use]
    pub fn part_names(&self) -> Vec<&str> {
        let inside = |part: &'_ str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map(str::len);
        self.path.split('/').filter(|part| inside(part).is_some()).map(|part| part.trim_matches(['{', '}'])).collect()
    }
}
