//! Bulk requests (RFC 7644 §3.7): many operations in one message, each on its own, which may name each other's results.
//!
//! [`Bulk::parse`] reads the message. What is wrong with one operation is that operation's refusal; what is wrong with the
//! message refuses all. [`Bulk::steps`] says in which order the operations are done, so that whatever is referred to is
//! made first, and [`BulkOperation::data`] puts the ids that came of it into the places of the references.

mod plan;
mod references;

pub use plan::Step;

use super::{
    ScimError,
    patch::{get, names_schema},
    schema::ResourceType,
    tolerance::{Leniency, Tolerance},
};
use crate::{filter::Dialect, model::ConnectionId};
use references::{Place, each_reference, substitute, substitute_text};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The URN of the message.
pub const BULK_REQUEST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The URN of its answer.
const BULK_RESPONSE_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkMethod {
    /// POST
    Create,
    /// PUT
    Replace,
    /// PATCH
    Change,
    /// DELETE
    Delete,
}

/// A whole request.
#[derive(Debug, Clone)]
pub struct Bulk {
    /// After so many errors the rest is left undone; `None`: as much as possible is done.
    pub fail_on_errors: Option<u64>,
    /// The operations, as they stand.
    pub operations: Vec<BulkOperation>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct BulkOperation {
    /// The method, as it was sent; what it means is in `asked`.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// The name by which other operations may refer to what this one makes.
    pub bulk_id: Option<String>,
    /// The version that the client saw, for a change.
    pub version: Option<String>,
    /// What is asked, or why that cannot be said.
    pub asked: Result<Asked, ScimError>,
}

/// What an operation asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// To do what.
    pub method: BulkMethod,
    /// With what kind of resource.
    pub kind: ResourceType,
    /// With which one, perhaps `bulkId:…`; none where one is made.
    pub id: Option<String>,
    /// What stands behind the question mark.
    pub query: String,
    /// The body that a request by itself would have.
    pub data: Map<String, Value>,
}

impl Bulk {
    /// Reads the message, of at most `most` operations.
    ///
    /// # Errors
    /// 413 for more operations than that; `invalidSyntax` where it is no bulk request; `invalidValue` where a bulkId is there
    /// twice, for then nobody could say which one is meant.
    pub fn parse(body: &Map<String, Value>, dialect: Dialect, most: usize) -> Result<Self, ScimError> {
        let mut leniency = Leniency::new(dialect);
        if !names_schema(body, BULK_REQUEST_SCHEMA) {
            leniency.allow(Tolerance::SchemasMissing, || {
                let detail = format!("A bulk request must name its schema: \"schemas\": [\"{BULK_REQUEST_SCHEMA}\"].");
                ScimError::invalid_syntax(detail)
            })?;
        }
        let Some(Value::Array(list)) = get(body, "Operations") else {
            return Err(ScimError::invalid_syntax(
                "A bulk request needs “Operations”, a list of objects with “method”.",
            ));
        };
        if list.len() > most {
            // RFC 7644 §3.7.4: "MUST return a HTTP response code of 413 (Payload Too Large)" and say the limit.
            let detail = format!("There are {} operations; a bulk request has at most {most}.", list.len());
            return Err(ScimError::too_large(detail));
        }
        let operations: Vec<_> = list.iter().map(|value| BulkOperation::parse(value, dialect)).collect();
        let mut known = HashSet::new();
        for id in operations.iter().filter_map(|operation| operation.bulk_id.as_deref()) {
            if !known.insert(id) {
                return Err(ScimError::invalid_value(format!("The bulkId “{id}” is that of two operations.")));
            }
        }
        Ok(Self { fail_on_errors: fail_on_errors(body)?, operations })
    }

    /// The bulkIds of what is made here, and which operation makes it.
    fn makers(&self) -> HashMap<&str, usize> {
        let makes = |operation: &BulkOperation| {
            operation.asked.as_ref().map_or(true, |asked| asked.method == BulkMethod::Create)
        };
        let all = self.operations.iter().enumerate().filter(|(_, operation)| makes(operation));
        all.filter_map(|(index, operation)| Some((operation.bulk_id.as_deref()?, index))).collect()
    }
}

impl BulkOperation {
    fn parse(value: &Value, dialect: Dialect) -> Self {
        let none = Map::new();
        let given = value.as_object().unwrap_or(&none);
        let text = |name: &str| get(given, name).and_then(Value::as_str).map(str::to_owned);
        let method = text("method").unwrap_or_default();
        let bulk_id = text("bulkId").filter(|id| !id.is_empty());
        let asked = Asked::parse(given, &method, bulk_id.is_some(), dialect);
        Self { method, path: text("path").unwrap_or_default(), bulk_id, version: text("version"), asked }
    }
}

impl Asked {
    fn parse(given: &Map<String, Value>, method: &str, has_bulk_id: bool, dialect: Dialect) -> Result<Self, ScimError> {
        let method = match method.to_ascii_uppercase().as_str() {
            "POST" => BulkMethod::Create,
            "PUT" => BulkMethod::Replace,
            "PATCH" => BulkMethod::Change,
            "DELETE" => BulkMethod::Delete,
            _ => {
                let detail = "An operation needs “method”, one of POST, PUT, PATCH and DELETE.";
                return Err(ScimError::invalid_syntax(detail));
            }
        };
        // RFC 7644 §3.7: "REQUIRED when "method" is "POST"." Without it nobody can refer to the result, and that is all.
        if method == BulkMethod::Create && !has_bulk_id && dialect == Dialect::Strict {
            return Err(ScimError::invalid_syntax("A POST needs a “bulkId” on a connection with the strict dialect."));
        }
        let Some(path) = get(given, "path").and_then(Value::as_str) else {
            return Err(ScimError::invalid_syntax("An operation needs a “path”, such as /Users or /Users/{id}."));
        };
        let (kind, id, query) = target(path)?;
        if id.is_some() == (method == BulkMethod::Create) {
            let detail =
                "POST goes to /Users or /Groups; PUT, PATCH and DELETE go to one resource, such as /Users/{id}.";
            return Err(ScimError::method_not_allowed(detail));
        }
        let data = match (method, get(given, "data")) {
            (BulkMethod::Delete, _) => Map::new(),
            (_, Some(Value::Object(data))) => data.clone(),
            (BulkMethod::Create | BulkMethod::Replace | BulkMethod::Change, _) => {
                return Err(ScimError::invalid_syntax("A POST, PUT or PATCH needs “data”, the object to be sent."));
            }
        };
        Ok(Self { method, kind, id, query, data })
    }

    /// Calls `found` with each bulkId that this refers to.
    fn references(&self, found: &mut dyn FnMut(&str)) {
        if let Some(id) = self.id.as_deref().and_then(|id| id.strip_prefix(references::MARK)) {
            found(id);
        }
        for (key, value) in &self.data {
            each_reference(value, Place::of_key(key), found);
        }
    }

    /// The id of the resource, once everything that it may refer to is made.
    #[must_use]
    pub fn resolved_id(&self, made: &HashMap<String, String>) -> Option<String> {
        self.id.as_deref().map(|id| substitute_text(id, &|bulk_id| made.get(bulk_id).cloned()))
    }

    /// The body with ids in the places of references. What refers to one of `without` is left out, and its attributes named:
    /// they are to be completed when it is made.
    #[must_use]
    pub fn data(
        &self,
        made: &HashMap<String, String>,
        without: &BTreeSet<String>,
    ) -> (Map<String, Value>, Vec<String>) {
        let (mut data, mut incomplete) = (Map::new(), Vec::new());
        for (key, value) in &self.data {
            let (value, left_out) = substitute(value, Place::of_key(key), made, without);
            if left_out {
                incomplete.push(key.clone());
            }
            if let Some(value) = value {
                data.insert(key.clone(), value);
            }
        }
        (data, incomplete)
    }

    /// A PATCH that adds what these attributes say, whole: what is there already stays as it is.
    #[must_use]
    pub fn completion(&self, made: &HashMap<String, String>, attributes: &[String]) -> Map<String, Value> {
        let (data, _) = self.data(made, &BTreeSet::new());
        let all = attributes.iter().filter_map(|key| Some(json!({"op": "add", "path": key, "value": data.get(key)?})));
        let operations: Vec<Value> = all.collect();
        Map::from_iter([
            ("schemas".to_owned(), json!([super::PATCH_SCHEMA])),
            ("Operations".to_owned(), Value::Array(operations)),
        ])
    }

    /// A bulkId that this refers to and that nothing has made.
    #[must_use]
    pub fn dangling(&self, made: &HashMap<String, String>, without: &BTreeSet<String>) -> Option<String> {
        let mut first = None;
        self.references(&mut |id| {
            if first.is_none() && !made.contains_key(id) && !without.contains(id) {
                first = Some(id.to_owned());
            }
        });
        first
    }
}

/// What a path names: an endpoint, perhaps one resource in it, and what stands behind the question mark.
fn target(path: &str) -> Result<(ResourceType, Option<String>, String), ScimError> {
    let (plain, query) = path.trim().split_once('?').unwrap_or((path.trim(), ""));
    let plain = plain.trim_start_matches('/').trim_end_matches('/');
    // "The Resource's relative path": some write it from the host's root.
    let plain = plain.strip_prefix("scim/v2/").unwrap_or(plain);
    // … and that is the connection's own for those who were given that address.
    let plain = plain.split_once('/').map_or(plain, |(first, rest)| match first.parse::<ConnectionId>() {
        Ok(_) => rest,
        Err(_) => plain,
    });
    let (endpoint, id) = match plain.split_once('/') {
        Some((endpoint, id)) => (endpoint, Some(id.to_owned())),
        None => (plain, None),
    };
    let kinds = [ResourceType::User, ResourceType::Group];
    let kind = kinds.into_iter().find(|kind| kind.endpoint().trim_start_matches('/') == endpoint);
    let kind = kind.filter(|_| id.as_deref().is_none_or(|id| !id.is_empty()));
    let kind = kind.ok_or_else(|| {
        ScimError::not_found(format!("A bulk request reaches /Users and /Groups; there is no “{path}”."))
    })?;
    Ok((kind, id, query.to_owned()))
}

fn fail_on_errors(body: &Map<String, Value>) -> Result<Option<u64>, ScimError> {
    match get(body, "failOnErrors") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            // Nobody means to do nothing at all: 0 errors are accepted, so the first one is the last.
            Some(most) => Ok(Some(most.max(1))),
            None => Err(ScimError::invalid_value("“failOnErrors” must be a whole number, 1 or more.")),
        },
    }
}

/// What is said of one operation that was done, or tried.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkResult {
    /// The HTTP status that a request by itself would get.
    pub status: u16,
    /// Where the resource is; none where none was made.
    pub location: Option<String>,
    /// Its version now.
    pub version: Option<String>,
    /// The resource where it was asked for, or the error.
    pub response: Option<Value>,
}

impl BulkResult {
    /// A refusal.
    #[must_use]
    pub fn refused(error: &ScimError, location: Option<String>) -> Self {
        Self { status: error.status, location, version: None, response: Some(error.to_json()) }
    }

    /// Whether it counts against `failOnErrors`.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.status >= 400
    }
}

/// The answer to a bulk request: each operation that was tried, in the order of the request.
#[must_use]
pub fn bulk_response<'a>(results: impl IntoIterator<Item = (&'a BulkOperation, BulkResult)>) -> Value {
    let each = results.into_iter().map(|(operation, result)| {
        let BulkResult { status, location, version, response } = result;
        let mut json = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                json.insert(key.to_owned(), value);
            }
        };
        put("location", location.map(Value::String));
        put("method", Some(operation.method.to_ascii_uppercase().into()));
        put("bulkId", operation.bulk_id.clone().map(Value::String));
        put("version", version.map(Value::String));
        // RFC 7644 §3.7.3: "status": "201", a string.
        put("status", Some(status.to_string().into()));
        put("response", response);
        Value::Object(json)
    });
    json!({"schemas": [BULK_RESPONSE_SCHEMA], "Operations": each.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests;
