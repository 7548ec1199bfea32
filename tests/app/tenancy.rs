//! Two organizations share nothing: another one's id is an id that does not exist.

use crate::harness::{World, everywhere, found, member, object, patch, user};
use castgate::{
    app::{
        AccountChange, Actor, BindingSearch, ClientProof, ClientWish, ClusterChange, Ctx, Error, Gift, KeyChange,
        KeyWish, RightWish,
    },
    model::{
        BindingId, Carries, ClientId, ClusterId, ConnectionId, ConnectionSettings, GroupId, Holder, KeyId, Profile,
        Role, ServiceAccountId, SessionId, Subject, TokenId, UserId,
    },
    scim::{GroupDocument, Query, ResourceType},
};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// The ids of what one organization has, or of nothing at all.
struct Ids {
    user: UserId,
    group: GroupId,
    connection: ConnectionId,
    token: TokenId,
    key: KeyId,
    session: SessionId,
    machine: ServiceAccountId,
    machine_key: KeyId,
    binding: BindingId,
    cluster: ClusterId,
    local: GroupId,
    client: ClientId,
}

impl Ids {
    fn of_nothing() -> Self {
        let uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        Self {
            user: UserId::from_uuid(uuid),
            group: GroupId::from_uuid(uuid),
            connection: ConnectionId::from_uuid(uuid),
            token: TokenId::from_uuid(uuid),
            key: KeyId::from_uuid(uuid),
            session: SessionId::from_uuid(uuid),
            machine: ServiceAccountId::from_uuid(uuid),
            machine_key: KeyId::from_uuid(uuid),
            binding: BindingId::from_uuid(uuid),
            cluster: ClusterId::from_uuid(uuid),
            local: GroupId::from_uuid(uuid),
            client: ClientId::from_uuid(uuid),
        }
    }

    fn hide(&self, text: &str) -> String {
        let ids = [
            self.user.as_str(),
            self.group.as_str(),
            self.connection.as_str(),
            self.token.as_str(),
            self.key.as_str(),
            self.session.as_str(),
            self.machine.as_str(),
            self.machine_key.as_str(),
            self.binding.as_str(),
            self.cluster.as_str(),
            self.local.as_str(),
            self.client.as_str(),
        ];
        ids.iter().fold(text.to_owned(), |text, id| text.replace(id, "…"))
    }
}

fn client_wish() -> ClientWish {
    ClientWish { name: "client".to_owned(), proof: ClientProof::Secret }
}

/// Every use case that takes an id, asked by the owner or a connection of `world`; what each said.
async fn ask_everything(world: &World, ids: &Ids) -> Vec<String> {
    let (app, owner) = (&world.app, world.as_user(&world.tenant.owner));
    let (push, okta) = (world.push(), world.okta().await);
    let body = object(json!({"userName": "x"}));
    let change = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    let rename = patch(json!([{"op": "replace", "path": "displayName", "value": "x"}])).for_group().unwrap();
    let document = GroupDocument {
        display_name: "x".to_owned(),
        external_id: None,
        clears_external_id: false,
        members: Some(vec![]),
    };
    let settings = ConnectionSettings::of(Profile::Okta);
    let (user, group) = (ids.user.as_str(), ids.group.as_str());
    let said = vec![
        told("member", Box::pin(app.member(&owner, &ids.user)).await),
        told("suspend", Box::pin(app.suspend_member(&owner, &ids.user)).await),
        told("reactivate", Box::pin(app.reactivate_member(&owner, &ids.user)).await),
        told("access", Box::pin(app.access(&owner, &ids.user)).await),
        told("end session", Box::pin(app.end_session(&owner, &ids.user, &ids.session)).await),
        told("end session of own", Box::pin(app.end_session(&owner, &world.tenant.owner, &ids.session)).await),
        told("revoke key", Box::pin(app.revoke_key(&owner, &ids.key)).await),
        told("group members", Box::pin(app.group_members(&owner, &ids.group)).await),
        told("connection", Box::pin(app.connection(&owner, &ids.connection)).await),
        told("enable", Box::pin(app.set_connection_enabled(&owner, &ids.connection, false)).await),
        told("settings", Box::pin(app.update_connection(&owner, &ids.connection, None, settings, None)).await),
        told("make token", Box::pin(app.create_scim_token(&owner, &ids.connection, None)).await),
        told("tokens", Box::pin(app.scim_tokens(&owner, &ids.connection)).await),
        told("revoke token", Box::pin(app.revoke_scim_token(&owner, &ids.connection, &ids.token)).await),
        told(
            "rotate",
            Box::pin(app.rotate_scim_token(&owner, (&ids.connection, &ids.token), (None, Duration::ZERO))).await,
        ),
        told("ended tokens", Box::pin(app.ended_scim_tokens(&owner, &ids.connection)).await),
        told("provider tokens", Box::pin(app.provider_jwt_uses(&owner, &ids.connection)).await),
        told("clients", Box::pin(app.scim_clients(&owner, &ids.connection)).await),
        told("make client", Box::pin(app.create_scim_client(&owner, &ids.connection, client_wish())).await),
        told("revoke client", Box::pin(app.revoke_scim_client(&owner, &ids.connection, &ids.client)).await),
        told("user", Box::pin(app.user(&push, &okta, user)).await),
        told("put user", Box::pin(app.replace_user(&push, &okta, (user, None), &body)).await),
        told("patch user", Box::pin(app.patch_user(&push, &okta, (user, None), &change)).await),
        told("delete user", Box::pin(app.delete_user(&push, &okta, (user, None))).await),
        told("group", Box::pin(app.group(&push, &okta, group, true)).await),
        told("put group", Box::pin(app.replace_group(&push, &okta, (group, None), document)).await),
        told("patch group", Box::pin(app.patch_group(&push, &okta, (group, None), &rename, 1_000)).await),
        told("delete group", Box::pin(app.delete_group(&push, &okta, (group, None))).await),
        told("sign in", Box::pin(app.begin_sign_in(&owner.organization, &ids.connection, None, "/")).await),
    ];
    let more = ask_about_machines_and_bindings(world, ids).await;
    said.into_iter().chain(more).map(|line| ids.hide(&line)).collect()
}

async fn ask_about_machines_and_bindings(world: &World, ids: &Ids) -> Vec<String> {
    let (app, owner) = (&world.app, world.as_user(&world.tenant.owner));
    let (person, machine) = (Holder::User(ids.user.clone()), Holder::ServiceAccount(ids.machine.clone()));
    let mine = Holder::User(world.tenant.owner.clone());
    let own = app.create_local_group(&owner, &format!("own {}", ids.user)).await.unwrap();
    let wish = || KeyWish { name: "x".to_owned(), ..KeyWish::default() };
    let right = |carries| {
        let rights = Some(vec![RightWish { carries, cluster: Some(ids.cluster.to_string()) }]);
        KeyWish { rights, ..wish() }
    };
    let gift = |subject, cluster: Option<&ClusterId>| Gift {
        subject,
        role: Role::VIEWER,
        cluster: cluster.map(ToString::to_string),
        until: None,
    };
    let whole = |subject| gift(subject, None);
    let rename = KeyChange { name: Some("x".to_owned()), active: None };
    let owners = Subject::User(world.tenant.owner.clone());
    let scope = BindingSearch { scope: Some(ids.cluster.to_string()), ..BindingSearch::default() };
    vec![
        told("end sessions", app.end_sessions(&owner, &ids.user).await),
        told("remove member", app.remove_member(&owner, &ids.user).await),
        told("groups of member", app.groups_of_member(&owner, &ids.user).await),
        told("keys of user", app.keys_of(&owner, &person).await),
        told("rename key", app.change_key(&owner, (&person, &ids.key), &rename).await),
        told("rotate key", app.rotate_key(&owner, (&mine, &ids.key), None).await),
        told("move key", app.move_key(&owner, (&ids.user, &ids.key), &ids.machine).await),
        told("revoke key of user", app.revoke_key_of(&owner, &person, &ids.key).await),
        told("their key as mine", app.revoke_key_of(&owner, &mine, &ids.key).await),
        told("service account", app.service_account(&owner, &ids.machine).await),
        told("its access", app.service_account_access(&owner, &ids.machine).await),
        told("its groups", app.service_account_groups(&owner, &ids.machine).await),
        told("change it", app.change_service_account(&owner, &ids.machine, AccountChange::default()).await),
        told("close it", app.close_service_account(&owner, &ids.machine).await),
        told("its keys", app.keys_of(&owner, &machine).await),
        told("make its key", app.create_key_of(&owner, &machine, wish()).await),
        told("rename its key", app.change_key(&owner, (&machine, &ids.machine_key), &rename).await),
        told("rotate its key", app.rotate_key(&owner, (&machine, &ids.machine_key), None).await),
        told("revoke its key", app.revoke_key_of(&owner, &machine, &ids.machine_key).await),
        told("a key for a cluster", app.create_key_of(&owner, &mine, right(Carries::Role(Role::VIEWER))).await),
        told("binding", app.binding(&owner, &ids.binding).await),
        told("take", app.take(&owner, &ids.binding).await),
        told("give to user", app.give(&owner, whole(Subject::User(ids.user.clone()))).await),
        told("give to group", app.give(&owner, whole(Subject::Group(ids.group.clone()))).await),
        told("give to machine", app.give(&owner, whole(Subject::ServiceAccount(ids.machine.clone()))).await),
        told("give at a cluster", app.give(&owner, gift(owners, Some(&ids.cluster))).await),
        told("bindings at a cluster", app.bindings(&owner, &scope, "", 10).await),
        told("cluster", app.cluster(&owner, &ids.cluster).await),
        told("change cluster", app.change_cluster(&owner, &ids.cluster, (ClusterChange::default(), None)).await),
        told("remove cluster", app.remove_cluster(&owner, &ids.cluster, None).await),
        told("rename local group", app.rename_local_group(&owner, &ids.local, "x", None).await),
        told("delete local group", app.delete_local_group(&owner, &ids.local).await),
        told("join theirs", app.join_local_group(&owner, &ids.local, &mine).await),
        told("leave theirs", app.leave_local_group(&owner, &ids.local, &mine).await),
        told("user joins mine", app.join_local_group(&owner, &own.id, &person).await),
        told("machine joins mine", app.join_local_group(&owner, &own.id, &machine).await),
        told("rename pushed", app.rename_local_group(&owner, &ids.group, "x", None).await),
    ]
}

fn told<T: std::fmt::Debug>(what: &str, result: Result<T, Error>) -> String {
    match result {
        Ok(got) => panic!("{what} let a stranger through: {got:?}"),
        Err(error) => format!("{what}: {error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organizations_id_is_an_id_that_does_not_exist() {
    everywhere(async |world| {
        let other = found(&world.app, "other").await;
        let theirs = populate(world, &other).await;
        let strangers = ask_everything(world, &theirs).await;
        assert_eq!(strangers, ask_everything(world, &Ids::of_nothing()).await);
        // Nothing of theirs was touched by asking.
        let ctx = Ctx { organization: other.organization.clone(), ..world.as_user(&other.owner) };
        assert!(world.app.member(&ctx, &theirs.user).await.unwrap().directory_active);
        assert_eq!(world.app.group_members(&ctx, &theirs.group).await.unwrap().1.len(), 1);
        assert!(world.app.service_account(&ctx, &theirs.machine).await.is_ok());
        assert!(world.app.binding(&ctx, &theirs.binding).await.is_ok());
        assert!(world.app.cluster(&ctx, &theirs.cluster).await.is_ok());
        assert_eq!(world.app.group_members(&ctx, &theirs.local).await.unwrap().0.display_name, "local");
    })
    .await;
}

async fn populate(world: &World, other: &crate::harness::Tenant) -> Ids {
    let (app, operator) = (&world.app, world.app.operator(other.organization.clone()));
    let push = Ctx { actor: Actor::Connection { id: other.okta.id.clone() }, ..operator.clone() };
    let document = user(json!({"userName": "zoe", "externalId": "zoe", "emails": [{"value": "zoe@other.test"}]}));
    let zoe = app.create_user(&push, &other.okta, document).await.unwrap().user;
    let group = GroupDocument {
        display_name: "eng".to_owned(),
        external_id: Some("eng".to_owned()),
        clears_external_id: false,
        members: Some(vec![member(zoe.id.as_str())]),
    };
    let group = app.create_group(&push, &other.okta, group).await.unwrap().group;
    let token = app.create_scim_token(&operator, &other.okta.id, None).await.unwrap().token.id;
    let client = app.create_scim_client(&operator, &other.okta.id, client_wish()).await.unwrap().client.id;
    let session = app.use_sign_in_link(&other.link, castgate::app::Whence::default()).await.unwrap();
    let visit = app.visit(castgate::app::Credential::Session(session.secret.expose())).await.unwrap();
    let Actor::User { session, .. } = visit.actor() else { panic!("not a session") };
    let ctx = visit.ctx(app).unwrap();
    let key = app.keys(&ctx).await.unwrap().remove(0).id;
    let cluster = app.declare_cluster(&ctx, "theirs", None, None).await.unwrap().id;
    let local = app.create_local_group(&ctx, "local").await.unwrap().id;
    let machine = app.create_service_account(&ctx, "agent", "").await.unwrap().id;
    let holder = Holder::ServiceAccount(machine.clone());
    let wish = KeyWish { name: "agent".to_owned(), ..KeyWish::default() };
    let machine_key = app.create_key_of(&ctx, &holder, wish).await.unwrap().key.id;
    let gift = Gift { subject: holder.subject(), role: Role::VIEWER, cluster: None, until: None };
    let binding = app.give(&ctx, gift).await.unwrap().id;
    let connection = other.okta.id.clone();
    Ids {
        user: zoe.id,
        group: group.id,
        connection,
        token,
        key,
        session,
        machine,
        machine_key,
        binding,
        cluster,
        local,
        client,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_hold_only_what_is_ones_own() {
    everywhere(async |world| {
        let other = found(&world.app, "other").await;
        populate(world, &other).await;
        let owner = world.as_user(&world.tenant.owner);
        let (app, okta) = (&world.app, world.okta().await);
        assert_eq!(app.members(&owner, "", 100).await.unwrap().len(), 1);
        assert!(app.all_groups(&owner, "", 100).await.unwrap().is_empty());
        assert!(app.service_accounts(&owner, "", 100).await.unwrap().is_empty());
        assert_eq!(app.bindings(&owner, &BindingSearch::default(), "", 100).await.unwrap().len(), 1);
        assert_eq!(app.terms_of_people(&owner, "", 100).await.unwrap().len(), 1);
        assert_eq!(app.connections(&owner).await.unwrap().len(), 1);
        assert!(app.clusters(&owner).await.unwrap().is_empty());
        let users = Query::parse(ResourceType::User, &[], castgate::filter::Dialect::Tolerant).unwrap();
        assert_eq!(app.users(&world.push(), &okta, &users).await.unwrap().0, 0);
        let groups = Query::parse(ResourceType::Group, &[], castgate::filter::Dialect::Tolerant).unwrap();
        assert_eq!(app.groups(&world.push(), &okta, &groups).await.unwrap().0, 0);
        for event in app.events(&owner, None, "", 100).await.unwrap() {
            assert!(!event.subjects.iter().any(|subject| *subject == other.owner.to_string()), "{event:?}");
        }
        assert!(app.events(&owner, Some(other.owner.as_str()), "", 100).await.unwrap().is_empty());
        // The other's member is nobody here, whatever the push says.
        let group = world.group("mixed", &[other.owner.as_str()]).await.unwrap();
        assert_eq!(group.members.as_deref(), Some([].as_slice()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_with_a_stranger_waits_and_the_same_names_live_side_by_side() {
    everywhere(async |world| {
        let other = found(&world.app, "other").await;
        populate(world, &other).await;
        let zoe =
            world.create(json!({"userName": "zoe", "externalId": "zoe", "emails": [{"value": "zoe@other.test"}]}));
        let zoe = zoe.await.unwrap();
        world.group("eng", &[zoe.id.as_str()]).await.unwrap();
        world.app.declare_cluster(&world.operator(), "prod", None, None).await.unwrap();
        let theirs = world.app.operator(other.organization.clone());
        let cluster = world.app.declare_cluster(&theirs, "prod", None, None).await.unwrap();
        let mine: Vec<ClusterId> =
            world.app.clusters(&world.operator()).await.unwrap().into_iter().map(|cluster| cluster.id).collect();
        assert!(!mine.contains(&cluster.id));
    })
    .await;
}
