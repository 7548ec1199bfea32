//! What it costs that a provider shows who it is.

use crate::{
    groups::recorded,
    harness::{World, everywhere, settings},
};
use castgate::{
    app::{Assertion, ClientProof, ClientWish, Error, NewConnection, TokenRequest},
    model::{ConnectionSettings, Profile, ScimToken, TokenId, Uses},
    store::{NewScimToken, Statement},
};
use std::time::Duration;

fn words(statements: &[Statement]) -> Vec<String> {
    statements.iter().map(|statement| statement.sql.split_whitespace().take(3).collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_token_costs_one_question_in_a_lease_and_one_note_a_minute() {
    everywhere(async |world| {
        let (app, recorder) = recorded(world).await;
        let connection = &world.tenant.okta.id;
        let token = app.create_scim_token(&world.operator(), connection, None).await.unwrap().secret;
        let wish = ClientWish { name: "ping".to_owned(), proof: ClientProof::Secret };
        let made = app.create_scim_client(&world.operator(), connection, wish).await.unwrap();
        let secret = made.secret.unwrap();
        let asked = TokenRequest {
            client: Some(made.client.id.as_str()),
            assertion: Assertion::Secret(secret.expose()),
            from: None,
        };
        let access = app.grant_access_token(&app.prove_client(asked).await.unwrap()).await.unwrap().secret;
        for bearer in [token.expose(), access.expose()] {
            drop(recorder.take());
            app.scim_connection(bearer).await.unwrap();
            assert_eq!(words(&recorder.take()), ["SELECT t.id, t.organization,", "UPDATE scim_tokens SET"]);
            app.scim_connection(bearer).await.unwrap();
            assert_eq!(words(&recorder.take()), [""; 0]);
            // Another node, or the same one after the lease: the note is a minute's.
            let (other, recorder) = recorded(world).await;
            other.scim_connection(bearer).await.unwrap();
            assert_eq!(words(&recorder.take()), ["SELECT t.id, t.organization,"]);
        }
        world.app.clock().advance(Duration::from_mins(1));
        let (other, recorder) = recorded(world).await;
        other.scim_connection(token.expose()).await.unwrap();
        assert_eq!(recorder.take().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_read_as_it_was_written_and_a_connection_is_found_by_its_address() {
    everywhere(async |world| {
        let (organization, connection, now) = (&world.tenant.organization, world.okta().await, world.now());
        let token = ScimToken {
            id: TokenId::from_uuid(world.app.clock().uuid()),
            connection: connection.id.clone(),
            hint: "cgs_ab".to_owned(),
            slot: 2,
            created_at: now,
            expires_at: Some(now.plus(Duration::from_hours(1))),
            revoked_at: None,
            replaced_by: None,
            warned_days: Some(1),
            uses: Uses { last_used_at: Some(now), last_used_from: Some("192.0.2.1".to_owned()), last_refused: None },
        };
        let mut tx = world.store.write("test").await.unwrap();
        let new = NewScimToken { token: &token, hash: [1; 32], epoch: connection.epoch, client: None };
        tx.insert_scim_token(organization, &new).await.unwrap();
        let tokens = tx.scim_tokens(organization, &connection.id).await.unwrap();
        assert_eq!(tokens.last(), Some(&token));
        let holder = tx.scim_token_holder(&[1; 32], now).await.unwrap().unwrap();
        assert_eq!((holder.token, &holder.organization, &holder.connection), (token.id, organization, &connection));
        let later = now.plus(Duration::from_hours(1));
        assert_eq!(tx.scim_token_holder(&[1; 32], later).await.unwrap(), None, "it has expired");
        let at = tx.connection_at(&connection.id).await.unwrap();
        assert_eq!(at, Some((organization.clone(), connection)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_has_as_many_connections_as_the_settings_say_however_many_are_made_at_once() {
    let world = World::with(&settings(&[("CASTGATE_LIMITS__CONNECTIONS", "4")])).await;
    let another = async |number: usize| {
        let new = NewConnection {
            name: format!("provider-{number}"),
            settings: ConnectionSettings::of(Profile::Okta),
            client_secret: None,
        };
        world.app.create_connection(&world.operator(), new).await
    };
    let made = tokio::join!(another(1), another(2), another(3), another(4), another(5));
    let made = [made.0, made.1, made.2, made.3, made.4];
    let refused: Vec<_> = made.iter().filter_map(|one| one.as_ref().err()).collect();
    assert_eq!((made.len() - refused.len(), refused.len()), (3, 2), "there was one: {made:?}");
    for error in refused {
        assert!(matches!(error, Error::Conflict { code: "slots_taken", .. }), "{error:?}");
        assert!(error.to_string().contains("there are 4 connections"), "{error}");
    }
    // Who deletes one makes room.
    let gone = made.iter().find_map(|one| one.as_ref().ok()).unwrap();
    let plan = world.app.plan_connection_removal(&world.operator(), &gone.id).await.unwrap().plan;
    world.app.remove_connection(&world.operator(), &gone.id, &plan).await.unwrap();
    another(6).await.unwrap();
    assert!(matches!(another(7).await, Err(Error::Conflict { code: "slots_taken", .. })));
}
