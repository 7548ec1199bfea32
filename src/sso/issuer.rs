//! Whose word counts: the issuer that a connection pins, which may stand for several tenants of one provider (Entra).

use super::{TokenFault, error::quoted};
use crate::model::OidcSettings;
use serde_json::{Map, Value};

/// What Entra writes into an issuer that stands for many tenants.
const TENANT: &str = "{tenantid}";
/// Where Entra publishes what holds for every tenant.
const EVERYBODY: &str = "organizations";
/// Entra's addresses that stand for whoever comes. No token names one of them as its issuer.
const OPEN: [&str; 3] = ["common", "organizations", "consumers"];

/// The issuer that a connection pins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Issuer<'a> {
    said: &'a str,
    tenants: &'a [String],
}

impl<'a> Issuer<'a> {
    pub(super) fn of(settings: &'a OidcSettings) -> Self {
        Self { said: &settings.issuer, tenants: &settings.tenants }
    }

    /// The issuer whose configuration is read: of a single tenant its own, of several what holds for all.
    pub(super) fn published(&self) -> String {
        match self.tenants {
            [only] => self.said.replace(TENANT, only),
            [] | [_, ..] => self.said.replace(TENANT, EVERYBODY),
        }
    }

    /// OpenID Connect Core §3.1.3.7, step 2: the token's issuer is the pinned one, of a tenant that is pinned too.
    pub(super) fn check(&self, claims: &Map<String, Value>) -> Result<(), TokenFault> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let tenant = text("tid");
        let pinned = self.tenants.is_empty() || self.tenants.iter().any(|known| known == tenant);
        if !pinned {
            return Err(TokenFault::Tenant(quoted(tenant)));
        }
        let expected = self.said.replace(TENANT, tenant);
        if text("iss") == expected {
            return Ok(());
        }
        Err(TokenFault::Issuer { expected, found: quoted(text("iss")) })
    }

    /// Whether an answer may name this issuer (RFC 9207): before the token is read, of any pinned tenant.
    pub(super) fn may_be(&self, named: &str) -> bool {
        named == self.said || self.tenants.iter().any(|tenant| self.said.replace(TENANT, tenant) == named)
    }

    /// What an admin has to change before this can pin anything; in words.
    pub(super) fn fault(&self) -> Result<(), String> {
        // OpenID Connect Core §1.2: an issuer is an https address with a host, and without query and fragment. Plain http is
        // for providers on the same machine: whether it may be reached is decided where it is asked.
        let address = url::Url::parse(self.said).ok().filter(|url| ["https", "http"].contains(&url.scheme()));
        if address.is_none_or(|url| !url.has_host() || url.query().is_some() || url.fragment().is_some()) {
            return Err(format!(
                "{:?} is not the address of an issuer: give it as the provider shows it, like https://acme.okta.com",
                self.said
            ));
        }
        let several = self.said.contains(TENANT);
        if several && self.tenants.is_empty() {
            return Err(format!("an issuer with {TENANT} lets every tenant in: list yours in `tenants`"));
        }
        let odd =
            |tenant: &String| tenant.is_empty() || !tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if let Some(odd) = self.tenants.iter().find(|tenant| odd(tenant)) {
            return Err(format!("{odd:?} is not the id of a tenant: give what its tokens say in `tid`"));
        }
        let entra = self.said.strip_prefix("https://login.microsoftonline.com/").unwrap_or_default();
        if OPEN.contains(&entra.split('/').next().unwrap_or_default()) {
            return Err(format!(
                "this address stands for every tenant of Entra: name your tenant's id in it, or write {TENANT} and list `tenants`"
            ));
        }
        Ok(())
    }
}

/// Whether a configuration says of itself that it is this issuer's: exactly, or as Entra does for every tenant.
///
/// OpenID Connect Discovery §4.3: the issuer MUST be exactly the one that was asked. Entra writes its placeholder instead; what is
/// believed of the tokens is decided by [`Issuer::check`].
pub(super) fn is_published_as(said: &str, asked: &str) -> bool {
    let template = |(before, after): (&str, &str)| {
        let tenant = asked.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        tenant.is_some_and(|tenant| !tenant.is_empty() && !tenant.contains('/'))
    };
    said == asked || said.split_once(TENANT).is_some_and(template)
}

/// Whether a key that says whose it is may sign for this issuer. Entra publishes the keys of all tenants in one set.
pub(super) fn may_sign(key_issuer: &str, issuer: &str, tenant: Option<&str>) -> bool {
    key_issuer == issuer || tenant.is_some_and(|tenant| key_issuer.replace(TENANT, tenant) == issuer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ENTRA: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";

    fn settings(issuer: &str, tenants: &[&str]) -> OidcSettings {
        let tenants = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
        OidcSettings { tenants, ..OidcSettings::new(issuer, "castgate") }
    }

    fn check(settings: &OidcSettings, issuer: &str, tenant: &str) -> bool {
        let claims = json!({"iss": issuer, "tid": tenant});
        Issuer::of(settings).check(claims.as_object().expect("an object")).is_ok()
    }

    #[test]
    fn a_tenant_that_is_not_pinned_is_a_stranger() {
        let several = settings(ENTRA, &["t1", "t2"]);
        let of = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
        assert!(check(&several, &of("t1"), "t1") && check(&several, &of("t2"), "t2"));
        assert!(!check(&several, &of("t3"), "t3"), "not pinned");
        assert!(!check(&several, &of("t1"), "t2") && !check(&several, &of("t3"), "t1"), "two tenants in one token");
        assert!(!check(&several, ENTRA, "t1") && !check(&several, &of("t1"), "") && !check(&several, &of(""), ""));
        let one = settings("https://sts.example/acme", &["t1"]);
        assert!(check(&one, "https://sts.example/acme", "t1") && !check(&one, "https://sts.example/acme", "t2"));
    }

    #[test]
    fn an_issuer_is_an_address() {
        let fault = |issuer: &str| Issuer::of(&settings(issuer, &["t1"])).fault();
        for good in ["https://acme.okta.com", "http://127.0.0.1:9000/realm", ENTRA] {
            assert_eq!(fault(good), Ok(()), "{good}");
        }
        for bad in ["", "acme.okta.com", "not an address", "mailto:a@b.c", "https://a.test/?x=1", "https://a.test/#x"] {
            assert!(fault(bad).unwrap_err().contains("https://acme.okta.com"), "{bad}");
        }
    }

    #[test]
    fn of_one_tenant_its_own_configuration_is_read_and_of_several_what_holds_for_all() {
        let of = |tenants: &[&str]| Issuer::of(&settings(ENTRA, tenants)).published();
        assert_eq!(of(&["t1"]), "https://login.microsoftonline.com/t1/v2.0");
        assert_eq!(of(&["t1", "t2"]), "https://login.microsoftonline.com/organizations/v2.0");
        assert!(is_published_as(ENTRA, &of(&["t1", "t2"])) && is_published_as(ENTRA, &of(&["t1"])));
        assert!(!is_published_as("https://login.microsoftonline.com/t2/v2.0", &of(&["t1"])));
        assert!(!is_published_as("https://{tenantid}/v2.0", "https://a/b/v2.0"));
        assert!(!is_published_as(ENTRA, "https://login.microsoftonline.com//v2.0"));
    }

    #[test]
    fn an_issuer_that_lets_everybody_in_pins_nothing() {
        let fault = |issuer: &str, tenants: &[&str]| Issuer::of(&settings(issuer, tenants)).fault();
        assert!(fault(ENTRA, &[]).is_err_and(|why| why.contains("list yours")));
        for open in OPEN {
            assert!(fault(&format!("https://login.microsoftonline.com/{open}/v2.0"), &[]).is_err(), "{open}");
        }
        assert!(fault(ENTRA, &["../x"]).is_err() && fault(ENTRA, &[""]).is_err());
        assert!(fault(ENTRA, &["a-1"]).is_ok() && fault("https://login.microsoftonline.com/t1/v2.0", &[]).is_ok());
    }

    #[test]
    fn a_key_of_one_tenant_does_not_sign_for_another() {
        let of = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
        assert!(may_sign(&of("t1"), &of("t1"), Some("t1")) && may_sign(ENTRA, &of("t1"), Some("t1")));
        assert!(!may_sign(&of("t1"), &of("t2"), Some("t2")) && !may_sign(ENTRA, &of("t1"), None));
    }
}
