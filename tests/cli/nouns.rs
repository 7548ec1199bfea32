//! Every noun, as people see it.

use crate::{Said, Scene, world::Connection};
use castgate::{app::Actor, model::Profile};
use insta::assert_snapshot;
use serde_json::json;

impl Scene {
    /// A key of somebody whom no rule gives anything: a viewer by default.
    pub async fn viewer(&self, connection: &Connection) -> String {
        let id = self.push(connection, "vera@acme.test").await;
        let mut ctx = self.organization.operator.clone();
        let session = "ses_06h00krhv1t3jel88ooobccad0".parse().unwrap();
        ctx.actor = Actor::User { id: id.parse().unwrap(), session };
        let terms = self.world.app.terms().await.unwrap();
        let versions: Vec<_> = terms.into_iter().map(|document| (document.kind, document.version)).collect();
        self.world.app.accept_terms(&ctx, &versions).await.unwrap();
        self.world.app.create_key(&ctx, "test", None).await.unwrap().secret.expose().to_owned()
    }

    pub async fn shows(&self, arguments: &[&str]) -> String {
        let Said { out, err, code } = self.run(arguments).await;
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}: {out}");
        crate::steady(&out).replace(&self.world.origin, "ORIGIN")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_list_says_what_to_do() {
    let scene = Scene::set().await;
    assert_snapshot!(scene.shows(&["groups", "list"]).await, @"No groups yet. They come when a provider pushes them.");
    assert_snapshot!(scene.shows(&["clusters", "list"]).await, @"No clusters yet. Declare one with: castgate clusters declare prod-eu");
    assert_snapshot!(scene.shows(&["connections", "list"]).await, @"No connections yet. Make one with: castgate connections create okta --profile okta");
    assert_snapshot!(scene.shows(&["sessions", "list"]).await, @"No sessions: signed in nowhere.");
    assert_snapshot!(scene.shows(&["mapping", "show"]).await, @"No mapping is in force yet. Put one in force with: castgate mapping publish FILE");
    // Programs get an empty list, and no sentence.
    assert_eq!(scene.run(&["groups", "list", "-o", "name"]).await.expect(0).out, "");
    assert_eq!(scene.run(&["groups", "list", "-o", "json"]).await.expect(0).json(), json!({"items": [], "next": null}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_groups() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    let ada = scene.push(&okta, "ada@acme.test").await;
    let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
    let group = json!({"schemas": [schema], "displayName": "castai-owners", "members": [{"value": ada}]});
    okta.post("/Groups", group).await.expect(201);
    assert_snapshot!("whoami", scene.shows(&["whoami"]).await);
    assert_snapshot!("users_list", scene.shows(&["users", "list"]).await);
    assert_snapshot!("users_get", scene.shows(&["users", "get", "Ada@acme.test"]).await);
    assert_snapshot!("groups_list", scene.shows(&["groups", "list"]).await);
    assert_snapshot!("groups_get", scene.shows(&["groups", "get", "castai-owners"]).await);
    assert_snapshot!(scene.shows(&["users", "suspend", &ada, "--yes"]).await, @"ada@acme.test is suspended.");
    assert_eq!(scene.run(&["users", "get", &ada, "-o", "json"]).await.expect(0).json()["state"], "suspended");
    assert_snapshot!(scene.shows(&["users", "reactivate", "ada@acme.test"]).await, @"ada@acme.test is active.");
    let now = scene.run(&["users", "suspend", &ada, "-y", "-o", "json"]).await.expect(0).json();
    assert_eq!(now["state"], "suspended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_and_their_tokens() {
    let scene = Scene::set().await;
    let create = ["connections", "create", "okta", "--profile", "okta", "--domain", "acme.example"];
    let oidc = ["--issuer", "https://acme.okta.com", "--client-id", "0oa1", "--client-secret-file", "-"];
    let said = scene.feed(&[&create[..], &oidc].concat(), "hunter2\n").await.expect(0);
    assert_snapshot!("connections_create", said.steady().replace(&scene.world.origin, "ORIGIN"));
    assert_snapshot!("connections_list", scene.shows(&["connections", "list"]).await);
    assert_snapshot!("connections_get", scene.shows(&["connections", "get", "OKTA"]).await);
    let token =
        scene.run(&["connections", "tokens", "create", "okta", "--days", "30", "-o", "secret"]).await.expect(0).out;
    assert!(token.starts_with("cgs_") && token.lines().count() == 1, "{token}");
    assert_snapshot!("connections_tokens_list", scene.shows(&["connections", "tokens", "list", "okta"]).await);
    let bearer = format!("Bearer {}", token.trim());
    let push = async || scene.world.client.get("/scim/v2/Users", &[("authorization", bearer.as_str())]).await.status;
    assert_eq!(push().await, 200);
    assert_snapshot!(scene.shows(&["connections", "disable", "okta", "--yes"]).await, @"Connection okta is disabled.");
    assert_eq!(push().await, 401);
    assert_snapshot!(scene.shows(&["connections", "enable", "okta"]).await, @"Connection okta is enabled.");
    let settings = json!({"profile": "entra", "dialect": "strict"}).to_string();
    scene.feed(&["connections", "create", "entra", "--settings", "-"], &settings).await.expect(0);
    let made = scene.run(&["connections", "get", "entra", "-o", "json"]).await.expect(0).json();
    assert_eq!((&made["settings"]["profile"], &made["settings"]["dialect"]), (&json!("entra"), &json!("strict")));
    let again = scene.run(&["connections", "tokens", "create", "entra", "-o", "json"]).await.expect(0).json();
    let hint = again["hint"].as_str().unwrap();
    scene.run(&["connections", "tokens", "revoke", "entra", hint, "--yes"]).await.expect(0);
    assert_eq!(scene.run(&["connections", "tokens", "list", "entra", "-o", "name"]).await.expect(0).out, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clusters_keys_and_sessions() {
    let scene = Scene::set().await;
    assert_snapshot!(scene.shows(&["clusters", "declare", "prod-eu", "--name", "Production"]).await, @"Cluster prod-eu is declared.");
    scene.run(&["clusters", "declare", "staging", "--cast-ai-id", "3f2504e0"]).await.expect(0);
    assert_snapshot!("clusters_list", scene.shows(&["clusters", "list"]).await);
    let secret = scene.run(&["keys", "create", "ci", "--days", "90"]).await.expect(0).out;
    assert_snapshot!("keys_list", scene.shows(&["keys", "list"]).await);
    assert_snapshot!(scene.shows(&["keys", "revoke", "ci", "--yes"]).await, @"Key ci is revoked.");
    scene.run_as(secret.trim(), &["whoami"]).await.expect(3);

    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("token={}", scene.organization.link);
    let answer = scene.world.client.send("POST", "/login/link", &form, Some(body)).await.expect(303);
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_snapshot!("sessions_list", scene.shows(&["sessions", "list"]).await);
    let id = scene.run(&["sessions", "list", "--user", "owner@acme.example.com", "-o", "name"]).await.expect(0).out;
    assert_eq!(id, scene.run(&["users", "sessions", "owner@acme.example.com", "-o", "name"]).await.expect(0).out);
    scene.world.client.get("/api/v1/me", &[("cookie", &cookie)]).await.expect(200);
    scene.run(&["sessions", "end", id.trim()]).await.expect(0);
    scene.world.client.get("/api/v1/me", &[("cookie", &cookie)]).await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened() {
    let scene = Scene::set().await;
    scene.run(&["clusters", "declare", "prod-eu"]).await.expect(0);
    let events = scene.shows(&["events", "list", "--limit", "1"]).await;
    assert!(
        events.lines().count() == 2 && events.contains("2026-11-22 01:02Z  cluster.declared  key key_"),
        "{events}"
    );
    let cluster = scene.run(&["clusters", "list", "-o", "name"]).await.expect(0).out;
    let about = scene.run(&["events", "list", "--about", cluster.trim(), "-o", "json"]).await.expect(0).json();
    assert_eq!(about["items"].as_array().unwrap().len(), 1);
    assert_eq!(about["items"][0]["kind"], "cluster.declared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_told_as_it_happens() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let scene = Scene::set().await;
    let app = scene.world.app.clone();
    app.seal_events().await.unwrap();
    // Events are followed by their numbers, which the gateway's own work gives them.
    let sealing = tokio::spawn(async move {
        loop {
            app.seal_events().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    let mut child = scene.command(&["events", "list", "--follow", "--limit", "1", "-o", "json"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next_line().await.unwrap().unwrap();
    for slug in ["one", "two", "three"] {
        scene.run(&["clusters", "declare", slug]).await.expect(0);
    }
    for _ in 0..3 {
        let event: serde_json::Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(event["kind"], "cluster.declared");
    }
    child.kill().await.unwrap();
    sealing.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_shows() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    okta.get("/Users").await.expect(200);
    let hint = okta.token.hint.as_str();
    let rotate = ["connections", "tokens", "rotate", "okta", hint, "--overlap-hours", "0", "-o", "secret"];
    let new = scene.run(&rotate).await.expect(0).out;
    assert!(new.starts_with("cgs_"), "{new}");
    okta.get("/Users").await.expect(401);
    let ended = scene.run(&["connections", "tokens", "list", "okta", "--ended"]).await.expect(0).out;
    assert!(
        ended.contains(hint) && ended.contains("127.0.0.1") && ended.contains("this secret was replaced"),
        "{ended}"
    );
    let create = ["connections", "clients", "create", "okta", "ping", "-o", "json"];
    let made = scene.run(&create).await.expect(0).json();
    assert!(made["secret"].as_str().unwrap().starts_with("cgo_"));
    assert_eq!(made["token_url"], format!("{}/oauth2/token", scene.world.origin));
    let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]});
    let with_keys = ["connections", "clients", "create", "okta", "signing", "--jwks", "-"];
    let said = scene.feed(&with_keys, &keys.to_string()).await.expect(0).out;
    assert!(said.starts_with("Client signing is made."), "{said}");
    let list = scene.run(&["connections", "clients", "list", "okta"]).await.expect(0).out;
    assert!(list.contains("ping") && list.contains("signing"), "{list}");
    scene.run(&["connections", "clients", "revoke", "okta", "ping", "--yes"]).await.expect(0);
    let left = scene.run(&["connections", "clients", "list", "okta", "-o", "name"]).await.expect(0).out;
    assert_eq!(left.lines().count(), 1, "{left}");
    let entra = [
        "connections",
        "create",
        "entra",
        "--profile",
        "entra",
        "--entra-tenant",
        "5A1C2E7E-1111-4222-8333-3D7F1B2C9A10",
    ];
    scene.run(&entra).await.expect(0);
    let made = scene.run(&["connections", "get", "entra", "-o", "json"]).await.expect(0).json();
    let tenant = "5a1c2e7e-1111-4222-8333-3d7f1b2c9a10";
    assert_eq!(made["settings"]["provider_tokens"]["claims"]["tid"], tenant);
    assert_eq!(made["settings"]["provider_tokens"]["issuer"], format!("https://sts.windows.net/{tenant}/"));
    assert!(made["scim_url"].as_str().unwrap().ends_with(made["id"].as_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_providers_asked_for_and_got_away_with() {
    let scene = Scene::set().await;
    let entra = scene.organization.connection("entra", Profile::Entra).await;
    let ada = scene.push(&entra, "ada@acme.test").await;
    let off = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                     "Operations": [{"op": "Replace", "path": "active", "value": "False"}]});
    entra.patch(&format!("/Users/{ada}"), off).await.expect(204);
    entra.get("/Users?filter=userName%20eq").await.expect(400);
    let list = scene.run(&["provisioning", "list", "--connection", "entra", "-o", "json"]).await.expect(0).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 3, "{list}");
    let failed = scene.shows(&["provisioning", "list", "--failed"]).await;
    assert!(failed.contains("400 invalidFilter") && !failed.contains("PATCH"), "{failed}");
    let about = scene.shows(&["provisioning", "list", "--about", &ada, "--filter", "status lt 300"]).await;
    assert!(about.contains("user.suspended") && about.contains("string_boolean") && !about.contains("GET"), "{about}");
    let counts = scene.shows(&["connections", "tolerances", "entra"]).await;
    assert!(counts.contains("\"active\": \"False\"") && counts.contains("true or false written as a text"), "{counts}");
    let none = scene.shows(&["provisioning", "list", "--filter", "status eq 500"]).await;
    assert_eq!(none.trim(), "No requests of providers.");
    assert_eq!(scene.run(&["provisioning", "list", "--filter", "status"]).await.code, 2);

    let set =
        ["connections", "set", "entra", "--dialect", "strict", "--group-push", "known-members", "--adoption", "never"];
    assert_eq!(scene.shows(&set).await.trim(), "Connection entra has these settings now.");
    let after = scene.run(&["connections", "get", "entra", "-o", "json"]).await.expect(0).json();
    let spoken =
        ["profile", "dialect", "group_push", "adoption", "patch_response"].map(|name| after["settings"][name].clone());
    assert_eq!(spoken, ["entra", "strict", "known_members", "never", "empty"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_roles_shows_the_keys_that_it_touches_and_does_with_each_what_is_said() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    let key = scene.viewer(&okta).await;
    let change = ["users", "role", "vera@acme.test", "member"];
    let asked = scene.run(&change).await.expect(2);
    assert!(asked.err.contains("KEPT IT LOSES") && asked.err.contains("vera@acme.test"), "{asked:#?}");
    assert!(asked.err.contains("add --yes"), "{asked:#?}");
    let done = scene.run(&[&change[..], &["--keys", "keep", "--yes"]].concat()).await.expect(0);
    assert!(done.out.starts_with("vera@acme.test is member now.") && done.out.contains("kept"), "{done:#?}");
    assert_eq!(scene.run_as(&key, &["can", "me", "manage-clusters"]).await.expect(0).out.lines().count(), 1);
    scene.run(&["service-accounts", "create", "agents"]).await.expect(0);
    let down = ["users", "role", "vera@acme.test", "viewer", "--yes"];
    let wrong = scene.run(&[&down[..], &["--keys", "move:other=agents"]].concat()).await.expect(2);
    assert!(wrong.err.contains("touches no key “other”"), "{wrong:#?}");
    let moved = scene.run(&[&down[..], &["--keys", "move:test=agents"]].concat()).await.expect(0);
    assert!(moved.out.contains("moved") && moved.out.contains("member at organization"), "{moved:#?}");
    scene.run_as(&key, &["can", "me", "manage-clusters"]).await.expect(0);
    assert!(scene.shows(&["service-accounts", "keys", "list", "agents"]).await.contains("test"));
    // The other commands show them as well.
    let given = scene.run(&["bindings", "create", "--user", "vera@acme.test", "--role", "analyst"]).await.expect(0);
    assert!(given.out.contains("is given"), "her key is the machine's: nothing is touched: {given:#?}");
}
