//! HTTP/2, without TLS, by a client that does what it is told.

use crate::scene::{PATIENCE, Scene, millis};
use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use h2::client::{Connection, SendRequest};
use tokio::{
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

#[tokio::test]
async fn it_answers_and_says_how_much_it_takes() {
    let scene = Scene::set(|settings| settings.server.http2_max_streams = 7).await;
    let (mut client, _ended) = connect(&scene).await;
    assert_eq!(status(&mut client, get("/healthz")).await.unwrap(), 200);
    assert_eq!(status(&mut client, get("/scim/v2/Users")).await.unwrap(), 401);
    assert_eq!(client.current_max_send_streams(), 7);
    let mut large = get("/healthz");
    large.headers_mut().insert("x", "y".repeat(60 << 10).parse().unwrap());
    assert_eq!(status(&mut client, large).await.ok(), Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
}

#[tokio::test]
async fn an_idle_connection_is_told_to_go() {
    let scene = Scene::set(|settings| settings.server.keep_alive = millis(300)).await;
    let (mut client, ended) = connect(&scene).await;
    assert_eq!(status(&mut client, get("/healthz")).await.unwrap(), 200);
    assert!(timeout(PATIENCE, ended).await.expect("GOAWAY").unwrap().is_ok());
}

#[tokio::test]
async fn what_has_begun_is_finished_after_goaway() {
    let scene = Scene::set(|_| {}).await;
    let (mut client, ended) = connect(&scene).await;
    let held = scene.hold();
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

#[tokio::test]
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

#[tokio::test]
async fn who_opens_streams_only_to_reset_them_is_sent_away() {
    let scene = Scene::set(|_| {}).await;
    let (mut client, ended) = connect(&scene).await;
    for _ in 0..10_000 {
        if std::future::poll_fn(|cx| client.poll_ready(cx)).await.is_err() {
            break;
        }
        let Ok((_answer, mut sending)) = client.send_request(get("/login"), false) else { break };
        sending.send_reset(h2::Reason::CANCEL);
    }
    drop(client);
    let ended = timeout(PATIENCE, ended).await.expect("the connection ends").unwrap();
    let reason = ended.expect_err("GOAWAY").reason();
    assert_eq!(reason, Some(h2::Reason::ENHANCE_YOUR_CALM));
}
