//! Exit codes, and what is said with them.

use crate::{Scene, said};
use castgate::model::Profile;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_refusal_has_its_code_and_says_what_to_do() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    let viewer = scene.viewer(&okta).await;

    let told = scene.run(&["users", "list", "--no-such-option"]).await.expect(2);
    assert!(told.out.is_empty() && told.err.contains("--no-such-option"), "{told:?}");

    let stale = format!("{}x", &scene.organization.key[..scene.organization.key.len() - 1]);
    let told = scene.run_as(&stale, &["whoami"]).await.expect(3);
    assert!(told.err.contains(&format!("castgate login {}", scene.world.origin)), "{told:?}");

    let told = scene.run_as(&viewer, &["clusters", "declare", "prod-eu"]).await.expect(4);
    assert!(told.err.contains("Ask an owner") && told.err.contains("(request req_"), "{told:?}");

    let told = scene.run(&["users", "get", "nobody@acme.test"]).await.expect(5);
    assert!(told.err.contains("there is no user “nobody@acme.test”"), "{told:?}");
    scene.run(&["users", "get", "usr_06h00krhv1t3jel88ooobccad0"]).await.expect(5);
    scene.run(&["users", "get", "usr_../keys"]).await.expect(5);

    scene.run(&["clusters", "declare", "prod-eu"]).await.expect(0);
    scene.run(&["clusters", "declare", "prod-eu"]).await.expect(6);

    let owner = scene.run(&["whoami", "-o", "name"]).await.expect(0);
    let told = scene.run(&["users", "suspend", owner.out.trim(), "--yes"]).await.expect(6);
    assert!(told.err.contains("owner"), "{told:?}");

    let mut command = scene.command(&["whoami"]);
    command.env("CASTGATE_URL", "http://127.0.0.1:1");
    let away = said(command).await.expect(7);
    assert!(away.err.starts_with("castgate: 127.0.0.1 could not be reached"), "{away:?}");
    let mut command = scene.command(&["whoami"]);
    command.env("CASTGATE_URL", "http://192.0.2.1");
    let told = said(command).await.expect(2);
    assert!(told.err.contains("https"), "a key is not sent in the clear: {told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_access_is_not_done_unasked() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    scene.push(&okta, "ada@acme.test").await;
    scene.run(&["keys", "create", "ci"]).await.expect(0);
    for arguments in [
        &["users", "suspend", "ada@acme.test"][..],
        &["keys", "revoke", "ci"],
        &["connections", "disable", "okta"],
        &["connections", "tokens", "revoke", "okta", &okta.token.hint],
    ] {
        let told = scene.run(arguments).await.expect(2);
        assert!(told.err.contains("add --yes"), "{told:?}");
    }
    assert_eq!(scene.run(&["users", "get", "ada@acme.test", "-o", "json"]).await.json()["state"], "active");
    assert_eq!(scene.run(&["connections", "get", "okta", "-o", "json"]).await.json()["enabled"], true);
    okta.get("/Users").await.expect(200);
    assert_eq!(scene.api("/keys").await["items"].as_array().unwrap().len(), 2);
}
