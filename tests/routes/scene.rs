//! An organization with somebody in each role, and whatever a route's address may name.

use crate::world::{Answer, Connection, Organization, World};
use castgate::{
    app::{Actor, Ctx, Gift, KeyWish},
    http::Declared,
    model::{Holder, Profile, Role, UserId},
};
use serde_json::{Value, json};

pub(crate) const MAPPING: &str = "rules:
  - name: analysts
    groups: [base/analysts]
    grant: analyst
  - name: members
    groups: [base/members]
    grant: member
";

/// One organization, whole.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) acme: Organization,
    pub(crate) other: Organization,
    pub(crate) push: Connection,
    pub(crate) other_push: Connection,
    /// Keys of a viewer, an analyst and a member, and the first owner's.
    pub(crate) viewer: String,
    pub(crate) analyst: String,
    pub(crate) member: String,
    /// A cookie of the first owner's browser.
    pub(crate) cookie: String,
    /// Somebody who was pushed for this call alone.
    somebody: std::cell::RefCell<String>,
    made: std::cell::Cell<u32>,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let world = World::start_with(castgate::app::Clock::machine(), |settings| {
            // Every route is called by everybody within seconds.
            let off = "0/s".parse().unwrap();
            settings.limits.api = off;
            settings.limits.scim = off;
            settings.limits.address = off;
            settings.limits.connections = 0;
            settings.passwords.attempts = 10_000;
            settings.passwords.address_attempts = 10_000;
        })
        .await;
        let (acme, other) = (world.organization("acme").await, world.organization("other").await);
        let push = acme.connection("base", Profile::Okta).await;
        let other_push = other.connection("base", Profile::Okta).await;
        let mut scene = Self {
            cookie: signed_in(&world, &acme.link).await,
            world,
            acme,
            other,
            push,
            other_push,
            viewer: String::new(),
            analyst: String::new(),
            member: String::new(),
            somebody: std::cell::RefCell::default(),
            made: std::cell::Cell::new(0),
        };
        scene.world.app.publish_mapping(&scene.acme.operator, MAPPING).await.unwrap();
        scene.viewer = scene.person("vera", None).await;
        scene.analyst = scene.person("anna", Some("analysts")).await;
        scene.member = scene.person("mona", Some("members")).await;
        scene
    }

    /// A pushed person in a group, and a key of theirs.
    async fn person(&self, name: &str, group: Option<&str>) -> String {
        let id = self.user(&self.push, name).await;
        if let Some(group) = group {
            let members = json!([{"value": id}]);
            let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": group, "members": members});
            self.push.post("/Groups", body).await.expect(201);
        }
        self.key(&id).await.1
    }

    pub(crate) async fn user(&self, push: &Connection, name: &str) -> String {
        let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
        push.post("/Users", json!({"schemas": schemas, "userName": format!("{name}@acme.test")})).await.expect(201).id()
    }

    /// A new key of this person: its id and its secret.
    pub(crate) async fn key(&self, user: &str) -> (String, String) {
        let app = &self.world.app;
        let user: UserId = user.parse().unwrap();
        let actor = Actor::User { id: user, session: "ses_06h00krhv1t3jel88ooobccad0".parse().unwrap() };
        let ctx = Ctx { actor, ..self.acme.operator.clone() };
        let terms = app.terms().await.unwrap().into_iter().map(|document| (document.kind, document.version));
        app.accept_terms(&ctx, &terms.collect::<Vec<_>>()).await.unwrap();
        let key = app.create_key(&ctx, "test", None).await.unwrap();
        (key.key.id.to_string(), key.secret.expose().to_owned())
    }

    pub(crate) fn number(&self) -> u32 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// The path of a route with things of `acme` in it that are there, and were made for this call alone. `key` is the caller's.
    pub(crate) async fn path(&self, route: &Declared, key: &str) -> String {
        let names = route.part_names();
        if route.path == "/api/v1/bindings" {
            let somebody = self.user(&self.push, &format!("somebody-{}", self.number())).await;
            *self.somebody.borrow_mut() = somebody;
        }
        if names.is_empty() {
            return route.path.clone();
        }
        let name = format!("thing-{}", self.number());
        let kind = ["/api/v1", "/scim/v2", "/console/activity", "/console/settings", "/console"]
            .into_iter()
            .fold(route.path.as_str(), |path, room| path.strip_prefix(room).unwrap_or(path));
        // The console says members where the API says users.
        let kind = kind.strip_prefix("/members/").map_or_else(|| kind.to_owned(), |rest| format!("/users/{rest}"));
        let ids = match kind.as_str() {
            path if path.starts_with("/Users/") => vec![self.user(&self.push, &name).await],
            path if path.starts_with("/users/{id}/sessions/") => self.session(&name).await,
            path if path.starts_with("/users/{id}/keys/") => {
                let user = self.user(&self.push, &name).await;
                let key = self.key(&user).await.0;
                vec![user, key]
            }
            "/users/{id}" if route.method == "DELETE" => self.session(&name).await,
            path if path.starts_with("/users/") => vec![self.user(&self.push, &name).await],
            "/groups/{id}/members/{member}" => self.member(&name, route.method == "DELETE").await,
            path if path.starts_with("/groups/") => vec![self.local_group(&name).await],
            path if path.starts_with("/Groups/") => {
                let schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"];
                vec![self.push.post("/Groups", json!({"schemas": schemas, "displayName": name})).await.expect(201).id()]
            }
            "/connections/{id}" if route.method == "DELETE" => {
                let made = self.acme.connection(&name, Profile::Okta).await.stored.id;
                let plan = self.world.app.plan_connection_removal(&self.acme.operator, &made).await.unwrap().plan;
                return format!("/api/v1/connections/{made}?plan={plan}");
            }
            path if [
                "/connections/",
                "/setup/",
                "/domains/",
                "/login/",
                "/sign-ins/",
                "/oidc/",
                "/ssf/",
                "/signals/",
            ]
            .iter()
            .any(|of| path.starts_with(of)) =>
            {
                self.of_connection(path, name).await
            }
            path if path.starts_with("/clusters/") => vec![self.cluster(&name).await],
            path if path.starts_with("/keys/") => vec![self.key_of(key).await],
            path if path.starts_with("/bindings/") => vec![self.binding(&name).await],
            path if path.starts_with("/service-accounts/") => self.machine(&name).await,
            path if path.starts_with("/sessions/") => self.session_of(key).await,
            "/Roles/{id}" => vec![format!("viewer@{}", self.cluster(&name).await)],
            path if path.starts_with("/invitations/{id}") => vec![self.invitation(&name).await.0],
            path if path.starts_with("/webhooks/{id}") => self.webhook(&name).await,
            path if path.starts_with("/roles/{id}") => vec![self.role(&name).await],
            path if path.starts_with("/access-reviews/{id}") => vec![self.review(&name).await],
            path if path.starts_with("/receipts/{id}") => vec![self.receipt(&name).await],
            // A number and no id: each organization counts for itself.
            path if path.starts_with("/mapping/versions/") => vec!["1".to_owned()],
            "/schemas/{urn}" => vec![self.schema().await],
            "/invitations/{token}" | "/invitations/{token}/password" => vec![self.invitation(&name).await.1],
            "/ResourceTypes/{id}" => vec!["User".to_owned()],
            "/Schemas/{urn}" => vec!["urn:ietf:params:scim:schemas:core:2.0:User".to_owned()],
            path => panic!("nothing is known of what {path} names: say here how to make one"),
        };
        names.iter().zip(ids).fold(route.path.clone(), |path, (name, id)| path.replace(&format!("{{{name}}}"), &id))
    }

    async fn cluster(&self, name: &str) -> String {
        self.world.app.declare_cluster(&self.acme.operator, name, None, None).await.unwrap().id.to_string()
    }

    /// A group and somebody who is in it, or is not yet.
    async fn member(&self, name: &str, is_in: bool) -> Vec<String> {
        let (group, user) = (self.local_group(name).await, self.user(&self.push, name).await);
        if is_in {
            let (group, user) = (group.parse().unwrap(), user.parse().unwrap());
            self.world.app.join_local_group(&self.acme.operator, &group, &user).await.unwrap();
        }
        vec![group, user]
    }

    async fn local_group(&self, name: &str) -> String {
        self.world.app.create_local_group(&self.acme.operator, name).await.unwrap().id.to_string()
    }

    /// A pending invitation, and its link's token as its letter has it.
    async fn invitation(&self, name: &str) -> (String, String) {
        let (app, operator) = (&self.world.app, &self.acme.operator);
        let role = Role::BuiltIn(castgate::model::BuiltInRole::Member);
        let email = format!("{name}@example.com");
        let wish = castgate::app::Wish { email, role, clusters: Vec::new(), groups: Vec::new() };
        let invitation = app.invite(operator, vec![wish], None).await.unwrap().remove(0).unwrap();
        app.send_letters().await.unwrap();
        let letters = std::fs::read_dir(app.settings().store.data_directory.join("mail")).unwrap();
        let letters = letters.map(|letter| std::fs::read_to_string(letter.unwrap().path()).unwrap());
        let letter = letters.filter(|letter| letter.contains(&invitation.email)).last().unwrap().replace("=\r\n", "");
        let token = letter.split_once("/invitations/").unwrap().1;
        let token = token.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
        (invitation.id.to_string(), token)
    }

    /// An access review that nobody decided about.
    async fn review(&self, name: &str) -> String {
        let limits = castgate::model::ReviewLimits::default();
        let review = self.world.app.start_access_review(&self.acme.operator, name, limits).await.unwrap().0;
        review.id.to_string()
    }

    /// What the end of somebody's access left behind.
    async fn receipt(&self, name: &str) -> String {
        let user = self.user(&self.push, name).await;
        self.push.delete(&format!("/Users/{user}")).await.expect(204);
        let user = user.parse().unwrap();
        self.world.app.receipts(&self.acme.operator, Some(&user), ("", 1)).await.unwrap().remove(0).id.to_string()
    }

    /// A webhook and something that it was sent. There is a limit to how many there may be.
    async fn webhook(&self, name: &str) -> Vec<String> {
        let (app, operator) = (&self.world.app, &self.acme.operator);
        for known in app.webhooks(operator).await.unwrap() {
            app.remove_webhook(operator, &known.id).await.unwrap();
        }
        // Nobody listens there.
        let url = Some("http://127.0.0.1:1/in".to_owned());
        let wish = castgate::app::WebhookWish { name: Some(name.to_owned()), url, kinds: None, active: None };
        let webhook = app.create_webhook(operator, wish).await.unwrap().webhook;
        app.seal_events().await.unwrap();
        app.deliver_webhooks().await.unwrap();
        let deliveries = app.deliveries(operator, &webhook.id, ("", 1)).await.unwrap();
        vec![webhook.id.to_string(), deliveries.first().map(|one| one.id.to_string()).unwrap_or_default()]
    }

    /// A custom role that is in use nowhere.
    async fn role(&self, name: &str) -> String {
        let capabilities = [castgate::model::Capability::ViewCosts].into();
        let name = Some(name.to_owned());
        let wish = castgate::app::RoleWish { name, capabilities: Some(capabilities), ..Default::default() };
        self.world.app.create_role(&self.acme.operator, wish).await.unwrap().role.id.to_string()
    }

    fn urn(&self) -> String {
        format!("urn:acme:params:scim:schemas:n{}:2.0:User", self.number())
    }

    /// A schema that is declared for all connections. There is a limit to how many there may be.
    async fn schema(&self) -> String {
        let (app, operator) = (&self.world.app, &self.acme.operator);
        for kept in app.schemas(operator).await.unwrap() {
            app.remove_schema(operator, &kept.schema.urn).await.unwrap();
        }
        let schema = json!({"urn": self.urn(), "attributes": [{"name": "badge"}]});
        app.declare_schema(operator, serde_json::from_value(schema).unwrap()).await.unwrap().schema.urn
    }

    async fn binding(&self, name: &str) -> String {
        let subject = self.user(&self.push, name).await.parse().unwrap();
        let gift = Gift { subject, role: Role::VIEWER, cluster: None, until: None };
        self.world.app.give(&self.acme.operator, gift).await.unwrap().id.to_string()
    }

    /// A service account and a key of it.
    async fn machine(&self, name: &str) -> Vec<String> {
        let (app, operator) = (&self.world.app, &self.acme.operator);
        let account = app.create_service_account(operator, name, "").await.unwrap();
        let wish = KeyWish { name: name.to_owned(), life: None, rights: None };
        let key = app.create_key_of(operator, &Holder::ServiceAccount(account.id.clone()), wish).await.unwrap();
        vec![account.id.to_string(), key.key.id.to_string()]
    }

    /// A session of the first owner, who is the only caller that has one, and somebody else's for everybody else.
    async fn session_of(&self, key: &str) -> Vec<String> {
        if key != self.acme.key {
            return self.session(&format!("other-{}", self.number())).await.split_off(1);
        }
        let link = self.world.app.recover_organization("acme", "owner@acme.example.com").await.unwrap();
        let cookie = signed_in(&self.world, link.expose()).await;
        let sessions = self.world.client.get("/api/v1/sessions?limit=500", &[("cookie", &cookie)]).await.expect(200);
        let sessions = sessions.json()["items"].as_array().unwrap().clone();
        vec![sessions.last().unwrap()["id"].as_str().unwrap().to_owned()]
    }

    /// A fresh key of the person who has this one; of the first owner, for somebody from elsewhere.
    async fn key_of(&self, key: &str) -> String {
        let headers = [("authorization", format!("Bearer {key}"))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let me = self.world.client.get("/api/v1/me", &headers).await;
        let is_here = me.status == 200 && me.json()["organization"]["slug"] == "acme";
        let user = if is_here { me.json()["user"]["id"].as_str().unwrap().to_owned() } else { self.owner().await };
        self.key(&user).await.0
    }

    async fn owner(&self) -> String {
        let headers = [("authorization", format!("Bearer {}", self.acme.key))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.world.client.get("/api/v1/me", &headers).await.json()["user"]["id"].as_str().unwrap().to_owned()
    }

    /// Somebody new who is signed in: the person's id and the session's.
    pub(crate) async fn session(&self, name: &str) -> Vec<String> {
        let link = self.world.app.recover_organization("acme", &format!("{name}@acme.test")).await.unwrap();
        let cookie = signed_in(&self.world, link.expose()).await;
        let everybody = self.world.app.members(&self.acme.operator, "", 1000).await.unwrap();
        let known = everybody.iter().find(|user| user.user_name == format!("{name}@acme.test")).unwrap();
        self.key(known.id.as_str()).await; // accepts the terms on the way
        let me = self.world.client.get("/api/v1/me", &[("cookie", &cookie)]).await.expect(200).json();
        let user = me["user"]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/users/{user}/sessions");
        let sessions = self.world.client.get(&path, &[("cookie", &cookie)]).await.expect(200).json();
        vec![user, sessions["items"][0]["id"].as_str().unwrap().to_owned()]
    }

    /// A body that works, and its type.
    pub(crate) fn body(&self, route: &Declared) -> Option<(&'static str, String)> {
        let json = |body: Value| Some(("application/json", body.to_string()));
        let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("new-{}@acme.test", self.number())});
        let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": format!("new-{}", self.number())});
        let change = |path: &str, value: &str| {
            let operation = json!({"op": "replace", "path": path, "value": value});
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]})
        };
        match (route.method, route.path.as_str()) {
            ("POST", "/scim/v2/Users") | ("PUT", "/scim/v2/Users/{id}") => json(user),
            ("POST", "/scim/v2/Groups") | ("PUT", "/scim/v2/Groups/{id}") => json(group),
            ("PATCH", "/scim/v2/Users/{id}") => json(change("title", "Engineer")),
            ("PATCH", "/scim/v2/Groups/{id}") => json(change("displayName", &format!("other-{}", self.number()))),
            ("POST", path) if path.ends_with("/.search") => {
                json(json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}))
            }
            ("POST", "/scim/v2/Bulk") => {
                let operation = json!({"method": "POST", "path": "/Users", "bulkId": "new", "data": user});
                json(
                    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]}),
                )
            }
            ("POST", "/api/v1/bindings") => json(json!({"subject": self.somebody.borrow().clone(), "role": "viewer"})),
            ("POST", "/api/v1/groups" | "/api/v1/service-accounts" | "/api/v1/keys")
            | ("PATCH", "/api/v1/groups/{id}") => json(json!({"name": format!("new-{}", self.number())})),
            // A domain belongs to one organization of all: the example's would be taken.
            ("POST", "/api/v1/connections") => {
                json(json!({"name": format!("new-{}", self.number()), "settings": {"profile": "okta"}}))
            }
            ("POST", "/api/v1/schemas") => json(json!({"urn": self.urn(), "attributes": [{"name": "badge"}]})),
            ("POST", "/api/v1/roles") => {
                json(json!({"name": format!("new-{}", self.number()), "capabilities": ["view-costs"]}))
            }
            ("POST", "/api/v1/invitations") => {
                json(json!({"invitations": [{"email": format!("new-{}@example.com", self.number())}]}))
            }
            ("POST", path) if path.starts_with("/ssf/") => Some(("application/secevent+jwt", "x".to_owned())),
            ("POST", "/api/v1/clusters") => json(json!({"slug": format!("new-{}", self.number())})),
            // The mapping in force gives the callers their roles: what is published is the same again.
            (
                "POST" | "PUT",
                "/api/v1/mapping/draft" | "/api/v1/mapping/check" | "/api/v1/mapping/plan" | "/api/v1/mapping/publish",
            ) => json(json!({"text": MAPPING})),
            ("POST", "/setup/{token}") => {
                let form = "issuer=https://id.example.com&client_id=castgate".to_owned();
                Some(("application/x-www-form-urlencoded", form))
            }
            ("POST", "/auth/introspect") => Some(("application/x-www-form-urlencoded", "token=x".to_owned())),
            ("POST", _) if route.example.is_none() && !route.path.starts_with("/api/") => {
                Some(("application/x-www-form-urlencoded", String::new()))
            }
            _ => route.example.and_then(|example| json(example())),
        }
    }

    /// Calls a route.
    pub(crate) async fn call(&self, route: &Declared, path: &str, credential: Option<(&str, &str)>) -> Answer {
        let body = self.body(route);
        let mut headers: Vec<(&str, &str)> = credential.into_iter().collect();
        // Where there is a draft already, whatever it is.
        headers.push(("if-match", "*"));
        if let Some((kind, _)) = &body {
            headers.push(("content-type", kind));
        }
        self.world.client.send(route.method, path, &headers, body.map(|(_, text)| text)).await
    }
}

/// A browser's cookie, by a one-time link.
async fn signed_in(world: &World, link: &str) -> String {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = world.client.send("POST", "/login/link", &form, Some(format!("token={link}"))).await.expect(303);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}
