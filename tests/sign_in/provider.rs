//! The real OpenID provider, as a process of its own on a free port.

use serde_json::{Value, json};
use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

/// Tries to find a port that nobody takes in the moment between.
const TRIES: usize = 5;

/// A running provider. It ends with this value.
pub struct Provider {
    pub issuer: String,
    process: Child,
    says: BufReader<ChildStdout>,
    clients: Value,
    users: PathBuf,
    _directory: TempDir,
}

impl Provider {
    /// A provider that sends people back to the castgate at `origin`, and tells it at the connection's own addresses who signed
    /// out.
    pub fn start(origin: &str, connection: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let users = directory.path().join("users.json");
        fs::copy(rig("op/users.json"), &users).unwrap();
        for _ in 0..TRIES {
            let mut process = spawn(origin, connection, &users);
            let mut says = BufReader::new(process.stdout.take().unwrap());
            if let Some(ready) = next_line(&mut says) {
                let issuer = ready["issuer"].as_str().unwrap().to_owned();
                let clients = ready["clients"].clone();
                return Self { issuer, process, says, clients, users, _directory: directory };
            }
            process.wait().unwrap();
        }
        panic!("the provider did not start in {TRIES} tries");
    }

    /// The client id and secret of the application whose ID tokens are signed with this algorithm.
    pub fn client(&self, algorithm: &str) -> (String, String) {
        let clients = self.clients.as_array().unwrap();
        let client = clients.iter().find(|client| client["alg"] == algorithm).unwrap();
        let text = |name: &str| client[name].as_str().unwrap_or_default().to_owned();
        (text("client_id"), text("client_secret"))
    }

    /// Replaces the provider's keys; the old ones are gone at once.
    pub fn rotate_keys(&mut self) {
        self.rotate("-HUP");
    }

    /// New keys sign, and the old ones stay published.
    pub fn roll_keys_over(&mut self) {
        self.rotate("-USR2");
    }

    fn rotate(&mut self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let said = next_line(&mut self.says).expect("the provider ended");
        assert_eq!(said["rotated"], json!(true));
    }

    /// Changes one claim of one of its people, from their next sign-in on.
    pub fn change(&self, user: &str, claim: &str, value: Value) {
        let mut users: Value = serde_json::from_slice(&fs::read(&self.users).unwrap()).unwrap();
        users[user][claim] = value;
        fs::write(&self.users, users.to_string()).unwrap();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A file of the test rig.
pub fn rig(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig").join(path)
}

fn spawn(origin: &str, connection: &str, users: &Path) -> Child {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("node");
    command.arg(rig("op/server.mjs")).args(["--port", &port.to_string()]);
    command.args([
        "--redirect",
        &format!("{origin}/login/callback"),
        "--after-logout",
        &format!("{origin}/logout/done"),
    ]);
    command.args(["--back-channel", &format!("{origin}/oidc/{connection}/back-channel-logout")]);
    command.args(["--client-jwks", &format!("{origin}/oidc/{connection}/jwks.json")]);
    command.arg("--users").arg(users);
    // It warns about its development pages and keys; what goes wrong in it shows in the pages.
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node starts")
}

/// What the provider tells next; its library may say something of its own in between. None at its end.
fn next_line(says: &mut impl BufRead) -> Option<Value> {
    says.lines().map_while(Result::ok).find_map(|line| serde_json::from_str(&line).ok())
}
