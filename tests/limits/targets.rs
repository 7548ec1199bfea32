//! What stands in the first line of a request, byte by byte, and what may come back in a header.

use crate::world::World;
use castgate::model::Profile;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends bytes and reads the head of the answer.
async fn head(world: &World, request: &str) -> String {
    let mut stream = TcpStream::connect(world.origin.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.contains("\r\n\r\n") {
        let length = stream.read(&mut buffer).await.unwrap();
        if length == 0 {
            break;
        }
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    text.split("\r\n\r\n").next().unwrap().to_owned()
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn the_form_of_a_target_is_no_way_round_the_credential() {
    let world = World::start().await;
    let token = world.organization("acme").await.connection("okta", Profile::Okta).await.token().to_owned();
    for (target, with_token, without) in [
        ("/scim/v2/Users", 200, 401),
        ("http://elsewhere.example/scim/v2/Users", 200, 401),
        ("/scim/v2/Users/", 200, 401),
        ("//scim/v2/Users", 404, 404),
        ("/scim//v2/Users", 404, 404),
        ("/healthz/../scim/v2/Users", 404, 404),
        ("/healthz/..%2fscim/v2/Users", 404, 404),
        ("/./scim/v2/Users", 404, 404),
        ("/scim/v2/%55sers", 404, 404),
        ("/scim/v2/Users%2f", 404, 404),
        ("/scim/v2/Users;x", 404, 404),
        ("/scim\\v2\\Users", 404, 404),
        ("/scim/v2/Users%20HTTP/1.1", 404, 401),
        ("http://elsewhere.example//scim/v2/Users", 404, 404),
    ] {
        let request = |credential: &str| format!("GET {target} HTTP/1.1\r\nhost: x\r\n{credential}\r\n");
        let answer = head(&world, &request(&format!("authorization: Bearer {token}\r\n"))).await;
        assert!([with_token, 400].contains(&status(&answer)), "{target}: {answer}");
        if with_token == 200 {
            assert_eq!(status(&answer), 200, "{target}: {answer}");
        }
        let answer = head(&world, &request("")).await;
        assert!([without, 400, 404].contains(&status(&answer)), "{target}: {answer}");
    }
    for request in ["OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", "CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let answer = head(&world, request).await;
        assert!([400, 404, 405, 501].contains(&status(&answer)), "{request}: {answer}");
    }
}

#[tokio::test]
async fn what_somebody_sends_begins_no_header_of_ours() {
    let world = World::start().await;
    for target in [
        "/login?return_to=%0d%0ax-injected:%20yes",
        "/account?%0d%0ax-injected:%20yes",
        "/terms?a=%0ax-injected:%20yes",
        "/login/callback?state=%0d%0ax-injected:%20yes&error=%0d%0ax-injected:%20yes",
        "/auth/verify?can=%0d%0ax-injected:%20yes",
        "/login%0d%0ax-injected:%20yes",
    ] {
        let answer = head(&world, &format!("GET {target} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\n\r\n")).await;
        assert!((200..500).contains(&status(&answer)), "{target}: {answer}");
        assert!(!answer.to_lowercase().contains("\nx-injected"), "{target}: {answer}");
    }
    // Where the sender wanted to go is a header of the gateway's making, and ends in one of ours.
    for wanted in ["/a\tb", "/é", "/%0d%0ax-injected:%20yes", "https://elsewhere.example/", "/\\elsewhere.example"] {
        let request =
            format!("GET /auth/verify HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nx-forwarded-uri: {wanted}\r\n\r\n");
        let answer = head(&world, &request).await;
        assert_eq!(status(&answer), 401, "{wanted}: {answer}");
        assert!(!answer.to_lowercase().contains("\nx-injected"), "{wanted}: {answer}");
        let address = answer.lines().find(|line| line.starts_with("location: ")).unwrap_or_default().to_owned();
        assert!(address.starts_with(&format!("location: {}/login", world.origin)), "{wanted}: {answer}");
    }
}

#[tokio::test]
async fn a_body_in_chunks_is_read_to_the_limit_and_no_further() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let request = format!(
        "POST /api/v1/keys HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
        acme.key,
        chunk.repeat(5)
    );
    assert_eq!(status(&head(&world, &request).await), 413);
}
