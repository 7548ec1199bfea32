//! The same for who may come in, and how they have to have signed in.

use crate::{
    cases::{Case, remove},
    scene::{NOW, Scene},
};
use castgate::sso::{SsoError, TokenFault};
use serde_json::json;

macro_rules! refusal {
    ($pattern:pat) => {
        |error| matches!(error, $pattern)
    };
}

macro_rules! fault {
    ($pattern:pat) => {
        |error| matches!(error, SsoError::TokenInvalid { why: $pattern })
    };
}

/// The connection of several tenants that these cases bend.
fn tenants(scene: &mut Scene) {
    scene.settings.issuer.push_str("/{tenantid}/v2.0");
    scene.settings.tenants = vec!["t1".to_owned(), "t2".to_owned()];
    scene.discovery["issuer"] = json!(scene.settings.issuer);
    scene.discovery_at = "/organizations/v2.0/.well-known/openid-configuration";
    (scene.claims["iss"], scene.claims["tid"]) = (json!("@issuer/t1/v2.0"), json!("t1"));
}

pub const WHO_AND_HOW: &[Case] = &[
    Case(
        "code of somebody else",
        |s| s.claims["c_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA"),
        fault!(TokenFault::CodeHash),
    ),
    Case("code hash that is no text", |s| s.claims["c_hash"] = json!(["x"]), fault!(TokenFault::CodeHash)),
    Case(
        "signed in without the second factor",
        |s| {
            s.settings.acr_values = vec!["urn:mfa".to_owned()];
            s.claims["acr"] = json!("urn:password");
        },
        fault!(TokenFault::AuthenticationClass { .. }),
    ),
    Case(
        "nothing said of the second factor",
        |s| s.settings.acr_values = vec!["urn:mfa".to_owned()],
        fault!(TokenFault::AuthenticationClass { .. }),
    ),
    Case(
        "signed in too long ago",
        |s| {
            s.settings.max_age = Some(300);
            s.claims["auth_time"] = json!(NOW.seconds() - 361);
        },
        fault!(TokenFault::AuthenticationTime { max_age: 300 }),
    ),
    Case(
        "nothing said of when they signed in",
        |s| s.settings.max_age = Some(300),
        fault!(TokenFault::AuthenticationTime { .. }),
    ),
    Case(
        "signed in tomorrow",
        |s| {
            s.settings.max_age = Some(300);
            s.claims["auth_time"] = json!(NOW.seconds() + 86_400);
        },
        fault!(TokenFault::AuthenticationTime { .. }),
    ),
    Case(
        "sign-in time that is no number",
        |s| {
            s.settings.max_age = Some(300);
            s.claims["auth_time"] = json!("now");
        },
        fault!(TokenFault::Malformed(_)),
    ),
    Case(
        "a tenant that is not pinned",
        |s| {
            tenants(s);
            (s.claims["iss"], s.claims["tid"]) = (json!("@issuer/t3/v2.0"), json!("t3"));
        },
        fault!(TokenFault::Tenant(_)),
    ),
    Case(
        "a pinned tenant's issuer with another's id",
        |s| {
            tenants(s);
            s.claims["tid"] = json!("t2");
        },
        fault!(TokenFault::Issuer { .. }),
    ),
    Case(
        "a stranger's issuer with a pinned tenant's id",
        |s| {
            tenants(s);
            s.claims["iss"] = json!("@issuer/t3/v2.0");
        },
        fault!(TokenFault::Issuer { .. }),
    ),
    Case(
        "an issuer that stands for all tenants",
        |s| {
            tenants(s);
            s.claims["iss"] = json!("@issuer/{tenantid}/v2.0");
        },
        fault!(TokenFault::Issuer { .. }),
    ),
    Case(
        "no tenant at all",
        |s| {
            tenants(s);
            remove(s, "tid");
        },
        fault!(TokenFault::Tenant(_)),
    ),
    Case(
        "a key that is published for another tenant",
        |s| {
            tenants(s);
            s.key_issuer = Some("@issuer/t2/v2.0");
        },
        fault!(TokenFault::ForeignKey(_)),
    ),
    Case(
        "a key that is for another algorithm",
        |s| s.key_algorithm = Some("ES384"),
        fault!(TokenFault::UnknownKey { .. }),
    ),
    Case("a payload that is not encoded", |s| s.header["b64"] = json!(false), fault!(TokenFault::Critical)),
    Case("a token inside a token", |s| s.header["cty"] = json!("JWT"), fault!(TokenFault::Type(_))),
    Case(
        "groups elsewhere, and nobody answers there",
        |s| {
            s.settings.groups_endpoint = Some(format!("{}/groups", s.provider.issuer));
            s.claims["_claim_names"] = json!({"groups": "src1"});
        },
        refusal!(SsoError::GroupsUnknown { .. }),
    ),
    Case(
        "groups elsewhere, and a list that goes on at a stranger's",
        |s| {
            s.settings.groups_endpoint = Some(format!("{}/groups", s.provider.issuer));
            s.provider.says("/groups", 200, &json!({"value": ["a"], "@odata.nextLink": "https://evil.example/groups"}));
            s.claims["hasgroups"] = json!(true);
        },
        refusal!(SsoError::GroupsUnknown { .. }),
    ),
    Case(
        "groups elsewhere, and a list without end",
        |s| {
            s.settings.groups_endpoint = Some(format!("{}/groups", s.provider.issuer));
            s.provider.says("/groups", 200, &json!({"value": [{"id": "a"}], "@odata.nextLink": "/groups"}));
            s.claims["hasgroups"] = json!("true");
        },
        refusal!(SsoError::GroupsUnknown { .. }),
    ),
    Case(
        "groups elsewhere, and something that is none among them",
        |s| {
            s.settings.groups_endpoint = Some(format!("{}/groups", s.provider.issuer));
            s.provider.says("/groups", 200, &json!({"value": ["a", {"name": "b"}]}));
            s.claims["hasgroups"] = json!(true);
        },
        refusal!(SsoError::GroupsUnknown { .. }),
    ),
];
