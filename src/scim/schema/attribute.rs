//! What a schema says of one attribute (RFC 7643 §7).

/// The type of an attribute's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A point in time, written as in XML Schema.
    DateTime,
    /// Bytes in base64.
    Binary,
    /// A URI, or a relative one.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

impl Type {
    /// The word in `/Schemas`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// Who may change an attribute, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// The server's alone.
    ReadOnly,
    /// The client's.
    ReadWrite,
    /// The client's, once: a value may be added and removed but not altered.
    Immutable,
    /// The client's to say and nobody's to read.
    WriteOnly,
}

impl Mutability {
    /// The word in `/Schemas`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When an attribute is part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// Whatever the client asks for.
    Always,
    /// Unless the client asks for others or excludes it.
    Default,
    /// In no answer.
    Never,
}

impl Returned {
    /// The word in `/Schemas`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Default => "default",
            Self::Never => "never",
        }
    }
}

/// Among whom a value is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Values may repeat.
    None,
    /// One resource of this endpoint at most has the value.
    Server,
}

impl Uniqueness {
    /// The word in `/Schemas`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
        }
    }
}

/// One attribute, or sub-attribute, of a schema.
#[expect(clippy::struct_excessive_bools, reason = "RFC 7643 §7 describes an attribute by these")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its canonical spelling; names are compared without regard to case.
    pub name: &'static str,
    /// What it means, for `/Schemas`.
    pub description: &'static str,
    /// The type of its value, or of each of its values.
    pub kind: Type,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether its texts are compared letter by letter.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is answered.
    pub returned: Returned,
    /// Among whom it is unique.
    pub uniqueness: Uniqueness,
    /// Values that clients may expect; others are accepted.
    pub canonical_values: &'static [&'static str],
    /// What a reference points at.
    pub reference_types: &'static [&'static str],
    /// The parts of a complex value.
    pub sub_attributes: &'static [Attribute],
    /// Whether `/Schemas` shows it. RFC 7643 §3.1: the common attributes (`id`, `externalId`, `meta`) belong to every
    /// resource and to no schema.
    pub advertised: bool,
}

impl Attribute {
    /// A readWrite, optional, single-valued, case-insensitive attribute: what most are.
    #[must_use]
    pub const fn of(kind: Type, name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
            advertised: true,
        }
    }

    /// A text.
    #[must_use]
    pub const fn text(name: &'static str, description: &'static str) -> Self {
        Self::of(Type::String, name, description)
    }

    /// A reference, whose letters matter.
    #[must_use]
    pub const fn reference(name: &'static str, description: &'static str, to: &'static [&'static str]) -> Self {
        Self { reference_types: to, case_exact: true, ..Self::of(Type::Reference, name, description) }
    }

    /// An object of parts.
    #[must_use]
    pub const fn complex(name: &'static str, description: &'static str, parts: &'static [Attribute]) -> Self {
        Self { sub_attributes: parts, ..Self::of(Type::Complex, name, description) }
    }

    /// A list of objects.
    #[must_use]
    pub const fn list(name: &'static str, description: &'static str, parts: &'static [Attribute]) -> Self {
        Self { multi_valued: true, ..Self::complex(name, description, parts) }
    }

    /// The same, compared letter by letter.
    #[must_use]
    pub const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    /// The same, and a resource must have it.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, and no two resources share a value.
    #[must_use]
    pub const fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    /// The same, and only the server writes it.
    #[must_use]
    pub const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    /// The same, and a value never alters.
    #[must_use]
    pub const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    /// The same, said by the client and answered to nobody.
    #[must_use]
    pub const fn secret(self) -> Self {
        Self { mutability: Mutability::WriteOnly, returned: Returned::Never, ..self }
    }

    /// The same, answered whatever the client asks for.
    #[must_use]
    pub const fn always(self) -> Self {
        Self { returned: Returned::Always, ..self }
    }

    /// The same, known here but shown in no schema.
    #[must_use]
    pub const fn common(self) -> Self {
        Self { advertised: false, ..self }
    }

    /// The same, with values that clients may expect.
    #[must_use]
    pub const fn values(self, canonical_values: &'static [&'static str]) -> Self {
        Self { canonical_values, ..self }
    }

    /// The part of this name, whatever its case.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&'static Attribute> {
        self.sub_attributes.iter().find(|part| part.name.eq_ignore_ascii_case(name))
    }
}
