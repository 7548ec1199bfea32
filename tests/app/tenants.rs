//! What the operator does to whole organizations.

use crate::harness::{Tenant, World, everywhere, found};
use castgate::{
    app::{Asked, ClientProof, ClientWish, Ctx, Error, NewConnection, Route, Verdict, tolerated},
    crypto::ServiceKey,
    model::{
        ConnectionId, ConnectionSettings, Holder, OrganizationId, Profile, Role, SamlBinding, SamlEndpoint,
        SamlSettings, Subject,
    },
    scim::{ResourceType, Tolerance},
    store::args,
};
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

/// How many rows each table has of an organization.
async fn rows(world: &World, organization: &OrganizationId) -> BTreeMap<String, i64> {
    let mut tx = world.store.read().await.unwrap();
    tx.count_organization(organization).await.unwrap().into_iter().collect()
}

/// At least one row in as many tables as use cases reach.
async fn fill(world: &World) {
    let owner = world.as_user(&world.tenant.owner);
    world.app.declare_cluster(&owner, "prod", None, None).await.unwrap();
    let ada = world.hire("ada").await;
    world.group("eng", &[ada.id.as_str(), "awaited"]).await.unwrap();
    let local = world.app.create_local_group(&owner, "local").await.unwrap();
    let (machine, _) = world.machine("agent").await;
    world.app.join_local_group(&owner, &local.id, &Holder::ServiceAccount(machine.id)).await.unwrap();
    world.give(Subject::Group(local.id), Role::VIEWER, Some("prod")).await.unwrap();
    world.app.draft_mapping(&owner, "rules: []").await.unwrap();
    world.app.plan_mapping(&owner, "rules: []").await.unwrap();
    world.publish("rules: [{name: eng, groups: [okta/eng], grant: member}]").await;
    world.app.create_scim_token(&owner, &world.tenant.okta.id, None).await.unwrap();
    signals(world, &owner, &ada.id).await;
    provider_credentials(world, &owner).await;
    world.app.connect_cast_ai(&owner, "castai_v1_0123456789abcdef").await.unwrap();
    world.session(&ada.id).await;
    world.set_active(&ada.id, false).await.unwrap();
    crate::bindings::custom_role(world, "x", "[]").await;
    crate::invitations::invite(world, "grace@acme.test").await;
    world.app.set_invitation_domains(&owner, &["acme.test".to_owned()], None).await.unwrap();
    world.key_used(&world.tenant.key).await;
    let saml = saml_connection(world, &owner).await;
    let schema = json!({"urn": "urn:acme:params:scim:2.0:User", "attributes": [{"name": "badge"}]});
    world.app.declare_schema(&owner, serde_json::from_value(schema).unwrap()).await.unwrap();
    world.app.use_sign_in_link(&world.tenant.link, castgate::app::Whence::default()).await.unwrap();
    world.app.test_connection(&owner, &world.tenant.okta.id).await.unwrap();
    world.app.set_connection_enabled(&owner, &world.tenant.okta.id, false).await.unwrap();
    world.app.create_setup_link(&owner, &world.tenant.okta.id, None).await.unwrap();
    world.app.set_connection_enabled(&owner, &world.tenant.okta.id, true).await.unwrap();
    let passworded = &world.tenant.owner;
    let mut tx = world.store.write("test").await.unwrap();
    let (whose, now) = (&world.tenant.organization, world.now());
    tx.set_password(whose, passworded, ("$argon2id$", "owner@acme.test"), now).await.unwrap();
    let mut link = [0; 32];
    world.app.clock().fill(&mut link);
    tx.insert_password_link(whose, (passworded, "owner@acme.test"), &link, (now, now)).await.unwrap();
    assert!(tx.offer_second_factor(whose, passworded, &[1], now).await.unwrap());
    tx.set_recovery_codes(whose, passworded, &[[1; 32]]).await.unwrap();
    tx.use_saml_message(&world.tenant.organization, &saml, (&[7_u8; 32], world.now())).await.unwrap();
    let accident = castgate::model::AccidentId::from_uuid(world.app.clock().uuid());
    let (of, lost) = ((&accident, &world.tenant.okta.id), castgate::store::Losses::default());
    tx.insert_accident(&world.tenant.organization, of, (world.now(), world.now()), &lost).await.unwrap();
    tx.ask_key_reviews(&world.tenant.organization, &[String::new()], world.now()).await.unwrap();
    let job = castgate::model::JobId::from_uuid(world.app.clock().uuid());
    tx.insert_job(&world.tenant.organization, &job, ("x", &json!({})), world.now()).await.unwrap();
    let domain = format!("{}.test", world.tenant.organization);
    tx.set_domain_claim(&world.tenant.organization, &crate::harness::shown_domain(world, &domain)).await.unwrap();
    tx.approve_adoption(&world.tenant.organization, &world.tenant.okta.id, &ada.id, (world.now(), "test"))
        .await
        .unwrap();
    tx.run(
        "INSERT INTO idempotency (organization, actor, caller_key, fingerprint, request, begun_at, done)
         VALUES (?1, 'somebody', ?2, ?2, 'request', 0, 1)",
        args![world.tenant.organization, [1_u8; 32]],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.app.seal_events().await.unwrap();
    count_a_tolerance(world).await;
    let bea = world.create(json!({"userName": "bea"})).await.unwrap();
    for user in [&ada.id, &bea.id] {
        world.give(Subject::User(user.clone()), Role::VIEWER, None).await.unwrap();
    }
    let limits = castgate::model::ReviewLimits { group_of: 2, ..Default::default() };
    world.app.start_access_review(&owner, "Spring", limits).await.unwrap();
    let mut tx = world.store.write("test").await.unwrap();
    tx.run(
        "INSERT INTO mirrored_keys (organization, id, external_id, owner, name, hint, active, read_at)
         VALUES (?1, 'mky_06h00000000000000000000000', 'x', 'x', 'x', 'x', 1, 0)",
        args![world.tenant.organization],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// A connection that speaks SAML, with a key of ours and a certificate of its provider's.
async fn saml_connection(world: &World, owner: &Ctx) -> ConnectionId {
    let key = ServiceKey::generate().unwrap();
    let certificate = key.certificate("idp", world.now(), world.now().plus(Duration::from_hours(24))).unwrap();
    let endpoint = |location: &str| SamlEndpoint {
        binding: SamlBinding::Redirect,
        location: location.to_owned(),
        response_location: None,
    };
    let saml = SamlSettings {
        entity_id: "https://idp.test".to_owned(),
        metadata_url: Some("https://idp.test/metadata".to_owned()),
        sign_on: vec![endpoint("https://idp.test/sso")],
        certificates: vec![data_encoding::BASE64.encode(&certificate)],
        ..SamlSettings::default()
    };
    let settings = ConnectionSettings { saml: Some(saml), ..ConnectionSettings::of(Profile::Generic) };
    let new = NewConnection { name: "saml".to_owned(), settings, client_secret: None };
    world.app.create_connection(owner, new).await.unwrap().id
}

/// A webhook and something that it was sent; a stream of security events and one that came; a silence.
async fn signals(world: &World, owner: &Ctx, user: &castgate::model::UserId) {
    use castgate::{
        app::WebhookWish,
        model::{DeliveryId, EventId, EventKind, RequestId, Signal, SignalEntry, SignalId},
        store::{Attempted, Silence},
    };
    let (organization, connection) = (&world.tenant.organization, &world.tenant.okta.id);
    let url = Some("https://siem.example.com/in".to_owned());
    let wish = WebhookWish { name: Some("siem".to_owned()), url, kinds: None, active: None };
    let webhook = world.app.create_webhook(owner, wish).await.unwrap().webhook.id;
    world.app.create_signal_token(owner, connection).await.unwrap();
    let (clock, at) = (world.app.clock(), world.now());
    let mut tx = world.store.write("test").await.unwrap();
    let attempted = Attempted {
        id: &DeliveryId::from_uuid(clock.uuid()),
        webhook: &webhook,
        event: (&EventId::from_uuid(clock.uuid()), 1, EventKind::UserCreated),
        at,
        status: Some(204),
        error: None,
    };
    tx.note_delivery(organization, &attempted).await.unwrap();
    let entry = SignalEntry { request: RequestId::from_uuid(clock.uuid()), issued_at: at, events: Vec::new() };
    let signal = Signal { id: SignalId::from_uuid(clock.uuid()), connection: connection.clone(), at, entry };
    assert!(tx.insert_signal(organization, &signal, &[1; 32]).await.unwrap());
    tx.remember_signal_suspension(organization, (user, connection), (1, at)).await.unwrap();
    let usual = Duration::from_hours(1);
    let silence = Silence { connection: connection.clone(), last_push_at: at, usual, noticed_at: at };
    assert!(tx.insert_silence(organization, &silence).await.unwrap());
    tx.commit().await.unwrap();
}

/// A push that got away with something, counted for good, and one that is not yet.
async fn count_a_tolerance(world: &World) {
    let asked = |request| Asked {
        request,
        method: "POST".to_owned(),
        path: "/Users".to_owned(),
        resource: None,
        kind: ResourceType::User,
        selective: false,
        parameters: std::sync::Arc::default(),
    };
    for _ in 0..2 {
        let attempt = world.app.attempt(asked(world.push().request));
        attempt.of_connection(&world.push(), &world.tenant.okta);
        let tolerate = async || tolerated(&[Tolerance::NoPath]);
        attempt.clone().scope(tolerate()).await;
        world.app.conclude(&attempt, &Verdict { status: 400, ..Verdict::default() });
        world.app.write_pushes().await.unwrap();
        world.app.clock().advance(Duration::from_mins(11));
        assert_eq!(world.app.keep_pushes().await.unwrap().counted, 1);
    }
}

/// A client, an assertion of it, and a JWT of the provider's own.
async fn provider_credentials(world: &World, owner: &Ctx) {
    let (organization, connection) = (&world.tenant.organization, &world.tenant.okta.id);
    let wish = ClientWish { name: "client".to_owned(), proof: ClientProof::Secret };
    let client = world.app.create_scim_client(owner, connection, wish).await.unwrap().client.id;
    let mut tx = world.store.write("test").await.unwrap();
    assert!(tx.use_assertion(organization, &client, (&[1; 32], world.now())).await.unwrap());
    assert!(!tx.use_assertion(organization, &client, (&[1; 32], world.now())).await.unwrap());
    let key = castgate::store::StoredKey {
        id: format!("thumbprint of {organization}"),
        sealed: vec![1],
        number: None,
        signs_from: world.now(),
        retired_at: None,
    };
    tx.insert_client_key(organization, connection, &key, world.now()).await.unwrap();
    let times = (world.now(), world.now());
    let told = (organization, connection);
    assert!(tx.remember_logout(told, castgate::store::LogoutOf::Token, &[1; 32], times).await.unwrap());
    assert!(!tx.remember_logout(told, castgate::store::LogoutOf::Token, &[1; 32], times).await.unwrap());
    tx.touch_provider_jwt(organization, connection, (world.now(), None)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_organization_leaves_no_row_and_takes_none_of_anybody_elses() {
    everywhere(async |world| {
        let other = found(&world.app, "other").await;
        let theirs = world.of_tenant(other.clone());
        fill(world).await;
        fill(&theirs).await;
        let before = rows(world, &other.organization).await;
        let empty: Vec<_> = before.iter().filter(|(_, count)| **count == 0).map(|(table, _)| table.as_str()).collect();
        assert!(empty.is_empty(), "the test has to fill these tables too: {empty:?}");
        let (acme, key) = (&world.tenant.organization, &world.tenant.key);
        assert!(world.visit_key(key).await.is_ok());

        let refused = world.app.delete_organization("acme", "acem").await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        assert!(world.visit_key(key).await.is_ok());
        let total: i64 = rows(world, acme).await.values().sum();
        let gone = world.app.delete_organization("acme", "acme").await.unwrap();
        assert_eq!((gone.organization.id, i64::try_from(gone.rows).unwrap()), (acme.clone(), total + 1));
        assert!(rows(world, acme).await.values().all(|count| *count == 0));
        assert_eq!(rows(world, &other.organization).await, before);
        assert!(matches!(world.visit_key(key).await, Err(Error::NotSignedIn)));
        assert!(theirs.visit_key(&other.key).await.is_ok());
        assert!(matches!(world.app.organization_by_slug("acme").await, Err(Error::NotFound { .. })));
        found(&world.app, "acme").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rename_the_old_slug_leads_nowhere() {
    everywhere(async |world| {
        let other: Tenant = found(&world.app, "other").await;
        assert_eq!(world.visit_key(&world.tenant.key).await.unwrap().slug, "acme");
        let taken = world.app.rename_organization("acme", Some("other"), None).await;
        assert!(matches!(taken, Err(Error::Conflict { code: "taken", .. })), "{taken:?}");
        world.tick();
        let renamed = world.app.rename_organization("acme", Some("acme-corp"), Some("Acme Corp.")).await.unwrap();
        assert_eq!((renamed.slug.as_str(), renamed.name.as_str()), ("acme-corp", "Acme Corp."));
        let visit = world.visit_key(&world.tenant.key).await.unwrap();
        assert_eq!((visit.slug.as_str(), visit.organization_name.as_str()), ("acme-corp", "Acme Corp."));
        assert_eq!(world.app.route_sign_in(Some("acme"), None).await.unwrap(), Route::Nothing);
        assert!(matches!(world.app.route_sign_in(Some("acme-corp"), None).await.unwrap(), Route::Provider { .. }));
        let slugs: Vec<_> = world.app.organizations().await.unwrap().into_iter().map(|found| found.slug).collect();
        assert_eq!(slugs, ["acme-corp", "other"]);
        let owner = world.as_user(&world.tenant.owner);
        let events = world.app.events(&owner, Some(world.tenant.organization.as_str()), "", 1).await.unwrap();
        assert_eq!((events[0].kind.name(), events[0].actor.as_str()), ("organization.changed", "operator"));
        assert_eq!(world.app.name_organization(&owner, "Acme", None).await.unwrap().name, "Acme");
        let theirs = world.app.organization(&world.of_tenant(other).operator()).await.unwrap();
        assert_eq!(theirs.name, "other");
    })
    .await;
}
