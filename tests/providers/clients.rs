//! OAuth clients with a secret, and what their access tokens are good for.

use crate::{
    issuer::keys,
    scene::{DAY, Scene, oauth, silent, told},
    world::Connection,
};
use castgate::{
    app::{ClientProof, ClientWish, Error, NewClient},
    model::{EventKind, Profile},
};
use data_encoding::BASE64;
use serde_json::json;
use std::time::Duration;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

pub(crate) async fn client(scene: &Scene, connection: &Connection, proof: ClientProof) -> Result<NewClient, Error> {
    let wish = ClientWish { name: "provisioning".to_owned(), proof };
    scene.world.app.create_scim_client(&scene.operator(), &connection.stored.id, wish).await
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{id}:{secret}").as_bytes()))
}

#[tokio::test]
async fn a_client_gets_a_token_for_an_hour_by_its_secret() {
    let scene = Scene::set().await;
    let ping = scene.acme.connection("ping", Profile::Generic).await;
    let made = client(&scene, &ping, ClientProof::Secret).await.unwrap();
    let (id, secret) = (made.client.id.as_str(), made.secret.as_ref().unwrap().expose());
    let header = basic(id, secret);
    let by_header = scene.token(&[("authorization", &header)], &[GRANT]).await.expect(200);
    let in_form = [GRANT, ("client_id", id), ("client_secret", secret), ("scope", "scim")];
    let by_form = scene.token(&[], &in_form).await.expect(200);
    assert_eq!((by_form.header("cache-control"), by_form.header("pragma")), ("no-store", "no-cache"));
    let json = by_form.json();
    assert_eq!(
        (&json["token_type"], &json["expires_in"], &json["scope"]),
        (&json!("Bearer"), &json!(3600), &json!("scim"))
    );
    let tokens = [by_header, by_form].map(|answer| answer.json()["access_token"].as_str().unwrap().to_owned());
    assert_ne!(tokens[0], tokens[1]);
    for token in &tokens {
        assert!(token.starts_with("cga_"));
        scene.push("/Users", token).await.expect(200);
        scene.push(&format!("/{}/Users", ping.stored.id), token).await.expect(200);
    }
    // It opens nothing else, and its place is in no slot.
    told(&scene.push(&format!("/{}/Users", scene.entra.stored.id), &tokens[0]).await, "belongs to another connection");
    let bearer = format!("Bearer {}", tokens[0]);
    scene.world.client.get("/api/v1/me", &[("authorization", &bearer)]).await.expect(401);
    let list = scene.api(&format!("/connections/{}/tokens", ping.stored.id)).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let clients = scene.api(&format!("/connections/{}/clients", ping.stored.id)).await;
    assert_eq!(clients["items"][0]["last_used_from"], "127.0.0.1");
    assert_eq!(scene.events(EventKind::AccessTokenIssued).await.len(), 2);
    silent(&scene.push("/Users", secret).await, "the secret itself");

    scene.advance(Duration::from_hours(1));
    told(&scene.push("/Users", &tokens[0]).await, "this access token expired on 20");
    scene.advance(DAY * 2);
    assert!(scene.world.app.keep_house().await.unwrap().forgotten >= 2);
    silent(&scene.push("/Users", &tokens[0]).await, "a forgotten one");
}

#[tokio::test]
async fn who_does_not_show_that_it_is_the_client_gets_nothing() {
    let scene = Scene::set().await;
    let ping = scene.acme.connection("ping", Profile::Generic).await;
    let made = client(&scene, &ping, ClientProof::Secret).await.unwrap();
    let (id, secret) = (made.client.id.as_str(), made.secret.as_ref().unwrap().expose());
    let rival = scene.world.organization("rival").await.connection("ping", Profile::Generic).await;
    let theirs = scene
        .world
        .app
        .create_scim_client(
            &castgate::app::Ctx {
                now: scene.now(),
                ..scene.world.app.operator(scene.world.app.organization_by_slug("rival").await.unwrap().id)
            },
            &rival.stored.id,
            ClientWish { name: "x".to_owned(), proof: ClientProof::Secret },
        )
        .await
        .unwrap();
    let keyed = client(&scene, &ping, ClientProof::Keys(keys().published().to_string())).await.unwrap();
    let pairs = [
        ("a wrong secret", id, "cgo_0000000000000000000000000000000000000000000000"),
        ("another client's secret", id, theirs.secret.as_ref().unwrap().expose()),
        ("our secret in another's name", theirs.client.id.as_str(), secret),
        ("a bearer token", id, ping.token()),
        ("the name of nobody", "cli_06h00krhv1t3jel88ooobccad0", secret),
        ("no id at all", "x", secret),
        ("a secret for a client with keys", keyed.client.id.as_str(), secret),
    ];
    for (what, id, secret) in pairs {
        let header = basic(id, secret);
        oauth(&scene.token(&[("authorization", &header)], &[GRANT]).await, 401, "invalid_client", what);
        let form = [GRANT, ("client_id", id), ("client_secret", secret)];
        oauth(&scene.token(&[], &form).await, 401, "invalid_client", what);
    }
    oauth(&scene.token(&[], &[GRANT, ("client_secret", secret)]).await, 401, "invalid_client", "no name");
    let clients = scene.api(&format!("/connections/{}/clients", ping.stored.id)).await;
    assert_eq!(clients["items"][0]["last_refused"]["why"], "another secret was shown");
    assert_eq!(scene.events(EventKind::AccessTokenIssued).await.len(), 0);
    assert_eq!(clients["items"][0]["last_used_at"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_request_that_is_none_is_refused_in_the_words_of_oauth() {
    let scene = Scene::set().await;
    let ping = scene.acme.connection("ping", Profile::Generic).await;
    let made = client(&scene, &ping, ClientProof::Secret).await.unwrap();
    let (id, secret) = (made.client.id.as_str(), made.secret.as_ref().unwrap().expose());
    let header = basic(id, secret);
    let auth = [("authorization", header.as_str())];
    let cases = [
        ("no grant_type", vec![], "invalid_request"),
        ("a password grant", vec![("grant_type", "password")], "unsupported_grant_type"),
        ("a refresh", vec![("grant_type", "refresh_token")], "unsupported_grant_type"),
        ("twice the same", vec![GRANT, GRANT], "invalid_request"),
        ("another scope", vec![GRANT, ("scope", "openid")], "invalid_scope"),
        ("one scope too many", vec![GRANT, ("scope", "scim admin")], "invalid_scope"),
        ("two ways at once", vec![GRANT, ("client_secret", secret)], "invalid_request"),
        ("two names", vec![GRANT, ("client_id", "cli_06h00krhv1t3jel88ooobccad0")], "invalid_request"),
    ];
    for (what, form, word) in &cases {
        oauth(&scene.token(&auth, form).await, 400, word, what);
    }
    oauth(&scene.token(&[], &[GRANT]).await, 400, "invalid_request", "nobody");
    oauth(&scene.token(&[auth[0], auth[0]], &[GRANT]).await, 400, "invalid_request", "two headers");
    oauth(&scene.token(&[("authorization", "Bearer x")], &[GRANT]).await, 400, "invalid_request", "another scheme");
    let send = async |method: &str, kind: &str, body: String| {
        let headers = [("authorization", header.as_str()), ("content-type", kind)];
        scene.world.client.send(method, "/oauth2/token", &headers, Some(body)).await
    };
    let json = json!({"grant_type": "client_credentials"}).to_string();
    oauth(&send("POST", "application/json", json).await, 415, "invalid_request", "JSON");
    let form = "application/x-www-form-urlencoded";
    oauth(&send("PUT", form, "grant_type=client_credentials".to_owned()).await, 405, "invalid_request", "PUT");
    oauth(&send("POST", form, "x=".repeat(200 << 10)).await, 413, "invalid_request", "400 KiB");
    let document = scene.world.client.get("/.well-known/oauth-authorization-server", &[]).await.expect(200).json();
    assert_eq!(document["token_endpoint"], format!("{}/oauth2/token", scene.world.origin));
}

#[tokio::test]
async fn a_client_ends_with_its_tokens_and_its_connection() {
    let scene = Scene::set().await;
    let ping = scene.acme.connection("ping", Profile::Generic).await;
    let grant = async |made: &NewClient| {
        let header = basic(made.client.id.as_str(), made.secret.as_ref().unwrap().expose());
        scene.token(&[("authorization", &header)], &[GRANT]).await
    };
    let access =
        async |made: &NewClient| grant(made).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let first = client(&scene, &ping, ClientProof::Secret).await.unwrap();
    let second = client(&scene, &ping, ClientProof::Secret).await.unwrap();
    let (one, two) = (access(&first).await, access(&second).await);
    for token in [&one, &two] {
        scene.push("/Users", token).await.expect(200);
    }
    scene.world.app.revoke_scim_client(&scene.operator(), &ping.stored.id, &first.client.id).await.unwrap();
    told(&scene.push("/Users", &one).await, "this access token was revoked on 20");
    oauth(&grant(&first).await, 401, "invalid_client", "revoked");
    scene.push("/Users", &two).await.expect(200);
    ping.enable(false).await;
    told(&scene.push("/Users", &two).await, "this access token ended when its connection was disabled");
    oauth(&grant(&second).await, 401, "invalid_client", "disabled");
    ping.enable(true).await;
    told(&scene.push("/Users", &two).await, "this access token ended when its connection was disabled");
    oauth(&grant(&second).await, 401, "invalid_client", "ended when it was disabled");
    let again = scene.world.app.revoke_scim_client(&scene.operator(), &ping.stored.id, &first.client.id).await;
    assert!(matches!(again, Err(Error::NotFound { .. })), "{again:?}");
}

#[tokio::test]
async fn keys_that_prove_nothing_are_not_taken() {
    let scene = Scene::set().await;
    let mut private = keys().published();
    private["keys"][0]["d"] = json!("AQAB");
    let shared = json!({"keys": [{"kty": "oct", "kid": "x", "k": "c2VjcmV0"}]});
    let short = json!({"keys": [keys().published()["keys"][2].clone()]});
    for set in [private, shared, short, json!({"keys": []}), json!([]), json!({"keys": [{"kty": "RSA"}]})] {
        let refused = client(&scene, &scene.entra, ClientProof::Keys(set.to_string())).await;
        assert!(matches!(&refused, Err(Error::Invalid { place, .. }) if place == "jwks"), "{set}: {refused:?}");
    }
    for url in ["http://keys.example/", "file:///etc/passwd", "x"] {
        let refused = client(&scene, &scene.entra, ClientProof::KeysAt(url.to_owned())).await;
        assert!(matches!(&refused, Err(Error::Invalid { place, .. }) if place == "jwks_url"), "{url}: {refused:?}");
    }
}
