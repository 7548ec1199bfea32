//! Every case of the table of who is who, brought about and met through the doors: SCIM, the provider's sign-in, the link in a
//! letter. Never two users, never more than was given, never in before the terms.

use crate::{
    desk,
    scene::{Browser, Scene, everywhere_with},
    world::{Answer, Organization, World},
};
use castgate::{
    access::who::{Arrival, Case, Invited, Known, Namesake, Next, Who, cases, consumes, decide},
    app::{Clock, NewConnection, Wish},
    lab::{Lab, Person},
    model::{
        BuiltInRole, Connection, ConnectionSettings, Instant, InvitationId, InvitationState, Profile, Role, Subject,
        UserId, UserState,
    },
    store::{SignInSearch, args},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// One organization in which one case comes about.
struct Cell<'a> {
    scene: &'a Scene,
    lab: &'a Lab,
    person: Person,
    case: Case,
    organization: Organization,
    okta: Connection,
    token: String,
}

/// Where the person arrives, and who was there before.
struct Before {
    people: BTreeSet<UserId>,
    /// Whom the arrival is if it is anybody known.
    known: Option<UserId>,
    invitation: Option<InvitationId>,
    link: Option<String>,
}

/// What came of an arrival.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    who: Option<Who>,
    next: Next,
    user: Option<UserId>,
}

/// Cases that no door leads to, and why.
fn unreachable_because(case: Case) -> Option<&'static str> {
    match case {
        // A push or a suspension since shows that the provider heard of the person.
        Case { known: Known::Unheard, active: false, .. } => Some("who was changed since is heard of"),
        _ => None,
    }
}

fn clock() -> Clock {
    Clock::fixed(Instant(Clock::machine().now().0), 7)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_of_the_table_comes_out_as_the_table_says() {
    everywhere_with(
        clock,
        |_| {},
        async |scene| {
            let lab = Lab::start(&scene.world.app.redirect_uri()).await.unwrap();
            let (mut met, mut unreachable, mut wrong) = (0, 0, Vec::new());
            // While terms are in force, nobody new has accepted them; where there are none, everybody has.
            for terms_in_force in [true, false] {
                if !terms_in_force {
                    let mut tx = scene.store.write("no terms").await.unwrap();
                    tx.run("DELETE FROM terms", args![]).await.unwrap();
                    tx.commit().await.unwrap();
                }
                for case in cases() {
                    // Who was here before has really accepted; of the others, it is as if.
                    let is_now = case.terms_accepted != terms_in_force;
                    if case.arrival == Arrival::SignIn && !is_now || case.arrival == Arrival::Push && !terms_in_force {
                        continue;
                    }
                    if unreachable_because(case).is_some() {
                        unreachable += 1;
                        continue;
                    }
                    if let Err(what) = Box::pin(one(scene, &lab, case, met)).await {
                        wrong.push(format!("{case}: {what}"));
                    }
                    met += 1;
                }
            }
            println!("{}: {met} cases met, {unreachable} that no door leads to", scene.engine);
            assert_eq!(met + unreachable, cases().len());
            assert!(wrong.is_empty(), "{}: {} of {met}:\n{}", scene.engine, wrong.len(), wrong.join("\n"));
        },
    )
    .await;
}

async fn one(scene: &Scene, lab: &Lab, case: Case, number: usize) -> Result<(), String> {
    let mut cell = Cell::set(scene, lab, case, number).await;
    let before = cell.bring_about().await;
    let outcome = match case.arrival {
        Arrival::Push => cell.push(&before).await,
        Arrival::SignIn => cell.sign_in(&before).await,
    };
    let checked = cell.check(&before, outcome).await;
    let slug = &cell.organization.founded.slug;
    scene.world.app.delete_organization(slug, slug).await.unwrap();
    checked
}

impl<'a> Cell<'a> {
    async fn set(scene: &'a Scene, lab: &'a Lab, case: Case, number: usize) -> Cell<'a> {
        let organization = scene.world.organization(&format!("cell{number}")).await;
        let app = &scene.world.app;
        let secret = Some(lab.client_secret.clone().into());
        let new = NewConnection { name: "okta".to_owned(), settings: desk::settings(lab), client_secret: secret };
        let okta = app.create_connection(&organization.operator, new).await.unwrap();
        let token = app.create_scim_token(&organization.operator, &okta.id, None).await.unwrap();
        let token = token.secret.expose().to_owned();
        let person = lab.people()[number % 30].clone();
        Self { scene, lab, person, case, organization, okta, token }
    }

    fn world(&self) -> &World {
        &self.scene.world
    }

    async fn scim_at(&self, world: &World, token: &str, request: (&str, &str, Option<Value>)) -> Answer {
        let (method, path, body) = request;
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/scim+json")];
        world.client.send(method, &format!("/scim/v2{path}"), &headers, body.map(|body| body.to_string())).await
    }

    async fn scim(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.scim_at(self.world(), &self.token, (method, path, body)).await
    }

    fn body(&self, external_id: &str) -> Value {
        let email = &self.person.email;
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": email, "externalId": external_id,
               "emails": [{"value": email, "primary": true}], "active": true})
    }

    async fn pushed(&self, external_id: &str) -> UserId {
        self.scim("POST", "/Users", Some(self.body(external_id))).await.expect(201).id().parse().unwrap()
    }

    async fn deactivate(&self, user: &UserId, token: &str) {
        let operations = json!([{"op": "replace", "value": {"active": false}}]);
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        let answer = self.scim_at(self.world(), token, ("PATCH", &format!("/Users/{user}"), Some(body))).await;
        assert!([200, 204].contains(&answer.status), "{answer:?}");
    }

    /// Everything that is so before the person arrives: first the invitation, for nobody is invited who is here.
    async fn bring_about(&mut self) -> Before {
        let (case, app, operator) = (self.case, &self.world().app, &self.organization.operator);
        app.publish_mapping(operator, "default: viewer").await.unwrap();
        let (invitation, link) = self.invite().await;
        let known = match case.known {
            Known::Nobody => self.namesake().await,
            known => Some(self.somebody(known).await),
        };
        if case.proven {
            let mut settings = self.okta.settings.clone();
            settings.domains = vec![self.person.email.split_once('@').unwrap().1.to_owned()];
            app.update_connection(operator, &self.okta.id, None, settings, None).await.unwrap();
        }
        if case.turned_away {
            app.publish_mapping(operator, "default: none").await.unwrap();
        }
        Before { people: self.people().await, known, invitation, link }
    }

    async fn invite(&self) -> (Option<InvitationId>, Option<String>) {
        let email = match self.case.invited {
            Invited::No => return (None, None),
            Invited::ByAddress | Invited::ByLink => self.person.email.clone(),
            Invited::Another => "somebody.else@another.test".to_owned(),
        };
        let wish = Wish { email, role: Role::BuiltIn(BuiltInRole::Member), clusters: Vec::new(), groups: Vec::new() };
        let invited = self.world().app.invite(&self.organization.operator, vec![wish], None).await.unwrap().remove(0);
        (Some(invited.unwrap().id), Some(self.scene.token_behind("/invitations/").await))
    }

    /// Whom the connection itself knows.
    async fn somebody(&self, known: Known) -> UserId {
        let (case, app) = (self.case, &self.world().app);
        let id = match (known, case.arrival) {
            (Known::ByNameOnly, _) => self.pushed("another").await,
            (Known::ByIdentity, Arrival::SignIn) => {
                let id = self.pushed(&self.person.external_id).await;
                assert_eq!(self.arrive(None).await.1, Some(id.clone()), "the first sign-in ties the two");
                id
            }
            (Known::ByMatch, Arrival::Push) => self.arrive(None).await.1.unwrap(),
            (Known::ByIdentity | Known::Unheard, Arrival::Push)
            | (Known::ByMatch | Known::Unheard, Arrival::SignIn)
            | (Known::Tombstone | Known::Nobody, _) => self.pushed(&self.person.external_id).await,
        };
        if known == Known::Tombstone {
            self.scim("DELETE", &format!("/Users/{id}"), None).await.expect(204);
        } else if !case.active {
            match (known, case.arrival) {
                // Nothing was pushed yet: only a person can suspend them.
                (Known::ByMatch, Arrival::Push) => {
                    app.suspend_member(&self.organization.operator, &id).await.unwrap();
                }
                _ => self.deactivate(&id, &self.token).await,
            }
        }
        id
    }

    /// Who has the same address and is nobody of the connection's; the same person, should the two be tied.
    async fn namesake(&self) -> Option<UserId> {
        let (case, app, operator) = (self.case, &self.world().app, &self.organization.operator);
        match case.namesake {
            Namesake::None => None,
            Namesake::Local => {
                app.recover_organization(&self.organization.founded.slug, &self.person.email).await.unwrap();
                let people = app.members(operator, "", 100).await.unwrap();
                let id = people.into_iter().find(|user| user.email.as_ref() == Some(&self.person.email)).unwrap().id;
                // Made an owner at the machine, and an owner no more.
                let mut tx = self.scene.store.read().await.unwrap();
                let bindings = tx.bindings_of(&operator.organization, &Subject::User(id.clone())).await.unwrap();
                drop(tx);
                for binding in bindings {
                    app.take(operator, &binding.id).await.unwrap();
                }
                if !case.active {
                    app.suspend_member(operator, &id).await.unwrap();
                }
                Some(id)
            }
            Namesake::OtherConnection => {
                let settings = ConnectionSettings::of(Profile::Okta);
                let new = NewConnection { name: "partner".to_owned(), settings, client_secret: None };
                let partner = app.create_connection(operator, new).await.unwrap();
                let token = app.create_scim_token(operator, &partner.id, None).await.unwrap();
                let token = token.secret.expose().to_owned();
                let made = self.scim_at(self.world(), &token, ("POST", "/Users", Some(self.body("theirs")))).await;
                let id: UserId = made.expect(201).id().parse().unwrap();
                if !case.active {
                    self.deactivate(&id, &token).await;
                }
                Some(id)
            }
        }
    }

    /// Everybody who is here, or was deleted a moment ago.
    async fn people(&self) -> BTreeSet<UserId> {
        let mut tx = self.scene.store.read().await.unwrap();
        let all = tx.everybody_after(&self.organization.operator.organization, Instant(0), ("", 100)).await.unwrap();
        all.into_iter().map(|user| user.id).collect()
    }

    async fn push(&self, before: &Before) -> Came {
        let body = Some(self.body(&self.person.external_id));
        let answer = if self.case.known == Known::Unheard {
            // The process that made them is gone, and with it whether its answer was taken.
            self.world().app.clock().advance(Duration::from_millis(5));
            let node = self.scene.second_node().await;
            self.scim_at(&node, &self.token, ("POST", "/Users", body)).await
        } else {
            self.scim("POST", "/Users", body).await
        };
        if answer.status == 409 {
            return Came { who: Some(Who::Clash), next: Next::Conflict, user: None };
        }
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        let user: UserId = answer.id().parse().unwrap();
        Came { who: Self::who(before, &user), next: Next::Answered, user: Some(user) }
    }

    /// Who somebody turned out to be, as far as it shows: the very person who was known, or somebody new.
    fn who(before: &Before, user: &UserId) -> Option<Who> {
        if before.known.as_ref() == Some(user) {
            return None;
        }
        assert!(!before.people.contains(user), "somebody else's account");
        Some(Who::New)
    }

    /// Signs the person in by the provider or by a link; the answer of the callback, and who has a session now.
    async fn arrive(&self, link: Option<&str>) -> (Answer, Option<UserId>, Browser) {
        // Traces sort by their time: this one is the newest. The lab's provider goes by the machine's clock.
        let behind = Clock::machine().now().0 - self.scene.clock.now().0;
        self.scene.clock.advance(Duration::from_micros(u64::try_from(behind).unwrap_or(0)) + Duration::from_millis(5));
        let browser = Browser::new(&self.world().client);
        let connection = ("connection", self.okta.id.as_str());
        let page = if let Some(token) = link {
            browser.post(&format!("/invitations/{token}"), &[connection]).await.expect(200)
        } else {
            let organization = ("organization", self.organization.founded.slug.as_str());
            browser.post("/login", &[("email", &self.person.email), organization, connection]).await.expect(200)
        };
        let target = page.text.split(&self.lab.issuer).nth(1).unwrap_or_else(|| panic!("{page:?}"));
        let target = target.split('"').next().unwrap().replace("&amp;", "&");
        let query = desk::choose(self.lab, &format!("{}{target}", self.lab.issuer), &self.person).await;
        let answer = browser.get(&format!("/login/callback?{query}")).await;
        let traces = self.world().app.sign_ins(&self.organization.operator, &SignInSearch::default(), "", 1).await;
        let user = traces.unwrap().remove(0).entry.user.filter(|_| browser.has("castgate"));
        (answer, user, browser)
    }

    async fn sign_in(&self, before: &Before) -> Came {
        let link = before.link.as_deref().filter(|_| self.case.invited != Invited::ByAddress);
        let (answer, user, browser) = self.arrive(link).await;
        let search = SignInSearch::default();
        let trace = self.world().app.sign_ins(&self.organization.operator, &search, "", 1).await.unwrap().remove(0);
        let failure = trace.entry.failure.map(|failure| failure.to_string());
        let Some(user) = user else {
            assert!(answer.status >= 400, "{answer:?}");
            let (who, next) = match failure.as_deref() {
                Some("clash") => (Some(Who::Clash), Next::Conflict),
                Some("suspended") => (None, Next::Suspended),
                Some("no_rule_matched") => (None, Next::TurnedAway),
                Some("not_invited") => (None, Next::NotInvited),
                other => panic!("{other:?}: {answer:?}"),
            };
            return Came { who, next, user: None };
        };
        // Whatever somebody asks for, what opens is what the terms let open.
        let inside = browser.get("/account").await;
        let verified = browser.get("/auth/verify").await.status;
        let next = if inside.status == 200 {
            assert_eq!(verified, 200);
            Next::Session
        } else {
            assert!(verified >= 400 && inside.header("location").starts_with("/terms"), "{verified} {inside:?}");
            Next::Terms
        };
        Came { who: Self::who(before, &user), next, user: Some(user) }
    }

    async fn check(&self, before: &Before, outcome: Came) -> Result<(), String> {
        let (case, app, operator) = (self.case, &self.world().app, &self.organization.operator);
        let (who, next) = decide(case);
        let seen = match who {
            Who::Known | Who::Tie | Who::Revive | Who::Link => None,
            Who::New if outcome.user.is_none() => None,
            Who::New | Who::Clash => Some(who),
        };
        if (outcome.who, outcome.next) != (seen, next) {
            return Err(format!("{outcome:?} and not {who:?} {next:?}"));
        }
        let new: Vec<UserId> = self.people().await.difference(&before.people).cloned().collect();
        let expected = usize::from(who == Who::New && outcome.user.is_some());
        if new.len() != expected {
            return Err(format!("{} new people and not {expected}", new.len()));
        }
        if let Some(id) = &before.invitation {
            let state = app.invitation(operator, id).await.unwrap().state(app.clock().now());
            let used = consumes(case);
            let expected = if used { InvitationState::Accepted } else { InvitationState::Pending };
            if state != expected {
                return Err(format!("the invitation is {state:?} and not {expected:?}"));
            }
        }
        let Some(user) = &outcome.user else { return Ok(()) };
        let state = app.member(operator, user).await.unwrap().state();
        let roles = castgate::app::role_names(&app.access(operator, user).await.unwrap());
        let expected: &[&str] = match (consumes(case), case.turned_away) {
            _ if state != UserState::Active => return Ok(()),
            (true, _) => &["member"],
            (false, false) => &["viewer"],
            (false, true) => &[],
        };
        if roles == expected { Ok(()) } else { Err(format!("holds {roles:?} and not {expected:?}")) }
    }
}
