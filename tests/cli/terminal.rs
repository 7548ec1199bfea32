//! At a terminal: questions, colour, and what a person sees of a secret. `script` gives the program one.

use crate::{PROGRAM, Said, Scene, fed};
use castgate::model::Profile;

impl Scene {
    /// A command at a terminal of its own at which somebody types `text`. Both outputs come as one.
    async fn at_terminal(&self, arguments: &[&str], text: &str, environment: &[(&str, &str)]) -> Option<Said> {
        if !std::path::Path::new("/usr/bin/script").exists() {
            assert_ne!(std::env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "there is no /usr/bin/script");
            eprintln!("skipped: there is no /usr/bin/script, which gives a program a terminal");
            return None;
        }
        let mut command = self.bare("/usr/bin/script");
        let line = [&[PROGRAM], arguments].concat().join(" ");
        command.args(["--quiet", "--return", "--echo", "never", "--command", &line, "/dev/null"]);
        command.env("CASTGATE_URL", &self.world.origin).env("CASTGATE_KEY", &self.organization.key);
        command.env("TERM", "xterm").envs(environment.iter().copied());
        Some(fed(command, text).await)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_asked_before_access_ends() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    scene.push(&okta, "ada@acme.test").await;
    let state = async || scene.run(&["users", "get", "ada@acme.test", "-o", "json"]).await.json()["state"].clone();
    let suspend = ["users", "suspend", "ada@acme.test"];
    let Some(no) = scene.at_terminal(&suspend, "n\n", &[]).await else { return };
    assert!(no.out.contains("ada@acme.test loses access at once") && no.out.contains("[y/N]"), "{no:?}");
    assert!(no.code == 1 && no.out.contains("nothing was changed"), "{no:?}");
    assert_eq!(state().await, "active");
    let yes = scene.at_terminal(&suspend, "y\n", &[]).await.unwrap().expect(0);
    assert!(yes.out.contains("ada@acme.test is suspended."), "{yes:?}");
    assert_eq!(state().await, "suspended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colour_is_for_terminals_whose_owner_wants_it() {
    let scene = Scene::set().await;
    let Some(colourful) = scene.at_terminal(&["users", "list"], "", &[]).await else { return };
    assert!(colourful.out.contains("\u{1b}["), "{colourful:?}");
    let plain = |said: &Said| {
        // What turns while people wait clears its line; that is no colour.
        !said.out.contains("\u{1b}[3") && !said.out.contains("\u{1b}[1m")
    };
    assert!(!plain(&colourful));
    for unwanted in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let said = scene.at_terminal(&["users", "list"], "", &[unwanted]).await.unwrap().expect(0);
        assert!(plain(&said), "{unwanted:?}: {said:?}");
    }
    let piped = scene.run(&["users", "list"]).await.expect(0);
    assert!(!piped.out.contains('\u{1b}') && piped.err.is_empty(), "{piped:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_what_the_secret_is_for() {
    let scene = Scene::set().await;
    let Some(said) = scene.at_terminal(&["keys", "create", "ci"], "", &[]).await else { return };
    assert!(said.out.contains("it is not shown again") && said.out.contains("cgk_"), "{said:?}");
}
