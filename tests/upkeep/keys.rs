//! The master key is changed while castgate runs.

use crate::place::{CLIENT_SECRET, Place, environment, lines, open, printed};
use castgate::{
    app::NewConnection,
    config::Settings,
    crypto::{Context, MasterKey, Sealer, keyfile},
    model::{ConnectionId, ConnectionSettings, Profile},
};
use secrecy::{ExposeSecret, SecretString};
use std::{fs, time::Duration};

/// Values under keys that are not the newest.
fn old_values(place: &Place) -> i64 {
    let status = lines(&place.run(&["master-key", "status", "--json"]));
    status.iter().filter(|key| key["seals"] == false).map(|key| key["values"].as_i64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_takes_a_new_master_key_and_the_old_one_can_go() {
    let place = Place::make(&[]).await;
    let file = place.path().join(keyfile::FILE_NAME);
    let old = fs::read_to_string(&file).unwrap();
    let server = place.serve().await.unwrap();
    assert_eq!(lines(&place.run(&["master-key", "status", "--json"])).len(), 1);

    let output = place.run(&["master-key", "rotate"]);
    assert!(output.status.success(), "{}", printed(&output));
    assert!(old_values(&place) > 0, "nothing was sealed again yet");
    let mut patience = 300;
    while old_values(&place) > 0 {
        patience -= 1;
        assert!(patience > 0, "{}", place.told());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    while !place.told().contains("they may be removed") {
        patience -= 1;
        assert!(patience > 0, "{}", place.told());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(place.push(&server.origin, "ada").await);

    // Without the old key all goes on: now, and after a restart.
    let new: Vec<String> = fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    let without_old: Vec<&str> = new
        .iter()
        .map(String::as_str)
        .filter(|line| !old.lines().any(|known| known == *line) || line.starts_with('#'))
        .collect();
    fs::write(&file, format!("{}\n", without_old.join("\n"))).unwrap();
    assert_eq!(lines(&place.run(&["master-key", "status", "--json"])).len(), 1);
    drop(server);
    let server = place.serve().await.unwrap();
    assert!(place.push(&server.origin, "grace").await);
    drop(server);

    // The old key alone opens nothing any more, and castgate says so instead of starting.
    fs::write(&file, &old).unwrap();
    let Err(told) = place.serve().await else { panic!("it started") };
    assert!(told.contains("which is not in the ring: put that key back"), "{told}");
    assert!(!place.run(&["master-key", "status"]).status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changing_the_key_under_load_loses_nothing() {
    let place = Place::make(&[]).await;
    let more = [("CASTGATE_LIMITS__CONNECTIONS".to_owned(), "0".to_owned())];
    let settings = Settings::load(None, environment(place.path(), 1, &more).into_iter()).unwrap();
    let app = open(&settings).await;
    let operator = app.operator(place.organization.id.clone());
    let add = async |number: usize| {
        let new = NewConnection {
            name: format!("connection-{number}"),
            settings: ConnectionSettings::of(Profile::Generic),
            client_secret: Some(SecretString::from(format!("secret-{number}"))),
        };
        app.create_connection(&operator, new).await.unwrap().id
    };
    let mut all: Vec<(ConnectionId, String)> = Vec::new();
    for number in 0..100 {
        all.push((add(number).await, format!("secret-{number}")));
    }
    all.push((place.connection.parse().unwrap(), CLIENT_SECRET.to_owned()));
    let load = async {
        let mut made = Vec::new();
        for number in 100..300 {
            made.push((add(number).await, format!("secret-{number}")));
        }
        made
    };
    let rotate = async {
        for _ in 0..3 {
            keyfile::rotate(place.path()).unwrap();
            assert!(app.reload_master_keys().await.unwrap());
            assert_eq!(app.seal_again().await.unwrap().stuck, 0);
        }
    };
    let (made, ()) = tokio::join!(load, rotate);
    all.extend(made);
    // What was under way while the ring changed is found by the next round.
    app.seal_again().await.unwrap();

    let newest = keyfile::load(&place.path().join(keyfile::FILE_NAME)).unwrap().swap_remove(0);
    let ring = Sealer::new(&[newest]).unwrap();
    let uses = app.master_keys().await.unwrap();
    assert!(uses.iter().all(|key| key.seals || key.values == 0), "{uses:?}");
    drop(app);
    let store = castgate::store::Store::open_sqlite(place.path()).await.unwrap();
    for (id, secret) in all {
        let organization = &place.organization.id;
        let sealed = store.read().await.unwrap().client_secret(organization, &id).await.unwrap().unwrap();
        let here = Context {
            organization: organization.as_str(),
            table: "connections",
            row: id.as_str(),
            column: "client_secret",
        };
        assert_eq!(ring.open_text(&here, &sealed).unwrap().expose_secret(), secret);
    }
}

/// A ring that lacks a key which is still needed is not taken over: what runs goes on running.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ring_without_a_needed_key_is_refused_while_castgate_runs() {
    let place = Place::make(&[]).await;
    let settings = Settings::load(None, environment(place.path(), 1, &[]).into_iter()).unwrap();
    let app = open(&settings).await;
    let file = place.path().join(keyfile::FILE_NAME);
    fs::write(&file, format!("{}\n", MasterKey::from_bytes([9; 32]).to_hex().as_str())).unwrap();
    let refused = app.reload_master_keys().await.unwrap_err().to_string();
    assert!(refused.contains("which is not in the ring"), "{refused}");
    assert_eq!(app.master_keys().await.unwrap().len(), 1, "the ring stays as it was");
    assert_eq!(app.seal_again().await.unwrap().stuck, 0);
}
