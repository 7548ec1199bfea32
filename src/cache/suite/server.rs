//! A Redis of the test's own.

use std::{
    io::{Read as _, Write as _},
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
        // Between the look and the start somebody else may take the port.
        let spawned = (0..5).map(|_| Self::spawn(free_port())).find(|spawned| !matches!(spawned, Ok(None)));
        match spawned.expect("every port that was free was taken a moment later") {
            Ok(server) => server,
            Err(error) if std::env::var("CASTGATE_TEST_REDIS").is_ok_and(|value| value == "required") => {
                panic!("redis-server is required here and does not start: {error}")
            }
            Err(error) => {
                eprintln!("SKIPPED: redis-server does not start ({error}); install it to run this test");
                None
            }
        }
    }

    /// Nothing if it ended at once: the port is somebody else's.
    fn spawn(port: u16) -> std::io::Result<Option<Self>> {
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { child, port };
        let began = Instant::now();
        // Somebody else may have the port, another test's Redis even.
        let ours = format!("process_id:{}\r", server.child.id());
        while !server.ask("INFO server").is_ok_and(|said| said.contains(&ours)) {
            if server.child.try_wait()?.is_some() {
                return Ok(None);
            }
            assert!(began.elapsed() < Duration::from_secs(10), "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(server))
    }

    /// The beginning of what whoever has the port says to a word.
    fn ask(&self, word: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(format!("{word}\r\n").as_bytes())?;
        let mut said = [0; 2_048];
        let length = stream.read(&mut said)?;
        Ok(String::from_utf8_lossy(&said[..length]).into_owned())
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
        *self = Self::spawn(self.port).unwrap().expect("its port is still free");
    }

    /// SIGSTOP: connections stay open and nobody answers.
    pub(super) fn stop(&self) {
        self.signal("-STOP");
    }

    pub(super) fn resume(&self) {
        self.signal("-CONT");
    }

    pub(super) fn flush(&self) {
        assert!(self.ask("FLUSHALL").unwrap().starts_with("+OK"));
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
