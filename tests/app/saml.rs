//! Connections that speak SAML: what may be enabled, and what is told before a provider's certificate ends.

use crate::harness::World;
use castgate::{
    app::{Ctx, Error, NewConnection},
    crypto::ServiceKey,
    model::{
        Connection, ConnectionSettings, EventKind, Instant, OidcSettings, Profile, SamlBinding, SamlEndpoint,
        SamlSettings,
    },
};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// A certificate that ends then.
fn certificate(from: Instant, until: Instant) -> String {
    let key = ServiceKey::generate().unwrap();
    data_encoding::BASE64.encode(&key.certificate("idp", from, until).unwrap())
}

/// Settings for a provider that is known.
fn settings(certificates: Vec<String>) -> ConnectionSettings {
    let location = "https://idp.test/sso".to_owned();
    let saml = SamlSettings {
        entity_id: "https://idp.test".to_owned(),
        sign_on: vec![SamlEndpoint { binding: SamlBinding::Redirect, location, response_location: None }],
        certificates,
        ..SamlSettings::default()
    };
    ConnectionSettings { saml: Some(saml), ..ConnectionSettings::of(Profile::Generic) }
}

async fn connect(world: &World, owner: &Ctx, settings: ConnectionSettings) -> Result<Connection, Error> {
    let new = NewConnection { name: "saml".to_owned(), settings, client_secret: None };
    world.app.create_connection(owner, new).await
}

#[tokio::test]
async fn a_connection_without_a_certificate_cannot_be_enabled_and_an_enabled_one_keeps_one() {
    let world = World::sqlite().await;
    let owner = world.as_user(&world.tenant.owner);
    let made = connect(&world, &owner, settings(Vec::new())).await.unwrap();
    assert!(!made.enabled);
    let refused = world.app.set_connection_enabled(&owner, &made.id, true).await.unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    let known = settings(vec![certificate(world.now(), world.now().plus(DAY * 365))]);
    world.app.update_connection(&owner, &made.id, None, known.clone(), None).await.unwrap();
    assert!(world.app.set_connection_enabled(&owner, &made.id, true).await.unwrap().enabled);
    let refused = world.app.update_connection(&owner, &made.id, None, settings(Vec::new()), None).await.unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    let oidc = serde_json::from_value::<OidcSettings>(json!({"issuer": "https://idp.test", "client_id": "x"})).unwrap();
    let both = ConnectionSettings { oidc: Some(oidc), ..known };
    let refused = world.app.update_connection(&owner, &made.id, None, both, None).await.unwrap_err();
    assert!(refused.to_string().contains("not by both"), "{refused}");
}

#[tokio::test]
async fn what_no_browser_may_be_sent_to_is_no_address_of_a_provider() {
    let world = World::sqlite().await;
    let owner = world.as_user(&world.tenant.owner);
    for location in ["javascript:alert(1)", "http://idp.test/sso", "//idp.test/sso", "data:text/html,x", "https:"] {
        let mut bad = settings(vec![certificate(world.now(), world.now().plus(DAY))]);
        location.clone_into(&mut bad.saml.as_mut().unwrap().sign_on[0].location);
        let refused = connect(&world, &owner, bad).await.unwrap_err().to_string();
        assert!(refused.starts_with("settings.saml.sign_on"), "{location}: {refused}");
    }
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told_60_30_7_and_1_days_before_and_each_once() {
    let world = World::sqlite().await;
    let owner = world.as_user(&world.tenant.owner);
    let ends = world.now().plus(DAY * 100);
    let made = connect(&world, &owner, settings(vec![certificate(world.now(), ends)])).await.unwrap();
    let mut told = Vec::new();
    for day in 1..=101 {
        world.app.clock().advance(DAY);
        for _ in 0..2 {
            let round = world.app.keep_house().await.unwrap();
            if round.certificates > 0 {
                told.push(100 - day);
            }
        }
    }
    assert_eq!(told, [60, 30, 7, 1]);
    let events = world.app.events(&owner, Some(made.id.as_str()), "", 100).await.unwrap();
    let days: Vec<_> = events
        .iter()
        .filter(|event| event.kind == EventKind::CertificateEnding)
        .map(|event| event.detail["days"].as_i64().unwrap())
        .collect();
    assert_eq!(days, [1, 7, 30, 60], "the newest first");
    let shown = world.app.saml_shown(&world.as_user(&world.tenant.owner), &made).await.unwrap().unwrap();
    assert_eq!(shown.certificates[0].expires_within_days, Some(0));
}

#[tokio::test]
async fn a_new_key_of_ours_signs_when_its_time_has_come_and_the_old_one_retires() {
    let world = World::sqlite().await;
    let owner = world.as_user(&world.tenant.owner);
    let made = connect(&world, &owner, settings(Vec::new())).await.unwrap();
    let first = world.app.saml_keys(&owner, &made.id).await.unwrap();
    let both = world.app.rotate_saml_key(&owner, &made.id, DAY * 2).await.unwrap();
    assert_eq!((first.len(), both.len()), (1, 2));
    assert_eq!((both[0].signs_from, both[1].id.clone()), (world.now().plus(DAY * 2), first[0].id.clone()));
    assert_eq!(both[1].retires_at, Some(world.now().plus(DAY * 4)));
    world.app.clock().advance(DAY * 4);
    let left = world.app.saml_keys(&world.as_user(&world.tenant.owner), &made.id).await.unwrap();
    assert_eq!(left.iter().map(|key| &key.id).collect::<Vec<_>>(), [&both[0].id]);
}
