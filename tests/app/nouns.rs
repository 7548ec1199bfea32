//! What is written is what is read, for every noun; and a database opens again.

use crate::{
    harness::{World, everywhere},
    postgres::fresh_database,
};
use castgate::{
    model::{
        ApiKey, Binding, BindingId, Capability, Carries, Cluster, ClusterId, Connection, ConnectionId,
        ConnectionSettings, Event, EventId, EventKind, FactSource, Group, GroupId, GroupOrigin, Holder, IdentityKind,
        Instant, InvitationId, JobId, KeyId, KeyRight, Organization, OrganizationId, Profile, RequestId, Role, RoleId,
        Scope, ServiceAccount, ServiceAccountId, Session, SessionId, Source, Subject, Terms, User, UserId,
    },
    store::{EVERYBODY, NewVersion, Store, StoredKey, TermsDocument, Tx},
};
use serde_json::json;
use uuid::Uuid;

const NOW: Instant = Instant(1_790_000_000_123_456);
const LATER: Instant = Instant(1_790_000_999_654_321);

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn any_user(number: u128, connection: Option<ConnectionId>) -> User {
    User {
        id: UserId::from_uuid(uuid(number)),
        connection,
        user_name: format!("Ünï “quoted” 'name' {number}"),
        external_id: Some("EXT\\1 %_".to_owned()),
        display_name: "李 雷".to_owned(),
        email: Some("A.B@Exämple.test".to_owned()),
        directory_active: false,
        suspended_by_person: true,
        removed_at: Some(LATER),
        document: crate::harness::object(json!({"z": 1, "a": [true, null, {"deep": "ß"}], "active": null})),
        session_epoch: 3,
        access_epoch: 4,
        version: 5,
        created_at: NOW,
        updated_at: LATER,
    }
}

/// A write transaction of an organization that has nothing else.
async fn begin(world: &World) -> (Tx, OrganizationId) {
    let organization = Organization {
        id: OrganizationId::from_uuid(uuid(1)),
        slug: "nouns".to_owned(),
        name: "Nöuns".to_owned(),
        mapping_version: None,
        ownerless_since: None,
        created_at: NOW,
    };
    let mut tx = world.store.write("nouns").await.unwrap();
    tx.insert_organization(&organization).await.unwrap();
    assert_eq!(tx.organization(&organization.id).await.unwrap().as_ref(), Some(&organization));
    assert_eq!(tx.organization_by_slug("nouns").await.unwrap().as_ref(), Some(&organization));
    (tx, organization.id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_groups_are_read_as_they_were_written() {
    everywhere(async |world| {
        let (mut tx, org) = begin(world).await;
        let connection = ConnectionId::from_uuid(uuid(2));
        let mut user = any_user(3, Some(connection.clone()));
        tx.insert_user(&org, &user).await.unwrap();
        assert_eq!(tx.user(&org, &user.id).await.unwrap().as_ref(), Some(&user));
        let meant = tx.users_meant(&org, &connection, ("", Some("EXT\\1 %_"), None), LATER).await.unwrap();
        let found = meant.tombstone;
        assert_eq!(found.as_ref(), Some(&user));
        (user.removed_at, user.display_name, user.email) = (None, String::new(), None);
        user.document.clear();
        tx.update_user(&org, &user).await.unwrap();
        assert_eq!(tx.user_to_change(&org, &user.id).await.unwrap().as_ref(), Some(&user));
        let name = "ÜNÏ “QUOTED” 'NAME' 3";
        assert_eq!(tx.user_by_name(&org, Some(&connection), name).await.unwrap().as_ref(), Some(&user));
        assert_eq!(tx.user_by_external_id(&org, &connection, "EXT\\1 %_").await.unwrap().as_ref(), Some(&user));
        assert_eq!(tx.users_after(&org, "", 10).await.unwrap(), std::slice::from_ref(&user));
        let local = User { email: Some("A@x.test".to_owned()), removed_at: None, ..any_user(4, None) };
        tx.insert_user(&org, &local).await.unwrap();
        let meant = tx.users_meant(&org, &connection, ("", None, Some("a@X.TEST")), LATER).await.unwrap();
        assert_eq!(meant.by_email, std::slice::from_ref(&local));
        assert_eq!(tx.users_by_email(&org, "a@X.TEST").await.unwrap(), [local]);
        let subject = (IdentityKind::Subject, "sub|1");
        assert!(tx.insert_identity(&org, &connection, subject, &user.id, NOW).await.unwrap());
        assert!(!tx.insert_identity(&org, &connection, subject, &user.id, NOW).await.unwrap());
        assert_eq!(tx.identity(&org, &connection, subject).await.unwrap().as_ref(), Some(&user.id));
        for facts in [json!({"b": 1, "a": "x"}), json!({"b": 2})] {
            let facts = crate::harness::object(facts);
            assert!(tx.record_facts(&org, &user.id, FactSource::Claims, &facts, NOW).await.unwrap());
            assert!(!tx.record_facts(&org, &user.id, FactSource::Claims, &facts, NOW).await.unwrap());
            assert_eq!(tx.facts(&org, &user.id, FactSource::Claims).await.unwrap(), Some(facts));
        }
        let origins = [(None, GroupOrigin::Local), (Some(connection.clone()), GroupOrigin::Scim)];
        for (number, (connection, origin)) in (10..).zip(origins) {
            let mut group = Group {
                id: GroupId::from_uuid(uuid(number)),
                connection,
                origin,
                display_name: "Straße".to_owned(),
                external_id: Some("G-1".to_owned()),
                removed_at: None,
                version: 2,
                created_at: NOW,
                updated_at: LATER,
            };
            tx.insert_group(&org, &group).await.unwrap();
            assert_eq!(tx.group(&org, &group.id).await.unwrap().as_ref(), Some(&group));
            let by_name = tx.group_by_name(&org, group.connection.as_ref(), origin, "STRASSE").await.unwrap();
            assert_eq!(by_name.as_ref(), Some(&group));
            assert!(tx.open_membership(&org, &group.id, &user.id, NOW).await.unwrap());
            assert_eq!(tx.member_ids(&org, &group.id, EVERYBODY).await.unwrap(), std::slice::from_ref(&user.id));
            group.removed_at = Some(LATER);
            tx.update_group(&org, &group).await.unwrap();
            assert_eq!(tx.group_to_change(&org, &group.id).await.unwrap(), Some(group));
        }
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bindings_of_every_kind_are_read_as_they_were_written() {
    everywhere(async |world| {
        let (mut tx, org) = begin(world).await;
        let subjects = [
            Subject::User(UserId::from_uuid(uuid(1))),
            Subject::Group(GroupId::from_uuid(uuid(1))),
            Subject::ServiceAccount(ServiceAccountId::from_uuid(uuid(1))),
        ];
        let roles = [Role::OWNER, Role::VIEWER, Role::Custom(RoleId::from_uuid(uuid(1)))];
        let scopes = [
            Scope::Organization,
            Scope::cluster(ClusterId::from_uuid(uuid(1))),
            Scope::Resource { resource: "node".to_owned(), id: "n/1".to_owned() },
        ];
        let sources = [
            Source::Person,
            Source::Rule { name: "a “rule”: with, marks".to_owned() },
            Source::Invitation { id: InvitationId::from_uuid(uuid(1)) },
            Source::File,
            Source::Floor,
        ];
        let mut number = 0;
        for subject in &subjects {
            let mut written = Vec::new();
            for (role, scope) in roles.iter().flat_map(|role| scopes.iter().map(move |scope| (role, scope))) {
                for source in &sources {
                    number += 1;
                    let (subject, role) = (subject.clone(), role.clone());
                    let (scope, source) = (scope.clone(), source.clone());
                    let until = (number % 2 == 0).then_some(LATER);
                    let binding = Binding {
                        id: BindingId::from_uuid(uuid(number)),
                        terms: Terms { subject, role, scope, source, until },
                        mapping_version: (number % 3 == 0).then_some(7),
                        author: "user usr_1".to_owned(),
                        since: NOW,
                    };
                    assert!(tx.open_binding(&org, &binding).await.unwrap());
                    assert!(!tx.open_binding(&org, &binding).await.unwrap());
                    written.push(binding);
                }
            }
            assert_eq!(tx.bindings_of(&org, subject).await.unwrap(), written);
            let first = &written[0];
            assert!(tx.close_binding(&org, &first.id, (LATER, "operator")).await.unwrap());
            assert!(!tx.close_binding(&org, &first.id, (LATER, "operator")).await.unwrap());
            assert_eq!(tx.bindings_of(&org, subject).await.unwrap(), written[1..]);
        }
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_tokens_and_credentials_are_read_as_they_were_written() {
    everywhere(async |world| {
        let (mut tx, org) = begin(world).await;
        let mut settings = ConnectionSettings::of(Profile::Entra);
        settings.domains = vec!["exämple.test".to_owned()];
        let mut connection = Connection {
            id: ConnectionId::from_uuid(uuid(2)),
            name: "Entra".to_owned(),
            enabled: true,
            settings,
            schemas: Vec::new(),
            epoch: 2,
            pushes_groups: false,
            created_at: NOW,
            version: 1,
        };
        tx.insert_connection(&org, &connection, Some(b"\x00sealed")).await.unwrap();
        assert_eq!(tx.connection(&org, &connection.id).await.unwrap().as_ref(), Some(&connection));
        assert_eq!(tx.client_secret(&org, &connection.id).await.unwrap().as_deref(), Some(b"\x00sealed".as_slice()));
        assert!(tx.update_connection(&org, &connection).await.unwrap());
        assert!(!tx.update_connection(&org, &connection).await.unwrap(), "somebody else was first");
        connection.version += 1;
        assert_eq!(tx.connections(&org).await.unwrap(), std::slice::from_ref(&connection));
        let user = User { removed_at: None, session_epoch: 3, ..any_user(4, None) };
        tx.insert_user(&org, &user).await.unwrap();
        let session = Session {
            id: SessionId::from_uuid(uuid(5)),
            organization: org.clone(),
            user: user.id.clone(),
            connection: Some(connection.id.clone()),
            user_epoch: 3,
            connection_epoch: 2,
            created_at: NOW,
            last_seen_at: NOW,
            expires_at: LATER,
            provider_session: Some("sid".to_owned()),
            authenticated_at: None,
            acr: None,
        };
        tx.insert_session(&session, &[2; 32], Some(b"token")).await.unwrap();
        assert_eq!(tx.session(&[2; 32], NOW).await.unwrap().as_ref(), Some(&session));
        assert_eq!(tx.session(&[2; 32], LATER).await.unwrap(), None);
        assert_eq!(tx.sessions_of(&org, &user.id, NOW).await.unwrap(), [session]);
        assert_eq!(tx.session_id_token(&[2; 32]).await.unwrap().as_deref(), Some(b"token".as_slice()));
        tx.insert_sign_in_link(&org, &user.id, &[4; 32], (NOW, LATER)).await.unwrap();
        assert_eq!(tx.use_sign_in_link(&[4; 32], NOW).await.unwrap(), Some((org, user.id)));
        assert_eq!(tx.use_sign_in_link(&[4; 32], NOW).await.unwrap(), None);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_people_and_machines_are_read_as_they_were_written() {
    everywhere(async |world| {
        let (mut tx, org) = begin(world).await;
        let user = any_user(4, None);
        let key = ApiKey {
            id: KeyId::from_uuid(uuid(6)),
            owner: Holder::User(user.id.clone()),
            name: "agent".to_owned(),
            hint: "cgk_ab".to_owned(),
            rights: None,
            created_by: "user usr_1".to_owned(),
            created_at: NOW,
            expires_at: None,
            active: true,
            last_used_at: None,
            last_used_from: None,
            known_by: None,
            rotate_by: None,
            replaced_by: None,
            attenuated_at: None,
            delete_at: None,
        };
        let narrow = ApiKey {
            id: KeyId::from_uuid(uuid(7)),
            owner: Holder::ServiceAccount(ServiceAccountId::from_uuid(uuid(8))),
            rights: Some(vec![
                KeyRight { carries: Carries::Role(Role::VIEWER), scope: Scope::Organization },
                KeyRight {
                    carries: Carries::Capabilities([Capability::ViewCosts].into()),
                    scope: Scope::cluster(ClusterId::from_uuid(uuid(9))),
                },
            ]),
            expires_at: Some(LATER),
            ..key.clone()
        };
        for (key, hash) in [(&key, [3; 32]), (&narrow, [5; 32])] {
            tx.insert_api_key(&org, key, &hash).await.unwrap();
            assert_eq!(tx.api_key(&hash, NOW).await.unwrap(), Some((org.clone(), key.clone())));
            assert_eq!(tx.api_key_by_id(&org, &key.id, NOW).await.unwrap().as_ref(), Some(key));
            assert_eq!(tx.api_keys_of(&org, &key.owner).await.unwrap(), std::slice::from_ref(key));
            tx.touch_api_key(&hash, NOW, std::time::Duration::from_mins(1)).await.unwrap();
            let seen = tx.api_key_by_id(&org, &key.id, NOW).await.unwrap().unwrap();
            assert_eq!(seen, ApiKey { last_used_at: Some(NOW), ..key.clone() });
        }
        assert_eq!(tx.api_key(&[5; 32], LATER).await.unwrap(), None, "it has expired");
        assert!(tx.change_api_key(&org, &narrow.owner, &narrow.id, ("x", true)).await.unwrap());
        assert!(!tx.change_api_key(&org, &key.owner, &narrow.id, ("x", true)).await.unwrap(), "somebody else's");
        assert!(tx.change_api_key(&org, &key.owner, &key.id, ("agent", false)).await.unwrap());
        assert_eq!(tx.api_key(&[3; 32], NOW).await.unwrap(), None, "it is switched off");
        assert!(!tx.revoke_api_key(&org, &key.owner, &narrow.id, NOW).await.unwrap(), "somebody else's");
        assert!(tx.revoke_api_key(&org, &narrow.owner, &narrow.id, NOW).await.unwrap());
        assert_eq!(tx.revoke_api_keys_of(&org, &narrow.owner, NOW).await.unwrap(), 0);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_accounts_are_read_as_they_were_written() {
    everywhere(async |world| {
        let (mut tx, org) = begin(world).await;
        let mut machine = ServiceAccount {
            id: ServiceAccountId::from_uuid(uuid(8)),
            name: "Ägent".to_owned(),
            description: "prod's “agent”".to_owned(),
            created_by: Some(UserId::from_uuid(uuid(4))),
            suspended: true,
            removed_at: None,
            version: 3,
            created_at: NOW,
            updated_at: LATER,
        };
        tx.insert_service_account(&org, &machine).await.unwrap();
        assert_eq!(tx.service_account(&org, &machine.id).await.unwrap().as_ref(), Some(&machine));
        assert_eq!(tx.service_account_by_name(&org, "äGENT").await.unwrap().as_ref(), Some(&machine));
        assert_eq!(tx.service_accounts_after(&org, "", 10).await.unwrap(), std::slice::from_ref(&machine));
        (machine.removed_at, machine.suspended, machine.version) = (Some(LATER), false, 4);
        tx.update_service_account(&org, &machine).await.unwrap();
        assert_eq!(tx.service_account_to_change(&org, &machine.id).await.unwrap().as_ref(), Some(&machine));
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mappings_terms_events_and_keys_are_read_as_they_were_written() {
    everywhere(async |world| {
        let (mut tx, org) = begin(world).await;
        let cluster = Cluster {
            id: ClusterId::from_uuid(uuid(2)),
            slug: "prod".to_owned(),
            name: "Pröd".to_owned(),
            external_id: Some("0-1".to_owned()),
            gone_since: Some(NOW),
            name_there: Some("prod".to_owned()),
        };
        tx.insert_cluster(&org, &cluster, NOW).await.unwrap();
        assert_eq!(tx.cluster_by_slug(&org, "PROD").await.unwrap().as_ref(), Some(&cluster));
        assert_eq!(tx.clusters(&org).await.unwrap(), [cluster]);
        for version in 1..=2 {
            let names = ["okta".to_owned(), "b\"c".to_owned()];
            let text = format!("rules: [] # {version}");
            let new = NewVersion { text: &text, connections: &names, author: "operator", reason: "" };
            assert_eq!(tx.publish_mapping(&org, new, NOW).await.unwrap(), version);
            let read = tx.mapping_version(&org, version).await.unwrap().unwrap();
            assert_eq!((read.version, read.text, read.connections), (version, text, names.to_vec()));
        }
        assert_eq!(tx.mapping_state(&org).await.unwrap(), (Some(2), 0));
        tx.save_mapping_draft(&org, ("one", "a"), NOW).await.unwrap();
        tx.save_mapping_draft(&org, ("two", "a"), NOW).await.unwrap();
        assert_eq!(tx.mapping_draft(&org).await.unwrap().as_deref(), Some("two"));
        let document =
            TermsDocument { kind: "terms".to_owned(), version: 9, text: "…".to_owned(), binding_from: NOW };
        tx.insert_terms(&document, NOW).await.unwrap();
        assert!(tx.current_terms().await.unwrap().contains(&document));
        for (number, kind) in (10..).zip(EventKind::ALL) {
            let event = Event {
                id: EventId::from_uuid(uuid(number)),
                number: None,
                at: NOW,
                kind: *kind,
                actor: "operator".to_owned(),
                request: RequestId::from_uuid(uuid(number)),
                subjects: vec!["a".to_owned(), "b".to_owned()],
                subjects_in_all: None,
                detail: json!({"x": [1, "ß"]}),
            };
            tx.insert_event(&org, &event).await.unwrap();
            assert_eq!(tx.events(&org, Some("b"), "", 1).await.unwrap(), std::slice::from_ref(&event));
            assert_eq!(tx.events(&org, None, "", 1).await.unwrap(), [event]);
        }
        tx.insert_job(&org, &JobId::from_uuid(uuid(1)), ("mail", &json!({})), NOW).await.unwrap();
        let (id, sealed) = ("kid".to_owned(), b"sealed".to_vec());
        let key = StoredKey { id, sealed, number: Some(7), signs_from: NOW, retired_at: None };
        tx.insert_signing_key(&key, NOW).await.unwrap();
        assert!(tx.signing_keys(NOW).await.unwrap().contains(&key));
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_opens_again_with_everything_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let organization = Organization {
        id: OrganizationId::from_uuid(uuid(1)),
        slug: "again".to_owned(),
        name: "Again".to_owned(),
        mapping_version: None,
        ownerless_since: None,
        created_at: NOW,
    };
    let write = async |store: Store| {
        let mut tx = store.write("first").await.unwrap();
        tx.insert_organization(&organization).await.unwrap();
        tx.commit().await.unwrap();
    };
    let read = async |store: Store| {
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.organization_by_slug("again").await.unwrap().as_ref(), Some(&organization));
    };
    write(Store::open_sqlite(directory.path()).await.unwrap()).await;
    read(Store::open_sqlite(directory.path()).await.unwrap()).await;
    let Some(url) = fresh_database().await else { return };
    write(Store::open_postgres(&url, 2).await.unwrap()).await;
    read(Store::open_postgres(&url, 2).await.unwrap()).await;
}
