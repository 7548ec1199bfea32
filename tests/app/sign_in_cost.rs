//! What the sign-in of somebody known asks of the store: each statement is a turn at the one writer.

use crate::{
    groups::recorded,
    harness::World,
    issuer::{How, signed},
    scene::{ACS, ADA, IDP, KEYS, REQUEST, SP, assertion, field, wrapped},
};
use castgate::{
    app::{App, Finished, NewConnection, SamlArrival, SignInBegun, Whence},
    model::{ConnectionId, ConnectionSettings, Instant, Profile, SamlBinding, SamlEndpoint, SamlSettings},
};
use data_encoding::BASE64;
use std::time::Duration;

/// Statements of the sign-in of somebody known whose groups come from the provider. More need a reason.
const MOST: usize = 15;
/// How often it waits for PostgreSQL: what nobody needs an answer to goes out with the next statement that somebody does.
const MOST_WAYS: u64 = 9;

fn settings() -> ConnectionSettings {
    let location = "https://idp.example.com/sso".to_owned();
    let saml = SamlSettings {
        entity_id: IDP.to_owned(),
        sign_on: vec![SamlEndpoint { binding: SamlBinding::Redirect, location, response_location: None }],
        certificates: vec![KEYS.idp.certificate.to_base64()],
        emails_verified: true,
        ..SamlSettings::default()
    };
    ConnectionSettings { saml: Some(saml), ..ConnectionSettings::of(Profile::Generic) }
}

/// What the provider's form carries as an answer to this.
fn answered(begun: &SignInBegun, now: Instant, number: usize) -> String {
    let url = url::Url::parse(&begun.url).unwrap();
    let asked = url.query_pairs().find(|(name, _)| name == "SAMLRequest").unwrap().1.into_owned();
    let asked = miniz_oxide::inflate::decompress_to_vec(&BASE64.decode(asked.as_bytes()).unwrap()).unwrap();
    let asked = String::from_utf8(asked).unwrap();
    let said = |from: &str| asked.split_once(from).unwrap().1.split('"').next().unwrap().to_owned();
    let issuer = asked.split_once("Issuer").unwrap().1.split(['>', '<']).nth(1).unwrap().to_owned();
    let end = now.plus(Duration::from_mins(5)).to_string();
    let changed = [
        (REQUEST, said("ID=\"")),
        (ACS, said("AssertionConsumerServiceURL=\"")),
        (SP, issuer),
        ("\"_a1\"", format!("\"_a{number}\"")),
        ("2026-11-22T08:05:00Z", end),
    ];
    let xml = changed.into_iter().fold(wrapped(&assertion()), |text, (from, to)| text.replace(from, &to));
    let moments = ["2026-11-22T07:59:28Z", "2026-11-22T07:59:57Z", "2026-11-22T07:59:58Z", "2026-11-22T07:59:59Z"];
    let xml = moments.into_iter().fold(xml, |text, from| text.replace(from, &now.to_string()));
    field(&signed(&xml, &format!("_a{number}"), &How::with(&KEYS.idp)))
}

async fn sign_in(app: &App, world: &World, connection: &ConnectionId, number: usize) {
    let begun = app.begin_sign_in(&world.tenant.organization, connection, None, "/account").await.unwrap();
    let answer = answered(&begun, world.now(), number);
    let came = app.finish_saml_sign_in(connection, Some(&begun.cookie), (&answer, Whence::default())).await;
    assert!(matches!(came, Ok(SamlArrival::Finished(Finished::SignedIn(_)))), "{ADA} gets in: {came:?}");
}

/// The statements of one sign-in of somebody known, and how often PostgreSQL was waited for.
async fn cost(world: &World) -> (Vec<String>, u64) {
    let owner = world.as_user(&world.tenant.owner);
    let new = NewConnection { name: "saml".to_owned(), settings: settings(), client_secret: None };
    let connection = world.app.create_connection(&owner, new).await.unwrap().id;
    world.publish("default: viewer\nrules:\n  - {name: team, groups: [saml/engineering], grant: member}\n").await;
    let (app, recorder) = recorded(world).await;
    for number in 1..=2 {
        sign_in(&app, world, &connection, number).await;
    }
    let begun = app.begin_sign_in(&world.tenant.organization, &connection, None, "/account").await.unwrap();
    let answer = answered(&begun, world.now(), 3);
    drop(recorder.take());
    recorder.take_ways();
    let came = app.finish_saml_sign_in(&connection, Some(&begun.cookie), (&answer, Whence::default())).await;
    assert!(came.is_ok(), "{came:?}");
    let one_line = |sql: &str| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    (recorder.take().into_iter().map(|one| one_line(&one.sql)).collect(), recorder.take_ways())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sign_in_of_somebody_known_takes_few_statements() {
    let (all, ways) = cost(&World::sqlite().await).await;
    assert!(all.len() <= MOST, "{} statements:\n{}", all.len(), all.join("\n"));
    assert_eq!(ways, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sign_in_of_somebody_known_waits_for_postgresql_only_where_it_needs_an_answer() {
    let Some(world) = World::postgres().await else { return };
    let (all, ways) = cost(&world).await;
    assert!(ways <= MOST_WAYS, "{ways} ways:\n{}", all.join("\n"));
}
