//! People sign in, get what their groups give, and are the same people the next time.

use crate::{browser::Browser, provider::Kind, scene::Scene};
use serde_json::json;

/// Alice, Bob and Carol at one provider.
async fn everybody_signs_in(kind: Kind) {
    let Some(scene) = Scene::set(kind).await else { return };
    let mut alice = scene.enter("alice").await;
    assert_eq!(scene.roles(&mut alice).await, ["owner"]);
    let page = scene.verify(&mut alice).await;
    assert_eq!(page.header("x-castgate-email"), "alice@example.test");
    let id = page.header("x-castgate-user").to_owned();
    let mut bob = scene.enter("bob").await;
    assert!(scene.roles(&mut bob).await[0].starts_with("viewer@cls_"));
    let mut carol = scene.enter("carol").await;
    assert_eq!(scene.roles(&mut carol).await, ["viewer"], "whom no rule matches gets the default");
    let mut again = scene.enter("alice").await;
    assert_eq!(scene.verify(&mut again).await.header("x-castgate-user"), id, "the same person");
    let users = scene.api("GET", "/users", None).await.expect(200).json();
    let names: Vec<_> = users["items"].as_array().unwrap().iter().map(|user| user["display_name"].clone()).collect();
    assert!(names.contains(&json!("Carol <&>")) && names.contains(&json!("Alice Ångström")), "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_pysaml2_sign_in() {
    everybody_signs_in(Kind::Pysaml2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_simplesamlphp_sign_in() {
    everybody_signs_in(Kind::SimpleSamlPhp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_question_goes_by_a_form_where_the_provider_wants_one() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let path = format!("/connections/{}", scene.connection);
    let mut settings = scene.api("GET", &path, None).await.expect(200).json()["settings"].clone();
    let endpoints = settings["saml"]["sign_on"].as_array_mut().unwrap();
    endpoints.retain(|endpoint| endpoint["binding"] == "post");
    assert_eq!(endpoints.len(), 1);
    // Read again it would say the redirect too.
    settings["saml"]["metadata_url"] = json!(null);
    scene.api("PUT", &path, Some(json!({"settings": settings}))).await.expect(200);
    let mut alice = scene.enter("alice").await;
    assert_eq!(scene.roles(&mut alice).await, ["owner"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_assertion_is_opened_with_our_own_key() {
    let Some(scene) = Scene::set(Kind::SimpleSamlPhp).await else { return };
    scene.provider.encrypt();
    let mut browser = Browser::new();
    let answer = scene.until_answered(&mut browser, "alice").await;
    let field = &answer.form("/acs").fields.iter().find(|(name, _)| name == "SAMLResponse").unwrap().1.clone();
    let xml = data_encoding::BASE64.decode(field.as_bytes()).unwrap();
    assert!(String::from_utf8(xml).unwrap().contains("EncryptedAssertion"));
    let page = browser.submit(&answer, "/acs", &[]).await;
    scene.accept(&mut browser, page).await;
    assert_eq!(scene.roles(&mut browser).await, ["owner"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_pushed_first_is_the_same_user_when_they_sign_in() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let tokens = format!("/connections/{}/tokens", scene.connection);
    let token = scene.api("POST", &tokens, Some(json!({}))).await.expect(201).json();
    let bearer = format!("Bearer {}", token["secret"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/scim+json")];
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "Alice@example.test", "externalId": "a-1", "active": true,
    });
    let pushed = scene.world.client.send("POST", "/scim/v2/Users", &headers, Some(user.to_string())).await;
    let pushed = pushed.expect(201).id();
    let mut alice = scene.enter("alice").await;
    assert_eq!(scene.verify(&mut alice).await.header("x-castgate-user"), pushed, "NameID = userName");
    let gone = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"active": false}}],
    });
    let path = format!("/scim/v2/Users/{pushed}");
    scene.world.client.send("PATCH", &path, &headers, Some(gone.to_string())).await.expect(200);
    assert_eq!(scene.verify(&mut alice).await.status, 401);
    let mut again = Browser::new();
    let page = scene.sign_in(&mut again, "alice").await;
    assert_eq!((page.status, page.url.path().ends_with("/acs")), (403, true), "{page:?}");
}
