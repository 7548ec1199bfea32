//! What it costs that a provider shows who it is.

use crate::{groups::recorded, harness::everywhere};
use castgate::{
    app::{Assertion, ClientProof, ClientWish, TokenRequest},
    store::Statement,
};
use std::time::Duration;

fn words(statements: &[Statement]) -> Vec<String> {
    statements.iter().map(|statement| statement.sql.split_whitespace().take(3).collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_token_costs_one_question_in_a_lease_and_one_note_a_minute() {
    everywhere(async |world| {
        let (app, recorder) = recorded(world);
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
            let (other, recorder) = recorded(world);
            other.scim_connection(bearer).await.unwrap();
            assert_eq!(words(&recorder.take()), ["SELECT t.id, t.organization,"]);
        }
        world.app.clock().advance(Duration::from_mins(1));
        let (other, recorder) = recorded(world);
        other.scim_connection(token.expose()).await.unwrap();
        assert_eq!(recorder.take().len(), 2);
    })
    .await;
}
