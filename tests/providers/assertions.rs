//! OAuth clients that sign assertions (RFC 7523).

use crate::{
    clients::client,
    issuer::{By, keys},
    scene::{Scene, oauth},
    world::Answer,
};
use castgate::app::ClientProof;
use serde_json::{Value, json};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const RS256: &str = r#"{"alg":"RS256","kid":"rsa","typ":"JWT"}"#;

async fn show(scene: &Scene, assertion: &str) -> Answer {
    let form = [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", assertion)];
    scene.token(&[], &form).await
}

/// What a client says of itself, right in everything but this.
fn claims(scene: &Scene, id: &str, jti: &str, but: &Value) -> String {
    let now = scene.now().seconds();
    let audience = format!("{}/oauth2/token", scene.world.origin);
    let mut claims = json!({"iss": id, "sub": id, "aud": audience, "jti": jti, "iat": now, "exp": now + 300});
    for (name, value) in but.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims.to_string()
}

#[tokio::test]
async fn a_client_gets_a_token_by_what_it_signs() {
    let scene = Scene::set().await;
    let inline = client(&scene, &scene.entra, ClientProof::Keys(keys().published().to_string())).await.unwrap();
    assert!(inline.secret.is_none());
    let id = inline.client.id.as_str();
    let ways = [
        (By::Rs256, RS256),
        (By::Ps256, r#"{"alg":"PS256","kid":"rsa"}"#),
        (By::Es256, r#"{"alg":"ES256","kid":"ec","typ":"client-authentication+jwt"}"#),
    ];
    for (number, (by, header)) in ways.into_iter().enumerate() {
        let signed = keys().sign(by, header, &claims(&scene, id, &format!("j{number}"), &json!({})));
        let token = show(&scene, &signed).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
        scene.push("/Users", &token).await.expect(200);
    }
    let origin = json!({"aud": scene.world.origin});
    show(&scene, &keys().sign(By::Rs256, RS256, &claims(&scene, id, "origin", &origin))).await.expect(200);
    // Its keys at an address; the client says its name too.
    let at = client(&scene, &scene.entra, ClientProof::KeysAt(scene.issuer.url.clone())).await.unwrap();
    let signed = keys().sign(By::Rs256, RS256, &claims(&scene, at.client.id.as_str(), "j0", &json!({})));
    let named = [
        ("grant_type", "client_credentials"),
        ("client_id", at.client.id.as_str()),
        ("client_assertion_type", TYPE),
        ("client_assertion", &signed),
    ];
    scene.token(&[], &named).await.expect(200);
    assert_eq!(scene.issuer.asked(), 1);
}

#[tokio::test]
async fn an_assertion_that_is_not_right_in_everything_is_refused() {
    let scene = Scene::set().await;
    let made = client(&scene, &scene.entra, ClientProof::Keys(keys().published().to_string())).await.unwrap();
    let other = client(&scene, &scene.entra, ClientProof::Keys(keys().published().to_string())).await.unwrap();
    let secret = client(&scene, &scene.entra, ClientProof::Secret).await.unwrap();
    let (id, other, now) = (made.client.id.as_str(), other.client.id.as_str(), scene.now().seconds());
    let endpoint = format!("{}/oauth2/token", scene.world.origin);
    let wrong = [
        json!({"iss": other}),
        json!({"iss": "https://idp.example"}),
        json!({"iss": null}),
        json!({"sub": other}),
        json!({"sub": null}),
        json!({"aud": "https://elsewhere.example/oauth2/token"}),
        json!({"aud": [endpoint, "https://elsewhere.example"]}),
        json!({"aud": format!("{endpoint}/")}),
        json!({"aud": null}),
        json!({"exp": now - 60}),
        json!({"exp": now + 361}),
        json!({"exp": null}),
        json!({"nbf": now + 61}),
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"jti": "x".repeat(257)}),
        json!({"jti": 7}),
    ];
    let mut taken = Vec::new();
    for but in &wrong {
        let signed = keys().sign(By::Rs256, RS256, &claims(&scene, id, "once", but));
        let answer = show(&scene, &signed).await;
        if answer.status == 200 {
            taken.push(but.to_string());
        } else {
            oauth(&answer, 401, "invalid_client", &but.to_string());
        }
    }
    assert_eq!(taken, [""; 0]);
    let good = claims(&scene, id, "once", &json!({}));
    let of_the_secret = claims(&scene, secret.client.id.as_str(), "once", &json!({}));
    let signed = [
        ("no algorithm", By::Nobody, r#"{"alg":"none","kid":"rsa"}"#, &good),
        ("HMAC with the public key", By::Modulus, r#"{"alg":"HS256","kid":"rsa"}"#, &good),
        ("HMAC with the key set", By::Set, r#"{"alg":"HS256","kid":"rsa"}"#, &good),
        ("SHA-384", By::Rs384, r#"{"alg":"RS384","kid":"rsa"}"#, &good),
        ("no kid among several keys", By::Rs256, r#"{"alg":"RS256"}"#, &good),
        ("a stranger's key", By::Stranger, r#"{"alg":"ES256","kid":"ec"}"#, &good),
        ("an ID token's type", By::Rs256, r#"{"alg":"RS256","kid":"rsa","typ":"id_token+jwt"}"#, &good),
        ("a client with a secret", By::Rs256, RS256, &of_the_secret),
    ];
    for (what, by, header, claims) in signed {
        oauth(&show(&scene, &keys().sign(by, header, claims)).await, 401, "invalid_client", what);
    }
    let named = [
        ("grant_type", "client_credentials"),
        ("client_id", other),
        ("client_assertion_type", TYPE),
        ("client_assertion", &keys().sign(By::Rs256, RS256, &good)),
    ];
    oauth(&scene.token(&[], &named).await, 401, "invalid_client", "in another client's name");
    oauth(&show(&scene, "x").await, 401, "invalid_client", "no JWT");
    // None of them used up the one that is right.
    show(&scene, &keys().sign(By::Rs256, RS256, &good)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_works_once_whoever_is_first() {
    let scene = Scene::set().await;
    let made = client(&scene, &scene.entra, ClientProof::Keys(keys().published().to_string())).await.unwrap();
    let other = client(&scene, &scene.entra, ClientProof::Keys(keys().published().to_string())).await.unwrap();
    let id = made.client.id.as_str();
    let signed = keys().sign(By::Rs256, RS256, &claims(&scene, id, "once", &json!({})));
    let (one, two, three, four) =
        tokio::join!(show(&scene, &signed), show(&scene, &signed), show(&scene, &signed), show(&scene, &signed));
    let mut statuses = [&one, &two, &three, &four].map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
    oauth(&show(&scene, &signed).await, 401, "invalid_client", "again");
    let again = keys().sign(By::Es256, r#"{"alg":"ES256","kid":"ec"}"#, &claims(&scene, id, "once", &json!({})));
    oauth(&show(&scene, &again).await, 401, "invalid_client", "the same jti, signed anew");
    // Another client's ids are its own.
    let theirs = keys().sign(By::Rs256, RS256, &claims(&scene, other.client.id.as_str(), "once", &json!({})));
    show(&scene, &theirs).await.expect(200);
    let clients = scene.api(&format!("/connections/{}/clients", scene.entra.stored.id)).await;
    // Both were made at the same moment: which of them is listed first is chance.
    let refused = clients["items"].as_array().unwrap().iter().find(|client| client["id"] == id).unwrap();
    assert_eq!(refused["last_refused"]["why"], "its assertion was used before, or it ended meanwhile");
}
