//! Where somebody is signed in.

use crate::{Scene, fed, said};
use std::{fs, os::unix::fs::PermissionsExt};

impl Scene {
    /// A command of somebody whom only the contexts file signs in.
    pub async fn by_the_file(&self, arguments: &[&str]) -> crate::Said {
        let mut command = self.bare(crate::PROGRAM);
        command.args(arguments);
        said(command).await
    }

    pub async fn login_with_key(&self, key: &str, arguments: &[&str]) -> crate::Said {
        let mut command = self.bare(crate::PROGRAM);
        command.args(["login", &self.world.origin, "--with-key"]).args(arguments);
        fed(command, &format!("{key}\n")).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_read_from_standard_input_and_kept_for_nobody_else() {
    let scene = Scene::set().await;
    let none = scene.by_the_file(&["whoami"]).await.expect(3);
    assert!(none.err.contains("castgate login"), "{none:?}");
    scene.login_with_key("cgk_mistyped", &[]).await.expect(2);
    let said = scene.login_with_key(&scene.organization.key, &[]).await.expect(0);
    assert_eq!(said.out, "You are owner@acme.example.com at acme. The context is “acme”.\n");
    assert!(!format!("{said:?}").contains(&scene.organization.key));
    assert_eq!(fs::metadata(scene.contexts()).unwrap().permissions().mode() & 0o777, 0o600);
    scene.by_the_file(&["whoami"]).await.expect(0);
    fs::set_permissions(scene.contexts(), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = scene.by_the_file(&["whoami"]).await.expect(1);
    assert!(refused.err.contains("chmod 600"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_goes_from_organization_to_organization() {
    let scene = Scene::set().await;
    let globex = scene.world.organization("globex").await;
    scene.login_with_key(&scene.organization.key, &[]).await.expect(0);
    scene.login_with_key(&globex.key, &["--name", "other"]).await.expect(0);
    let slug = async |arguments: &[&str]| {
        let said = scene.by_the_file(&[&["whoami", "-o", "json"], arguments].concat()).await.expect(0);
        said.json()["organization"]["slug"].as_str().unwrap().to_owned()
    };
    assert_eq!(slug(&[]).await, "globex");
    assert_eq!(slug(&["--context", "acme"]).await, "acme");
    scene.by_the_file(&["context", "use", "acme"]).await.expect(0);
    assert_eq!(slug(&[]).await, "acme");
    let list = scene.by_the_file(&["context", "list"]).await.expect(0);
    insta::assert_snapshot!("context_list", list.out.replace(&scene.world.origin, "ORIGIN"));
    // The environment counts more than the file, and the option more than the environment.
    let mut command = scene.command(&["whoami", "-o", "json"]);
    command.env("CASTGATE_KEY", &globex.key);
    assert_eq!(said(command).await.expect(0).json()["organization"]["slug"], "globex");
    let mut command = scene.command(&["whoami", "-o", "json", "--context", "acme"]);
    command.env("CASTGATE_KEY", &globex.key);
    assert_eq!(said(command).await.expect(0).json()["organization"]["slug"], "acme");
    // A key goes nowhere but where it was made.
    let mut command = scene.bare(crate::PROGRAM);
    command.arg("whoami").env("CASTGATE_URL", "https://elsewhere.example");
    said(command).await.expect(3);
    scene.by_the_file(&["context", "use", "nowhere"]).await.expect(5);
    scene.by_the_file(&["context", "remove", "acme"]).await.expect(0);
    scene.by_the_file(&["whoami"]).await.expect(3);
    scene.by_the_file(&["whoami", "--context", "other"]).await.expect(0);
    scene.by_the_file(&["logout", "--context", "other"]).await.expect(0);
    scene.run_as(&globex.key, &["whoami"]).await.expect(0);
}
