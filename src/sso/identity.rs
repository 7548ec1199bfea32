//! The one identity shape that comes out of every sign-in protocol.

use crate::model::Instant;
use serde_json::{Map, Value};
use std::fmt;

/// Who signed in, as the provider says it.
#[derive(Clone, PartialEq)]
pub struct Identity {
    /// The provider, exactly as the connection names it.
    pub issuer: String,
    /// The provider's own, lasting name for the person. 1 to 255 characters.
    pub subject: String,
    /// Everything it said about the person. `email` and `email_verified` always come from one and the same source.
    pub claims: Map<String, Value>,
    /// The provider's id for its session (`sid`), which a back-channel logout names.
    pub provider_session: Option<String>,
    /// When that session ends at the latest, if it says so: then ours does.
    pub provider_session_until: Option<Instant>,
    /// What the provider wants to see when they sign out there: the ID token as it came, or for SAML a
    /// [`SignOutName`](super::SignOutName). A secret of the person's session.
    pub id_token: String,
    /// The groups it asserted.
    pub groups: GroupsClaim,
    /// When they signed in at the provider, if it says so.
    pub authenticated_at: Option<Instant>,
    /// How they signed in at the provider (`acr`), if it says so.
    pub acr: Option<String>,
    /// What said all this may be used once, where nothing else sees to that.
    pub once: Option<Once>,
}

/// The id of a message that may be used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Its id, unique at the provider.
    pub id: String,
    /// When nobody would accept it any more.
    pub until: Instant,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

/// What a sign-in says about groups. Silence and “too many to list” are not “none”.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupsClaim {
    /// These, and no others.
    Present(Vec<String>),
    /// It says nothing about groups.
    Absent,
    /// The provider has more than it puts into a token (Entra beyond 200) and points elsewhere.
    Overage,
}

impl GroupsClaim {
    /// Reads the groups out of claims. A bare string counts as one group; a shape that cannot be read says nothing.
    pub(super) fn of(claims: &Map<String, Value>) -> Self {
        // Entra: `_claim_names` points to a graph query instead of the list, or the implicit flow's `hasgroups`.
        let elsewhere = claims.get("_claim_names").is_some_and(|names| names.get("groups").is_some());
        let hinted = matches!(claims.get("hasgroups"), Some(Value::Bool(true)))
            || claims.get("hasgroups").and_then(Value::as_str) == Some("true");
        if elsewhere || hinted {
            return Self::Overage;
        }
        match claims.get("groups") {
            Some(Value::String(one)) if one.is_empty() => Self::Present(Vec::new()),
            Some(Value::String(one)) => Self::Present(vec![one.clone()]),
            Some(Value::Array(several)) => several
                .iter()
                .map(|group| group.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
                .map_or(Self::Absent, Self::Present),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Self::Absent,
        }
    }

    /// What the ID token says, and the userinfo answer where the ID token is silent.
    pub(super) fn or(self, userinfo: Self) -> Self {
        match self {
            Self::Present(_) | Self::Overage => self,
            Self::Absent => userinfo,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(claims: Value) -> GroupsClaim {
        let Value::Object(claims) = claims else { unreachable!("the test gives an object") };
        GroupsClaim::of(&claims)
    }

    #[test]
    fn a_list_a_bare_string_and_an_empty_list_are_present() {
        assert_eq!(read(json!({"groups": ["a", "b"]})), GroupsClaim::Present(vec!["a".into(), "b".into()]));
        assert_eq!(read(json!({"groups": "a"})), GroupsClaim::Present(vec!["a".into()]));
        assert_eq!(read(json!({"groups": []})), GroupsClaim::Present(vec![]));
    }

    #[test]
    fn silence_is_not_an_empty_list() {
        for claims in [json!({}), json!({"groups": null}), json!({"groups": {"a": 1}}), json!({"groups": ["a", 1]})] {
            assert_eq!(read(claims.clone()), GroupsClaim::Absent, "{claims}");
        }
    }

    #[test]
    fn too_many_groups_are_not_read_as_none_in_any_form() {
        let graph = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://g"}}});
        assert_eq!(read(graph), GroupsClaim::Overage);
        assert_eq!(read(json!({"hasgroups": true})), GroupsClaim::Overage);
        assert_eq!(read(json!({"hasgroups": "true", "groups": []})), GroupsClaim::Overage);
        assert_eq!(read(json!({"hasgroups": false, "groups": []})), GroupsClaim::Present(vec![]));
    }

    #[test]
    fn userinfo_speaks_only_where_the_id_token_is_silent() {
        let some = GroupsClaim::Present(vec!["a".into()]);
        assert_eq!(GroupsClaim::Absent.or(some.clone()), some);
        assert_eq!(GroupsClaim::Overage.or(some.clone()), GroupsClaim::Overage);
        assert_eq!(GroupsClaim::Present(vec![]).or(some), GroupsClaim::Present(vec![]));
    }
}
