//! The schemas as data. Everything else here reads them: what a body may say, how filters compare, what `/Schemas` answers.

mod attribute;
mod every;
mod group;
mod role;
mod user;

pub use attribute::{Attribute, Mutability, Returned, Type, Uniqueness};

use crate::filter::{AttributeKinds, AttributePath, Kind};

/// The URN of the core User schema.
pub const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of the core Group schema.
pub const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The URN of the Role of draft-ietf-scim-roles-entitlements.
pub const ROLE_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";
/// The URN of the enterprise extension of User.
pub const ENTERPRISE_SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The kinds of resource that this server has. It knows how each attribute is compared ([`AttributeKinds`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// A person.
    User,
    /// A group of people.
    Group,
    /// A role that can be assigned.
    Role,
}

/// Where in a resource an attribute lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the top.
    Core,
    /// In the enterprise extension's object.
    Enterprise,
}

/// An attribute that a path named.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// Where it lies.
    pub place: Place,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// Its part, if the path named one.
    pub part: Option<&'static Attribute>,
    /// Whether an attribute of the extension was named without its URN.
    pub unqualified: bool,
}

impl ResourceType {
    /// `User`, `Group` or `Role`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }

    /// `/Users`, `/Groups` or `/Roles`.
    #[must_use]
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
            Self::Role => "/Roles",
        }
    }

    /// The URN of its core schema.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Self::User => USER_SCHEMA,
            Self::Group => GROUP_SCHEMA,
            Self::Role => ROLE_SCHEMA,
        }
    }

    /// The attributes of its core schema, without the common ones.
    #[must_use]
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => user::USER,
            Self::Group => group::GROUP,
            Self::Role => role::ROLE,
        }
    }

    /// Attributes that clients may send and that nothing keeps. No path and no filter knows them.
    #[must_use]
    pub fn discarded(self) -> &'static [Attribute] {
        match self {
            Self::User => user::DISCARDED,
            Self::Group | Self::Role => &[],
        }
    }

    /// The attributes of its extension; none for a Group or a Role.
    #[must_use]
    pub fn extension(self) -> &'static [Attribute] {
        match self {
            Self::User => user::ENTERPRISE,
            Self::Group | Self::Role => &[],
        }
    }

    /// The attribute at the top of a resource with this name, common ones included, whatever its case.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        find(every::COMMON, name).or_else(|| find(self.attributes(), name))
    }

    /// The attribute of the extension with this name, whatever its case.
    #[must_use]
    pub fn extended(self, name: &str) -> Option<&'static Attribute> {
        find(self.extension(), name)
    }

    /// Whether this is the URN of an extension of this resource.
    #[must_use]
    pub fn is_extension(self, urn: &str) -> bool {
        !self.extension().is_empty() && ENTERPRISE_SCHEMA.eq_ignore_ascii_case(urn)
    }

    /// What a path names, if the schemas know it. A name without URN is looked for in the extension last.
    #[must_use]
    pub fn find(self, path: &AttributePath) -> Option<Named> {
        let (place, attribute, unqualified) = match path.schema.as_deref() {
            None => match self.attribute(&path.name) {
                Some(attribute) => (Place::Core, attribute, false),
                None => (Place::Enterprise, self.extended(&path.name)?, true),
            },
            Some(schema) if schema.eq_ignore_ascii_case(self.schema()) => {
                (Place::Core, self.attribute(&path.name)?, false)
            }
            Some(schema) if self.is_extension(schema) => (Place::Enterprise, self.extended(&path.name)?, false),
            Some(_) => return None,
        };
        let part = match path.sub.as_deref() {
            None => None,
            Some(name) => Some(attribute.part(name)?),
        };
        Some(Named { place, attribute, part, unqualified })
    }

    /// The known path nearest to a mistaken one, for a diagnostic.
    #[must_use]
    pub fn nearest(self, mistaken: &str) -> Option<String> {
        let wanted = mistaken.rsplit(':').next().unwrap_or(mistaken).to_ascii_lowercase();
        let known = every::COMMON.iter().chain(self.attributes()).chain(self.extension());
        let paths = known.flat_map(|attribute| {
            let parts = attribute.sub_attributes.iter().map(|part| format!("{}.{}", attribute.name, part.name));
            std::iter::once(attribute.name.to_owned()).chain(parts)
        });
        paths
            .map(|path| (strsim::jaro_winkler(&wanted, &path.to_ascii_lowercase()), path))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, path)| path)
    }

    /// “There is no attribute …”, with the nearest one.
    pub(super) fn unknown(self, mistaken: &str) -> String {
        let name = self.name();
        match self.nearest(mistaken) {
            Some(nearest) => format!("A {name} has no attribute “{mistaken}”; the nearest is “{nearest}”."),
            None => format!("A {name} has no attribute “{mistaken}”."),
        }
    }
}

impl Named {
    /// The attribute or part that was named.
    #[must_use]
    pub fn leaf(&self) -> &'static Attribute {
        self.part.unwrap_or(self.attribute)
    }

    /// The path in its canonical spelling, qualified exactly if it lies in the extension.
    #[must_use]
    pub fn path(&self) -> AttributePath {
        AttributePath {
            schema: match self.place {
                Place::Core => None,
                Place::Enterprise => Some(ENTERPRISE_SCHEMA.to_owned()),
            },
            name: self.attribute.name.to_owned(),
            sub: self.part.map(|part| part.name.to_owned()),
        }
    }
}

impl AttributeKinds for ResourceType {
    fn kind(&self, path: &AttributePath) -> Kind {
        match self.find(path).map(|named| named.leaf()) {
            Some(Attribute { kind: Type::DateTime, .. }) => Kind::Instant,
            Some(Attribute { case_exact: true, .. }) => Kind::CaseExact,
            Some(_) | None => Kind::CaseFolded,
        }
    }
}

fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> Option<String> {
        ResourceType::User.find(&path.parse().expect("is a path")).map(|named| named.path().to_string())
    }

    #[test]
    fn names_are_found_in_any_case_and_qualified_or_not() {
        assert_eq!(found("USERNAME").as_deref(), Some("userName"));
        assert_eq!(found("name.FAMILYname").as_deref(), Some("name.familyName"));
        assert_eq!(found("urn:ietf:params:scim:schemas:core:2.0:User:emails.value").as_deref(), Some("emails.value"));
        let department = format!("{ENTERPRISE_SCHEMA}:department");
        assert_eq!(found(&department).as_deref(), Some(department.as_str()));
        assert_eq!(found("department").as_deref(), Some(department.as_str()));
        assert_eq!(found("password"), None);
        assert_eq!(found("urn:example:2.0:Other:title"), None);
    }

    #[test]
    fn what_is_compared_letter_by_letter_is_what_the_rfc_says() {
        let kind = |path: &str| ResourceType::User.kind(&path.parse().expect("is a path"));
        assert_eq!(kind("externalId"), Kind::CaseExact);
        assert_eq!(kind("id"), Kind::CaseExact);
        assert_eq!(kind("userName"), Kind::CaseFolded);
        assert_eq!(kind("emails.value"), Kind::CaseFolded);
        assert_eq!(kind("meta.lastModified"), Kind::Instant);
        assert_eq!(kind("meta.version"), Kind::CaseExact);
        assert_eq!(kind("manager.value"), Kind::CaseExact);
    }

    #[test]
    fn a_mistaken_name_gets_the_nearest_right_one() {
        assert_eq!(ResourceType::User.nearest("prefferedLanguage").as_deref(), Some("preferredLanguage"));
        assert_eq!(ResourceType::User.nearest("emails.vlaue").as_deref(), Some("emails.value"));
        assert_eq!(ResourceType::User.nearest("zzz"), None);
    }
}
