//! Two at the same moment, on both stores, through a provider that really signs people in.

use crate::{desk, postgres::fresh_database, token_in};
use castgate::{
    app::{
        Acceptance, Actor, App, Clock, Ctx, Error, Finished, NewConnection, NewOrganization, SignedIn, TurnedAway,
        Whence, Wish,
    },
    cache::Cache,
    config::Settings,
    crypto::{MasterKey, Sealer},
    lab::{Lab, Person},
    model::{BuiltInRole, Invitation, InvitationState, Role, UserId},
    sso::Callback,
    store::Store,
};
use std::{collections::HashMap, time::Duration};
use tempfile::TempDir;

pub(crate) struct Scene {
    pub(crate) app: App,
    /// Where the second of two comes in: the same node, or another one on the same store.
    other: App,
    pub(crate) store: Store,
    pub(crate) lab: Lab,
    pub(crate) operator: Ctx,
    engine: &'static str,
    pub(crate) mail: TempDir,
    _directory: Option<TempDir>,
}

/// How often two meet: `CASTGATE_TEST_ROUNDS`, or a few times.
fn rounds() -> usize {
    std::env::var("CASTGATE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(15)
}

/// On SQLite with one node, on PostgreSQL with one and with two.
async fn everywhere(test: impl AsyncFn(&Scene)) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open_sqlite(directory.path()).await.unwrap();
    test(&Scene::of(store, ("SQLite", 1), Some(directory)).await).await;
    for (nodes, engine) in [(1, "PostgreSQL"), (2, "PostgreSQL, two nodes")] {
        if let Some(url) = fresh_database().await {
            let store = Store::open_postgres(&url, 8).await.unwrap();
            test(&Scene::of(store, (engine, nodes), None).await).await;
        }
    }
}

impl Scene {
    async fn of(store: Store, how: (&'static str, usize), directory: Option<TempDir>) -> Self {
        Self::at((store, Clock::machine()), how, directory).await
    }

    /// The same by a clock of one's own.
    pub(crate) async fn at(
        (store, clock): (Store, Clock),
        (engine, nodes): (&'static str, usize),
        directory: Option<TempDir>,
    ) -> Self {
        let mail = tempfile::tempdir().unwrap();
        let mut settings = Settings::load(None, std::iter::empty()).unwrap();
        settings.network.allow_private_addresses = true;
        settings.domains.proof = castgate::config::DomainProofs::Settings;
        settings.mail.folder = Some(mail.path().to_owned());
        let node = || {
            let cache = Cache::open(&settings.cache).unwrap();
            let sealer = Sealer::new(&[MasterKey::from_bytes([7; 32])]).unwrap();
            App::new(settings.clone(), store.clone(), cache, sealer, clock.clone())
        };
        let app = node();
        app.prepare().await.unwrap();
        let other = if nodes == 1 { app.clone() } else { node() };
        other.prepare().await.unwrap();
        let owner = "owner@acme.test".to_owned();
        let new = NewOrganization { slug: "acme".to_owned(), name: "Acme".to_owned(), owner, accept_terms: true };
        let founded = app.found_organization(&new).await.unwrap();
        let operator = app.operator(founded.organization.id);
        let lab = Lab::start(&app.redirect_uri()).await.unwrap();
        let secret = Some(lab.client_secret.clone().into());
        let new = NewConnection { name: "okta".to_owned(), settings: desk::settings(&lab), client_secret: secret };
        app.create_connection(&operator, new).await.unwrap();
        Self { app, other, store, lab, operator, engine, mail, _directory: directory }
    }

    /// Invites a person; the invitation and its link's token.
    async fn invite(&self, person: &Person) -> (Invitation, String) {
        let role = Role::BuiltIn(BuiltInRole::Member);
        let wish = Wish { email: person.email.clone(), role, clusters: Vec::new(), groups: Vec::new() };
        let invited = self.app.invite(&self.operator, vec![wish], None).await.unwrap().remove(0).unwrap();
        self.app.send_letters().await.unwrap();
        let file = std::fs::read_dir(self.mail.path()).unwrap().next().unwrap().unwrap().path();
        let token = token_in(&std::fs::read_to_string(&file).unwrap());
        std::fs::remove_file(file).unwrap();
        (invited, token)
    }

    /// Everything up to the way back: what is left is to finish.
    async fn at_the_provider(&self, token: &str, person: &Person) -> (String, Callback) {
        let Acceptance::Leave(begun) = self.app.begin_acceptance(token, None).await.unwrap() else { panic!("no way") };
        let query = desk::choose(&self.lab, &begun.url, person).await;
        let query: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        (begun.cookie, serde_json::from_value(serde_json::json!(query)).unwrap())
    }

    /// Somebody of the provider's, another one in each of a few rounds.
    fn person(&self, round: usize) -> &Person {
        let people = self.lab.people();
        &people[round % people.len()]
    }

    /// Whoever came in goes again, so that the next round begins as the first did.
    async fn forget(&self, user: &UserId) {
        let connection = self.app.connections(&self.operator).await.unwrap().remove(0);
        let ctx = Ctx { actor: Actor::Connection { id: connection.id.clone() }, ..self.operator.clone() };
        self.app.delete_user(&ctx, &connection, (user.as_str(), None)).await.unwrap();
        let mut tx = self.store.write("forget").await.unwrap();
        tx.blank_user(&self.operator.organization, user, self.app.clock().now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn finish(&self, arrival: (String, Callback)) -> Result<SignedIn, Error> {
        Self::finish_at(&self.app, arrival).await
    }

    async fn finish_at(app: &App, (cookie, callback): (String, Callback)) -> Result<SignedIn, Error> {
        signed_in(app.finish_sign_in(Some(&cookie), callback, Whence::default()).await)
    }

    async fn now(&self, invitation: &Invitation) -> Invitation {
        self.app.invitation(&self.operator, &invitation.id).await.unwrap()
    }
}

fn signed_in(finished: Result<Finished, Error>) -> Result<SignedIn, Error> {
    match finished {
        Ok(Finished::SignedIn(signed_in)) => Ok(signed_in),
        Ok(Finished::Tested(test)) => panic!("nobody tests anything: {test:?}"),
        Err(Error::SignIn { why, .. }) => Err(*why),
        Err(error) => Err(error),
    }
}

fn is_dead<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::TurnedAway(TurnedAway::DeadLink)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_link_followed_twice_at_the_same_moment_is_accepted_once() {
    everywhere(async |scene| {
        for round in 0..rounds() {
            let person = scene.person(round);
            let (invitation, token) = scene.invite(person).await;
            let (one, other) =
                (scene.at_the_provider(&token, person).await, scene.at_the_provider(&token, person).await);
            let (one, other) = tokio::join!(scene.finish(one), Scene::finish_at(&scene.other, other));
            assert_eq!([&one, &other].iter().filter(|outcome| outcome.is_ok()).count(), 1, "{one:?} {other:?}");
            assert!(is_dead(&one) || is_dead(&other), "{}: {one:?} {other:?}", scene.engine);
            let user = one.or(other).unwrap().user;
            let now = scene.now(&invitation).await;
            assert_eq!(now.accepted_by.as_ref(), Some(&user));
            let access = scene.app.access(&scene.operator, &user).await.unwrap();
            assert_eq!(access.derivations.len(), 1, "{}: {access:?}", scene.engine);
            scene.forget(&user).await;
        }
        eprintln!("{}: {} links were followed twice and accepted once", scene.engine, rounds());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_followed_while_it_is_revoked_lets_in_or_is_dead() {
    everywhere(async |scene| {
        let mut accepted = 0;
        for round in 0..rounds() {
            let person = scene.person(round);
            let (invitation, token) = scene.invite(person).await;
            let on_the_way = scene.at_the_provider(&token, person).await;
            // Later and later: the sign-in asks the provider first.
            let revoke = async {
                tokio::time::sleep(Duration::from_millis(round as u64 % 20)).await;
                scene.other.revoke_invitation(&scene.operator, &invitation.id).await
            };
            let (finished, revoked) = tokio::join!(scene.finish(on_the_way), revoke);
            let state = scene.now(&invitation).await.state(scene.app.clock().now());
            match state {
                InvitationState::Accepted => assert!(finished.is_ok() && revoked.is_err(), "{finished:?} {revoked:?}"),
                InvitationState::Revoked => assert!(is_dead(&finished) && revoked.is_ok(), "{finished:?} {revoked:?}"),
                InvitationState::Pending | InvitationState::Expired => panic!("{}: {state:?}", scene.engine),
            }
            if let Ok(arrived) = finished {
                accepted += 1;
                scene.forget(&arrived.user).await;
            }
        }
        eprintln!("{}: {accepted} of {} accepted first", scene.engine, rounds());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_sign_in_uses_an_invitation_up_where_the_domain_is_the_connections() {
    everywhere(async |scene| {
        let person = &scene.lab.people()[0];
        let (invitation, _) = scene.invite(person).await;
        let connection = scene.app.connections(&scene.operator).await.unwrap().remove(0);
        let sign_in = async || {
            let begun = scene.app.begin_sign_in(&scene.operator.organization, &connection.id, None, "/").await.unwrap();
            let query = desk::choose(&scene.lab, &begun.url, person).await;
            let query: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let callback = serde_json::from_value(serde_json::json!(query)).unwrap();
            signed_in(scene.app.finish_sign_in(Some(&begun.cookie), callback, Whence::default()).await).unwrap()
        };
        let now = || scene.app.clock().now();
        sign_in().await;
        assert_eq!(
            scene.now(&invitation).await.state(now()),
            InvitationState::Pending,
            "an address alone proves nothing"
        );
        let mut settings = connection.settings.clone();
        settings.domains = vec![person.email.split_once('@').unwrap().1.to_owned()];
        scene.app.update_connection(&scene.operator, &connection.id, None, settings, None).await.unwrap();
        let user = sign_in().await.user;
        let then = scene.now(&invitation).await;
        assert_eq!((then.state(now()), then.accepted_by), (InvitationState::Accepted, Some(user)));
    })
    .await;
}
