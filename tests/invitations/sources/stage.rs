//! An organization in which access comes from everywhere: a provider that pushes, signs in and signals, and people with the API.

use super::{AUDIENCE, ISSUER, MAPPINGS, PEOPLE, ROLES, SIGNALS, Step};
use crate::{
    desk,
    issuer::{By, Issuer, keys},
    races::Scene,
    token_in,
};
use castgate::{
    app::{
        Acceptance, Actor, Choice, Clock, Ctx, Error, Finished, Gift, KeyTerms, KeyWish, ReviewDecision, RightWish,
        RoleChange, UndoWish, Whence, Wish, role_names,
    },
    filter::Dialect,
    lab::Person,
    model::{
        Carries, Connection, ConnectionId, GroupId, Holder, Instant, ReviewLimits, ServiceAccountId, SessionId,
        SignalSettings, Subject, User, UserId, Verdict,
    },
    scim::{GroupDocument, GroupPatch, MemberChange, MemberKind, MemberRef, Patch, UserDocument},
    sso::Callback,
    store::Store,
};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, time::Duration};

/// What found nothing to do.
fn nothing() -> Error {
    Error::not_found("anything to do", "")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}

pub(super) struct Stage {
    pub(super) scene: Scene,
    pub(super) founder: UserId,
    pub(super) okta: ConnectionId,
    token: String,
    _issuer: Issuer,
    people: Vec<Person>,
    groups: Vec<GroupId>,
    machine: ServiceAccountId,
    pub(super) secrets: Vec<String>,
    began: Instant,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        // The provider goes by the machine's clock.
        let clock = Clock::fixed(Clock::machine().now(), 7);
        let scene = Scene::at((store, clock), ("SQLite", 1), Some(directory)).await;
        let (app, issuer) = (scene.app.clone(), Issuer::start().await);
        let connection = app.connections(&scene.operator).await.unwrap().remove(0);
        let mut settings = connection.settings.clone();
        let (jwks_url, audience) = (issuer.url.clone(), AUDIENCE.to_owned());
        settings.signals = Some(SignalSettings { issuer: ISSUER.to_owned(), audience, jwks_url });
        settings.domains = vec!["northwind.example".to_owned()];
        app.update_connection(&scene.operator, &connection.id, None, settings, None).await.unwrap();
        let token = app.create_signal_token(&scene.operator, &connection.id).await.unwrap().secret.expose().to_owned();
        let founder = app.members(&scene.operator, "", 10).await.unwrap().remove(0).id;
        let machine = app.create_service_account(&scene.operator, "machine", "").await.unwrap().id;
        let gift = Gift {
            subject: Subject::ServiceAccount(machine.clone()),
            role: "member".parse().unwrap(),
            cluster: None,
            until: None,
        };
        app.give(&scene.operator, gift).await.unwrap();
        let people = scene.lab.people().iter().take(PEOPLE).cloned().collect();
        let (okta, began) = (connection.id, app.clock().now());
        let (groups, secrets) = (Vec::new(), Vec::new());
        let mut stage = Self { scene, founder, okta, token, _issuer: issuer, people, groups, machine, secrets, began };
        for name in ["castai-owners", "eng"] {
            let document = GroupDocument {
                display_name: name.to_owned(),
                external_id: None,
                clears_external_id: false,
                members: None,
            };
            let (push, connection) = stage.pushing().await;
            let made = stage.scene.app.create_group(&push, &connection, document).await.unwrap();
            stage.groups.push(made.group.id);
        }
        stage.scene.app.publish_mapping(&stage.operator(), MAPPINGS[0]).await.unwrap();
        stage
    }

    pub(super) fn operator(&self) -> Ctx {
        Ctx { now: self.scene.app.clock().now(), ..self.scene.operator.clone() }
    }

    async fn pushing(&self) -> (Ctx, Connection) {
        let connection = self.scene.app.connection(&self.operator(), &self.okta).await.unwrap();
        (Ctx { actor: Actor::Connection { id: self.okta.clone() }, ..self.operator() }, connection)
    }

    /// One of the people as they are here, if they are.
    async fn find(&self, who: usize) -> Option<User> {
        let members = self.scene.app.members(&self.operator(), "", 100).await.unwrap();
        let person = &self.people[who];
        members
            .into_iter()
            .find(|user| user.email.as_deref() == Some(person.email.as_str()) || user.user_name == person.email)
    }

    fn acting(&self, user: &UserId) -> Ctx {
        let session = SessionId::from_uuid(self.scene.app.clock().uuid());
        Ctx { actor: Actor::User { id: user.clone(), session }, ..self.operator() }
    }

    /// Plays a step: what came of it, and whose doing it was. What is refused changes nothing.
    pub(super) async fn play(&mut self, step: &Step) -> Result<&'static str, Error> {
        let app = self.scene.app.clone();
        match step {
            Step::Push(_) | Step::Active(..) | Step::Delete(_) | Step::Member(..) => {
                self.push(step).await.map(|()| "push")
            }
            Step::SignIn(who) => {
                let begun = app.begin_sign_in(&self.scene.operator.organization, &self.okta, None, "/").await?;
                self.arrive(*who, (&begun.url, &begun.cookie)).await.map(|()| "sign-in")
            }
            Step::Invite(who, role) => self.invite(*who, ROLES[*role]).await.map(|()| "invitation"),
            Step::Role(who, role, how) => self.change_role(*who, ROLES[*role], *how).await.map(|()| "role change"),
            Step::Until(who, role) => {
                let subject = Subject::User(self.known(*who).await?.id);
                let until = Some(self.operator().now.plus(Duration::from_mins(1)));
                let gift = Gift { subject, role: ROLES[*role].parse().unwrap(), cluster: None, until };
                app.give(&self.operator(), gift).await.map(|_| "a person's hand")
            }
            Step::Publish(which) => app.publish_mapping(&self.operator(), MAPPINGS[*which]).await.map(|_| "mapping"),
            Step::Key(who, narrow) => self.key(*who, *narrow).await.map(|()| "a person's hand"),
            Step::Minutes | Step::Days => {
                let minutes = if matches!(step, Step::Days) { 60 * 49 } else { 2 };
                app.clock().advance(Duration::from_mins(minutes));
                app.keep_house().await?;
                app.review_keys().await.map(|_| "expiry")
            }
            Step::Undo => {
                let now = self.operator().now;
                let wish = UndoWish { source: "scim:okta".to_owned(), from: self.began, to: now };
                let preview = app.preview_undo(&self.operator(), &wish).await?;
                let done = app.undo(&self.operator(), &wish, &preview.preview).await?;
                if done.people + done.memberships == 0 { Err(nothing()) } else { Ok("undo") }
            }
            Step::Signal(who, what) => self.signal(*who, SIGNALS[*what]).await.map(|()| "signal"),
            Step::Review => self.review().await.map(|()| "review"),
            Step::Erase(who) => {
                let user = self.known(*who).await?;
                let plan = app.plan_erasure(&self.operator(), &user.id).await?;
                app.erase_person(&self.operator(), &user.id, &plan.plan, &user.user_name).await.map(|_| "erasure")
            }
            Step::Enable(on) => {
                app.set_connection_enabled(&self.operator(), &self.okta, *on).await.map(|_| "a person's hand")
            }
            Step::Suspend(who, on) => {
                let user = self.known(*who).await?.id;
                self.suspend(&user, *on).await.map(|()| "a person's hand")
            }
            Step::Founder(on) => self.suspend(&self.founder.clone(), *on).await.map(|()| "a person's hand"),
        }
    }

    async fn known(&self, who: usize) -> Result<User, Error> {
        self.find(who).await.ok_or_else(nothing)
    }

    async fn key(&mut self, who: usize, narrow: bool) -> Result<(), Error> {
        let owner = self.known(who).await?.id;
        let holds = role_names(&self.scene.app.access(&self.operator(), &owner).await?);
        // None: the key carries whatever its owner holds.
        let held = ROLES.iter().find(|role| narrow && holds.iter().any(|name| name == *role));
        let right = |role: &&str| RightWish { carries: Carries::Role(role.parse().unwrap()), cluster: None };
        let rights = held.map(|role| vec![right(role)]);
        let wish = KeyWish { name: "k".to_owned(), rights, ..KeyWish::default() };
        let key = self.scene.app.create_key_of(&self.acting(&owner), &Holder::User(owner.clone()), wish).await?;
        self.secrets.push(key.secret.expose().to_owned());
        Ok(())
    }

    async fn suspend(&self, user: &UserId, on: bool) -> Result<(), Error> {
        match on {
            true => self.scene.app.suspend_member(&self.operator(), user).await.map(drop),
            false => self.scene.app.reactivate_member(&self.operator(), user).await.map(drop),
        }
    }

    async fn push(&self, step: &Step) -> Result<(), Error> {
        let (push, connection) = self.pushing().await;
        let app = &self.scene.app;
        match step {
            Step::Push(who) => {
                let person = &self.people[*who];
                let body = json!({
                    "userName": person.email, "externalId": person.external_id, "title": person.title,
                    "emails": [{"value": person.email, "primary": true}],
                });
                let document = UserDocument::parse(&object(body), Dialect::Tolerant).unwrap().0;
                app.create_user(&push, &connection, document).await.map(drop)
            }
            Step::Active(who, active) => {
                let user = self.known(*who).await?;
                let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                                  "Operations": [{"op": "replace", "path": "active", "value": active}]});
                let patch = Patch::parse(&object(body), Dialect::Tolerant).unwrap();
                app.patch_user(&push, &connection, (user.id.as_str(), None), &patch).await.map(drop)
            }
            Step::Delete(who) => {
                let user = self.known(*who).await?;
                app.delete_user(&push, &connection, (user.id.as_str(), None)).await
            }
            Step::Member(group, who, comes) => {
                let value = self.known(*who).await?.id.to_string();
                let member = MemberRef { value: value.clone(), display: None, kind: MemberKind::User };
                let change = if *comes { MemberChange::Add(vec![member]) } else { MemberChange::Remove(vec![value]) };
                let patch =
                    GroupPatch { display_name: None, external_id: None, members: vec![change], tolerances: Vec::new() };
                let target = (self.groups[*group].as_str(), None);
                app.patch_group(&push, &connection, target, &patch, usize::MAX).await.map(drop)
            }
            other => panic!("{other:?} is no push"),
        }
    }

    async fn arrive(&self, who: usize, (url, cookie): (&str, &str)) -> Result<(), Error> {
        let query = desk::choose(&self.scene.lab, url, &self.people[who]).await;
        let query: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let callback: Callback = serde_json::from_value(json!(query)).unwrap();
        match self.scene.app.finish_sign_in(Some(cookie), callback, Whence::default()).await? {
            Finished::SignedIn(_) => Ok(()),
            Finished::Tested(test) => panic!("nobody tests anything: {test:?}"),
        }
    }

    async fn invite(&self, who: usize, role: &str) -> Result<(), Error> {
        let app = &self.scene.app;
        let (email, role) = (self.people[who].email.clone(), role.parse().unwrap());
        let wish = Wish { email, role, clusters: Vec::new(), groups: Vec::new() };
        app.send_letters().await?;
        for file in std::fs::read_dir(self.scene.mail.path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        app.invite(&self.operator(), vec![wish], None).await?.remove(0).map_err(|_| nothing())?;
        app.send_letters().await?;
        let letters = std::fs::read_dir(self.scene.mail.path()).unwrap();
        let mut letters = letters.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let letter = letters.find(|letter| letter.contains("/invitations/")).unwrap();
        match app.begin_acceptance(&token_in(&letter), None).await? {
            Acceptance::Leave(begun) => self.arrive(who, (&begun.url, &begun.cookie)).await,
            Acceptance::Choose(_) | Acceptance::Nowhere => Err(nothing()),
        }
    }

    async fn change_role(&mut self, who: usize, to: &str, how: usize) -> Result<(), Error> {
        let app = self.scene.app.clone();
        let choice = match how {
            0 => Choice::Delete,
            1 => Choice::Keep,
            2 => Choice::Move { to: self.machine.clone() },
            _ => Choice::Rotate { to: None, overlap_hours: Some(1) },
        };
        let user = self.known(who).await?.id;
        let change = RoleChange::SetRole { user, role: to.parse().unwrap(), cluster: None, clusters: None };
        let preview = app.preview_role_change(&self.operator(), &change).await?;
        let terms = KeyTerms { preview: preview.token, others: Some(choice), ..KeyTerms::default() };
        let made = app.change_roles(&self.operator(), &change, &terms).await?;
        self.secrets.extend(made.keys.into_iter().filter_map(|one| Some(one.secret?.expose().to_owned())));
        Ok(())
    }

    async fn signal(&self, who: usize, event: &str) -> Result<(), Error> {
        let clock = self.scene.app.clock();
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "iat": clock.now().seconds(), "jti": clock.uuid().to_string(),
            "sub_id": {"format": "email", "email": self.people[who].email}, "events": {event: {}},
        });
        let header = r#"{"alg":"ES256","kid":"ec","typ":"secevent+jwt"}"#;
        let set = keys().sign(By::Es256, header, &claims.to_string());
        self.scene.app.accept_signal(&self.okta, Some(&self.token), &set).await.map_err(|_| nothing())
    }

    async fn review(&self) -> Result<(), Error> {
        let (app, operator) = (&self.scene.app, self.operator());
        let limits = ReviewLimits { group_of: 2, account_days: 1, key_days: 1, invitation_days: 1, owner_days: 1 };
        let review = app.start_access_review(&operator, "Spring", limits).await?.0.id;
        for one in app.review_proposals(&operator, &review, ("", 100)).await? {
            let verdict = one.verdicts.iter().copied().find(|verdict| *verdict != Verdict::Keep);
            let decision = ReviewDecision { proposal: one.id.clone(), verdict, note: String::new() };
            // Not everything may be decided, and the rest is.
            drop(app.decide_in_review(&operator, &review, &[decision]).await);
        }
        let preview = app.preview_access_review(&operator, &review).await?;
        let terms = KeyTerms { preview: preview.token, others: Some(Choice::Keep), ..KeyTerms::default() };
        let made = app.apply_access_review(&operator, &review, &terms).await?;
        app.close_access_review(&operator, &review).await?;
        if made.iter().any(|one| one.outcome.is_ok()) { Ok(()) } else { Err(nothing()) }
    }
}
