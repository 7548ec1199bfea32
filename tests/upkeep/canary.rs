//! Secrets that are known go in at every door, by the right way and by wrong ones. Afterwards they are looked for in everything
//! that castgate wrote: its log at its noisiest, its answers, its metrics, its database, what a backup and a dump of it hold, Redis.

use crate::{
    place::{CLIENT_SECRET, Place, Server, printed},
    postgres,
};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use reqwest::header::SET_COOKIE;
use serde_json::json;
use std::{
    fmt::Write as _,
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

const PASSWORD: &str = "canary-password-77ab31";
const STORE_PASSWORD: &str = "canary-store-password-b2";
const CACHE_PASSWORD: &str = "canary-cache-password-c3";
const MISTYPED: &str = "canary-mistyped-secret-d4";

/// Something that must not be found, and its name.
type Needle = (&'static str, String);

/// The secrets that are found in some bytes, as they are or in one of the usual codings.
fn found(bytes: &[u8], needles: &[Needle]) -> Vec<&'static str> {
    let is_in = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    let leaks = |secret: &str| {
        let raw = secret.as_bytes();
        // The end of a Base64 text depends on what follows.
        let start = |text: String| text[..text.len() - 4].to_owned();
        let coded = [HEXLOWER.encode(raw), start(BASE64.encode(raw)), start(BASE64URL_NOPAD.encode(raw))];
        is_in(raw) || coded.iter().any(|coded| is_in(coded.as_bytes()))
    };
    needles.iter().filter(|(_, secret)| leaks(secret)).map(|(name, _)| *name).collect()
}

/// What castgate answered, all of it.
#[derive(Default)]
struct Answers(String);

struct Door<'a> {
    client: reqwest::Client,
    origin: &'a str,
    answers: Answers,
}

impl Door<'_> {
    async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Vec<String>) {
        let url = format!("{}{path}", self.origin);
        let mut request = self.client.request(method.parse().unwrap(), url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        assert_ne!(status, 500, "{method} {path}");
        let cookies: Vec<_> =
            answer.headers().get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
        let others: Vec<_> = answer.headers().iter().filter(|(name, _)| **name != SET_COOKIE).collect();
        // The page behind a link asks its reader to press a button, and has to send the link's own token on.
        let has_token = ["/login/link", "/login/test/", "/setup/"].iter().any(|of| path.starts_with(of));
        if status >= 400 || !has_token {
            writeln!(self.answers.0, "{status} {others:?}").unwrap();
            // A form that is shown again is sent to where it came from.
            let own = path.strip_prefix("/setup/").and_then(|rest| rest.split('/').next()).unwrap_or("\u{0}");
            self.answers.0.push_str(&answer.text().await.unwrap().replace(own, "…"));
        }
        (status, cookies)
    }
}

/// Passwords, codes and links are sent to every page that takes one.
async fn passwords_are_tried(door: &mut Door<'_>) {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let origin = ("origin", door.origin);
    for path in ["/login/password", "/login/reset", "/login/code", "/login/forgot", "/invitations/x/password"] {
        let person = "email=owner%40acme.test&organization=acme";
        let sent = format!("{person}&password={PASSWORD}&again={PASSWORD}&code={MISTYPED}&token={MISTYPED}");
        door.send("POST", path, &[form, origin], &sent).await;
        door.send("POST", path, &[form, origin], &format!("{sent}&password=%FF")).await;
    }
}

/// Everybody comes, some of them wrongly. Gives the session's cookie.
async fn everybody_comes(place: &Place, door: &mut Door<'_>) -> String {
    let scim = format!("Bearer {}", place.scim_token);
    let key = format!("Bearer {}", place.key);
    let mistyped = format!("Bearer {MISTYPED}");
    let scim_type = ("content-type", "application/scim+json");
    let json_type = ("content-type", "application/json");
    let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
    let person =
        json!({"schemas": schemas, "userName": "ada", "externalId": "1", "password": PASSWORD, "active": true});
    let ways =
        [("authorization", scim.as_str()), ("authorization", key.as_str()), ("authorization", mistyped.as_str())];
    for way in ways {
        door.send("POST", "/scim/v2/Users", &[way, scim_type], &person.to_string()).await;
        door.send("POST", "/scim/v2/Users", &[way, scim_type], &format!("{{\"password\": \"{PASSWORD}\", ")).await;
        door.send(
            "POST",
            "/scim/v2/Users",
            &[way, scim_type],
            &json!({"password": [PASSWORD], "userName": 5}).to_string(),
        )
        .await;
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "password", "value": PASSWORD}, {"op": "replace", "value": {"password": PASSWORD}}],
        });
        door.send("PATCH", "/scim/v2/Users/usr_1", &[way, scim_type], &patch.to_string()).await;
        door.send("GET", "/scim/v2/Users", &[way], "").await;
        door.send("GET", "/scim/v2/Users?filter=nonsense%20eq", &[way], "").await;
        for path in
            ["/api/v1/me", "/api/v1/organization", "/api/v1/connections", "/api/v1/events", "/auth/verify", "/nowhere"]
        {
            door.send("GET", path, &[way], "").await;
        }
        let connection = json!({"name": "other", "settings": {"profile": "okta"}, "client_secret": CLIENT_SECRET});
        door.send("POST", "/api/v1/connections", &[way, json_type], &connection.to_string()).await;
        let wrong = json!({"name": 5, "client_secret": CLIENT_SECRET, "settings": {"profile": "none"}});
        door.send("POST", "/api/v1/connections", &[way, json_type], &wrong.to_string()).await;
        door.send(
            "POST",
            "/api/v1/connections",
            &[way, json_type],
            &format!("{{\"client_secret\":\"{CLIENT_SECRET}\""),
        )
        .await;
    }
    for secret in [&place.key, &place.scim_token, &MISTYPED.to_owned()] {
        let cookie = format!("castgate={secret}");
        let basic = format!("Basic {}", BASE64.encode(format!("castgate:{secret}").as_bytes()));
        door.send("GET", "/auth/verify", &[("cookie", &cookie)], "").await;
        door.send("GET", "/account", &[("cookie", &cookie)], "").await;
        door.send("GET", "/api/v1/me", &[("authorization", &basic)], "").await;
        door.send("GET", &format!("/auth/callback?code={secret}&state={secret}"), &[], "").await;
    }
    let form = ("content-type", "application/x-www-form-urlencoded");
    let origin = ("origin", door.origin);
    let (link, token) = (format!("/login/link?token={}", place.link), format!("token={}", place.link));
    let set_up = format!("issuer=http%3A%2F%2F127.0.0.1%3A9&client_id=castgate&client_secret={CLIENT_SECRET}");
    passwords_are_tried(door).await;
    let (setup, test) = (format!("/setup/{}", place.setup_link), format!("/login/test/{}", place.test_link));
    door.send("GET", &setup, &[], "").await;
    assert_eq!(door.send("POST", &setup, &[form, origin], &set_up).await.0, 303);
    door.send("POST", &setup, &[form, origin], &format!("client_secret={CLIENT_SECRET}")).await;
    door.send("POST", &format!("{setup}/test"), &[form, origin], "").await;
    door.send("GET", &test, &[], "").await;
    door.send("POST", &test, &[form, origin], "").await;
    door.send("GET", &format!("/login/callback?code={MISTYPED}&state={MISTYPED}.{MISTYPED}"), &[], "").await;
    door.send("GET", "/api/v1/sign-ins", &[("authorization", &key)], "").await;
    let (_, mut cookies) = door.send("GET", &link, &[], "").await;
    cookies.extend(door.send("POST", "/login/link", &[form, origin], &token).await.1);
    door.send("POST", "/login/link", &[form, origin], &token).await;
    let session = cookies.iter().find_map(|cookie| cookie.strip_prefix("castgate=")).expect("the link signs in");
    let session = session.split(';').next().unwrap().to_owned();
    let cookie = format!("castgate={session}");
    for path in ["/auth/verify", "/account", "/api/v1/me", "/login", "/terms"] {
        door.send("GET", path, &[("cookie", &cookie)], "").await;
    }
    let service = door.send("POST", "/api/v1/connections", &[("cookie", &cookie), json_type], "{}").await;
    assert_ne!(service.0, 200);
    session
}

/// The files of a directory, by name: log, database with its own log, backups.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let all = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let all = all.filter(|path| path.is_file() && path.file_name().unwrap() != "master.key");
    all.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())).collect()
}

async fn visit(place: &Place, server: &Server) -> (Vec<Needle>, Vec<(String, Vec<u8>)>) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut door = Door { client, origin: &server.origin, answers: Answers::default() };
    let session = everybody_comes(place, &mut door).await;
    let metrics = reqwest::get(format!("{}/metrics", server.origin)).await.unwrap().text().await.unwrap();
    let key_file = fs::read_to_string(place.path().join("master.key")).unwrap();
    let master = key_file.lines().find(|line| line.len() == 64).unwrap().to_owned();
    let needles = vec![
        ("the client secret", CLIENT_SECRET.to_owned()),
        ("the SCIM token", place.scim_token.clone()),
        ("the API key", place.key.clone()),
        ("the sign-in link", place.link.clone()),
        ("the set-up link", place.setup_link.clone()),
        ("the address of a test", place.test_link.clone()),
        ("the session", session),
        ("a password", PASSWORD.to_owned()),
        ("a mistyped secret", MISTYPED.to_owned()),
        ("the password of PostgreSQL", STORE_PASSWORD.to_owned()),
        ("the password of Redis", CACHE_PASSWORD.to_owned()),
        ("the master key", master),
    ];
    (needles, vec![("answers".to_owned(), door.answers.0.into_bytes()), ("metrics".to_owned(), metrics.into_bytes())])
}

fn assert_silent(written: &[(String, Vec<u8>)], needles: &[Needle]) {
    for (name, bytes) in written {
        let leaked = found(bytes, needles);
        let shown = leaked.first().and_then(|leak| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let secret = &needles.iter().find(|(name, _)| name == leak)?.1;
            text.lines()
                .find(|line| line.contains(secret.as_str()))
                .map(|line| line.chars().take(600).collect::<String>())
        });
        assert!(leaked.is_empty(), "{name} holds {leaked:?}: {shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_anything_that_castgate_writes_beside_sqlite() {
    let place = Place::make(&[("CASTGATE_LOG__LEVEL", "trace")]).await;
    let server = place.serve().await.unwrap();
    let (needles, mut written) = visit(&place, &server).await;
    let backup = place.path().join("backup.db");
    assert!(place.run(&["backup", backup.to_str().unwrap()]).status.success());
    assert!(place.run(&["master-key", "rotate"]).status.success());
    for arguments in [&["audit", "verify"][..], &["master-key", "status"], &["check"]] {
        let output = place.run(arguments);
        written.push((arguments.join(" "), printed(&output).into_bytes()));
    }
    written.extend(files(place.path()));
    let names: Vec<_> = written.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["answers", "log", "castgate.db", "castgate.db-wal", "backup.db", "backup.db.manifest"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert_silent(&written, &needles);
    let told = place.told();
    assert!(told.contains("DEBUG"), "the log is at its noisiest: {}", told.chars().take(2000).collect::<String>());

    // The search finds what is there: each secret, put into the database by another hand.
    let database = rusqlite::Connection::open(place.path().join("castgate.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    for (name, secret) in &needles {
        database.execute("UPDATE organizations SET name = ?1", [secret]).unwrap();
        let all: Vec<_> = files(place.path()).iter().flat_map(|(_, bytes)| found(bytes, &needles)).collect();
        assert!(all.contains(name), "{name} is not found where it is");
    }
}

struct Redis(Child, tempfile::TempDir, u16);

impl Redis {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = tempfile::tempdir().unwrap();
        let port_text = port.to_string();
        let arguments =
            ["--port", &port_text, "--requirepass", CACHE_PASSWORD, "--save", "", "--rdbcompression", "no", "--dir"];
        let mut command = Command::new("redis-server");
        command.args(arguments).arg(directory.path()).stdout(Stdio::null());
        let Ok(child) = command.spawn() else {
            let is_required = std::env::var("CASTGATE_TEST_LEGS").as_deref() == Ok("required");
            assert!(!is_required, "redis-server is not installed");
            println!("skipped: redis-server is not installed");
            return None;
        };
        Some(Self(child, directory, port))
    }

    fn url(&self) -> String {
        format!("redis://:{CACHE_PASSWORD}@127.0.0.1:{}", self.2)
    }

    /// Everything in it: all keys with all values, uncompressed.
    async fn dump(&self) -> Vec<u8> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let () = redis::cmd("SAVE").query_async(&mut connection).await.unwrap();
        fs::read(self.1.path().join("dump.rdb")).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_anything_that_castgate_writes_beside_postgresql_and_redis() {
    let (Some(database), Some(redis)) = (postgres::fresh_database().await, Redis::start()) else { return };
    let mut url = url::Url::parse(&database).unwrap();
    url.set_password(Some(STORE_PASSWORD)).unwrap();
    let place = Place::make(&[
        ("CASTGATE_LOG__LEVEL", "trace"),
        ("CASTGATE_STORE__ENGINE", "postgres"),
        ("CASTGATE_STORE__POSTGRES_URL", url.as_str()),
        ("CASTGATE_CACHE__REDIS_URL", &redis.url()),
    ])
    .await;
    let server = place.serve().await.unwrap();
    let (needles, mut written) = visit(&place, &server).await;
    let dumped = redis.dump().await;
    assert!(dumped.len() > 300, "something is cached: {} bytes", dumped.len());
    written.push(("Redis".to_owned(), dumped));
    let dump = Command::new(postgres::installed().unwrap().join("pg_dump")).arg(&database).output().unwrap();
    assert!(dump.status.success() && dump.stdout.len() > 10_000, "{}", printed(&dump));
    written.push(("a dump".to_owned(), dump.stdout));
    let refused = place.run(&["backup", "/nowhere/backup"]);
    assert!(!refused.status.success() && printed(&refused).contains("pg_dump"), "{}", printed(&refused));
    written.push(("backup".to_owned(), printed(&refused).into_bytes()));
    written.extend(files(place.path()));
    drop((server, redis));
    // What it says when neither answers any more.
    let gone = place.run(&["audit", "verify"]);
    written.push(("audit".to_owned(), printed(&gone).into_bytes()));
    assert_silent(&written, &needles);
}
