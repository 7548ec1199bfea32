//! `castgate audit`, beside a server.

use crate::place::{Place, lines, printed};
use std::{fs, time::Duration};

/// Waits until everything that happened is sealed.
async fn sealed(place: &Place) -> serde_json::Value {
    for _ in 0..200 {
        let output = place.run(&["audit", "verify", "-o", "json"]);
        let line = lines(&output).swap_remove(0);
        if line["unsealed"] == 0 && line["events"].as_i64() > Some(0) {
            assert!(output.status.success(), "{line}");
            return line;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it is never sealed: {}", place.told());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_beside_the_server_names_the_row_that_was_changed() {
    let place = Place::make(&[]).await;
    let server = place.serve().await.unwrap();
    for number in 0..10 {
        assert!(place.push(&server.origin, &format!("person-{number}")).await);
    }
    let line = sealed(&place).await;
    assert_eq!((&line["ok"], &line["slug"]), (&true.into(), &"acme".into()));

    // The log has checkpoints, and one of them is the anchor.
    let log = place.log();
    let output = place.run(&["audit", "verify", "--checkpoint", log.to_str().unwrap()]);
    assert!(output.status.success(), "{}", printed(&output));
    let saved = place.path().join("saved");
    fs::write(&saved, place.run(&["audit", "checkpoint"]).stdout).unwrap();
    assert_eq!(place.run(&["audit", "key"]).stdout.len(), 16 + 1 + 64 + 1);

    // Nobody has to stop the server to tamper, nor to notice.
    let database = rusqlite::Connection::open(place.path().join("castgate.db")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    let id: String = database.query_row("SELECT id FROM events WHERE number = 5", [], |row| row.get(0)).unwrap();
    database.execute("UPDATE events SET actor = 'somebody else' WHERE number = 5", []).unwrap();
    let output = place.run(&["audit", "verify", "--organization", "acme"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(printed(&output).contains(&format!("event 5 ({id}) was changed")), "{}", printed(&output));
    let line = lines(&place.run(&["audit", "verify", "-o", "json"])).swap_remove(0);
    assert_eq!((&line["finding"]["number"], &line["finding"]["what"]), (&5.into(), &"changed".into()));

    drop((database, server));
    // An organization that was removed with all that told of it: what was saved elsewhere knows.
    let database = rusqlite::Connection::open(place.path().join("castgate.db")).unwrap();
    for table in ["organizations", "events", "event_heads", "event_checkpoints"] {
        database.execute(&format!("DELETE FROM {table}"), []).unwrap();
    }
    assert_eq!(place.run(&["audit", "verify"]).status.code(), Some(0), "nothing here can tell");
    assert_eq!(place.run(&["audit", "verify", "--checkpoint", saved.to_str().unwrap()]).status.code(), Some(3));
    assert_eq!(place.run(&["audit", "verify", "--organization", "nobody"]).status.code(), Some(1));
}
