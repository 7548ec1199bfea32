//! The real SAML providers, each a process of its own on a free port.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Which provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Python, ElementTree, xmlsec1.
    Pysaml2,
    /// PHP, libxml2's DOM, xmlseclibs.
    SimpleSamlPhp,
}

/// A running provider. It ends with this value.
pub struct Provider {
    pub kind: Kind,
    pub origin: String,
    process: Child,
    directory: TempDir,
}

impl Kind {
    /// Where its program is, if it is.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Pysaml2 => "CASTGATE_TEST_PYSAML2",
            Self::SimpleSamlPhp => "CASTGATE_TEST_SIMPLESAMLPHP",
        }
    }
}

impl Provider {
    /// A provider that knows castgate by its metadata.
    pub fn start(kind: Kind, metadata: &str) -> Self {
        (0..3).find_map(|_| Self::started(kind, metadata)).expect("a port that nobody takes before the provider does")
    }

    /// None where somebody else took the port meanwhile.
    fn started(kind: Kind, metadata: &str) -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let keys = directory.path().join("cert");
        fs::create_dir(&keys).unwrap();
        for number in [1, 2] {
            make_key(&keys, number);
        }
        let known = directory.path().join("castgate.xml");
        fs::write(&known, metadata).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = match kind {
            Kind::Pysaml2 => {
                let python = PathBuf::from(env::var_os(kind.variable()).unwrap()).join("bin/python");
                let mut command = Command::new(python);
                command.arg(rig("saml/pysaml2_idp.py")).args(["--port", &port.to_string()]);
                command.arg("--keys").arg(&keys).arg("--sp").arg(&known);
                command
            }
            Kind::SimpleSamlPhp => {
                let mut command = Command::new(rig("saml/simplesamlphp.sh"));
                command.arg(directory.path()).arg(port.to_string()).arg(&known);
                command
            }
        };
        let log = fs::File::create(directory.path().join("said.log")).unwrap();
        // A group of its own: PHP's server has children.
        let process = std::os::unix::process::CommandExt::process_group(&mut command, 0)
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        let mut provider = Self { kind, origin: format!("http://127.0.0.1:{port}"), process, directory };
        for _ in 0..1_200 {
            if provider.says_who_it_is(port) {
                return Some(provider);
            }
            if provider.process.try_wait().unwrap().is_some() {
                assert!(provider.log().contains("in use"), "the provider did not start: {}", provider.log());
                return None;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the provider did not start: {}", provider.log());
    }

    /// Whether what answers at the port is this provider.
    fn says_who_it_is(&self, port: u16) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
        // A stranger may say nothing at all.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let path = self.metadata_url().split_off(self.origin.len());
        let asked = write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        let mut answer = String::new();
        asked.and_then(|()| stream.read_to_string(&mut answer)).is_ok() && answer.contains(&self.origin)
    }

    /// Where castgate reads who it is.
    pub fn metadata_url(&self) -> String {
        match self.kind {
            Kind::Pysaml2 => format!("{}/metadata", self.origin),
            Kind::SimpleSamlPhp => format!("{}/saml2/idp/metadata.php", self.origin),
        }
    }

    /// From now on it signs with another key and publishes that one alone.
    pub fn rotate_keys(&self) {
        match self.kind {
            Kind::Pysaml2 => {
                let pid = self.process.id().to_string();
                assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
                for _ in 0..100 {
                    if self.log().contains("rotated") {
                        return;
                    }
                    thread::sleep(Duration::from_millis(50));
                }
                panic!("it did not rotate: {}", self.log());
            }
            Kind::SimpleSamlPhp => fs::write(self.directory.path().join("cert/number"), "2").unwrap(),
        }
    }

    /// From now on it encrypts assertions. SimpleSAMLphp alone.
    pub fn encrypt(&self) {
        fs::write(self.directory.path().join("encrypt"), "").unwrap();
    }

    /// What it said, for whoever looks why a test failed.
    pub fn log(&self) -> String {
        let files = ["said.log", "log/provider.log"];
        files.iter().filter_map(|file| fs::read_to_string(self.directory.path().join(file)).ok()).collect()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.process.wait();
        if thread::panicking() {
            let log = self.log();
            let last: Vec<&str> = BufReader::new(log.as_bytes())
                .lines()
                .count()
                .checked_sub(60)
                .map_or_else(|| log.lines().collect(), |skipped| log.lines().skip(skipped).collect());
            eprintln!("the provider said:\n{}", last.join("\n"));
        }
    }
}

/// A file of the test rig.
pub fn rig(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig").join(path)
}

fn make_key(directory: &Path, number: u32) {
    let file = |kind: &str| directory.join(format!("idp-{number}.{kind}"));
    let name = format!("/CN=test provider {number}");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-subj", &name, "-keyout"])
        .arg(file("key"))
        .arg("-out")
        .arg(file("crt"))
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success(), "openssl makes a key");
}
