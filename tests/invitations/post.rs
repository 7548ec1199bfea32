//! A mail server, aiosmtpd, with a certificate of its own.

use castgate::config::{MailSecurity, MailTransport, Settings};
use serde_json::Value;
use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

/// Makes an authority and a certificate for localhost.
const CERTIFICATES: &str = r#"
set -e
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=rig -days 2
openssl req $key -keyout key.pem -out request.pem -subj /CN=localhost
echo subjectAltName=DNS:localhost >names
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile names
"#;

/// The running server.
pub struct Post {
    directory: TempDir,
    port: u16,
    security: MailSecurity,
    lines: BufReader<ChildStdout>,
    child: Child,
}

impl Post {
    /// None where the Python packages are not installed, unless that is a failure.
    pub fn start(security: MailSecurity) -> Option<Self> {
        let Some(venv) = env::var_os("CASTGATE_TEST_VENV") else {
            assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_VENV is not set");
            eprintln!("skipped: CASTGATE_TEST_VENV is not set; tests/run sets it");
            return None;
        };
        let directory = TempDir::new().unwrap();
        let made = Command::new("sh").args(["-c", CERTIFICATES]).current_dir(&directory).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let how = if security == MailSecurity::Tls { "tls" } else { "starttls" };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rig/mail_server.py");
        let mut child = Command::new(Path::new(&venv).join("bin/python"))
            .args([script, how, "cert.pem", "key.pem"])
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        lines.read_line(&mut port).unwrap();
        let port = port.trim().parse().expect("the mail server did not start: is aiosmtpd installed?");
        Some(Self { directory, port, security, lines, child })
    }

    /// Has castgate send its mail there.
    pub fn take_over(&self, settings: &mut Settings) {
        let mail = &mut settings.mail;
        mail.transport = MailTransport::Smtp;
        "castgate <no-reply@castgate.test>".clone_into(&mut mail.from);
        "localhost".clone_into(&mut mail.smtp_host);
        mail.smtp_port = self.port;
        mail.smtp_security = self.security;
        "castgate".clone_into(&mut mail.smtp_username);
        mail.smtp_password = Some("a password".to_owned().into());
        mail.smtp_ca = Some(self.directory.path().join("ca.pem"));
    }

    /// The next letter that comes.
    pub fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"))
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
