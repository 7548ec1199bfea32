//! What both engines must do alike.

use crate::store::{Store, StoreError, Tx, Value, args, migrate::Migration, testing};
use std::time::Duration;

pub(super) const TABLES: &[Migration] = &[Migration {
    version: 1,
    name: "things",
    sql: "CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, label TEXT, bytes BLOB);
          CREATE UNIQUE INDEX things_name ON things (name);
          CREATE TABLE pairs (left_part TEXT NOT NULL, right_part TEXT NOT NULL, UNIQUE (left_part, right_part));",
}];

const INSERT: &str = "INSERT INTO things (id, name) VALUES (?1, ?2)";
const COUNT: &str = "SELECT count(*) FROM things";

/// Each of these is a test on SQLite and a test on PostgreSQL.
macro_rules! on_both_engines {
    ($($name:ident)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let world = super::testing::sqlite_with(super::TABLES).await;
                super::$name(&world.store).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(world) = super::testing::postgres_with(super::TABLES).await {
                    super::$name(&world.store).await;
                }
            })+
        }
    };
}

on_both_engines! {
    values_come_back_as_they_went_in
    a_value_that_is_taken_names_its_index
    a_rollback_undoes
    a_dropped_transaction_undoes_and_the_next_one_works
    a_future_cancelled_inside_a_statement_harms_nobody
    what_is_committed_is_visible_and_a_snapshot_does_not_move
    two_hundred_writers_are_all_durable
    one_that_fails_does_not_harm_the_others
    after_a_failed_statement_nothing_more_is_done
    a_reader_cannot_write
    a_row_can_be_locked
    questions_asked_together_are_answered_as_each_alone
    what_is_asked_with_a_hold_is_seen_while_it_is_held
    texts_sort_by_their_bytes
    statements_are_counted_recorded_and_explained
    texts_built_at_run_time_are_read
    a_panic_does_not_stop_the_others
    a_wrong_number_of_parameters_is_said_plainly
    a_write_that_returns_rows_makes_the_transaction_dirty
}

type Row = (i64, String, Option<String>, Option<Vec<u8>>);

pub(super) async fn insert(tx: &mut Tx, id: i64) -> Result<u64, StoreError> {
    tx.run(INSERT, args![id, format!("thing {id}")]).await
}

pub(super) async fn write(store: &Store, id: i64) -> Result<(), StoreError> {
    let mut tx = store.write("insert").await?;
    match insert(&mut tx, id).await {
        Ok(_) => tx.commit().await,
        Err(error) => tx.rollback().await.and(Err(error)),
    }
}

pub(super) async fn count(store: &Store) -> i64 {
    store.read().await.unwrap().first::<(i64,)>(COUNT, &[]).await.unwrap().unwrap().0
}

async fn values_come_back_as_they_went_in(store: &Store) {
    let rows = [
        (i64::MIN, "", None, Some(vec![])),
        (i64::MAX, "Ünïcödé 🦀 \u{202e} '?1'", Some(String::new()), Some(vec![0, 255, 0])),
        (0, "plain", Some("née".to_owned()), None),
    ];
    let mut tx = store.write("rows").await.unwrap();
    for (id, name, label, bytes) in &rows {
        let sql = "INSERT INTO things (id, name, label, bytes) VALUES (?1, ?2, ?3, ?4)";
        assert_eq!(tx.run(sql, args![id, name, label, bytes]).await, Ok(1));
    }
    tx.commit().await.unwrap();
    let mut tx = store.read().await.unwrap();
    for (id, name, label, bytes) in rows {
        let sql = "SELECT id, name, label, bytes FROM things WHERE id = ?1 AND (name = ?2 OR label = ?2)";
        let found: Vec<Row> = tx.all(sql, args![id, name]).await.unwrap();
        assert_eq!(found, [(id, name.to_owned(), label, bytes)]);
    }
    let wrong = tx.first::<(String, String)>("SELECT name, label FROM things WHERE id = ?1", args![i64::MIN]).await;
    assert_eq!(wrong, Err(StoreError::Corrupt("column 2: a text was expected, NULL was found".into())));
}

async fn a_value_that_is_taken_names_its_index(store: &Store) {
    write(store, 1).await.unwrap();
    let mut tx = store.write("pair").await.unwrap();
    tx.run("INSERT INTO pairs (left_part, right_part) VALUES (?1, ?2)", args!["a", "b"]).await.unwrap();
    tx.commit().await.unwrap();
    for (sql, index) in [
        ("INSERT INTO things (id, name) VALUES (1, 'other')", "things_pkey"),
        ("INSERT INTO things (id, name) VALUES (2, 'thing 1')", "things_name"),
        ("INSERT INTO pairs (left_part, right_part) VALUES ('a', 'b')", "pairs_left_part_right_part_key"),
    ] {
        let mut tx = store.write("again").await.unwrap();
        assert_eq!(tx.run(sql, &[]).await, Err(StoreError::Unique(index.into())));
    }
}

async fn a_rollback_undoes(store: &Store) {
    let mut tx = store.write("undone").await.unwrap();
    insert(&mut tx, 1).await.unwrap();
    assert!(tx.is_dirty());
    tx.rollback().await.unwrap();
    assert_eq!(count(store).await, 0);
}

async fn a_dropped_transaction_undoes_and_the_next_one_works(store: &Store) {
    for _ in 0..20 {
        let mut tx = store.write("dropped").await.unwrap();
        insert(&mut tx, 1).await.unwrap();
        drop(tx);
    }
    write(store, 1).await.unwrap();
    assert_eq!(count(store).await, 1);
}

async fn a_future_cancelled_inside_a_statement_harms_nobody(store: &Store) {
    for id in 0..50 {
        let wait = Duration::from_micros(u64::try_from(id).unwrap() * 40);
        let cancelled = tokio::time::timeout(wait, write(store, -1 - id)).await;
        drop(cancelled);
        write(store, id).await.unwrap();
    }
    let mut tx = store.read().await.unwrap();
    let kept = tx.first::<(i64,)>("SELECT count(*) FROM things WHERE id >= 0", &[]).await.unwrap();
    assert_eq!(kept, Some((50,)));
}

async fn what_is_committed_is_visible_and_a_snapshot_does_not_move(store: &Store) {
    write(store, 1).await.unwrap();
    let mut earlier = store.read().await.unwrap();
    assert_eq!(earlier.first(COUNT, &[]).await, Ok(Some((1_i64,))));
    write(store, 2).await.unwrap();
    assert_eq!(count(store).await, 2);
    assert_eq!(earlier.first(COUNT, &[]).await, Ok(Some((1_i64,))));
    earlier.commit().await.unwrap();
}

async fn two_hundred_writers_are_all_durable(store: &Store) {
    let writers: Vec<_> = (0..200)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move {
                write(&store, id).await.unwrap();
                // What was acknowledged is visible to everybody at once.
                let mut tx = store.read().await.unwrap();
                let own = tx.first::<(i64,)>("SELECT id FROM things WHERE id = ?1", args![id]).await.unwrap();
                assert_eq!(own, Some((id,)));
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(count(store).await, 200);
}

async fn one_that_fails_does_not_harm_the_others(store: &Store) {
    write(store, 0).await.unwrap();
    let writers: Vec<_> = (1..=60)
        .map(|id| {
            let store = store.clone();
            // Every third one takes an id that is taken.
            tokio::spawn(async move { (id % 3 == 0, write(&store, if id % 3 == 0 { 0 } else { id }).await) })
        })
        .collect();
    for writer in writers {
        let (taken, written) = writer.await.unwrap();
        assert_eq!(matches!(written, Err(StoreError::Unique(_))), taken);
        assert_eq!(written.is_ok(), !taken);
    }
    assert_eq!(count(store).await, 41);
}

async fn after_a_failed_statement_nothing_more_is_done(store: &Store) {
    write(store, 1).await.unwrap();
    let mut tx = store.write("failing").await.unwrap();
    insert(&mut tx, 2).await.unwrap();
    assert!(insert(&mut tx, 1).await.is_err());
    assert!(matches!(insert(&mut tx, 3).await, Err(StoreError::Misuse(_))));
    assert!(matches!(tx.commit().await, Err(StoreError::Misuse(_))));
    assert_eq!(count(store).await, 1);
    write(store, 2).await.unwrap();
}

async fn a_reader_cannot_write(store: &Store) {
    let mut tx = store.read().await.unwrap();
    assert!(matches!(insert(&mut tx, 1).await, Err(StoreError::Misuse(_))));
    let hidden = tx.all::<(i64,)>("INSERT INTO things (id, name) VALUES (1, 'x') RETURNING id", &[]).await;
    assert!(matches!(hidden, Err(StoreError::Misuse(_))));
    assert!(!tx.is_dirty());
    drop(tx);
    assert_eq!(count(store).await, 0);
}

/// Waits for twenty who do the same at once.
async fn twenty_at_once<F: Future<Output = ()> + Send + 'static>(store: &Store, what: impl Fn(Store) -> F) {
    let all: Vec<_> = (0..20).map(|_| tokio::spawn(what(store.clone()))).collect();
    for one in all {
        one.await.unwrap();
    }
}

async fn a_row_can_be_locked(store: &Store) {
    write(store, 1).await.unwrap();
    twenty_at_once(store, |store| async move {
        let mut tx = store.write("add").await.unwrap();
        let sql = "SELECT t.name FROM things t WHERE t.id = ?1 FOR UPDATE OF t";
        let (name,): (String,) = tx.first(sql, args![1]).await.unwrap().unwrap();
        tx.run("UPDATE things SET name = ?2 WHERE id = ?1", args![1, format!("{name}+")]).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
    let mut tx = store.read().await.unwrap();
    let name = tx.first::<(String,)>("SELECT name FROM things", &[]).await.unwrap().unwrap().0;
    assert_eq!(name, format!("thing 1{}", "+".repeat(20)));
}

async fn questions_asked_together_are_answered_as_each_alone(store: &Store) {
    const THINGS: &str = "SELECT id, name, label, bytes FROM things WHERE id < ?1 ORDER BY id DESC";
    const HELD: &str = "SELECT id, name, label, bytes FROM things WHERE id = ?1 FOR UPDATE";
    const PAIR: &str = "SELECT NULL, (SELECT MAX(label) FROM things WHERE id <> ?2 AND id < ?1)";
    let mut tx = store.write("rows").await.unwrap();
    for (id, label, bytes) in [(1, None, Some(vec![0, 255])), (2, Some("é\"(,)"), None), (3, Some(""), Some(vec![]))] {
        let sql = "INSERT INTO things (id, name, label, bytes) VALUES (?1, ?2, ?3, ?4)";
        tx.run(sql, args![id, format!("thing {id}"), label, bytes]).await.unwrap();
    }
    let recorder = tx.trace();
    for below in [4, 3, 1] {
        let alone: Vec<Row> = tx.all(THINGS, args![below]).await.unwrap();
        let pair: Vec<(Option<String>, Option<String>)> = tx.all(PAIR, args![below, 2]).await.unwrap();
        let held: Vec<Row> = tx.all(HELD, args![below]).await.unwrap();
        recorder.take_ways();
        tx.soon(PAIR, || args![below, 2].to_vec());
        tx.soon(HELD, || args![below].to_vec());
        tx.soon(THINGS, || args![below].to_vec());
        assert_eq!(tx.first::<(i64,)>(COUNT, &[]).await, Ok(Some((3,))));
        assert_eq!(tx.all::<Row>(THINGS, args![below]).await.as_ref(), Ok(&alone));
        assert_eq!(tx.all::<Row>(HELD, args![below]).await.as_ref(), Ok(&held));
        assert_eq!(tx.all(PAIR, args![below, 2]).await.as_ref(), Ok(&pair));
        assert_eq!(recorder.take_ways(), u64::from(tx.is_postgres()));
    }
    tx.soon(THINGS, || args![3].to_vec());
    let _: Option<(i64,)> = tx.first(COUNT, &[]).await.unwrap();
    let wrong = tx.all::<(String,)>(THINGS, args![3]).await;
    assert_eq!(wrong, Err(StoreError::Corrupt("column 1: a text was expected, a number was found".into())));
}

async fn what_is_asked_with_a_hold_is_seen_while_it_is_held(store: &Store) {
    const LAST: &str = "SELECT MAX(id) FROM things";
    const HELD: &str = "SELECT name FROM things WHERE id = ?1 FOR UPDATE";
    write(store, 1).await.unwrap();
    twenty_at_once(store, |store| async move {
        let mut tx = store.write("add").await.unwrap();
        tx.soon(LAST, Vec::new);
        tx.soon(HELD, || args![1].to_vec());
        let (count,): (i64,) = tx.first(COUNT, &[]).await.unwrap().unwrap();
        let (last,): (i64,) = tx.first(LAST, &[]).await.unwrap().unwrap();
        assert_eq!((last, tx.first::<(String,)>(HELD, args![1]).await.unwrap().is_some()), (count, true));
        insert(&mut tx, last + 1).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
    assert_eq!(count(store).await, 21);
}

async fn texts_sort_by_their_bytes(store: &Store) {
    let names = ["a", "B", "_", "é", "z", "Z", "0", "ab", "a b", "A"];
    let mut tx = store.write("names").await.unwrap();
    for (id, name) in (0_i64..).zip(names) {
        tx.run(INSERT, args![id, name]).await.unwrap();
    }
    let sorted: Vec<(String,)> = tx.all("SELECT name FROM things ORDER BY name", &[]).await.unwrap();
    let mut expected: Vec<(String,)> = names.map(|name| (name.to_owned(),)).to_vec();
    expected.sort();
    assert_eq!(sorted, expected);
    let after: Vec<(String,)> =
        tx.all("SELECT name FROM things WHERE name > ?1 ORDER BY name", args!["a"]).await.unwrap();
    assert_eq!(after.len(), 4);
}

async fn statements_are_counted_recorded_and_explained(store: &Store) {
    let (store, recorder) = store.recorded();
    let mut tx = store.write("counted").await.unwrap();
    insert(&mut tx, 1).await.unwrap();
    insert(&mut tx, 2).await.unwrap();
    tx.all::<(i64,)>("SELECT id FROM things", &[]).await.unwrap();
    assert_eq!(tx.statements(), 3);
    tx.commit().await.unwrap();
    let noted: Vec<_> = recorder.take().into_iter().map(|statement| (statement.sql, statement.rows)).collect();
    let select = ("SELECT id FROM things".to_owned(), 2);
    assert_eq!(noted, [(INSERT.to_owned(), 1), (INSERT.to_owned(), 1), select]);
    assert_eq!(recorder.take(), []);
    let mut tx = store.read().await.unwrap();
    let plan = tx.explain("SELECT id FROM things WHERE name = ?1", args!["x"]).await.unwrap();
    assert!(plan.contains("things"), "{plan}");
}

async fn texts_built_at_run_time_are_read(store: &Store) {
    write(store, 7).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let args = vec![Value::Text("thing 7".into()), Value::Int(7), Value::Null];
    let sql = "SELECT id FROM things WHERE name = ?1 AND id = ?2 AND (label = ?3 OR label IS NULL) LIMIT 10".to_owned();
    assert_eq!(tx.all_built::<(i64,)>(sql, args).await, Ok(vec![(7,)]));
}

async fn a_panic_does_not_stop_the_others(store: &Store) {
    let other = store.clone();
    let panicked = tokio::spawn(async move {
        let mut tx = other.write("panicking").await.unwrap();
        insert(&mut tx, 1).await.unwrap();
        panic!("on purpose");
    });
    assert!(panicked.await.is_err());
    write(store, 1).await.unwrap();
    assert_eq!(count(store).await, 1);
}

async fn a_wrong_number_of_parameters_is_said_plainly(store: &Store) {
    let mut tx = store.read().await.unwrap();
    let error = tx.all::<(i64,)>("SELECT id FROM things WHERE id = ?1", &[]).await.unwrap_err();
    assert!(error.to_string().contains("1 parameters are needed and 0 were given"), "{error}");
}

async fn a_write_that_returns_rows_makes_the_transaction_dirty(store: &Store) {
    let mut tx = store.write("returning").await.unwrap();
    let id = tx.first("INSERT INTO things (id, name) VALUES (?1, ?2) RETURNING id", args![5, "five"]).await;
    assert_eq!(id, Ok(Some((5_i64,))));
    assert!(tx.is_dirty());
    tx.commit().await.unwrap();
    assert_eq!(count(store).await, 1);
}

#[test]
fn the_futures_of_a_transaction_may_cross_threads() {
    fn crosses<T: Send>(_: T) {}
    fn check(store: &Store, tx: &'static mut Tx) {
        crosses(store.read());
        crosses(store.write("x"));
        crosses(async move {
            let _ = tx.all::<(i64,)>(COUNT, &[]).await;
            let _ = tx.run(COUNT, &[]).await;
            let _ = tx.all_built::<(i64,)>(String::new(), vec![]).await;
        });
        crosses(async |tx: Tx| tx.commit().await);
    }
    let _ = check;
}
