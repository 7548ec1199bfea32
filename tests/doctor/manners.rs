//! How the doctor behaves: what it leaves, what it says, and how it ends.

use crate::{Said, doctor, named, said, world::World};
use axum::{Router, extract::State, http::Uri};
use castgate::model::Profile;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_signal_nothing_is_left() {
    let world = World::start().await;
    let connection = world.organization("acme").await.connection("generic", Profile::Generic).await;
    let base = format!("{}/scim/v2", world.origin);
    for signal in ["-INT", "-TERM"] {
        let child = doctor(&base, connection.token(), &[]).spawn().unwrap();
        let pid = child.id().unwrap().to_string();
        let total =
            async || connection.get("/Users?count=0").await.expect(200).json()["totalResults"].as_u64().unwrap();
        while total().await < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let said: Said = child.wait_with_output().await.unwrap().into();
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("stopped by a signal") && said.out.contains("STOPPED"), "{said:?}");
        assert_eq!(
            (total().await, connection.get("/Groups").await.json()["totalResults"].as_u64()),
            (0, Some(0)),
            "{said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_sends_nothing_but_get() {
    let world = World::start().await;
    let connection = world.organization("acme").await.connection("generic", Profile::Generic).await;
    let others = Arc::new(AtomicUsize::new(0));
    let count = |State((origin, others)): State<(String, Arc<AtomicUsize>)>,
                 method: axum::http::Method,
                 headers: axum::http::HeaderMap,
                 uri: Uri| async move {
        if method != "GET" {
            others.fetch_add(1, Ordering::SeqCst);
        }
        let mut request = reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{origin}{uri}"));
        for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    let router = Router::new().fallback(count).with_state((world.origin.clone(), Arc::clone(&others)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let said = said(doctor(&base, connection.token(), &["--read-only", "-o", "json"])).await;
    let report = said.report();
    assert_eq!((said.code, named(&report, &["fault"]).len()), (Some(0), 0), "{}", said.out);
    assert_eq!(others.load(Ordering::SeqCst), 0);
    assert!(named(&report, &["not_asked"]).contains("members-remove-by-value"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_comes_by_file_or_standard_input_and_a_wrong_one_is_told() {
    let world = World::start().await;
    let connection = world.organization("acme").await.connection("generic", Profile::Generic).await;
    let base = format!("{}/scim/v2", world.origin);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{}\n", connection.token())).unwrap();
    let mut command = doctor(&base, "wrong", &["--read-only", "--token-file", file.path().to_str().unwrap()]);
    command.env_remove("CASTGATE_SCIM_TOKEN");
    let told = said(command).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.out.contains(" 0 faults"), "{told:?}");

    let told = said(doctor(&base, "cgs_wrong", &[])).await;
    assert_eq!(told.code, Some(3), "{told:?}");
    assert!(told.err.contains("refuses the token"), "{told:?}");
    let mut without = doctor(&base, "", &[]);
    without.env_remove("CASTGATE_SCIM_TOKEN");
    let told = said(without).await;
    assert!(told.code == Some(2) && told.err.contains("--token-file"), "{told:?}");
    let told = said(doctor("http://127.0.0.1:1/scim/v2", "x", &[])).await;
    assert_eq!(told.code, Some(7), "{told:?}");
    let told = said(doctor(&world.origin, connection.token(), &[])).await;
    assert!(told.code == Some(5) && told.err.contains("/scim/v2"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_is_told_in_plain_words() {
    let router = Router::new().fallback(async || {
        let body = json!({"schemas": [], "totalResults": "0", "detail": "\u{1b}[2J"});
        ([("content-type", "application/json")], body.to_string())
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let told = said(doctor(&base, "x", &["--read-only"])).await;
    assert_eq!(told.code, Some(2), "{told:?}");
    let (_, rest) = told.out.split_once("FAULT   no-token-401").unwrap();
    let (first, _) = rest.split_once("\n\n").unwrap();
    insta::assert_snapshot!(first.trim_start(), @r#"
    expected  Without a token nobody gets in: 401. (RFC 7644 §2)
      asked     GET /Users?count=1, without a token
      came      200 {"schemas":[],"totalResults":"0","detail":"\u001b[2J"}
      matters   Anybody could read and change everybody.
      remedy    Ask for the token before anything else.
    "#);
    assert!(!told.out.contains('\u{1b}'), "nothing that a terminal obeys");
}
