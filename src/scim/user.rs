//! A user as it is kept: the normalised document, without what the server adds when it answers.

use super::{
    error::ScimError,
    extension::Extensions,
    patch::{Op, get, in_schema_order, merge, names_schema},
    schema::{ENTERPRISE_SCHEMA, ResourceType, USER_SCHEMA},
    tolerance::{Leniency, Tolerance},
};
use crate::filter::Dialect;
use serde_json::{Map, Value};

/// A User without `schemas`, `id`, `meta`, `groups` and `password`, in canonical spelling and order, without nulls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserDocument(Map<String, Value>);

impl UserDocument {
    /// Reads the body of a POST or PUT.
    ///
    /// What only the server writes is ignored (RFC 7644 §3.3). Says also what was let pass.
    ///
    /// # Errors
    /// `invalidValue` for a wrong type or a missing userName; in the strict dialect `invalidSyntax` for what no schema knows.
    pub fn parse(body: &Map<String, Value>, dialect: Dialect) -> Result<(Self, Vec<Tolerance>), ScimError> {
        Self::parse_extended(body, dialect, Extensions::default())
    }

    /// Reads the body of a POST or PUT to a connection that declares schemas of its own.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_extended(
        body: &Map<String, Value>,
        dialect: Dialect,
        extensions: Extensions<'_>,
    ) -> Result<(Self, Vec<Tolerance>), ScimError> {
        let mut leniency = Leniency::new(dialect);
        if !names_schema(body, USER_SCHEMA) {
            leniency.allow(Tolerance::SchemasMissing, || {
                ScimError::invalid_syntax(format!("A User must name its schema: \"schemas\": [\"{USER_SCHEMA}\"]."))
            })?;
        }
        let (mut document, mut values) = (Map::new(), own(body));
        extensions.take(&mut values, Op::Replace, &mut document, &mut leniency)?;
        merge(&mut document, values, Op::Replace, &mut leniency)?;
        let user = Self(in_schema_order(ResourceType::User, document));
        if user.user_name().is_empty() {
            return Err(ScimError::invalid_value("“userName” is required and must not be empty."));
        }
        Ok((user, leniency.into_used()))
    }

    /// Reads the body of a PUT on a user that is `before`.
    ///
    /// RFC 7644 §3.5.1 lets a server clear what a PUT leaves out. Two things are kept unless the body mentions them:
    /// `active`, because silence must neither let anybody in nor out, and `externalId`, because Okta's profile update
    /// leaves out the very id it created the user with. An explicit null clears the latter.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_replacement(
        body: &Map<String, Value>,
        before: &Self,
        dialect: Dialect,
        extensions: Extensions<'_>,
    ) -> Result<(Self, Vec<Tolerance>), ScimError> {
        let (mut user, tolerances) = Self::parse_extended(body, dialect, extensions)?;
        if let Some(external_id) = before.0.get("externalId").filter(|_| get(body, "externalId").is_none()) {
            user.0.insert("externalId".to_owned(), external_id.clone());
        }
        if let Some(active) = before.active() {
            user = user.with_active_unless_said(active);
        }
        Ok((Self(in_schema_order(ResourceType::User, user.0)), tolerances))
    }

    /// A document that was kept before.
    #[must_use]
    pub fn from_stored(document: Map<String, Value>) -> Self {
        Self(document)
    }

    /// The document.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The document, to be kept.
    #[must_use]
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// The name by which the provider knows the user; unique in a connection when folded.
    #[must_use]
    pub fn user_name(&self) -> &str {
        self.text("userName").unwrap_or_default()
    }

    /// The provider's id of the user.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.text("externalId")
    }

    /// The name to be shown, as the provider gives it.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.text("displayName")
    }

    /// A name to be shown: `displayName`, else `name.formatted`, else given and family name, else `userName`.
    #[must_use]
    pub fn shown_name(&self) -> String {
        let part = |part: &str| self.0.get("name").and_then(|name| name.get(part)).and_then(Value::as_str);
        if let Some(name) = self.display_name().or_else(|| part("formatted")) {
            return name.to_owned();
        }
        let names: Vec<&str> = ["givenName", "familyName"].into_iter().filter_map(part).collect();
        if names.is_empty() { self.user_name().to_owned() } else { names.join(" ") }
    }

    /// Whether the provider lets the user in; `None` where it does not say, which on a PUT or after a PATCH means that
    /// nothing changes, and on a POST that the user is active.
    #[must_use]
    pub fn active(&self) -> Option<bool> {
        self.0.get("active").and_then(Value::as_bool)
    }

    /// The same document, saying `active` where it does not say.
    #[must_use]
    pub fn with_active_unless_said(mut self, active: bool) -> Self {
        if self.active().is_none() {
            self.0.shift_remove("active");
            let place = self.0.keys().position(|name| comes_after_active(name)).unwrap_or(self.0.len());
            self.0.shift_insert(place, "active".to_owned(), Value::Bool(active));
        }
        self
    }

    /// The e-mail addresses: the primary one first, then the others in their order.
    #[must_use]
    pub fn emails(&self) -> Vec<&str> {
        let list = self.0.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut emails: Vec<&Value> = list.iter().collect();
        emails.sort_by_key(|email| !super::shape::is_primary(email));
        emails.into_iter().filter_map(|email| email.get("value")?.as_str()).collect()
    }

    /// The e-mail address to write to: the primary one, else that of type work, else the first.
    #[must_use]
    pub fn primary_email(&self) -> Option<&str> {
        let list = self.0.get("emails").and_then(Value::as_array)?;
        let work = |email: &&Value| {
            email.get("type").and_then(Value::as_str).is_some_and(|label| label.eq_ignore_ascii_case("work"))
        };
        let chosen = list.iter().find(|email| super::shape::is_primary(email)).or_else(|| list.iter().find(work));
        chosen.or_else(|| list.first())?.get("value")?.as_str()
    }

    /// The enterprise extension's object, if there is one.
    #[must_use]
    pub fn enterprise(&self) -> Option<&Map<String, Value>> {
        self.0.get(ENTERPRISE_SCHEMA).and_then(Value::as_object)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

/// Whether the schema's order, in which documents are kept, has this attribute behind `active`.
pub(super) fn comes_after_active(name: &str) -> bool {
    let mut until = ResourceType::User.attributes().iter().take_while(|attribute| attribute.name != "active");
    name != "externalId" && until.all(|attribute| attribute.name != name)
}

/// The body without what every message has and nobody means as a write: counting it would say nothing.
pub(super) fn own(body: &Map<String, Value>) -> Map<String, Value> {
    let mut body = body.clone();
    body.retain(|key, _| !["schemas", "id", "meta", "groups"].iter().any(|name| key.eq_ignore_ascii_case(name)));
    body
}

#[cfg(test)]
mod tests;
