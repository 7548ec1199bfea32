//! JWTs that a provider signs itself: what is taken, and the many that are not.

use crate::{
    issuer::{By, Issuer, keys},
    scene::{AUDIENCE, DAY, PROVISIONING, Scene, TENANT, is_silent, is_told, pinned, silent, told},
};
use castgate::{
    app::{Error, NewConnection},
    model::{ConnectionSettings, Profile, ProviderTokens},
};
use serde_json::{Value, json};

/// Signed with this header, over the right claims.
fn with(scene: &Scene, by: By, header: &Value) -> String {
    keys().sign(by, &header.to_string(), &scene.claims().to_string())
}

#[tokio::test]
async fn a_good_one_opens_its_connection() {
    let scene = Scene::set().await;
    let now = scene.now().seconds();
    let good = scene.jwt(&json!({}));
    scene.show(&good).await.expect(200);
    for but in [
        json!({"exp": now - 59}),
        json!({"nbf": now + 59, "iat": now + 59}),
        json!({"aud": [AUDIENCE]}),
        json!({"nbf": null, "iat": null}),
    ] {
        scene.show(&scene.jwt(&but)).await.expect(200);
    }
    scene.show(&with(&scene, By::Es256, &json!({"alg": "ES256", "kid": "ec", "typ": "at+jwt"}))).await.expect(200);
    let path = format!("/{}/Users", scene.entra.stored.id);
    let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@acme.test"});
    let bearer = format!("Bearer {good}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/scim+json")];
    let made =
        scene.world.client.send("POST", &format!("/scim/v2{path}"), &headers, Some(user.to_string())).await.expect(201);
    let read = scene.push(&format!("{path}/{}", made.id()), &good).await.expect(200);
    assert_eq!(read.json()["userName"], "ada@acme.test");
    assert_eq!(scene.issuer.asked(), 1);
    // A token of the connection's own opens it at both addresses.
    scene.push("/Users", scene.entra.token()).await.expect(200);
    scene.push(&path, scene.entra.token()).await.expect(200);
    let shown = scene.api(&format!("/connections/{}", scene.entra.stored.id)).await;
    assert!(shown["scim_url"].as_str().unwrap().ends_with(&format!("/scim/v2/{}", scene.entra.stored.id)));
    let noted = scene.api(&format!("/connections/{}/provider-tokens", scene.entra.stored.id)).await;
    assert_eq!((&noted["last_used_from"], &noted["last_refused"]), (&json!("127.0.0.1"), &Value::Null));
    assert!(noted["last_used_at"].is_string());
}

#[tokio::test]
async fn one_that_is_not_signed_by_a_pinned_key_is_refused_without_a_word() {
    let scene = Scene::set().await;
    let good = scene.jwt(&json!({}));
    let pieces: Vec<&str> = good.split('.').collect();
    let claims = scene.claims().to_string();
    let mut tampered = scene.claims();
    tampered["oid"] = json!("other");
    let other_payload = scene.jwt(&tampered);
    let other_payload = other_payload.split('.').nth(1).unwrap();
    let embedded = keys().strangers("mine");
    let sign = |by, header: &Value| with(&scene, by, header);
    let cases = [
        ("no algorithm", sign(By::Nobody, &json!({"alg": "none", "kid": "rsa"}))),
        ("no algorithm, spelt otherwise", sign(By::Nobody, &json!({"alg": "nOnE", "kid": "rsa"}))),
        ("HMAC with the public key", sign(By::Modulus, &json!({"alg": "HS256", "kid": "rsa"}))),
        ("HMAC with the key set", sign(By::Set, &json!({"alg": "HS256", "kid": "rsa"}))),
        ("HMAC under another name", sign(By::Modulus, &json!({"alg": "RS256", "kid": "rsa"}))),
        ("SHA-384", sign(By::Rs384, &json!({"alg": "RS384", "kid": "rsa"}))),
        ("PSS", sign(By::Ps256, &json!({"alg": "PS256", "kid": "rsa"}))),
        ("an EC signature under an RSA key's name", sign(By::Es256, &json!({"alg": "ES256", "kid": "rsa"}))),
        ("an RSA signature under an EC key's name", sign(By::Rs256, &json!({"alg": "RS256", "kid": "ec"}))),
        ("no kid", sign(By::Rs256, &json!({"alg": "RS256"}))),
        ("a kid that is a number", sign(By::Rs256, &json!({"alg": "RS256", "kid": 1}))),
        ("an unknown kid", sign(By::Rs256, &json!({"alg": "RS256", "kid": "nobody"}))),
        ("a key that is too short", sign(By::Rs256, &json!({"alg": "RS256", "kid": "short"}))),
        ("a key for encryption", sign(By::Rs256, &json!({"alg": "RS256", "kid": "encryption"}))),
        ("a stranger's signature", sign(By::Stranger, &json!({"alg": "ES256", "kid": "ec"}))),
        ("a key in the header", sign(By::Stranger, &json!({"alg": "ES256", "kid": "mine", "jwk": embedded}))),
        (
            "an address of keys in the header",
            sign(By::Stranger, &json!({"alg": "ES256", "kid": "mine", "jku": "http://127.0.0.1:1/"})),
        ),
        ("crit", sign(By::Rs256, &json!({"alg": "RS256", "kid": "rsa", "crit": ["exp"]}))),
        ("a logout token", sign(By::Rs256, &json!({"alg": "RS256", "kid": "rsa", "typ": "logout+jwt"}))),
        ("the algorithm twice", keys().sign(By::Rs256, r#"{"alg":"none","alg":"RS256","kid":"rsa"}"#, &claims)),
        ("a header that is a list", keys().sign(By::Rs256, "[]", &claims)),
        ("another payload", format!("{}.{other_payload}.{}", pieces[0], pieces[2])),
        ("no signature", format!("{}.{}.", pieces[0], pieces[1])),
        ("two parts", format!("{}.{}", pieces[0], pieces[1])),
        ("four parts", format!("{good}.x")),
        ("padding", format!("{}=.{}.{}", pieces[0], pieces[1], pieces[2])),
        ("nothing but dots", "..".to_owned()),
        ("17 KiB", scene.jwt(&json!({"groups": "x".repeat(17 << 10)}))),
    ];
    let mut wrong = Vec::new();
    for (what, jwt) in &cases {
        if !is_silent(&scene.show(jwt).await) {
            wrong.push(*what);
        }
    }
    assert_eq!(wrong, [""; 0]);
    scene.show(&good).await.expect(200);
    // Twenty-eight refusals within a minute are one line for admins.
    let uses = scene.api(&format!("/connections/{}/provider-tokens", scene.entra.stored.id)).await;
    assert_eq!(uses["last_refused"]["why"], "its algorithm is not one that is taken here");
    assert_eq!(uses["last_refused"]["from"], "127.0.0.1");
}

#[tokio::test]
async fn one_that_says_something_else_is_refused_and_its_holder_told() {
    let scene = Scene::set().await;
    let now = scene.now().seconds();
    let other = "9b1c2e7e-1111-4222-8333-3d7f1b2c9a10";
    let cases = [
        (json!({"iss": format!("https://sts.windows.net/{other}/")}), "claim iss"),
        (json!({"iss": format!("https://sts.windows.net/{TENANT}")}), "claim iss"),
        (json!({"iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0")}), "claim iss"),
        (json!({"iss": null}), "claim iss"),
        (json!({"aud": "https://castgate.example"}), "claim aud"),
        (json!({"aud": [AUDIENCE, "https://evil.example"]}), "claim aud"),
        (json!({"aud": []}), "claim aud"),
        (json!({"aud": null}), "claim aud"),
        (json!({"tid": other}), "claim tid"),
        (json!({"tid": null}), "claim tid"),
        (json!({"tid": [TENANT]}), "claim tid"),
        (json!({"appid": "11111111-0000-0000-c000-000000000000"}), "claim appid"),
        (json!({"appid": null, "azp": PROVISIONING}), "claim appid"),
        (json!({"exp": now - 60}), "expired at"),
        (json!({"exp": null}), "claim exp"),
        (json!({"exp": "4102444800"}), "claim exp"),
        (json!({"nbf": now + 61}), "not valid before"),
        (json!({"nbf": "0"}), "claim nbf"),
        (json!({"iat": now + 61}), "not valid before"),
    ];
    let mut wrong = Vec::new();
    for (but, why) in &cases {
        if !is_told(&scene.show(&scene.jwt(but)).await, why) {
            wrong.push(but.to_string());
        }
    }
    assert_eq!(wrong, [""; 0]);
    // Two readers of one token must not see two issuers.
    let twice = scene.claims().to_string().replacen('{', r#"{"iss":"https://evil.example/","#, 1);
    silent(&scene.show(&keys().sign(By::Rs256, r#"{"alg":"RS256","kid":"rsa"}"#, &twice)).await, "the issuer twice");
    let ends = scene.jwt(&json!({}));
    scene.show(&ends).await.expect(200);
    scene.advance(DAY / 24 + DAY / 1440);
    told(&scene.show(&ends).await, "expired at");
}

#[tokio::test]
async fn the_address_says_which_connection_is_meant_and_nothing_in_a_token_does() {
    let scene = Scene::set().await;
    let good = scene.jwt(&json!({}));
    told(&scene.push("/Users", &good).await, "at its connection's own SCIM address alone");
    // Another organization may pin the same tenant: each gets what is sent to its own address.
    let rival = scene.world.organization("rival").await;
    let theirs = rival.connection_with("entra", pinned(&scene.issuer.url)).await;
    let mine = scene
        .entra
        .post("/Users", json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@acme.test"}))
        .await
        .expect(201)
        .id();
    scene.push(&format!("/{}/Users/{mine}", scene.entra.stored.id), &good).await.expect(200);
    scene.push(&format!("/{}/Users/{mine}", theirs.stored.id), &good).await.expect(404);
    let elsewhere = Issuer::start().await;
    elsewhere.says(200, &json!({"keys": [keys().strangers("rsa")]}));
    let stranger = rival.connection_with("stranger", pinned(&elsewhere.url)).await;
    silent(&scene.push(&format!("/{}/Users", stranger.stored.id), &good).await, "another set of keys");
    let without = scene.acme.connection("okta", Profile::Okta).await;
    silent(&scene.push(&format!("/{}/Users", without.stored.id), &good).await, "a connection that pins nothing");
    silent(&scene.push("/con_06h00krhv1t3jel88ooobccad0/Users", &good).await, "no connection");
    let nested = format!("/{}/{}/Users", theirs.stored.id, scene.entra.stored.id);
    told(&scene.push(&nested, scene.entra.token()).await, "belongs to another connection");
    let bearer = format!("Bearer {good}");
    let path = format!("/scim/v2/{}/Users", scene.entra.stored.id);
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    silent(&scene.world.client.get(&path, &twice).await, "two headers");
    scene.entra.enable(false).await;
    silent(&scene.show(&good).await, "a disabled connection");
    scene.entra.enable(true).await;
    scene.show(&good).await.expect(200);
}

#[tokio::test]
async fn what_would_take_too_much_cannot_be_pinned() {
    let scene = Scene::set().await;
    let good = ProviderTokens { jwks_url: scene.issuer.url.clone(), ..ProviderTokens::of_entra(TENANT) };
    let without = |claim: &str| {
        let mut tokens = good.clone();
        tokens.claims.remove(claim);
        tokens
    };
    let other = ProviderTokens { claims: ProviderTokens::of_entra("other").claims, ..good.clone() };
    let cases = [
        (without("tid"), "claims"),
        (without("appid"), "claims"),
        (other, "claims"),
        (ProviderTokens { audience: String::new(), ..good.clone() }, "issuer"),
        (ProviderTokens { issuer: String::new(), ..good.clone() }, "issuer"),
        (ProviderTokens { jwks_url: "http://keys.example/".to_owned(), ..good.clone() }, "jwks_url"),
        (ProviderTokens { jwks_url: "file:///etc/passwd".to_owned(), ..good.clone() }, "jwks_url"),
    ];
    for (number, (tokens, place)) in cases.into_iter().enumerate() {
        let settings = ConnectionSettings { provider_tokens: Some(tokens), ..ConnectionSettings::of(Profile::Entra) };
        let new = NewConnection { name: format!("n{number}"), settings, client_secret: None };
        let refused = scene.world.app.create_connection(&scene.operator(), new).await.unwrap_err();
        let expected = format!("settings.provider_tokens.{place}");
        assert!(matches!(&refused, Error::Invalid { place, .. } if *place == expected), "{number}: {refused:?}");
    }
}
