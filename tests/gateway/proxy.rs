//! nginx and Envoy, each with the configuration that the repository shows, and other ports.
//!
//! `tests/run` installs them. Without one its tests say that they skip, except where `CASTGATE_TEST_LEGS=required` forbids it.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A running proxy; it is stopped with this.
pub struct Running {
    child: Child,
    directory: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            eprintln!("the proxy said:\n{}", log.lines().rev().take(30).collect::<Vec<_>>().join("\n"));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Envoy,
}

/// Who listens where.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub proxy: u16,
    pub castgate: u16,
    pub service: u16,
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Kind {
    /// The program; none where it is not installed and need not be.
    pub fn program(self) -> Option<PathBuf> {
        let found = match self {
            // Debian puts it where root looks.
            Self::Nginx => {
                ["/usr/sbin/nginx", "/usr/bin/nginx"].map(PathBuf::from).into_iter().find(|path| path.exists())
            }
            Self::Envoy => {
                let venv = env::var_os("CASTGATE_TEST_VENV").map(|venv| Path::new(&venv).join("bin/envoy"));
                venv.filter(|path| path.exists())
            }
        };
        if found.is_none() {
            assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "{self:?} is not installed");
            eprintln!("skipped: {self:?} is not installed; tests/run installs it");
        }
        found
    }

    /// Starts it on the repository's configuration.
    pub async fn start(self, program: &Path, ports: Ports) -> Running {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        match self {
            Self::Nginx => {
                let text = fs::read_to_string(config.join("nginx.conf")).unwrap();
                let passes = fs::read_to_string(config.join("castgate-passes.conf")).unwrap();
                let text = substituted(
                    &text,
                    &[
                        ("127.0.0.1:8000", ports.proxy),
                        ("127.0.0.1:8080", ports.castgate),
                        ("127.0.0.1:9000", ports.service),
                    ],
                );
                // What depends on the machine and not on castgate.
                let text = format!("daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr notice;\n{}", text.replace("http {\n", "http {\n    access_log off;\n    client_body_temp_path t;\n    proxy_temp_path t;\n    fastcgi_temp_path t;\n    scgi_temp_path t;\n    uwsgi_temp_path t;\n"));
                let directory = TempDir::new().unwrap();
                fs::write(directory.path().join("castgate-passes.conf"), passes).unwrap();
                let arguments = |file: &Path| vec!["-p".into(), directory.path().into(), "-c".into(), file.into()];
                let file = directory.path().join("nginx.conf");
                fs::write(&file, text).unwrap();
                let arguments = arguments(&file);
                run(program, arguments, directory, ports.proxy).await
            }
            Self::Envoy => {
                let text = fs::read_to_string(config.join("envoy.yaml")).unwrap();
                let text = substituted(
                    &text,
                    &[
                        ("port_value: 8000", ports.proxy),
                        ("port_value: 8080", ports.castgate),
                        ("port_value: 9000", ports.service),
                    ],
                );
                envoy(program, &text, ports.proxy).await
            }
        }
    }
}

/// Starts Envoy on a configuration.
pub async fn envoy(program: &Path, text: &str, port: u16) -> Running {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("envoy.yaml");
    fs::write(&file, text).unwrap();
    // A number of its own for each: two of them would meet in shared memory.
    let arguments = [
        "-c".into(),
        file,
        "--concurrency".into(),
        "1".into(),
        "--disable-hot-restart".into(),
        "-l".into(),
        "warning".into(),
    ];
    run(program, arguments.to_vec(), directory, port).await
}

/// Every one of these addresses has to be there, with this port in its place.
pub fn substituted(text: &str, ports: &[(&str, u16)]) -> String {
    ports.iter().fold(text.to_owned(), |text, (shown, port)| {
        assert!(text.contains(shown), "{shown} is not in the configuration");
        let start = shown.trim_end_matches(|letter: char| letter.is_ascii_digit());
        text.replace(shown, &format!("{start}{port}"))
    })
}

async fn run(program: &Path, arguments: Vec<PathBuf>, directory: TempDir, port: u16) -> Running {
    let log = fs::File::create(directory.path().join("log")).unwrap();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let mut running = Running { child: command.spawn().unwrap(), directory };
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return running;
        }
        if let Some(status) = running.child.try_wait().unwrap() {
            panic!("the proxy ended: {status}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the proxy does not listen");
}
