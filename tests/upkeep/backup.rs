//! `castgate backup` and `castgate restore`.

use crate::place::{Place, printed};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

fn names(database: &std::path::Path) -> BTreeSet<String> {
    let database = rusqlite::Connection::open(database).unwrap();
    let mut select = database.prepare("SELECT user_name FROM users").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_holds_everything_acknowledged_before_it_began() {
    let place = Arc::new(Place::make(&[]).await);
    let server = place.serve().await.unwrap();
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (place, acknowledged, over) = (Arc::clone(&place), Arc::clone(&acknowledged), Arc::clone(&over));
            let origin = server.origin.clone();
            tokio::spawn(async move {
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let name = format!("writer-{writer}-{number}");
                    assert!(place.push(&origin, &name).await);
                    acknowledged.lock().unwrap().insert(name);
                }
            })
        })
        .collect();
    let file = place.path().join("backup.db");
    while acknowledged.lock().unwrap().len() < 100 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let before = acknowledged.lock().unwrap().clone();
    let output = {
        let (place, file) = (Arc::clone(&place), file.clone());
        tokio::task::spawn_blocking(move || place.run(&["backup", file.to_str().unwrap()])).await.unwrap()
    };
    assert!(output.status.success(), "{}", printed(&output));
    assert!(printed(&output).contains("The master key is not in it"), "{}", printed(&output));
    let after = acknowledged.lock().unwrap().len();
    over.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    println!("{} acknowledged before, {} when it was made", before.len(), after);

    // Private, complete, one file; and a second backup never takes its place.
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!place.path().join("backup.db-wal").exists());
    let again = place.run(&["backup", file.to_str().unwrap()]);
    assert!(!again.status.success() && printed(&again).contains("exists already"), "{}", printed(&again));

    let fresh = tempfile::tempdir().unwrap();
    let restore = || place.run_in(fresh.path(), &["restore", file.to_str().unwrap()]);
    let output = restore();
    assert!(!output.status.success() && printed(&output).contains("master key"), "{}", printed(&output));
    fs::copy(place.path().join("master.key"), fresh.path().join("master.key")).unwrap();
    let output = restore();
    assert!(output.status.success(), "{}", printed(&output));
    let there = names(&fresh.path().join("castgate.db"));
    assert!(before.is_subset(&there), "{:?}", before.difference(&there).collect::<Vec<_>>());
    let manifest = place.path().join("backup.db.manifest");
    let audit = place.run_in(fresh.path(), &["audit", "verify", "--checkpoint", manifest.to_str().unwrap()]);
    assert!(audit.status.success(), "{}", printed(&audit));
    let output = restore();
    assert!(!output.status.success() && printed(&output).contains("writes over nothing"), "{}", printed(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_was_changed_is_not_restored() {
    let place = Place::make(&[]).await;
    let server = place.serve().await.unwrap();
    assert!(place.push(&server.origin, "ada").await);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let file = place.path().join("backup.db");
    assert!(place.run(&["backup", file.to_str().unwrap()]).status.success());
    drop(server);
    let restored = || {
        let fresh = tempfile::tempdir().unwrap();
        fs::copy(place.path().join("master.key"), fresh.path().join("master.key")).unwrap();
        let output = place.run_in(fresh.path(), &["restore", file.to_str().unwrap()]);
        assert_eq!(fresh.path().join("castgate.db").exists(), output.status.success(), "all of it or nothing");
        assert!(!fresh.path().join("restoring").exists());
        (output.status.success(), printed(&output))
    };
    assert!(restored().0);

    let whole = fs::read(&file).unwrap();
    let mut bent = whole.clone();
    let middle = bent.len() / 2;
    bent[middle] ^= 1;
    fs::write(&file, &bent).unwrap();
    let (done, said) = restored();
    assert!(!done && said.contains("not the file that the manifest was made of"), "{said}");

    // Who bends the manifest to it as well meets the audit.
    fs::write(&file, &whole).unwrap();
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute("UPDATE events SET actor = 'somebody else' WHERE number = 2", []).unwrap();
    drop(database);
    let manifest_file = place.path().join("backup.db.manifest");
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&manifest_file).unwrap()).unwrap();
    let digest = castgate::crypto::sha256(&fs::read(&file).unwrap());
    manifest["sha256"] = data_encoding::HEXLOWER.encode(&digest).into();
    fs::write(&manifest_file, manifest.to_string()).unwrap();
    let (done, said) = restored();
    assert!(!done && said.contains("event 2"), "{said}");
}
