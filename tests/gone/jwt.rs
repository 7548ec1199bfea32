//! What services behind the gateway are handed: it lives for a minute, and opens no door of ours by itself.

use crate::{
    kinds::{Kind, Standing},
    stage::{Stage, everywhere},
    tenant::Tenant,
};
use castgate::app::{Claims, Rotation};
use jsonwebtoken::{DecodingKey, Validation, jwk::JwkSet};
use std::time::Duration;

const ALL: [Kind; 6] = [
    Kind::OdaSessionJwt,
    Kind::OdaKeyJwt,
    Kind::SamiSessionJwt,
    Kind::LolaSessionJwt,
    Kind::LolaKeyJwt,
    Kind::MackKeyJwt,
];

/// What a service believes that has the published keys and a clock, and asks nobody.
async fn offline(stage: &Stage, token: &str) -> Option<Claims> {
    let keys: JwkSet =
        serde_json::from_str(&stage.client().get("/.well-known/jwks.json", &[]).await.expect(200).text).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = DecodingKey::from_jwk(keys.find(&header.kid?)?).unwrap();
    let mut rules = Validation::new(header.alg);
    rules.set_audience(&["costs"]);
    // The library looks at the machine's clock; the test has its own.
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules).ok()?.claims;
    (stage.now().seconds() < claims.exp).then_some(claims)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_nobody_asks_about_is_dead_after_a_minute() {
    everywhere(async |stage| {
        let tenant = Tenant::found(stage, "jwt").await;
        let held = tenant.hold().await;
        for kind in ALL {
            let claims = offline(stage, held.of(kind)).await.expect("it holds");
            assert!((1..=60).contains(&(claims.exp - claims.iat)), "{kind:?} on {}: {claims:?}", stage.engine);
            assert!(claims.iat <= stage.now().seconds(), "{claims:?}");
            // By itself it opens nothing here, however good it is.
            let bearer = format!("Bearer {}", held.of(kind));
            let headers = [("authorization", bearer.as_str())];
            for door in ["/auth/verify", "/auth/verify/traefik", "/auth/verify/envoy", "/api/v1/me", "/scim/v2/Users"] {
                assert_eq!(stage.client().get(door, &headers).await.status, 401, "{kind:?} at {door}");
            }
        }
        // Who is gone is gone at our own doors at once; elsewhere when the minute is over, and no later.
        tenant.owner("POST", &format!("/users/{}/suspend", tenant.id("lola")), None).await.expect(200);
        assert_eq!(tenant.ask(&held, Kind::LolaKeyJwt).await, Standing::Refused);
        assert!(offline(stage, held.of(Kind::LolaKeyJwt)).await.is_some(), "nobody was asked");
        stage.world.app.clock().advance(Duration::from_mins(1));
        for kind in ALL {
            assert!(offline(stage, held.of(kind)).await.is_none(), "{kind:?} on {}", stage.engine);
            assert_eq!(tenant.ask(&held, kind).await, Standing::Refused, "{kind:?} on {}", stage.engine);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signing_key_that_is_taken_back_ends_everything_that_it_signed() {
    everywhere(async |stage| {
        let tenant = Tenant::found(stage, "keys").await;
        let held = tenant.hold().await;
        for kind in ALL {
            assert_eq!(tenant.ask(&held, kind).await, Standing::Full, "{kind:?} on {}", stage.engine);
        }
        stage.world.app.rotate_signing_key(Rotation::RevokeOld).await.unwrap();
        for kind in ALL {
            assert_eq!(tenant.ask(&held, kind).await, Standing::Refused, "{kind:?} on {}", stage.engine);
            assert!(offline(stage, held.of(kind)).await.is_none(), "{kind:?} on {}", stage.engine);
        }
        assert_eq!(tenant.ask(&held, Kind::LolaKey).await, Standing::Full, "what they were signed for goes on");
    })
    .await;
}
