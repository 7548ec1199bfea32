//! What a sign-in asks for besides the tokens, and gets: groups beyond the token, tenants, how people sign in, our own proof.

use crate::scene::{NOW, REDIRECT, Scene};
use castgate::{
    crypto::jwt::{Published, SigningKey, SigningKeys},
    model::{Instant, OidcSettings},
    net::{Client, Policy},
    sso::{ClientProof, GroupsClaim, Oidc, SsoError, StepUp},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

#[tokio::test]
async fn groups_beyond_the_token_are_asked_for_where_the_admin_says_and_not_where_the_token_says() {
    let mut scene = Scene::new().await;
    let oidc = Scene::oidc();
    scene.claims.as_object_mut().unwrap().remove("groups");
    scene.claims["_claim_names"] = json!({"groups": "src1"});
    scene.claims["_claim_sources"] = json!({"src1": {"endpoint": format!("{}/evil", scene.provider.issuer)}});
    assert_eq!(scene.play(&oidc).await.unwrap().groups, GroupsClaim::Overage, "it is not read as none");
    scene.settings.groups_endpoint = Some(format!("{}/groups?$select=id", scene.provider.issuer));
    let first = json!({"value": [{"id": "b"}, {"id": "a"}], "@odata.nextLink": "/groups?$skiptoken=2"});
    scene.provider.says("/groups?$select=id", 200, &first);
    scene.provider.says("/groups?$skiptoken=2", 200, &json!({"value": ["c", "a"]}));
    let groups = scene.play(&oidc).await.unwrap().groups;
    assert_eq!(groups, GroupsClaim::Present(vec!["a".into(), "b".into(), "c".into()]));
    let asked = scene.provider.asked("/groups?$skiptoken=2").remove(0).to_ascii_lowercase();
    assert!(asked.contains("authorization: bearer opaque"), "{asked}");
    assert_eq!(scene.provider.asked("/evil").len(), 0);
}

#[tokio::test]
async fn the_access_token_does_not_follow_a_page_of_groups_to_another_host() {
    let mut scene = Scene::new().await;
    scene.claims.as_object_mut().unwrap().remove("groups");
    scene.claims["hasgroups"] = json!(true);
    scene.settings.groups_endpoint = Some(format!("{}/groups", scene.provider.issuer));
    // The same server by another name is another host.
    let elsewhere = format!("{}/more", scene.provider.issuer.replace("127.0.0.1", "localhost"));
    assert_ne!(elsewhere, format!("{}/more", scene.provider.issuer));
    scene.provider.says("/groups", 200, &json!({"value": ["a"], "@odata.nextLink": elsewhere}));
    scene.provider.says("/more", 200, &json!({"value": ["b"]}));
    let error = scene.play(&Scene::oidc()).await.unwrap_err();
    assert!(matches!(&error, SsoError::GroupsUnknown { why } if why.contains("another host")), "{error:?}");
    assert_eq!((scene.provider.asked("/groups").len(), scene.provider.asked("/more").len()), (1, 0));
}

#[tokio::test]
async fn a_redirect_leads_nowhere_whoever_answers_with_it() {
    for path in ["/.well-known/openid-configuration", "/jwks", "/userinfo"] {
        let scene = Scene::new().await;
        let oidc = Scene::oidc();
        scene.publish();
        if path == "/.well-known/openid-configuration" {
            scene.provider.says(path, 302, &json!({"issuer": scene.provider.issuer}));
            let error = oidc.begin(&scene.settings, REDIRECT, None, NOW).await.unwrap_err();
            assert!(matches!(error, SsoError::ProviderUnreachable { .. }), "{path}: {error:?}");
            continue;
        }
        let begun = oidc.begin(&scene.settings, REDIRECT, None, NOW).await.unwrap();
        scene.provider.says(path, 302, &json!({"keys": []}));
        let error = scene.come_back(&oidc, begun.pending).await.unwrap_err();
        assert!(matches!(error, SsoError::ProviderUnreachable { .. }), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn without_leave_no_address_inside_a_network_is_asked() {
    let oidc = Oidc::new(Client::new(Policy::default()));
    for host in
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[fd00:ec2::254]", "2130706433", "[64:ff9b::a00:1]"]
    {
        let settings = OidcSettings::new(format!("https://{host}"), "castgate");
        let error = oidc.begin(&settings, REDIRECT, None, NOW).await.unwrap_err();
        assert!(
            matches!(&error, SsoError::ProviderUnreachable { why, .. } if why.contains("inside a network")),
            "{error:?}"
        );
        let groups_endpoint = Some(format!("https://{host}/groups"));
        let settings = OidcSettings { groups_endpoint, ..OidcSettings::new("https://idp.example", "castgate") };
        assert!(oidc.check(&settings).unwrap_err().contains("inside a network"), "{host}");
    }
}

#[tokio::test]
async fn people_of_every_pinned_tenant_come_in() {
    for tenants in [vec!["t1"], vec!["t2", "t1"]] {
        let mut scene = Scene::new().await;
        scene.settings.issuer.push_str("/{tenantid}/v2.0");
        scene.settings.tenants = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
        scene.discovery["issuer"] = json!(scene.settings.issuer);
        scene.discovery_at = match tenants.len() {
            1 => "/t1/v2.0/.well-known/openid-configuration",
            _ => "/organizations/v2.0/.well-known/openid-configuration",
        };
        scene.key_issuer = Some("@issuer/{tenantid}/v2.0");
        (scene.claims["iss"], scene.claims["tid"]) = (json!("@issuer/t1/v2.0"), json!("t1"));
        scene.callback["iss"] = json!("@issuer/t1/v2.0");
        let identity = scene.play(&Scene::oidc()).await.unwrap();
        assert!(identity.issuer.ends_with("/t1/v2.0"), "{identity:?}");
    }
}

#[tokio::test]
async fn how_people_have_to_sign_in_is_asked_for_and_shown() {
    let mut scene = Scene::new().await;
    (scene.settings.acr_values, scene.settings.max_age) = (vec!["urn:mfa".into(), "urn:phr".into()], Some(300));
    scene.publish();
    let oidc = Scene::oidc();
    let begun = oidc.begin(&scene.settings, REDIRECT, None, NOW).await.unwrap();
    assert!(begun.url.contains("acr_values=urn%3Amfa+urn%3Aphr") && begun.url.contains("max_age=300"), "{}", begun.url);
    (scene.claims["acr"], scene.claims["auth_time"]) = (json!("urn:phr"), json!(NOW.seconds() - 300));
    // What was asked counts, whatever the settings say by now.
    scene.settings.acr_values.clear();
    let identity = scene.come_back(&oidc, begun.pending).await.unwrap();
    assert_eq!(identity.acr.as_deref(), Some("urn:phr"));
    assert_eq!(identity.authenticated_at.map(Instant::seconds), Some(NOW.seconds() - 300));
    let step_up = StepUp { acr_values: Vec::new(), max_age: Some(0) };
    let begun = oidc.begin_stepped(&scene.settings, REDIRECT, (None, step_up), NOW).await.unwrap();
    assert!(begun.url.contains("max_age=0"), "{}", begun.url);
}

#[tokio::test]
async fn an_assertion_of_ours_says_who_we_are_for_a_minute() {
    let scene = Scene::new().await;
    let key = SigningKey::generate().unwrap();
    let kid = key.kid().to_owned();
    let keys = SigningKeys::new(vec![Published { key, signs_from: NOW, retired_at: None }]);
    let oidc = Scene::oidc();
    scene.publish();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let begun = oidc.begin(&scene.settings, REDIRECT, None, NOW).await.unwrap();
        scene.come_back_as(&oidc, begun.pending, ClientProof::Keys(&keys)).await.unwrap();
        let asked = scene.provider.asked("/token").pop().unwrap();
        assert!(!asked.to_ascii_lowercase().contains("authorization:") && !asked.contains("client_secret"), "{asked}");
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(asked.split_once("\r\n\r\n").unwrap().1.as_bytes()).into_owned().collect();
        let field = |name: &str| form.iter().find(|(known, _)| known == name).unwrap().1.clone();
        assert_eq!(field("client_assertion_type"), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let assertion = field("client_assertion");
        let part = |at: usize| -> Value {
            let part = assertion.split('.').nth(at).unwrap();
            serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
        };
        assert_eq!((part(0)["alg"].as_str(), part(0)["kid"].as_str()), (Some("ES256"), Some(kid.as_str())));
        let claims = part(1);
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("castgate"), &json!("castgate")));
        assert_eq!(claims["aud"], json!(format!("{}/token", scene.provider.issuer)));
        assert_eq!(claims["exp"], json!(NOW.seconds() + 60));
        ids.push(claims["jti"].clone());
    }
    assert_ne!(ids[0], ids[1]);
}
