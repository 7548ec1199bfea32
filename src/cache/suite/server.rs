//! A Redis of the test's own.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub(super) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// A server on a free port. Without the program the test is skipped, or fails where `CASTGATE_TEST_REDIS=required`.
    pub(super) fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        match Self::spawn(port) {
            Ok(server) => Some(server),
            Err(error) if std::env::var("CASTGATE_TEST_REDIS").is_ok_and(|value| value == "required") => {
                panic!("redis-server is required here and does not start: {error}")
            }
            Err(error) => {
                eprintln!("SKIPPED: redis-server does not start ({error}); install it to run this test");
                None
            }
        }
    }

    fn spawn(port: u16) -> std::io::Result<Self> {
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self { child, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(super) fn start_again(&mut self) {
        self.kill();
        *self = Self::spawn(self.port).unwrap();
    }

    /// SIGSTOP: connections stay open and nobody answers.
    pub(super) fn stop(&self) {
        self.signal("-STOP");
    }

    pub(super) fn resume(&self) {
        self.signal("-CONT");
    }

    pub(super) fn flush(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"FLUSHALL\r\n").unwrap();
        let _ = std::io::Read::read(&mut stream, &mut [0; 16]).unwrap();
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
