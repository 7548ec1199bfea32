//! What a list is asked for (RFC 7644 §3.4.2 and §3.4.3). Percent-decoding is over when this begins.

use super::{
    error::ScimError,
    extension::{Declared, Extensions},
    patch::{get, names_schema},
    projection::Projection,
    schema::{Named, ResourceType, Type},
    tolerance::{Leniency, Tolerance},
};
use crate::{
    filter::{AttributePath, Dialect, Filter, Literal, Node, Operator, parse},
    model::{ExtensionAttribute, ExtensionType, Instant},
};
use serde_json::{Map, Value};

/// A query for a list of resources.
#[derive(Debug, Clone)]
pub struct Query {
    /// Which resources; every attribute in it is known, canonically spelt, and qualified exactly if it is the extension's.
    pub filter: Option<Filter>,
    /// The first one wanted, counted from 1.
    pub start_index: u64,
    /// How many; 0 asks for the total alone. `None` leaves it to the server.
    pub count: Option<u64>,
    /// A cursor (RFC 9865); empty asks for the first page. `None`: the client pages by index, or not at all.
    pub cursor: Option<String>,
    /// In which order; by the order of their making if the client does not say.
    pub sort: Option<Sort>,
    /// What of each.
    pub projection: Projection,
    /// What the request got away with.
    pub tolerances: Vec<Tolerance>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// By what, canonically spelt.
    pub by: AttributePath,
    /// Whether the greatest comes first. Resources without a value come last in ascending order (RFC 7644 §3.4.2.3).
    pub descending: bool,
}

impl Query {
    /// Reads the parameters of a GET. Unknown ones are ignored; of repeated ones the last counts.
    ///
    /// # Errors
    /// `invalidFilter` for a filter that cannot be read or names what no schema knows, `invalidValue` for the rest.
    pub fn parse(kind: ResourceType, parameters: &[(String, String)], dialect: Dialect) -> Result<Self, ScimError> {
        Self::parse_extended(kind, parameters, dialect, Extensions::default())
    }

    /// Reads the parameters of a GET to a connection that declares schemas of its own.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_extended(
        kind: ResourceType,
        parameters: &[(String, String)],
        dialect: Dialect,
        extensions: Extensions<'_>,
    ) -> Result<Self, ScimError> {
        Self::read(Known { kind, extensions }, parameters, dialect, Unknown::Refused)
    }

    fn read(
        known: Known<'_>,
        parameters: &[(String, String)],
        dialect: Dialect,
        unknown: Unknown,
    ) -> Result<Self, ScimError> {
        let find = |name: &str| {
            let found = parameters.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
        };
        let filter = parameters.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case("filter"));
        let filter = filter.map(|(_, text)| read_filter(known, text, dialect, unknown)).transpose()?;
        let (filter, is_loose) = filter.unzip();
        let sort = match find("sortBy") {
            None => None,
            Some(by) => match (sort_key(known, by), unknown) {
                (Err(_), Unknown::Absent) => None,
                (by, _) => Some(Sort { by: by?, descending: descending(find("sortOrder"))? }),
            },
        };
        // RFC 9865 §2: "cursor" with no value asks for the first page.
        let cursor = parameters.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case("cursor"));
        let cursor = cursor.map(|(_, value)| value.trim().to_owned());
        let count = number(find("count"), "count");
        Ok(Self {
            filter,
            // RFC 7644 §3.4.2.4: "A value less than 1 SHALL be interpreted as 1."
            start_index: number(find("startIndex"), "startIndex")?.unwrap_or(1).max(1),
            // "A negative value SHALL be interpreted as 0."
            count: if cursor.is_some() { count.map_err(ScimError::into_invalid_count)? } else { count? },
            cursor,
            sort,
            projection: Projection::parse(known.kind, find("attributes"), find("excludedAttributes")),
            tolerances: is_loose.unwrap_or(false).then_some(Tolerance::LooseFilter).into_iter().collect(),
        })
    }

    /// Reads the body of a `POST …/.search`.
    ///
    /// # Errors
    /// As [`Self::parse`], and `invalidSyntax` for a body that is not a search request.
    pub fn from_search(
        kind: ResourceType,
        body: &Map<String, Value>,
        dialect: Dialect,
        extensions: Extensions<'_>,
    ) -> Result<Self, ScimError> {
        let (parameters, tolerances) = search_parameters(body, dialect)?;
        Ok(Self::parse_extended(kind, &parameters, dialect, extensions)?.and_tolerates(&tolerances))
    }

    /// Reads the body of a `POST /.search`, which looks for users and groups: what it asks of each.
    ///
    /// RFC 7644 §3.4.2.1: an attribute that one of them does not have is one without a value there.
    ///
    /// # Errors
    /// As [`Self::from_search`]; an attribute that neither has is unknown.
    pub fn of_everything(
        body: &Map<String, Value>,
        dialect: Dialect,
        extensions: Extensions<'_>,
    ) -> Result<(Self, Self), ScimError> {
        let (parameters, tolerances) = search_parameters(body, dialect)?;
        let of = |kind| Self::read(Known { kind, extensions }, &parameters, dialect, Unknown::Absent);
        Ok((of(ResourceType::User)?.and_tolerates(&tolerances), of(ResourceType::Group)?))
    }

    fn and_tolerates(mut self, tolerances: &[Tolerance]) -> Self {
        self.tolerances.extend(tolerances);
        self
    }
}

/// Which attributes there are.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    kind: ResourceType,
    /// Beside those of the kind; all of them are a user's.
    extensions: Extensions<'a>,
}

impl<'a> Known<'a> {
    /// An attribute of the organization's own, or a part of one.
    fn extended(self, path: &AttributePath) -> Option<Declared<'a>> {
        self.extensions.find(path).filter(|_| self.kind == ResourceType::User)
    }
}

/// What becomes of an attribute that the kind of resource does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Refused,
    /// It has no value, if another kind has the attribute.
    Absent,
}

const SEARCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// Names and values.
type Parameters = Vec<(String, String)>;

/// The body of a search request as the parameters that a GET would have, and what it got away with.
fn search_parameters(body: &Map<String, Value>, dialect: Dialect) -> Result<(Parameters, Vec<Tolerance>), ScimError> {
    let mut leniency = Leniency::new(dialect);
    if !names_schema(body, SEARCH_SCHEMA) {
        leniency.allow(Tolerance::SchemasMissing, || {
            ScimError::invalid_syntax(format!("A search must name its schema: \"schemas\": [\"{SEARCH_SCHEMA}\"]."))
        })?;
    }
    let names = ["filter", "startIndex", "count", "cursor", "sortBy", "sortOrder", "attributes", "excludedAttributes"];
    let mut parameters = Vec::new();
    for name in names {
        let text = match get(body, name) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            Some(Value::Bool(_) | Value::Object(_)) => {
                return Err(ScimError::invalid_value(format!("“{name}” of a search has the wrong type.")));
            }
        };
        parameters.push((name.to_owned(), text));
    }
    Ok((parameters, leniency.into_used()))
}

/// A number of RFC 7644 §3.4.2.4; below zero is zero, beyond 64 bits is as much as there is.
fn number(text: Option<&str>, name: &str) -> Result<Option<u64>, ScimError> {
    let Some(text) = text.map(str::trim) else { return Ok(None) };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScimError::invalid_value(format!("“{name}” must be a whole number.")));
    }
    Ok(Some(if negative { 0 } else { digits.parse().unwrap_or(u64::MAX) }))
}

fn sort_key(known: Known<'_>, by: &str) -> Result<AttributePath, ScimError> {
    let kind = known.kind;
    let path: Option<AttributePath> = by.trim().parse().ok();
    if let Some(declared) = path.as_ref().and_then(|path| known.extended(path)) {
        return Ok(declared.path);
    }
    let named = path.and_then(|path| kind.find(&path));
    named.map(|named| named.path()).ok_or_else(|| ScimError::invalid_value(format!("sortBy: {}", kind.unknown(by))))
}

fn descending(order: Option<&str>) -> Result<bool, ScimError> {
    match order.map(|order| order.trim().to_ascii_lowercase()).as_deref() {
        None | Some("ascending") => Ok(false),
        Some("descending") => Ok(true),
        Some(_) => Err(ScimError::invalid_value("“sortOrder” must be ascending or descending.")),
    }
}

/// The filter, and whether only a tolerant reader takes it. Most clients write what a strict one takes; it means the same to both.
fn read_filter(known: Known<'_>, text: &str, dialect: Dialect, unknown: Unknown) -> Result<(Filter, bool), ScimError> {
    let (filter, is_loose) = match (parse(text, Dialect::Strict), dialect) {
        (Err(_), Dialect::Tolerant) => (parse(text, dialect), true),
        (read, Dialect::Tolerant | Dialect::Strict) => (read, false),
    };
    let filter = filter.map_err(|error| ScimError::invalid_filter(format!("The filter cannot be read: {error}.")))?;
    let filter = if unknown == Unknown::Absent { without_foreign(known, filter) } else { filter };
    Ok((canonical(known, filter, None)?, is_loose))
}

/// The same filter, where what asks for an attribute that only another kind has is what it comes to without a value.
fn without_foreign(known: Known<'_>, filter: Filter) -> Filter {
    let Known { kind, extensions } = known;
    let others = [ResourceType::User, ResourceType::Group];
    let is_foreign = |path: &AttributePath| {
        let elsewhere = others.iter().any(|other| *other != kind && other.find(path).is_some());
        kind.find(path).is_none() && (elsewhere || (kind != ResourceType::User && extensions.find(path).is_some()))
    };
    let each = |parts: Vec<Filter>| parts.into_iter().map(|part| without_foreign(known, part)).collect();
    // Every resource has an id.
    let always = || Node::Present(AttributePath::new("id"));
    let node = match filter.node {
        // `ne` holds of what is absent, and so does `eq null`.
        Node::Compare { path, operator, value } if is_foreign(&path) => {
            let holds = (operator == Operator::NotEqual) != (value == Literal::Null)
                && matches!(operator, Operator::Equal | Operator::NotEqual);
            if holds { always() } else { Node::Not(Box::new(always().into())) }
        }
        Node::Present(path) | Node::Element { path, .. } if is_foreign(&path) => Node::Not(Box::new(always().into())),
        Node::And(parts) => Node::And(each(parts)),
        Node::Or(parts) => Node::Or(each(parts)),
        Node::Not(part) => Node::Not(Box::new(without_foreign(known, *part))),
        node @ (Node::Compare { .. } | Node::Present(_) | Node::Element { .. }) => node,
    };
    Filter { node, span: filter.span }
}

/// The same filter, every attribute known and canonically spelt. `inside` is the attribute whose brackets this is in.
fn canonical(all: Known<'_>, filter: Filter, inside: Option<Inside<'_>>) -> Result<Filter, ScimError> {
    let kind = all.kind;
    let each =
        |parts: Vec<Filter>| parts.into_iter().map(|part| canonical(all, part, inside)).collect::<Result<_, _>>();
    let node = match filter.node {
        Node::Compare { path, operator, value } => {
            let (path, of_type) = known(all, &path, inside)?;
            check_order(of_type, operator, &value, &path)?;
            Node::Compare { path, operator, value }
        }
        Node::Present(path) => Node::Present(known(all, &path, inside)?.0),
        Node::And(parts) => Node::And(each(parts)?),
        Node::Or(parts) => Node::Or(each(parts)?),
        Node::Not(part) => Node::Not(Box::new(canonical(all, *part, inside)?)),
        Node::Element { path, filter } if all.extended(&path).is_some_and(|found| found.part.is_none()) => {
            let Some(found) = all.extended(&path).filter(|found| inside.is_none() && found.attribute.multi_valued)
            else {
                return Err(ScimError::invalid_filter(format!("“{path}” has no parts that brackets could ask about.")));
            };
            let filter = canonical(all, *filter, Some(Inside::Declared(found.attribute)))?;
            Node::Element { path: found.path, filter: Box::new(filter) }
        }
        Node::Element { path, filter } => {
            let named = find(kind, &path)?;
            if named.part.is_some() || named.attribute.sub_attributes.is_empty() {
                return Err(ScimError::invalid_filter(format!("“{path}” has no parts that brackets could ask about.")));
            }
            Node::Element { path: named.path(), filter: Box::new(canonical(all, *filter, Some(Inside::Known(named)))?) }
        }
    };
    Ok(Filter { node, span: filter.span })
}

/// The attribute whose brackets something is in.
#[derive(Debug, Clone, Copy)]
enum Inside<'a> {
    Known(Named),
    Declared(&'a ExtensionAttribute),
}

/// An attribute's path as it is spelt, and what it is compared as.
fn known(all: Known<'_>, path: &AttributePath, inside: Option<Inside<'_>>) -> Result<(AttributePath, Type), ScimError> {
    let kind = all.kind;
    let alone = |name: &str| Some(name).filter(|_| path.sub.is_none() && path.schema.is_none()).map(str::to_owned);
    let (outer, part) = match inside {
        None => {
            if let Some(found) = all.extended(path) {
                let of_type = type_of(found.kind());
                return Ok((found.path, of_type));
            }
            let named = find(kind, path)?;
            return Ok((named.path(), named.leaf().kind));
        }
        Some(Inside::Known(outer)) => {
            let part = outer.attribute.part(&path.name);
            (outer.attribute.name, part.and_then(|part| Some((alone(part.name)?, part.kind))))
        }
        Some(Inside::Declared(outer)) => {
            let parts = outer.sub_attributes.iter().map(|part| (part.name.as_str(), part.kind));
            // A simple value stands for its own `value`.
            let own = Some(("value", outer.kind)).filter(|_| outer.sub_attributes.is_empty());
            let part = parts.chain(own).find(|(name, _)| name.eq_ignore_ascii_case(&path.name));
            (outer.name.as_str(), part.and_then(|(name, kind)| Some((alone(name)?, type_of(kind)))))
        }
    };
    let unknown = || ScimError::invalid_filter(kind.unknown(&format!("{outer}.{path}")));
    part.map(|(name, of_type)| (AttributePath::new(name), of_type)).ok_or_else(unknown)
}

fn find(kind: ResourceType, path: &AttributePath) -> Result<Named, ScimError> {
    kind.find(path).ok_or_else(|| ScimError::invalid_filter(kind.unknown(&path.to_string())))
}

/// The type that declared values compare as.
fn type_of(kind: ExtensionType) -> Type {
    match kind {
        ExtensionType::Complex => Type::Complex,
        ExtensionType::Boolean => Type::Boolean,
        ExtensionType::DateTime => Type::DateTime,
        ExtensionType::Reference => Type::Reference,
        ExtensionType::String | ExtensionType::Integer | ExtensionType::Decimal => Type::String,
    }
}

/// RFC 7644 §3.4.2.2: booleans and binaries have no order, and a time is compared with a time.
fn check_order(kind: Type, operator: Operator, value: &Literal, path: &AttributePath) -> Result<(), ScimError> {
    let ordered = match operator {
        Operator::Greater | Operator::GreaterOrEqual | Operator::Less | Operator::LessOrEqual => true,
        Operator::Equal | Operator::NotEqual | Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    };
    match (kind, value) {
        (Type::Boolean | Type::Binary, _) if ordered => {
            Err(ScimError::invalid_filter(format!("“{path}” has no order; compare it with eq or ne.")))
        }
        (Type::DateTime, Literal::Text(text)) if ordered && text.parse::<Instant>().is_err() => {
            Err(ScimError::invalid_filter(format!("“{path}” is compared with a time like 2026-11-21T08:30:00Z.")))
        }
        (
            Type::Boolean | Type::Binary | Type::DateTime | Type::String | Type::Reference | Type::Complex,
            Literal::Null | Literal::Boolean(_) | Literal::Number(_) | Literal::Text(_),
        ) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
