//! Every way by which access ends, each through its own door.

mod connections;
mod machines;
mod own;
mod people;
mod providers;
mod roles;

use crate::{kinds::Held, tenant::Tenant, world::Answer};
use serde_json::{Value, json};
use std::{future::Future, pin::Pin};

type Act = for<'a> fn(&'a Tenant, &'a Held) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One way.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// The routes that it goes through, as the registry has them.
    pub(crate) doors: &'static [&'static str],
    /// What has to be there first.
    pub(crate) first: Act,
    pub(crate) act: Act,
}

pub(crate) const WAYS: &[&[Way]] =
    &[people::WAYS, own::WAYS, providers::WAYS, roles::WAYS, machines::WAYS, connections::WAYS];

/// A way of which nothing has to be there first.
const fn way(name: &'static str, doors: &'static [&'static str], act: Act) -> Way {
    Way { name, doors, first: |_, _| Box::pin(async {}), act }
}

/// Shows that nothing went wrong.
#[track_caller]
fn done(answer: &Answer) {
    assert!(answer.status < 400, "{answer:?}");
}

fn patched(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

impl Tenant {
    /// One change of roles, previewed and made; `others` is what becomes of the keys that it touches.
    async fn change_roles(&self, change: Value, others: &str) {
        let asked = json!({"change": change});
        let preview = self.owner("POST", "/role-changes/preview", Some(asked)).await.expect(200).json();
        let wanted = json!({"change": change, "preview": preview["token"], "others": {"do": others}});
        self.owner("POST", "/role-changes", Some(wanted)).await.expect(200);
    }

    /// One change of several people, previewed and made; their keys are kept.
    async fn change_members(&self, names: &[&str], change: Value) {
        let users: Vec<String> = names.iter().map(|name| self.id(name)).collect();
        let asked = json!({"users": users, "change": change});
        let preview = self.owner("POST", "/member-changes/preview", Some(asked)).await.expect(200).json();
        let wanted = json!({"users": users, "change": change, "preview": preview["token"], "others": {"do": "keep"}});
        let made = self.owner("POST", "/member-changes", Some(wanted)).await.expect(200).json();
        assert_eq!(made["made"], names.len(), "{made:#}");
    }

    /// The first owner in a browser. It uses the one-time link up.
    async fn desk(&self, held: &Held) -> String {
        let link = held.of(crate::kinds::Kind::OwnerLink);
        let answer = self.post("/login/link", &[("token", link)]).await.expect(303);
        crate::kinds::entered(&answer).unwrap()
    }

    /// A form of the console, sent by the first owner.
    async fn at_the_desk(&self, held: &Held, path: &str, fields: &[(&str, &str)]) {
        let session = self.desk(held).await;
        done(&self.post_from(&session, "/account", path, fields).await);
    }

    /// The id of a session or key: what introspection calls the client.
    async fn id_of(&self, secret: &str) -> String {
        self.introspect(secret).await["client_id"].as_str().unwrap().to_owned()
    }
}
