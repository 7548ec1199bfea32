//! The program dies between the commit of a change and its telling: it is told after the next start.

use crate::{
    gateway::Place,
    postgres::fresh_database,
    receiver::{Answer, Receiver},
    wire::Wire,
};
use castgate::{app::WebhookWish, model::EventKind};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");

async fn dies_and_tells(postgres: Option<String>) {
    let receiver = Receiver::start().await;
    // The first message is taken by nobody: the program dies while it waits for the answer.
    receiver.answers([Answer::Never]);
    let mut place = Place::make(postgres).await.unwrap();
    place.settings = vec![
        ("CASTGATE_NETWORK__ALLOW_PRIVATE_ADDRESSES", "true".to_owned()),
        ("CASTGATE_WEBHOOKS__TIMEOUT", "5s".to_owned()),
    ];
    let app = place.app(place.store().await.unwrap()).await.unwrap();
    let wish = WebhookWish {
        name: Some("siem".to_owned()),
        url: Some(receiver.url.clone()),
        kinds: Some(vec![EventKind::UserCreated]),
        active: None,
    };
    app.create_webhook(&app.operator(place.organization.clone()), wish).await.unwrap();
    drop(app);
    let gateway = place.start(PROGRAM).unwrap();
    let mut wire = Wire::connect(gateway.address, &place.token).unwrap();
    let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
    for name in ["ada", "bea"] {
        let body = json!({"schemas": schemas, "userName": name}).to_string();
        assert_eq!(wire.send("POST", "/scim/v2/Users", &body).unwrap().status, 201);
    }
    receiver.wait_for(1).await;
    gateway.kill().unwrap();
    let gateway = place.start(PROGRAM).unwrap();
    let came = receiver.wait_for(3).await;
    assert_eq!(came[0].header("webhook-id"), came[1].header("webhook-id"), "the same one again");
    assert_eq!(came[0].body, came[1].body);
    assert!(came[1].number() < came[2].number(), "and then the one behind it");
    gateway.kill().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_before_the_program_died_is_told_after_its_next_start() {
    dies_and_tells(None).await;
    if let Some(url) = fresh_database().await {
        dies_and_tells(Some(url)).await;
    }
}
