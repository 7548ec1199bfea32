//! An organization with people, groups, keys and machines, and a browser's cookie for each role.

use crate::world::{Answer, Connection, Organization, World};
use castgate::{
    app::{Actor, Clock, Ctx, Gift, KeyTerms, KeyWish, RoleChange, Wish},
    model::{BuiltInRole, Holder, Profile, Role, Subject, UserId},
    store::Store,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const MAPPING: &str = "rules:
  - name: analysts of finance
    groups: [okta/finance]
    grant: analyst
  - name: cluster teams
    groups: okta/k8s-{cluster}-{role}
    grant: \"{role}\"
    clusters: [\"{cluster}\"]
";

/// One organization, whole.
pub struct Scene {
    pub world: World,
    pub acme: Organization,
    pub push: Connection,
    /// The first owner's cookie.
    pub owner: String,
    /// Ids of those who were pushed.
    pub people: Vec<String>,
}

impl Scene {
    pub async fn set() -> Self {
        let directory = TempDir::new().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        Self::on(store, directory).await
    }

    /// On a store of one's own, and a directory for what lies beside it.
    pub async fn on(store: Store, directory: TempDir) -> Self {
        let world = Box::pin(World::on((store, directory), Clock::machine(), |settings| {
            let off = "0/s".parse().unwrap();
            settings.limits.api = off;
            settings.limits.scim = off;
            settings.limits.address = off;
            // How long a plan of many people takes on a busy machine is nobody's mistake.
            settings.server.request_timeout = "10m".parse().unwrap();
        }))
        .await;
        let acme = world.organization("acme").await;
        let push = acme.connection("okta", Profile::Okta).await;
        for slug in ["staging-eu", "production-us"] {
            world.app.declare_cluster(&acme.operator, slug, None, None).await.unwrap();
        }
        let owner = signed_in(&world, &acme.link).await;
        let mut scene = Self { world, acme, push, owner, people: Vec::new() };
        scene.world.app.publish_mapping(&scene.acme.operator, MAPPING).await.unwrap();
        let people = [
            ("ada", "Ada Lovelace", "Engineering"),
            ("grace", "Grace Hopper", "Engineering"),
            ("katherine", "Katherine Johnson", "Finance"),
            ("mary", "Mary Jackson", "Finance"),
        ];
        for (name, display, department) in people {
            let id = scene.person(name, display, department).await;
            scene.people.push(id);
        }
        scene.group("finance", &scene.people[2..]).await;
        scene.group("k8s-staging-eu-member", &scene.people[..1]).await;
        scene
    }

    /// Somebody whom the provider pushes.
    pub async fn person(&self, name: &str, display: &str, department: &str) -> String {
        let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", extension],
            "userName": format!("{name}@acme.test"), "displayName": display, "active": true,
            "emails": [{"value": format!("{name}@acme.test"), "primary": true}],
            extension: {"department": department},
        });
        self.push.post("/Users", body).await.expect(201).id()
    }

    async fn group(&self, name: &str, members: &[String]) {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"];
        self.push
            .post("/Groups", json!({"schemas": schemas, "displayName": name, "members": members}))
            .await
            .expect(201);
    }

    /// A context of this person.
    pub fn as_person(&self, id: &str) -> Ctx {
        let user: UserId = id.parse().unwrap();
        let actor = Actor::User { id: user, session: "ses_06h00krhv1t3jel88ooobccad0".parse().unwrap() };
        Ctx { actor, ..self.acme.operator.clone() }
    }

    /// They accept the terms.
    async fn accepts(&self, id: &str) {
        let terms = self.world.app.terms().await.unwrap().into_iter().map(|document| (document.kind, document.version));
        self.world.app.accept_terms(&self.as_person(id), &terms.collect::<Vec<_>>()).await.unwrap();
    }

    /// A key of this person, used a few times.
    pub async fn key(&self, id: &str, name: &str, uses: usize) -> String {
        self.accepts(id).await;
        let key = self.world.app.create_key(&self.as_person(id), name, None).await.unwrap();
        let bearer = format!("Bearer {}", key.secret.expose());
        for _ in 0..uses {
            self.world.client.get("/api/v1/me", &[("authorization", &bearer)]).await.expect(200);
        }
        self.world.app.write_key_uses().await.unwrap();
        key.secret.expose().to_owned()
    }

    /// A service account with a key.
    pub async fn machine(&self, name: &str) -> String {
        let (app, operator) = (&self.world.app, &self.acme.operator);
        let account = app.create_service_account(operator, name, "Watches the nodes").await.unwrap();
        let wish = KeyWish { name: "agent".to_owned(), life: None, rights: None };
        app.create_key_of(operator, &Holder::ServiceAccount(account.id.clone()), wish).await.unwrap();
        let gift = Gift {
            subject: Subject::ServiceAccount(account.id.clone()),
            role: Role::VIEWER,
            cluster: None,
            until: None,
        };
        app.give(operator, gift).await.unwrap();
        account.id.to_string()
    }

    /// An invitation that waits.
    pub async fn invitation(&self, email: &str) -> String {
        let wish = Wish { email: email.to_owned(), role: Role::VIEWER, clusters: Vec::new(), groups: Vec::new() };
        self.world.app.invite(&self.acme.operator, vec![wish], None).await.unwrap().remove(0).unwrap().id.to_string()
    }

    /// A local person in this role, signed in.
    pub async fn browser(&self, name: &str, role: BuiltInRole) -> String {
        let (app, operator) = (&self.world.app, &self.acme.operator);
        let email = format!("{name}@acme.test");
        let link = app.recover_organization("acme", &email).await.unwrap();
        let everybody = app.members(operator, "", 1000).await.unwrap();
        let user = everybody.into_iter().find(|user| user.user_name == email && user.connection.is_none()).unwrap();
        self.accepts(user.id.as_str()).await;
        let change = RoleChange::SetRole { user: user.id, role: Role::BuiltIn(role), cluster: None, clusters: None };
        let preview = app.preview_role_change(operator, &change).await.unwrap().token;
        app.change_roles(operator, &change, &KeyTerms { preview, ..KeyTerms::default() }).await.unwrap();
        signed_in(&self.world, link.expose()).await
    }

    /// A page, as this browser gets it.
    pub async fn page(&self, path: &str, cookie: &str) -> Answer {
        self.world.client.get(path, &[("cookie", cookie), ("accept", "text/html")]).await
    }

    /// A form, as this browser sends it.
    pub async fn send(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")];
        self.world.client.send("POST", path, &headers, Some(form)).await
    }

    /// The token of this browser's forms.
    pub async fn token(&self, cookie: &str) -> String {
        let page = self.page("/console/you", cookie).await.expect(200).text;
        page.split_once("name=\"form\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
    }

    /// The same with the token.
    pub async fn change(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(cookie).await;
        let all: Vec<_> = [("form", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.send(path, cookie, &all).await
    }
}

/// A browser's cookie, by a one-time link.
pub async fn signed_in(world: &World, link: &str) -> String {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = world.client.send("POST", "/login/link", &form, Some(format!("token={link}"))).await.expect(303);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}
