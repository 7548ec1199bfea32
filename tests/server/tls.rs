//! TLS, with certificates that openssl made and curl for a client.

use crate::scene::{PATIENCE, Raw, Scene, get, millis};
use castgate::{config::Settings, http, model::Instant};
use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;
use tokio::time::{Duration, sleep};

/// A certificate and its key, where the settings will find them.
struct Pair {
    directory: TempDir,
}

impl Pair {
    fn make() -> Self {
        let pair = Self { directory: tempfile::tempdir().unwrap() };
        pair.renew("30");
        pair
    }

    fn certificate(&self) -> PathBuf {
        self.directory.path().join("tls.crt")
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("tls.key")
    }

    /// What clients trust, as it is now.
    fn trusted(&self, name: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::copy(self.certificate(), &path).unwrap();
        path
    }

    fn renew(&self, days: &str) {
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                days,
            ])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
            .arg("-keyout")
            .arg(self.key())
            .arg("-out")
            .arg(self.certificate())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        fs::set_permissions(self.key(), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn name_in(&self, settings: &mut Settings) {
        settings.server.tls_certificate = Some(self.certificate());
        settings.server.tls_key = Some(self.key());
    }
}

/// What curl says: version of HTTP, status, and whether it trusted the server.
async fn curl(address: SocketAddr, trusted: &Path, arguments: &[&str]) -> String {
    let mut command = tokio::process::Command::new("curl");
    command
        .args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--output", "/dev/null"])
        .args(["--write-out", "%{http_version} %{http_code} %{ssl_verify_result}"])
        .arg("--cacert")
        .arg(trusted)
        .args(arguments)
        .arg(format!("https://{address}/healthz"));
    let output = command.output().await.unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_protocols_and_both_versions_of_tls_are_spoken() {
    let pair = Pair::make();
    let scene = Scene::set(|settings| pair.name_in(settings)).await;
    let trusted = pair.trusted("trusted");
    assert_eq!(curl(scene.address, &trusted, &["--http2"]).await, "2 200 0");
    assert_eq!(curl(scene.address, &trusted, &["--http1.1"]).await, "1.1 200 0");
    assert_eq!(curl(scene.address, &trusted, &["--tls-max", "1.2"]).await, "2 200 0");
    assert_eq!(curl(scene.address, &trusted, &["--tlsv1.3"]).await, "2 200 0");
    let old = curl(scene.address, &trusted, &["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]).await;
    assert!(old.starts_with("0 000"), "{old}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_has_its_time_and_plain_http_is_no_handshake() {
    let pair = Pair::make();
    let scene = Scene::set(|settings| {
        pair.name_in(settings);
        settings.server.tls_handshake_timeout = millis(300);
        settings.server.header_timeout = millis(60_000);
    })
    .await;
    let mut silent: Raw<_> = scene.connect().await;
    assert!(silent.is_closed_silently().await);
    let mut plain = scene.connect().await;
    plain.say(get("/healthz")).await;
    assert!(!plain.rest().await.contains("HTTP/1.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pair_is_taken_up_and_a_bad_one_is_not() {
    let pair = Pair::make();
    let scene = Scene::set(|settings| pair.name_in(settings)).await;
    let first = pair.trusted("first");
    assert_eq!(curl(scene.address, &first, &[]).await, "2 200 0");

    // Nobody says anything: the files are looked at from time to time.
    pair.renew("30");
    let second = pair.trusted("second");
    until_trusted(&scene, &second).await;
    assert!(curl(scene.address, &first, &[]).await.contains("000"));

    // A key of another certificate, a file that is none, and one that is away.
    let key = fs::read(pair.key()).unwrap();
    for spoil in [Some(&b"-----BEGIN"[..]), None] {
        match spoil {
            Some(bytes) => fs::write(pair.key(), bytes).unwrap(),
            None => fs::remove_file(pair.key()).unwrap(),
        }
        scene.orders.reload();
        sleep(Duration::from_millis(500)).await;
        assert_eq!(curl(scene.address, &second, &[]).await, "2 200 0");
    }
    fs::write(pair.key(), key).unwrap();

    // SIGHUP: at once.
    pair.renew("30");
    let third = pair.trusted("third");
    scene.orders.reload();
    until_trusted(&scene, &third).await;
}

async fn until_trusted(scene: &Scene, trusted: &Path) {
    let began = tokio::time::Instant::now();
    loop {
        let said = curl(scene.address, trusted, &[]).await;
        if said == "2 200 0" {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{said}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// What `castgate check` says of the files.
fn findings(pair: &Pair, public_url: &str, days_from_now: u64) -> Vec<String> {
    let mut settings = Settings::load(None, std::iter::empty()).unwrap();
    pair.name_in(&mut settings);
    settings.server.public_url = public_url.parse().unwrap();
    let now = castgate::app::Clock::machine().now().plus(Duration::from_secs(days_from_now * 86_400));
    let found = http::check_tls(&settings, now);
    let directory = pair.directory.path().display().to_string();
    found.iter().map(|finding| finding.to_string().replace(&directory, "DIR")).collect()
}

#[test]
fn check_says_what_is_wrong_with_the_files() {
    let pair = Pair::make();
    let here = "https://localhost";
    assert_eq!(findings(&pair, here, 0), [""; 0]);
    assert_eq!(findings(&pair, "https://127.0.0.1", 0), [""; 0]);
    let elsewhere = findings(&pair, "https://sso.example.com", 0);
    assert!(elsewhere[0].contains("the certificate is not for sso.example.com"), "{elsewhere:?}");
    let soon = findings(&pair, here, 20);
    assert!(soon[0].starts_with("warning: server.tls_certificate: the certificate ends soon, at 20"), "{soon:?}");
    let over = findings(&pair, here, 40);
    assert!(over[0].contains("the certificate ended at 20"), "{over:?}");

    fs::set_permissions(pair.key(), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        findings(&pair, here, 0),
        ["error: server.tls_key: DIR/tls.key can be read or written by others (mode 644); run: chmod 600 DIR/tls.key"]
    );
    fs::set_permissions(pair.key(), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(findings(&pair, here, 0), [""; 0], "an orchestrator hands secrets out by group");

    let old_certificate = fs::read(pair.certificate()).unwrap();
    pair.renew("30");
    fs::write(pair.certificate(), old_certificate).unwrap();
    assert_eq!(
        findings(&pair, here, 0),
        ["error: server.tls_key: DIR/tls.key is not the key of the certificate in DIR/tls.crt"]
    );
    fs::write(pair.key(), "nonsense").unwrap();
    assert!(findings(&pair, here, 0)[0].starts_with("error: server.tls_key: DIR/tls.key holds no private key"));
    fs::write(pair.certificate(), "nonsense").unwrap();
    assert!(findings(&pair, here, 0)[0].starts_with("error: server.tls_certificate: DIR/tls.crt holds no certificate"));
    fs::remove_file(pair.certificate()).unwrap();
    assert!(findings(&pair, here, 0)[0].starts_with("error: server.tls_certificate: DIR/tls.crt: No such file"));
}

#[tokio::test]
async fn a_server_does_not_start_with_a_pair_that_does_not_fit() {
    let pair = Pair::make();
    fs::write(pair.key(), "nonsense").unwrap();
    let scene = Scene::set(|settings| pair.name_in(settings)).await;
    let error = scene.serving.await.unwrap().unwrap_err();
    assert!(error.to_string().starts_with("server.tls_key: "), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_knows_the_server_by_its_certificate() {
    let pair = Pair::make();
    let scene = Scene::set(|settings| pair.name_in(settings)).await;
    let mut settings = scene.world.app.settings().clone();
    settings.server.listen = scene.address;
    assert_eq!(http::probe(&settings, "/readyz").await.unwrap(), 200);
    assert_eq!(http::probe(&settings, "/nowhere").await.unwrap(), 404);
    let other = Pair::make();
    other.name_in(&mut settings);
    assert!(http::probe(&settings, "/readyz").await.is_err(), "somebody else's certificate");
}

#[test]
fn an_instant_reads_what_openssl_wrote() {
    let pair = Pair::make();
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in"]);
    let said = command.arg(pair.certificate()).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let Some(date) = text.trim().strip_prefix("notAfter=") else { panic!("{text}") };
    let ends: Instant = date.replace(' ', "T").parse().unwrap();
    let found = findings(&pair, "https://localhost", 29);
    assert!(found[0].ends_with(&format!("at {ends}")), "{found:?} {date}");
}
