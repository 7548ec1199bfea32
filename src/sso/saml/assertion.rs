//! What an assertion says.

/// A provider's name for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    /// The name itself.
    pub value: String,
    /// Its format, such as [`format::PERSISTENT`](super::format::PERSISTENT).
    pub format: Option<String>,
    /// The domain that makes it unique, where the provider says one.
    pub name_qualifier: Option<String>,
    /// The service that it is unique for, where the provider says one.
    pub sp_name_qualifier: Option<String>,
}

/// One thing that a provider says about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name; often a URI.
    pub name: String,
    /// A name for people.
    pub friendly_name: Option<String>,
    /// Its values in their order. None: the provider names it, and says nothing.
    pub values: Vec<String>,
}
