//! A hundred thousand people: the list of members stays one small page by an index, and what the mapping editor takes is told:
//! `cargo test --release --test console many:: -- --nocapture --test-threads 1`.

use crate::{postgres::fresh_database, scene::Scene};
use castgate::store::{Recorder, Statement, Store, Value, args};
use std::time::Instant;
use tempfile::TempDir;

const PEOPLE: i64 = 100_000;
/// Bytes of a page at most.
const MOST: usize = 200_000;
/// Statements of a page of members: fewer than it has rows.
const MOST_STATEMENTS: usize = 40;

const FILL: &str = include_str!("../world/people.sql");
/// What is known of each.
const FACTS: &str = "INSERT INTO facts (organization, user_id, source, sequence, document, since)
    WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    SELECT ?1, 'usr_06h0000000000000' || CAST(100000000 + i AS TEXT) || '0', 'scim', 1,
        '{\"displayName\":\"Person Number ' || CAST(i AS TEXT) || '\",\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"Department '
        || CAST(i % 1000 AS TEXT) || '\"}}', 0
    FROM n";

const RULES: &str = "default: viewer
rules:
  - name: analysts of finance
    groups: [okta/finance]
    grant: analyst
  - name: some departments
    when: department sw \"Department 7\"
    grant: member
";

/// Many people, and every statement noted.
async fn many(store: Store, directory: TempDir) -> (Scene, Recorder) {
    let (store, recorder) = store.recorded();
    let scene = Scene::on(store, directory).await;
    let organization = &scene.acme.operator.organization;
    let mut tx = scene.world.store().write("fill").await.unwrap();
    tx.run(FILL, args![organization, scene.push.stored.id, 1, PEOPLE]).await.unwrap();
    tx.run(FACTS, args![organization, PEOPLE]).await.unwrap();
    tx.commit().await.unwrap();
    if scene.world.store().is_postgres() {
        // What a running castgate sees to within a second or two of a first sync.
        let mut tx = scene.world.store().write("statistics").await.unwrap();
        for statement in ["ANALYZE users", "ANALYZE facts"] {
            tx.run(statement, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    drop(recorder.take());
    (scene, recorder)
}

/// A page, what it ran, and how long it took, which is told and not judged.
async fn timed(scene: &Scene, recorder: &Recorder, path: &str) -> (String, Vec<Statement>) {
    drop(recorder.take());
    recorder.take_ways();
    let began = Instant::now();
    let page = scene.page(path, &scene.owner).await.expect(200).text;
    let engine = if scene.world.store().is_postgres() { "PostgreSQL" } else { "SQLite" };
    let (took, ran) = (began.elapsed(), recorder.take());
    let (bytes, ways) = (page.len(), recorder.take_ways());
    eprintln!("{engine}, {PEOPLE} people: {path} in {took:.1?}, {bytes} bytes, {} statements, {ways} ways", ran.len());
    assert!(page.len() < MOST, "{} bytes", page.len());
    (page, ran)
}

fn rows(page: &str) -> usize {
    page.matches("<input type=\"checkbox\" name=\"id\"").count()
}

/// The way to the next page: what is there without script.
fn next(page: &str) -> String {
    page.split_once("\">Next page<").unwrap().0.rsplit_once("href=\"").unwrap().1.replace("&amp;", "&")
}

/// The plan of the statement that reads the page: by the key, and not the whole table.
async fn by_its_key(scene: &Scene, ran: &[Statement]) {
    let is_page = |statement: &&Statement| statement.sql.contains("FROM users") && statement.sql.ends_with("LIMIT 51");
    let page: Vec<&Statement> = ran.iter().filter(is_page).collect();
    assert_eq!(page.len(), 1, "one statement reads the page: {ran:#?}");
    assert!(ran.len() < MOST_STATEMENTS, "{} statements for 50 rows: {ran:#?}", ran.len());
    assert_eq!(page[0].rows, 51, "the rows of the page, and one more to know of the next");
    let mut tx = scene.world.store().read().await.unwrap();
    let after = Value::Text("usr_06h00000000000001000500000".to_owned());
    let plan =
        tx.explain(&page[0].sql, &[Value::Text(scene.acme.operator.organization.to_string()), after]).await.unwrap();
    let index = if scene.world.store().is_postgres() { "Index Scan using users_pkey" } else { "SEARCH users USING" };
    let scans = ["Seq Scan", "SCAN users", "Sort", "TEMP B-TREE"].iter().any(|bad| plan.contains(bad));
    assert!(plan.contains(index) && !scans, "{plan}");
    // For nobody of the page anything is read that grows with how many there are.
    if !scene.world.store().is_postgres() {
        let steps: u64 = ran.iter().map(|statement| statement.steps).sum();
        assert!(steps < 100_000, "{steps} steps for 50 rows");
        let read = ran.iter().filter(|statement| statement.sql.starts_with("SELECT"));
        for statement in read {
            let wanted = (1..=30).rev().find(|number| statement.sql.contains(&format!("?{number}"))).unwrap_or(0);
            let plan = tx.explain(&statement.sql, &vec![Value::Null; wanted]).await.unwrap();
            let scans = plan.lines().any(|line| {
                ["users", "facts", "memberships"].iter().any(|table| line.trim() == format!("SCAN {table}"))
            });
            assert!(!scans, "{}\n{plan}", statement.sql);
        }
    }
}

async fn a_page_is_small(scene: &Scene, recorder: &Recorder) {
    let (first, ran) = timed(scene, recorder, "/console/members").await;
    assert_eq!(rows(&first), 50);
    by_its_key(scene, &ran).await;
    let (second, ran) = timed(scene, recorder, &next(&first)).await;
    assert_eq!(rows(&second), 50);
    by_its_key(scene, &ran).await;
    let shown =
        |page: &str, other: &str| page.split("name=\"id\" value=\"").skip(1).any(|rest| other.contains(&rest[..30]));
    assert!(!shown(&second, &first), "nobody stands on two pages");
}

async fn one_of_many_is_found(scene: &Scene, recorder: &Recorder) {
    let (page, ran) = timed(scene, recorder, "/console/members?filter=userName+eq+%22P77777%22").await;
    assert!(rows(&page) == 1 && page.contains("Person Number 77777"), "{page}");
    assert!(ran.iter().all(|statement| statement.rows <= 60), "{ran:#?}");
    // Words: one statement reads it, whoever they are.
    for words in ["number+99999", "P99999%40", "Number%2099999"] {
        let (page, ran) = timed(scene, recorder, &format!("/console/members?filter={words}")).await;
        assert!(rows(&page) == 1 && page.contains("Person Number 99999"), "{words}: {page}");
        assert!(ran.iter().all(|statement| statement.rows <= 60), "{words}: {ran:#?}");
    }
    let (page, _) = timed(scene, recorder, "/console/members?filter=person").await;
    assert!(rows(&page) == 50 && page.contains("Next page"));
    let (page, _) = timed(scene, recorder, "/console/members?filter=nobody+is+called+this").await;
    assert!(rows(&page) == 0 && page.contains("No member fits the search"), "{page}");
}

async fn on_each(test: impl AsyncFn(&Scene, &Recorder)) {
    let directory = TempDir::new().unwrap();
    let store = Store::open_sqlite(directory.path()).await.unwrap();
    let (scene, recorder) = many(store, directory).await;
    test(&scene, &recorder).await;
    if let Some(url) = fresh_database().await {
        let (scene, recorder) = many(Store::open_postgres(&url, 8).await.unwrap(), TempDir::new().unwrap()).await;
        test(&scene, &recorder).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_hundred_thousand_members_is_one_small_page_read_by_its_key() {
    on_each(async |scene, recorder| {
        a_page_is_small(scene, recorder).await;
        one_of_many_is_found(scene, recorder).await;
    })
    .await;
}

/// What only each person's own attributes can answer is looked for among all of them: never an empty page that ends the search.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_far_behind_is_found_by_an_attribute() {
    let directory = TempDir::new().unwrap();
    let (scene, recorder) = many(Store::open_sqlite(directory.path()).await.unwrap(), directory).await;
    let filter = "displayName+eq+%22Person+Number+25000%22+and+department+eq+%22Department+0%22";
    let mut path = format!("/console/members?filter={filter}");
    let mut pages = 0;
    let page = loop {
        let (page, _) = timed(&scene, &recorder, &path).await;
        pages += 1;
        if rows(&page) > 0 {
            break page;
        }
        assert!(page.contains("There are more: go on with the next page") && pages < 20, "{page}");
        path = next(&page);
    };
    assert!(rows(&page) == 1 && page.contains("Person Number 25000"), "{page}");
}

/// How long the plan beside the mapping takes is told; that it comes, and is small, is not a matter of time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_beside_the_mapping_looks_at_a_hundred_thousand_people() {
    on_each(async |scene, recorder| {
        drop(recorder.take());
        let began = Instant::now();
        let page = scene.change("/console/mapping/check", &scene.owner, &[("text", RULES)]).await.expect(200).text;
        let engine = if scene.world.store().is_postgres() { "PostgreSQL" } else { "SQLite" };
        eprintln!("{engine}, {PEOPLE} people: the live plan in {:.1?}, {} bytes", began.elapsed(), page.len());
        // Departments 7, 70 to 79 and 700 to 799, and one of finance.
        let gain = PEOPLE / 1000 * 111 + 1;
        assert!(
            page.contains(&format!("<dt>gain</dt><dd class=\"plus\">{gain}</dd>")),
            "{}",
            &page[..page.len().min(3000)]
        );
        assert!(page.contains(&format!("and {} more people", gain - 60)) || page.contains("more people"), "{page}");
        assert!(page.len() < MOST, "{} bytes", page.len());
    })
    .await;
}
