//! HTTP/2, without TLS, by a client that does what it is told.

use crate::scene::{PATIENCE, Scene, millis};
use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use h2::client::{Connection, SendRequest};
use tokio::{
    io::AsyncReadExt as _,
    net::TcpStream,
    task::JoinHandle,
    time::{Duration, sleep, timeout},
};

type Ended = JoinHandle<Result<(), h2::Error>>;

async fn connect(scene: &Scene) -> (SendRequest<Bytes>, Ended) {
    let stream = TcpStream::connect(scene.address).await.unwrap();
    let (client, connection): (_, Connection<TcpStream, Bytes>) = h2::client::handshake(stream).await.unwrap();
    (client, tokio::spawn(connection))
}

fn get(path: &str) -> Request<()> {
    Request::get(format!("http://h{path}")).body(()).unwrap()
}

async fn status(client: &mut SendRequest<Bytes>, request: Request<()>) -> Result<StatusCode, h2::Error> {
    timeout(PATIENCE, std::future::poll_fn(|cx| client.poll_ready(cx))).await.expect("a stream")?;
    let (answer, _) = client.send_request(request, true)?;
    Ok(timeout(PATIENCE, answer).await.expect("an answer")?.status())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_answers_and_says_how_much_it_takes() {
    let scene = Scene::set(|settings| settings.server.http2_max_streams = 7).await;
    let (mut client, _ended) = connect(&scene).await;
    assert_eq!(status(&mut client, get("/healthz")).await.unwrap(), 200);
    assert_eq!(status(&mut client, get("/scim/v2/Users")).await.unwrap(), 401);
    assert_eq!(client.current_max_send_streams(), 7);
    let mut large = get("/healthz");
    large.headers_mut().insert("x", "y".repeat(60 << 10).parse().unwrap());
    assert_eq!(status(&mut client, large).await.ok(), Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    let mut many = get("/healthz");
    for _ in 0..150 {
        many.headers_mut().append("x", "y".parse().unwrap());
    }
    assert_eq!(status(&mut client, many).await.ok(), Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_idle_connection_is_told_to_go() {
    let scene = Scene::set(|settings| settings.server.keep_alive = millis(300)).await;
    let (mut client, ended) = connect(&scene).await;
    assert_eq!(status(&mut client, get("/healthz")).await.unwrap(), 200);
    assert!(timeout(PATIENCE, ended).await.expect("GOAWAY").unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_has_begun_is_finished_after_goaway() {
    let scene = Scene::set(|_| {}).await;
    let (mut client, ended) = connect(&scene).await;
    let held = scene.hold().await;
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@acme.example"}"#;
    let request = Request::post("http://h/scim/v2/Users")
        .header("authorization", format!("Bearer {}", scene.okta.token()))
        .body(())
        .unwrap();
    let (answer, mut sending) = client.send_request(request, false).unwrap();
    sending.send_data(body.into(), true).unwrap();
    sleep(Duration::from_millis(300)).await;
    scene.orders.drain();
    sleep(Duration::from_millis(300)).await;
    drop(held);
    assert_eq!(timeout(PATIENCE, answer).await.unwrap().unwrap().status(), 201);
    assert!(status(&mut client, get("/healthz")).await.is_err(), "nothing begins any more");
    drop(client);
    let _ = timeout(PATIENCE, ended).await.expect("the connection ends");
    scene.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_body_that_stops_is_given_up_with_408() {
    let scene = Scene::set(|settings| settings.server.body_timeout = millis(300)).await;
    let (mut client, _ended) = connect(&scene).await;
    let request = Request::post("http://h/scim/v2/Users")
        .header("authorization", format!("Bearer {}", scene.okta.token()))
        .body(())
        .unwrap();
    let (answer, mut sending) = client.send_request(request, false).unwrap();
    sending.send_data("{".into(), false).unwrap();
    assert_eq!(timeout(PATIENCE, answer).await.unwrap().unwrap().status(), 408);
    // The other streams of the connection are not concerned.
    assert_eq!(status(&mut client, get("/healthz")).await.unwrap(), 200);
}

/// One frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_opens_streams_only_to_reset_them_is_sent_away() {
    const GET_ROOT: &[u8] = &[0x82, 0x86, 0x84, 0x41, 0x01, b'h'];
    const GOAWAY: u8 = 7;
    const ENHANCE_YOUR_CALM: u32 = 0xb;
    let scene = Scene::set(|_| {}).await;
    let mut raw = scene.connect().await;
    let mut flood = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    flood.extend(frame(4, 0, 0, &[]));
    for stream in (1..2_000).step_by(2) {
        flood.extend(frame(1, 0x4, stream, GET_ROOT));
        flood.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
    }
    raw.say(flood).await;
    let mut received = Vec::new();
    let reading = raw.stream.read_to_end(&mut received);
    let _ = timeout(PATIENCE, reading).await.expect("the connection ends");
    let mut frames = received.as_slice();
    let mut goaway = None;
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = frames {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (payload, rest) = rest.split_at(length);
        if *kind == GOAWAY {
            goaway = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        frames = rest;
    }
    assert_eq!(goaway, Some(ENHANCE_YOUR_CALM));
}
