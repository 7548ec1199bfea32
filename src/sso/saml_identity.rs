//! From what a SAML assertion says to the one identity shape. Attributes have other names at every provider; those that many
//! use are known here, the others are the connection's to name.

use super::{
    GroupsClaim, Identity, Once,
    saml::{NameId, SignedIn},
};
use crate::model::SamlSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Claim, and the attributes that mean it: LDAP's names, their OIDs, and those of AD FS, Entra, Google and Okta.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "email",
        &[
            "email",
            "mail",
            "emailaddress",
            "emailAddress",
            "Email",
            "user.email",
            "urn:oid:0.9.2342.19200300.100.1.3",
            "urn:oid:1.2.840.113549.1.9.1",
            "urn:mace:dir:attribute-def:mail",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        ],
    ),
    (
        "given_name",
        &[
            "given_name",
            "givenName",
            "firstName",
            "first_name",
            "FirstName",
            "urn:oid:2.5.4.42",
            "urn:mace:dir:attribute-def:givenName",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        ],
    ),
    (
        "family_name",
        &[
            "family_name",
            "sn",
            "surname",
            "lastName",
            "last_name",
            "LastName",
            "urn:oid:2.5.4.4",
            "urn:mace:dir:attribute-def:sn",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
        ],
    ),
    (
        "name",
        &[
            "displayName",
            "name",
            "cn",
            "urn:oid:2.16.840.1.113730.3.1.241",
            "urn:oid:2.5.4.3",
            "urn:mace:dir:attribute-def:displayName",
            "urn:mace:dir:attribute-def:cn",
            "http://schemas.microsoft.com/identity/claims/displayname",
        ],
    ),
    (
        "preferred_username",
        &[
            "preferred_username",
            "username",
            "uid",
            "userPrincipalName",
            "eduPersonPrincipalName",
            "urn:oid:0.9.2342.19200300.100.1.1",
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
            "urn:mace:dir:attribute-def:uid",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        ],
    ),
    (
        "groups",
        &[
            "groups",
            "group",
            "Groups",
            "memberOf",
            "isMemberOf",
            "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
            "http://schemas.xmlsoap.org/claims/Group",
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        ],
    ),
    ("department", &["department", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/department"]),
    ("title", &["title", "jobTitle", "urn:oid:2.5.4.12"]),
    ("locale", &["locale", "preferredLanguage", "urn:oid:2.16.840.1.113730.3.1.39"]),
];

/// Entra lists no more than 150 groups in an assertion; beyond, this attribute says where they would be had.
const GROUPS_ELSEWHERE: &str = "http://schemas.microsoft.com/claims/groups.link";

/// What only we say about an assertion, whatever attributes it has.
const OURS: [&str; 6] = ["sub", "iss", "aud", "sid", "email_verified", "acr"];

/// Whom a provider knows by what name: what it wants to read when they sign out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOutName {
    value: String,
    format: Option<String>,
    name_qualifier: Option<String>,
    sp_name_qualifier: Option<String>,
}

impl From<NameId> for SignOutName {
    fn from(name: NameId) -> Self {
        let NameId { value, format, name_qualifier, sp_name_qualifier } = name;
        Self { value, format, name_qualifier, sp_name_qualifier }
    }
}

impl From<SignOutName> for NameId {
    fn from(name: SignOutName) -> Self {
        let SignOutName { value, format, name_qualifier, sp_name_qualifier } = name;
        Self { value, format, name_qualifier, sp_name_qualifier }
    }
}

/// Who signed in, in the shape of every protocol.
#[must_use]
pub fn saml_identity(settings: &SamlSettings, signed_in: SignedIn) -> Identity {
    let claims = claims(settings, &signed_in);
    // A list without entries is not written: an assertion that is silent about groups says that there are none.
    let groups = match signed_in.attributes.iter().any(|attribute| attribute.name == GROUPS_ELSEWHERE) {
        true => GroupsClaim::Overage,
        false => GroupsClaim::Present(texts(claims.get("groups"))),
    };
    let subject = signed_in.name_id.value.clone();
    let name = SignOutName::from(signed_in.name_id);
    Identity {
        issuer: signed_in.issuer,
        subject,
        claims,
        provider_session: signed_in.session_index,
        provider_session_until: signed_in.session_until,
        id_token: json!(name).to_string(),
        groups,
        authenticated_at: Some(signed_in.authenticated_at),
        acr: signed_in.context,
        once: Some(Once { id: signed_in.assertion_id, until: signed_in.remember_until }),
    }
}

fn claims(settings: &SamlSettings, signed_in: &SignedIn) -> Map<String, Value> {
    let mut claims = Map::new();
    for attribute in signed_in.attributes.iter().filter(|attribute| !OURS.contains(&attribute.name.as_str())) {
        match attribute.values.as_slice() {
            [] => {}
            [one] => drop(claims.insert(attribute.name.clone(), json!(one))),
            several => drop(claims.insert(attribute.name.clone(), json!(several))),
        }
    }
    let said = claims.clone();
    for (claim, names) in KNOWN {
        // What the connection says about a claim is all that counts for it.
        let mut own = settings.claims.iter().filter(|(_, to)| to == claim).map(|(attribute, _)| attribute.as_str());
        let own = own.next().map(|first| [first].into_iter().chain(own).collect::<Vec<_>>());
        let names = own.as_deref().unwrap_or(names);
        match names.iter().find_map(|name| said.get(*name)) {
            Some(value) => drop(claims.insert((*claim).to_owned(), shaped(claim, value.clone()))),
            None => drop(claims.shift_remove(*claim)),
        }
    }
    for (attribute, claim) in &settings.claims {
        let known = KNOWN.iter().any(|(name, _)| name == claim) || OURS.contains(&claim.as_str());
        if let (false, Some(value)) = (known, said.get(attribute)) {
            claims.insert(claim.clone(), value.clone());
        }
    }
    if claims.contains_key("email") {
        claims.insert("email_verified".to_owned(), json!(settings.emails_verified));
    }
    claims
}

/// Groups are a list; of everything else that has a well-known name the first value counts.
fn shaped(claim: &str, value: Value) -> Value {
    if claim == "groups" {
        return json!(texts(Some(&value)));
    }
    match value {
        Value::Array(several) => several.into_iter().next().unwrap_or_default(),
        other => other,
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Instant, sso::saml::Attribute};

    fn identity(settings: &SamlSettings, attributes: &[(&str, &[&str])]) -> Identity {
        let attribute = |(name, values): &(&str, &[&str])| Attribute {
            name: (*name).to_owned(),
            friendly_name: None,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let name_id =
            NameId { value: "ada@acme.test".to_owned(), format: None, name_qualifier: None, sp_name_qualifier: None };
        let signed_in = SignedIn {
            assertion_id: "_1".to_owned(),
            response_id: "_2".to_owned(),
            remember_until: Instant(1),
            issuer: "https://idp.test".to_owned(),
            name_id,
            session_index: Some("_s".to_owned()),
            session_until: None,
            authenticated_at: Instant(0),
            context: None,
            attributes: attributes.iter().map(attribute).collect(),
            certificate: String::new(),
            sha1: false,
            encrypted: false,
        };
        saml_identity(settings, signed_in)
    }

    #[test]
    fn attributes_of_many_names_become_the_claims_that_everybody_reads() {
        let said = identity(
            &SamlSettings::default(),
            &[
                ("urn:oid:0.9.2342.19200300.100.1.3", &["ada@acme.test", "second@acme.test"]),
                ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", &["Ada"]),
                ("memberOf", &["engineering", "castai-owners"]),
                ("costCenter", &["7"]),
                ("empty", &[]),
            ],
        );
        assert_eq!(said.subject, "ada@acme.test");
        assert_eq!(said.claims["email"], "ada@acme.test");
        assert_eq!(said.claims["given_name"], "Ada");
        assert_eq!(said.claims["costCenter"], "7");
        assert!(!said.claims.contains_key("empty"));
        let groups = ["engineering", "castai-owners"].map(str::to_owned).to_vec();
        assert_eq!(said.groups, GroupsClaim::Present(groups));
    }

    #[test]
    fn an_address_counts_as_verified_only_where_the_connection_says_so() {
        let mut settings = SamlSettings::default();
        let asserted: &[(&str, &[&str])] = &[("mail", &["ada@acme.test"]), ("email_verified", &["true"])];
        assert_eq!(identity(&settings, asserted).claims["email_verified"], false);
        settings.emails_verified = true;
        assert_eq!(identity(&settings, asserted).claims["email_verified"], true);
        assert!(!identity(&settings, &[]).claims.contains_key("email_verified"));
    }

    #[test]
    fn what_the_connection_says_of_a_claim_is_all_that_counts_for_it() {
        let claims = [("team", "groups"), ("costCenter", "cost_center"), ("evil", "sub")];
        let claims = claims.map(|(from, to)| (from.to_owned(), to.to_owned())).into();
        let settings = SamlSettings { claims, ..SamlSettings::default() };
        let asserted: &[(&str, &[&str])] =
            &[("team", &["a"]), ("groups", &["castai-owners"]), ("costCenter", &["7"]), ("evil", &["eve"])];
        let said = identity(&settings, asserted);
        assert_eq!(said.groups, GroupsClaim::Present(vec!["a".to_owned()]));
        assert_eq!((&said.claims["cost_center"], said.claims.get("sub")), (&json!("7"), None));
    }

    #[test]
    fn silence_about_groups_means_none_and_too_many_means_nobody_knows() {
        let none = identity(&SamlSettings::default(), &[]);
        assert_eq!(none.groups, GroupsClaim::Present(Vec::new()));
        let elsewhere = identity(&SamlSettings::default(), &[(GROUPS_ELSEWHERE, &["https://graph"])]);
        assert_eq!(elsewhere.groups, GroupsClaim::Overage);
    }
}
