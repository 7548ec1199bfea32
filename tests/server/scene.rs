//! A server of its own on a world's app, with orders to give, and a client that says exactly what it is told to.

use crate::world::{Connection, World};
use castgate::{
    app::{App, Clock, Need, Work},
    config::{Settings, Span},
    http::{self, Orders},
    model::Profile,
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
    time::{Instant, timeout},
};

/// Nothing that is waited for takes as long, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn millis(millis: u64) -> Span {
    Span(Duration::from_millis(millis))
}

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) okta: Connection,
    /// The first owner's API key.
    pub(crate) owner_key: String,
    pub(crate) address: SocketAddr,
    pub(crate) orders: Orders,
    pub(crate) serving: JoinHandle<io::Result<()>>,
}

impl Scene {
    /// With an organization and its Okta, whose token opens the SCIM door.
    pub(crate) async fn set(settle: impl FnOnce(&mut Settings)) -> Self {
        let world = World::start_with(Clock::machine(), |settings| {
            settings.server.drain_notice = millis(0);
            settle(settings);
        })
        .await;
        let acme = world.organization("acme").await;
        let okta = acme.connection("okta", Profile::Okta).await;
        let owner_key = acme.key;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, orders) = (listener.local_addr().unwrap(), Orders::new());
        let serving = tokio::spawn(http::serve_by(world.app.clone(), listener, orders.clone()));
        Self { world, okta, owner_key, address, orders, serving }
    }

    pub(crate) async fn connect(&self) -> Raw<TcpStream> {
        Raw::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// From another address of the loopback network.
    pub(crate) async fn connect_from(&self, address: &str) -> Raw<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address.parse::<IpAddr>().unwrap(), 0)).unwrap();
        Raw::new(socket.connect(self.address).await.unwrap())
    }

    /// Sends this and reads all that comes until the server closes.
    pub(crate) async fn say(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut raw = self.connect().await;
        raw.say(bytes).await;
        raw.rest().await
    }

    /// A SCIM request that makes somebody: it cannot be done while the store is held.
    pub(crate) fn create(&self, name: &str) -> String {
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{name}","active":true}}"#
        );
        format!(
            "POST /scim/v2/Users HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            self.okta.token(),
            body.len()
        )
    }

    /// Holds the store: whoever writes waits until this is dropped, for five seconds at most. Nobody's thread waits with them.
    pub(crate) async fn hold(&self) -> Work<'static> {
        let app: &'static App = Box::leak(Box::new(self.world.app.clone()));
        let operator = Box::leak(Box::new(app.operator(app.clock().organization())));
        app.begin(operator, Need::Operator).await.unwrap()
    }

    /// Sends a request that cannot be done while the store is held, and waits until it is being worked on. The settings must
    /// be [`one_at_a_time`].
    pub(crate) async fn begin(&self, name: &str) -> Raw<TcpStream> {
        let mut working = self.connect().await;
        working.say(self.create(name)).await;
        let began = Instant::now();
        let mut other = self.connect().await;
        loop {
            other.say(get("/login")).await;
            if status(&other.answer().await) == 503 {
                return working;
            }
            assert!(began.elapsed() < PATIENCE, "the request is not being worked on");
        }
    }

    /// Waits until the server has come to its end.
    pub(crate) async fn ended(self) -> World {
        timeout(PATIENCE, self.serving).await.unwrap().unwrap().unwrap();
        self.world
    }
}

/// One request is worked on at a time, so that another one shows whether it is.
pub(crate) fn one_at_a_time(settings: &mut Settings) {
    let server = &mut settings.server;
    (server.max_in_flight, server.queue, server.queue_deadline) = (1, 10, millis(1_000));
}

/// One connection.
pub(crate) struct Raw<S> {
    pub(crate) stream: S,
    received: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, received: Vec::new() }
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// One answer: its head and its body.
    pub(crate) async fn answer(&mut self) -> String {
        let head = self.up_to(|received| find(received, b"\r\n\r\n").map(|place| place + 4)).await;
        let text = String::from_utf8_lossy(&head).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |digits| digits.trim().parse().unwrap());
        let body = self.up_to(|received| (received.len() >= length).then_some(length)).await;
        String::from_utf8([head, body].concat()).unwrap()
    }

    async fn up_to(&mut self, end: impl Fn(&[u8]) -> Option<usize>) -> Vec<u8> {
        loop {
            if let Some(end) = end(&self.received) {
                return self.received.drain(..end).collect();
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.received)).await.expect("an answer").unwrap();
            assert_ne!(read, 0, "the connection ended after {:?}", String::from_utf8_lossy(&self.received));
        }
    }

    /// Everything until the server closes, whether politely or not.
    pub(crate) async fn rest(&mut self) -> String {
        let reading = async { while self.stream.read_buf(&mut self.received).await.is_ok_and(|read| read > 0) {} };
        timeout(PATIENCE, reading).await.expect("the server closes");
        String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned()
    }

    /// Whether the server closed without a word.
    pub(crate) async fn is_closed_silently(&mut self) -> bool {
        self.rest().await.is_empty()
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// The status in an answer's first line.
#[track_caller]
pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// How many answers there are in what a connection gave.
pub(crate) fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}
