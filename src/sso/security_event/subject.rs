//! Whom a security event is about (RFC 9493).

use serde_json::{Map, Value};

/// No honest name is longer.
const LONGEST: usize = 320;
/// Nobody honest has more names in one event.
const MOST_ALIASES: usize = 10;

/// Whom an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An e-mail address.
    Email(String),
    /// A subject of an issuer.
    IssSub {
        /// The issuer.
        iss: String,
        /// Its name for the person.
        sub: String,
    },
    /// A name that both sides know.
    Opaque(String),
    /// `acct:` and this: a user at a host.
    Account(String),
    /// Several things at once: the person, one session of theirs.
    Complex {
        /// The person.
        user: Option<Box<Subject>>,
        /// The provider's name for the session.
        session: Option<String>,
    },
    /// Several names of one person.
    Aliases(Vec<Subject>),
    /// A format that names no person here, such as `phone_number`.
    Other(String),
}

impl Subject {
    /// Reads a subject identifier; the error says what is wrong with it.
    pub fn read(value: &Value) -> Result<Self, String> {
        Self::read_within(value, false)
    }

    /// What it is called.
    #[must_use]
    pub fn format(&self) -> &str {
        match self {
            Self::Email(_) => "email",
            Self::IssSub { .. } => "iss_sub",
            Self::Opaque(_) => "opaque",
            Self::Account(_) => "account",
            Self::Complex { .. } => "complex",
            Self::Aliases(_) => "aliases",
            Self::Other(format) => format,
        }
    }

    fn read_within(value: &Value, is_inner: bool) -> Result<Self, String> {
        let object = value.as_object().ok_or("a subject identifier is a JSON object")?;
        // RISC's first drafts said subject_type.
        let format = object.get("format").or_else(|| object.get("subject_type")).and_then(Value::as_str);
        let text = |name: &str| text(object, name);
        Ok(match format {
            Some("email") => Self::Email(text("email")?),
            Some("iss_sub") => Self::IssSub { iss: text("iss")?, sub: text("sub")? },
            Some("opaque") => Self::Opaque(text("id")?),
            Some("account") => {
                let uri = text("uri")?;
                let name = uri.strip_prefix("acct:").filter(|name| name.contains('@'));
                Self::Account(name.ok_or("an account is acct: and user@host")?.to_owned())
            }
            Some("complex") if !is_inner => Self::complex(object)?,
            // Without a word of its own it is a complex one, as SSF 1.0's drafts had it.
            None if !is_inner && object.values().any(Value::is_object) => Self::complex(object)?,
            Some("aliases") if !is_inner => Self::aliases(object)?,
            Some("aliases") => return Err("aliases hold no aliases, and no part of a subject is one".to_owned()),
            Some("complex") | None => return Err("a subject identifier says its format".to_owned()),
            Some(other) => Self::Other(other.chars().take(40).collect()),
        })
    }

    /// RFC 9493 §3.2.8: at least one, each a whole identifier, none of them aliases again.
    fn aliases(object: &Map<String, Value>) -> Result<Self, String> {
        let all = object.get("identifiers").and_then(Value::as_array);
        let all = all.filter(|all| (1..=MOST_ALIASES).contains(&all.len()));
        let all = all.ok_or_else(|| format!("aliases hold 1 to {MOST_ALIASES} identifiers"))?;
        all.iter().map(|one| Self::read_within(one, true)).collect::<Result<_, _>>().map(Self::Aliases)
    }

    /// SSF 1.0 §3.2: `user`, `session`, and others that say nothing to us.
    fn complex(object: &Map<String, Value>) -> Result<Self, String> {
        let part = |name: &str| object.get(name).map(|inner| Self::read_within(inner, true)).transpose();
        let session = match part("session")? {
            None => None,
            Some(Self::Opaque(id)) => Some(id),
            Some(_) => return Err("a session is named by format opaque".to_owned()),
        };
        let user = part("user")?.map(Box::new);
        // A tenant, a group or a device alone would be everybody's there: that is nobody whom one could name.
        Ok(Self::Complex { user, session })
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Result<String, String> {
    let text = object.get(name).and_then(Value::as_str).map(str::trim);
    let text = text.filter(|text| !text.is_empty() && text.len() <= LONGEST && !text.contains('\0'));
    text.map(str::to_owned).ok_or_else(|| format!("the subject's “{name}” is missing or no name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_format_is_read_and_half_of_one_is_refused() {
        let read = |value: Value| Subject::read(&value);
        assert_eq!(read(json!({"format": "email", "email": " a@b "})), Ok(Subject::Email("a@b".to_owned())));
        assert_eq!(read(json!({"format": "opaque", "id": "7"})), Ok(Subject::Opaque("7".to_owned())));
        let account = json!({"format": "account", "uri": "acct:ada@acme.test"});
        assert_eq!(read(account), Ok(Subject::Account("ada@acme.test".to_owned())));
        let whom = json!({"format": "iss_sub", "iss": "i", "sub": "s"});
        let user = read(whom.clone()).unwrap();
        let complex = json!({"format": "complex", "user": whom, "session": {"format": "opaque", "id": "s1"}});
        let both = Subject::Complex { user: Some(Box::new(user)), session: Some("s1".to_owned()) };
        assert_eq!(read(complex.clone()), Ok(both));
        assert_eq!(read(json!({"format": "phone_number", "phone_number": "1"})).unwrap().format(), "phone_number");
        let aliases = |all: &[Value]| json!({"format": "aliases", "identifiers": all});
        let email = json!({"format": "email", "email": "a@b"});
        let two = aliases(&[email.clone(), json!({"format": "phone_number", "phone_number": "1"})]);
        let expected = vec![Subject::Email("a@b".to_owned()), Subject::Other("phone_number".to_owned())];
        assert_eq!(read(two.clone()), Ok(Subject::Aliases(expected)));
        for bad in [
            aliases(&[]),
            aliases(&vec![email.clone(); 11]),
            aliases(&[two]),
            aliases(&[email, json!({"format": "opaque"})]),
            json!({"format": "aliases"}),
            json!({"format": "complex", "user": aliases(&[json!({"format": "opaque", "id": "7"})])}),
            json!("ada"),
            json!({}),
            json!({"format": "email"}),
            json!({"format": "email", "email": ["a@b"]}),
            json!({"format": "iss_sub", "sub": "s"}),
            json!({"format": "account", "uri": "mailto:a@b"}),
            json!({"format": "opaque", "id": "x".repeat(400)}),
            json!({"format": "complex", "user": complex}),
            json!({"format": "complex", "session": {"format": "email", "email": "a@b"}}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
