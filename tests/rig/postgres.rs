//! A PostgreSQL for the tests: the one that `CASTGATE_TEST_POSTGRES_URL` names, or one of the process's own.

use std::{
    env,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Starts a server, says `ready`, and clears up when its standard input ends, which is when the tests end.
const SERVER: &str = r#"
directory=$(mktemp -d) && cd "$directory" || exit 1
"$1/initdb" -D data -U castgate -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1 || exit 1
"$1/postgres" -D data -p "$2" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$directory" \
    -c fsync="$3" -c max_connections=200 >postgres.log 2>&1 &
for try in $(seq 100); do "$1/pg_isready" -q -h 127.0.0.1 -p "$2" && break; sleep 0.1; done
echo ready
read -r _
kill -INT $! ; wait $! ; cd / ; rm -rf "$directory"
"#;

/// The address of a new, empty database; none where there is no PostgreSQL, unless `CASTGATE_TEST_LEGS=required`.
pub(crate) async fn fresh_database() -> Option<String> {
    Some(database_on(&server()?).await)
}

/// The address of a new, empty database on a server.
pub(crate) async fn database_on(server: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("castgate_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    // It sorts texts the American way: a text that ought to sort by its bytes and does not is noticed.
    let american = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'";
    client.batch_execute(&format!("CREATE DATABASE {name} {american}")).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(&name);
    url.into()
}

fn server() -> Option<String> {
    static SERVER: OnceLock<Option<(String, Option<Child>)>> = OnceLock::new();
    let started = SERVER.get_or_init(|| match env::var("CASTGATE_TEST_POSTGRES_URL") {
        Ok(url) => Some((url, None)),
        Err(_) => start("off").map(|(url, child)| (url, Some(child))),
    });
    if started.is_none() {
        assert!(env::var("CASTGATE_TEST_LEGS").as_deref() != Ok("required"), "PostgreSQL is not installed");
        eprintln!("skipped: PostgreSQL is not installed");
    }
    started.as_ref().map(|(url, _)| url.clone())
}

/// A server of one's own, as long as its process lives. `fsync` is `on` where it matters what a commit costs.
pub(crate) fn start(fsync: &str) -> Option<(String, Child)> {
    let binaries = installed()?;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // PostgreSQL refuses to run as root: then it runs as the user that its package made.
    let root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").ok()?) == 0;
    let mut command = if root { Command::new("setpriv") } else { Command::new("sh") };
    if root {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "sh"]);
    }
    command.args(["-c", SERVER, "sh"]).arg(&binaries).args([&port.to_string(), fsync]);
    let mut child = command.env_remove("TMPDIR").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "PostgreSQL did not start");
    Some((format!("postgres://castgate@127.0.0.1:{port}/postgres"), child))
}

/// Where the newest PostgreSQL of this machine keeps its programs.
pub(crate) fn installed() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let binaries = versions.filter_map(Result::ok).map(|version| version.path().join("bin"));
    binaries.filter(|path| path.join("initdb").exists()).max()
}
