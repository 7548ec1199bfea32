//! The console's page and the command line.

use crate::{KEY, Scene, pretend::Mood};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, process::Command};

impl Scene {
    /// A browser's cookie of the first owner.
    async fn cookie(&self) -> String {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let link = self.world.app.recover_organization("acme", "owner@acme.example.com").await.unwrap();
        let body = format!("token={}", link.expose());
        let answer = self.world.client.send("POST", "/login/link", &form, Some(body)).await.expect(303);
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub async fn page(&self, path: &str) -> String {
        let cookie = self.cookie().await;
        self.world.client.get(path, &[("cookie", &cookie), ("accept", "text/html")]).await.expect(200).text
    }

    /// A form, as a browser sends it; where it leads.
    async fn press(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let cookie = self.cookie().await;
        let page = self.world.client.get("/console/you", &[("cookie", &cookie)]).await.expect(200).text;
        let token = page.split_once("name=\"form\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("form", &token).extend_pairs(fields);
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let answer = self.world.client.send("POST", path, &headers, Some(form.finish())).await.expect(303);
        answer.header("location").to_owned()
    }

    /// The command line, with the first owner's key.
    async fn castgate(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_castgate"))
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .env("CASTGATE_URL", &self.world.origin)
            .env("CASTGATE_KEY", &self.acme.key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let done = child.wait_with_output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_clusters_takes_a_key_reads_and_forgets() {
    let scene = Scene::set().await;
    scene.there.has(&[("c-1", "Prod EU"), ("c-2", "产品")]);
    let page = scene.page("/console/clusters").await;
    assert!(page.contains("Not connected") && page.contains("name=\"api_key\" type=\"password\""), "{page}");
    let led = scene.press("/console/clusters/cast-ai", &[("api_key", KEY)]).await;
    assert_eq!(led, "/console/clusters?said=clusters-read");
    let page = scene.page(&led).await;
    for text in
        ["Prod EU", "2 clusters are listed there", "Only a person can say", "产品", "castai_v1_01", "were read."]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains(&KEY[12..40]), "{page}");
    scene.there.is(Mood::Status(503));
    let led = scene.press("/console/clusters/cast-ai/read", &[]).await;
    let page = scene.page(&led).await;
    assert!(page.contains("could not be read") && page.contains("Cast AI answered 503"), "{page}");
    scene.there.is(Mood::Whole);
    scene.there.has(&[]);
    scene.press("/console/clusters/cast-ai/read", &[]).await;
    let page = scene.page("/console/clusters").await;
    assert!(page.contains("No longer at Cast AI"), "{page}");
    let led = scene.press("/console/clusters/cast-ai/end", &[]).await;
    let page = scene.page(&led).await;
    assert!(page.contains("Not connected") && page.contains("The key is forgotten"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_connects_syncs_and_says_how_it_stands() {
    let scene = Scene::set().await;
    scene.there.has(&[("c-1", "Prod EU"), ("c-2", "42")]);
    let (code, out, _) = scene.castgate(&["clusters", "standing"], "").await;
    assert!(code == 0 && out.contains("No key of Cast AI was given"), "{out}");
    let (code, _, err) = scene.castgate(&["clusters", "sync"], "").await;
    assert!(code == 6 && err.contains("no key of Cast AI was given"), "{code} {err}");
    let (code, out, err) = scene.castgate(&["clusters", "connect", "--key-file", "-"], &format!("{KEY}\n")).await;
    assert!(code == 0 && out.contains("New here: prod-eu") && out.contains("Undecided: 42 (c-2)"), "{out} {err}");
    scene.there.has(&[("c-2", "42")]);
    let (_, out, _) = scene.castgate(&["clusters", "sync"], "").await;
    assert!(out.contains("No longer at Cast AI; what is held on them stays: prod-eu"), "{out}");
    let (_, out, _) = scene.castgate(&["clusters", "list"], "").await;
    assert!(out.contains("GONE THERE SINCE") && out.contains("2026-11-21 08:30Z"), "{out}");
    scene.there.is(Mood::Status(500));
    let (code, _, err) = scene.castgate(&["clusters", "sync"], "").await;
    assert!(code == 1 && err.contains("Cast AI answered 500"), "{code} {err}");
    let (_, out, _) = scene.castgate(&["clusters", "standing"], "").await;
    assert!(
        out.contains("They cannot be read: Cast AI answered 500") && out.contains("Last success 2026-11-21"),
        "{out}"
    );
    let (code, _, err) = scene.castgate(&["clusters", "disconnect", "--yes"], "").await;
    assert_eq!(code, 0, "{err}");
    assert!(!scene.castgate(&["clusters", "standing", "-o", "json"], "").await.1.contains(&KEY[12..40]));
}
