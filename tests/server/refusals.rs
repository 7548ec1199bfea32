//! What can be read in two ways is not read at all.

use crate::scene::{Scene, answers, get, status};

/// A request hidden in the body of this one would be answered by the second answer.
async fn assert_refused(scene: &Scene, what: &str, request: &str, expected: u16) {
    let text = scene.say(format!("{request}{}", get("/healthz"))).await;
    assert_eq!(status(&text), expected, "{what}: {text}");
    assert_eq!(answers(&text), 1, "{what}: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_answered() {
    let scene = Scene::set(|_| {}).await;
    let chunked = "Transfer-Encoding: chunked";
    let cases = [
        ("both lengths", format!("Content-Length: 5\r\n{chunked}\r\n\r\n0\r\n\r\n"), 400),
        ("both lengths, turned", format!("{chunked}\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400),
        ("both lengths, in other letters", format!("{chunked}\r\ncOnTeNt-LeNgTh: 5\r\n\r\n0\r\n\r\n"), 400),
        ("lengths that differ", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello".to_owned(), 400),
        ("a length with a sign", "Content-Length: +5\r\n\r\nhello".to_owned(), 400),
        ("a list of lengths", "Content-Length: 5, 5\r\n\r\nhello".to_owned(), 400),
        ("a length of nothing", "Content-Length: \r\n\r\n".to_owned(), 400),
        ("an unknown coding", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned(), 501),
        ("a coding twice", format!("{chunked}\r\n{chunked}\r\n\r\n0\r\n\r\n"), 501),
        ("a coding that is not the last", "Transfer-Encoding: chunked, identity\r\n\r\n".to_owned(), 400),
        ("NUL in a value", "X: a\0b\r\n\r\n".to_owned(), 400),
        ("a bell in a value", "X: a\x07b\r\n\r\n".to_owned(), 400),
        ("a bare CR in a value", "X: a\rY: b\r\n\r\n".to_owned(), 400),
        ("a folded header", "X: a\r\n b\r\n\r\n".to_owned(), 400),
        ("a space before the colon", "Content-Length : 5\r\n\r\nhello".to_owned(), 400),
        ("a second host", "Host: other\r\n\r\n".to_owned(), 400),
    ];
    for (what, lines, expected) in cases {
        let head = format!("POST /scim/v2/Users HTTP/1.1\r\nHost: h\r\n{lines}");
        assert_refused(&scene, what, &head, expected).await;
    }
    assert_refused(&scene, "no host", "GET /login HTTP/1.1\r\n\r\n", 400).await;
    assert_refused(&scene, "a tunnel", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501).await;
    let old = "POST /login HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_refused(&scene, "a coding in HTTP/1.0", old, 400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_refusal_is_said_in_the_words_of_the_room() {
    let scene = Scene::set(|_| {}).await;
    let both = "HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let scim = scene.say(format!("POST /scim/v2/Users {both}")).await;
    assert!(scim.contains("application/scim+json") && scim.contains("\"status\":\"400\""), "{scim}");
    assert!(scim.contains("x-request-id: ") && scim.to_lowercase().contains("connection: close"), "{scim}");
    let api = scene.say(format!("POST /api/v1/keys {both}")).await;
    assert!(api.contains("application/problem+json"), "{api}");
}

/// A request whose end is in no doubt keeps its connection, however its body came.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sound_requests_follow_each_other_on_one_connection() {
    let scene = Scene::set(|_| {}).await;
    let mut raw = scene.connect().await;
    let chunked = "POST /login HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
                   13;a=b\r\nContent-Length: 1\r\n\r\n0\r\nContent-Length: 7\r\n\r\n";
    let sized =
        "POST /login HTTP/1.1\r\nHost: h\r\nContent-Length: 39\r\n\r\nTransfer-Encoding: x\r\nContent-Length: 1";
    raw.say([&get("/healthz"), chunked, sized, &get("/healthz")].concat()).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(status(&raw.answer().await));
    }
    assert_eq!((statuses[0], statuses[3]), (200, 200), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_target_with_an_authority_is_its_path() {
    let scene = Scene::set(|_| {}).await;
    let mut raw = scene.connect().await;
    for (target, expected) in [
        ("http://elsewhere.example/scim/v2/Users", 401),
        ("http://elsewhere.example//scim/v2/Users", 404),
        ("http://elsewhere.example/scim/v2/%55sers", 404),
        ("http://elsewhere.example/healthz", 200),
    ] {
        raw.say(get(target)).await;
        assert_eq!(status(&raw.answer().await), expected, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn too_many_headers_and_too_large_ones_are_refused() {
    let scene = Scene::set(|settings| settings.server.max_headers = 20).await;
    let with = |lines: String| format!("GET /healthz HTTP/1.1\r\nHost: h\r\n{lines}\r\n");
    assert_eq!(status(&scene.say(with("X: y\r\n".repeat(30))).await), 431);
    assert_eq!(status(&scene.say(with(format!("X: {}\r\n", "y".repeat(40 << 10)))).await), 431);
    // No end in sight: refused before it is whole.
    let endless = format!("GET /healthz HTTP/1.1\r\nHost: h\r\nX: {}", "y".repeat(128 << 10));
    assert_eq!(status(&scene.say(endless).await), 431);
    let mut raw = scene.connect().await;
    raw.say(with(format!("{}X: {}\r\n", "X: y\r\n".repeat(15), "y".repeat(20 << 10)))).await;
    assert_eq!(status(&raw.answer().await), 200);
}
