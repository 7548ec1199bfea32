//! What the client reaches, and what it does not.

use super::*;
use std::{
    io::{Read, Write},
    net::TcpListener,
};

/// A server on loopback that gives one answer to everybody; counts the connections.
struct Server {
    port: u16,
    connections: Arc<std::sync::atomic::AtomicUsize>,
}

fn serve(answer: &'static str) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = connections.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Server { port, connections }
}

impl Server {
    fn seen(&self) -> usize {
        self.connections.load(std::sync::atomic::Ordering::SeqCst)
    }
}

fn inside() -> Client {
    Client::new(Policy { allow_private_addresses: true, ..Policy::default() })
}

#[tokio::test]
async fn an_allowed_address_answers() {
    let server = serve("HTTP/1.1 200 OK\r\nx-from: lab\r\ncontent-length: 5\r\n\r\nhello");
    for host in ["127.0.0.1", "localhost"] {
        let answer = inside().get(&format!("http://{host}:{}/a", server.port)).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (200, b"hello".as_slice()));
        assert_eq!(answer.headers["x-from"], "lab");
    }
    assert_eq!(server.seen(), 2);
}

#[tokio::test]
async fn of_private_addresses_only_the_listed_networks_are_called() {
    let server = serve("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let listed =
        |network: &str| Client::new(Policy { private_networks: vec![network.parse().unwrap()], ..Policy::default() });
    for url in ["https://127.0.0.1", "https://127.1", "https://localhost", "https://[::ffff:127.0.0.1]"] {
        let url = format!("{url}:{}/", server.port);
        assert!(matches!(listed("127.0.0.2/31").get(&url).await, Err(NetError::Denied { .. })), "{url}");
    }
    assert_eq!(server.seen(), 0);
    let spoke = listed("127.0.0.0/31").get(&format!("https://127.0.0.1:{}/", server.port)).await;
    assert!(!matches!(spoke, Err(NetError::Denied { .. })), "{spoke:?}");
    assert_eq!(server.seen(), 1, "it was called, and speaks no TLS");
    let plain = listed("127.0.0.0/8").get(&format!("http://127.0.0.1:{}/", server.port)).await;
    assert!(matches!(plain, Err(NetError::Insecure { .. })), "{plain:?}");
    assert_eq!(listed("10.20.0.0/16").admits("https://10.20.0.5"), Ok(()));
    for outside in ["https://10.21.0.5", "https://169.254.169.254", "https://192.168.0.1"] {
        assert!(matches!(listed("10.20.0.0/16").admits(outside), Err(NetError::Denied { .. })), "{outside}");
    }
}

#[tokio::test]
async fn nothing_connects_to_a_denied_address() {
    let server = serve("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let outside = Client::new(Policy::default());
    let literals = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "10.0.0.1",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
    ];
    for host in literals {
        for scheme in ["http", "https"] {
            let error = outside.get(&format!("{scheme}://{host}:{}/", server.port)).await.unwrap_err();
            assert!(matches!(error, NetError::Denied { .. }), "{scheme}://{host}: {error:?}");
        }
    }
    let plain = outside.get(&format!("http://localhost:{}/", server.port)).await;
    assert!(matches!(plain, Err(NetError::Insecure { .. })), "{plain:?}");
    // Where the machine trusts no certificate at all, it fails before the name is looked up.
    let secure = outside.get(&format!("https://localhost:{}/", server.port)).await;
    assert!(matches!(secure, Err(NetError::Denied { .. } | NetError::Failed { .. })), "{secure:?}");
    assert_eq!(server.seen(), 0);
}

#[tokio::test]
async fn http_is_for_loopback_alone() {
    let error = inside().get("http://192.0.2.1/").await.unwrap_err();
    assert_eq!(error, NetError::Insecure { host: "192.0.2.1".to_owned() });
    assert!(matches!(inside().get("ftp://127.0.0.1/").await, Err(NetError::BadUrl(_))));
    assert!(matches!(inside().get("/relative").await, Err(NetError::BadUrl(_))));
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_each_connection_and_judged_by_that() {
    let server = serve("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    // What a name server of an attacker's says: first the Internet, then ourselves.
    let lookup: Lookup = Arc::new(move |_| {
        let first = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        let ip: IpAddr = if first { "8.8.8.8" } else { "127.0.0.1" }.parse().unwrap();
        Box::pin(async move { Ok(vec![std::net::SocketAddr::new(ip, 0)]) })
    });
    let hasty = Policy { connect_timeout: Duration::from_millis(50), ..Policy::default() };
    let outside = Client { lookup, ..Client::new(hasty) };
    for _ in 0..3 {
        assert!(outside.get(&format!("https://rebind.example:{}/", server.port)).await.is_err());
    }
    assert!(asked.load(std::sync::atomic::Ordering::SeqCst) <= 3, "no second look-up within a request");
    assert_eq!(server.seen(), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let server = serve("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n");
    let answer = inside().get(&format!("http://127.0.0.1:{}/", server.port)).await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(server.seen(), 1);
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_refused_announced_or_not() {
    let small = Client::new(Policy { allow_private_addresses: true, max_body: 4, ..Policy::default() });
    for answer in
        ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello"]
    {
        let server = serve(answer);
        let error = small.get(&format!("http://127.0.0.1:{}/", server.port)).await.unwrap_err();
        assert_eq!(error, NetError::TooLarge { host: "127.0.0.1".to_owned(), max: 4 });
    }
}

#[tokio::test]
async fn an_error_says_the_host_and_no_secret() {
    let error = inside().get("http://127.0.0.1:1/?token=hunter2").await.unwrap_err();
    assert!(matches!(error, NetError::Unreachable { .. }), "{error:?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn who_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hasty = Policy { allow_private_addresses: true, timeout: Duration::from_millis(100), ..Policy::default() };
    let url = format!("http://{}/", listener.local_addr().unwrap());
    assert!(matches!(Client::new(hasty).get(&url).await, Err(NetError::TimedOut { .. })));
}
