//! What SQLite's one writer must do besides: share a sync, and lose nobody by it.

use super::suite::{TABLES, count, insert, write};
use crate::store::{
    Store, StoreError, args,
    testing::{self, World},
};

#[tokio::test]
async fn ids_and_instants_are_stored_as_what_they_are() {
    use crate::model::{Instant, Role, UserId};
    let World { store, .. } = &testing::sqlite_with(TABLES).await;
    let mut tx = store.write("typed").await.unwrap();
    let id = UserId::from_uuid(uuid::Uuid::from_u128(42));
    let sql = "INSERT INTO things (id, name, label, bytes) VALUES (?1, ?2, ?3, ?4)";
    tx.run(sql, args![Instant(1_700), id, Role::OWNER, [7_u8; 32]]).await.unwrap();
    let row: Option<(Instant, UserId, Role, [u8; 32])> =
        tx.first("SELECT id, name, label, bytes FROM things", &[]).await.unwrap();
    assert_eq!(row, Some((Instant(1_700), id, Role::OWNER, [7; 32])));
    let other = tx.first::<(bool,)>("SELECT id FROM things", &[]).await;
    assert_eq!(other, Err(StoreError::Corrupt("column 1: 0 or 1 was expected, 1700 was found".into())));
}

#[tokio::test]
async fn a_second_process_is_refused_a_directory_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let first = Store::open_sqlite_with(directory.path(), TABLES).await.unwrap();
    let second = Store::open_sqlite_with(directory.path(), TABLES).await;
    assert!(matches!(second, Err(StoreError::LockedByAnother(_))), "{second:?}");
    write(&first, 1).await.unwrap();
    drop(first);
    let again = Store::open_sqlite_with(directory.path(), TABLES).await.unwrap();
    assert_eq!(count(&again).await, 1);
}

#[tokio::test]
async fn who_waits_too_long_for_the_writer_is_told_and_who_holds_it_is_not_cut() {
    let World { store, .. } = &testing::sqlite_with(TABLES).await;
    let mut slow = store.write("slow").await.unwrap();
    insert(&mut slow, 1).await.unwrap();
    assert!(matches!(store.write("impatient").await, Err(StoreError::Unavailable(_))));
    insert(&mut slow, 2).await.unwrap();
    slow.commit().await.unwrap();
    write(store, 3).await.unwrap();
    assert_eq!(count(store).await, 3);
}

#[tokio::test]
async fn a_refusal_that_rests_on_uncommitted_rows_waits_for_them() {
    let World { store, .. } = &testing::sqlite_with(TABLES).await;
    let mut first = store.write("first").await.unwrap();
    insert(&mut first, 1).await.unwrap();
    let refused = tokio::spawn({
        let store = store.clone();
        async move {
            let mut second = store.write("second").await.unwrap();
            let seen = second.first::<(i64,)>("SELECT id FROM things", &[]).await.unwrap();
            second.rollback().await.unwrap();
            (seen, count(&store).await)
        }
    });
    tokio::task::yield_now().await;
    first.commit().await.unwrap();
    assert_eq!(refused.await.unwrap(), (Some((1,)), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_outer_commit_is_unavailable_for_all_and_the_next_batch_works() {
    let World { store, .. } = &testing::sqlite_with(TABLES).await;
    let mut first = store.write("first").await.unwrap();
    // The outer transaction ends behind the back of the batch, as it does after some errors of the disk.
    insert(&mut first, 1).await.unwrap();
    first.run("ROLLBACK", &[]).await.unwrap();
    assert!(first.commit().await.is_err());
    assert_eq!(count(store).await, 0);
    write(store, 1).await.unwrap();
    assert_eq!(count(store).await, 1);
}

#[tokio::test]
async fn on_a_full_disk_nobody_is_told_that_a_lost_row_was_kept() {
    let World { store, .. } = &testing::sqlite_with(TABLES).await;
    let mut tx = store.write("shrink").await.unwrap();
    tx.all::<(i64,)>("PRAGMA max_page_count = 1", &[]).await.unwrap();
    tx.rollback().await.unwrap();
    let mut first = store.write("first").await.unwrap();
    insert(&mut first, 1).await.unwrap();
    let second = tokio::spawn({
        let store = store.clone();
        async move {
            let mut second = store.write("second").await.unwrap();
            let long = "x".repeat(100_000);
            second.run("INSERT INTO things (id, name) VALUES (2, ?1)", args![long]).await
        }
    });
    tokio::task::yield_now().await;
    let told = first.commit().await;
    assert!(matches!(second.await.unwrap(), Err(StoreError::Unavailable(_) | StoreError::Unwritable(_))));
    let kept = count(store).await;
    assert_eq!(told.is_ok(), kept == 1, "{told:?}");
    let mut tx = store.write("grow").await.unwrap();
    tx.all::<(i64,)>("PRAGMA max_page_count = 100000", &[]).await.unwrap();
    insert(&mut tx, 3).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(store).await, kept + 1);
}
