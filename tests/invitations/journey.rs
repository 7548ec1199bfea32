//! From the API over a mail server and a browser to a member.

use crate::{
    desk,
    post::Post,
    token_in,
    world::{Answer, Organization, World},
};
use castgate::{
    app::{Clock, NewConnection},
    config::MailSecurity,
    lab::{Lab, Person},
};
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// One castgate with a mail server and a provider.
struct Scene {
    world: World,
    acme: Organization,
    lab: Lab,
    post: Post,
}

impl Scene {
    async fn set(security: MailSecurity) -> Option<Self> {
        let post = Post::start(security)?;
        let world = World::start_with(Clock::machine(), |settings| post.take_over(settings)).await;
        let acme = world.organization("acme").await;
        let lab = Lab::start(&world.app.redirect_uri()).await.unwrap();
        let secret = Some(lab.client_secret.clone().into());
        let new = NewConnection { name: "okta".to_owned(), settings: desk::settings(&lab), client_secret: secret };
        world.app.create_connection(&acme.operator, new).await.unwrap();
        Some(Self { world, acme, lab, post })
    }

    async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", self.acme.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.world.client.send(method, &format!("/api/v1{path}"), &headers, body.map(|body| body.to_string())).await
    }

    /// Invites one address; the invitation.
    async fn invite(&self, email: &str, role: &str) -> Value {
        let body = json!({"invitations": [{"email": email, "role": role}]});
        let answer = self.api("POST", "/invitations", Some(body)).await.expect(200).json();
        assert_eq!(answer["invited"], 1, "{answer}");
        answer["results"][0]["invitation"].clone()
    }

    async fn invitation(&self, invitation: &Value) -> Value {
        let path = format!("/invitations/{}", invitation["id"].as_str().unwrap());
        self.api("GET", &path, None).await.expect(200).json()
    }

    /// The link's path in the next letter that comes.
    async fn next_link(&mut self) -> String {
        self.world.app.send_letters().await.unwrap();
        let letter = self.post.next();
        assert_eq!((&letter["tls"], &letter["signed_in"]), (&json!(true), &json!(true)));
        format!("/invitations/{}", token_in(letter["data"].as_str().unwrap()))
    }

    /// Presses the button, signs in at the provider as this person, and comes back.
    async fn accept(&self, link: &str, person: &Person) -> Answer {
        let page = self.world.client.send("POST", link, &[FORM], Some(String::new())).await.expect(200);
        let cookie = page.header("set-cookie").split(';').next().unwrap().to_owned();
        let after = page.text.split_once("href=\"").unwrap();
        let target = after.1.split(&self.lab.issuer).nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let query = desk::choose(&self.lab, &format!("{}{target}", self.lab.issuer), person).await;
        self.world.client.get(&format!("/login/callback?{query}"), &[("cookie", &cookie)]).await
    }

    fn person(&self, number: usize) -> Person {
        self.lab.people()[number].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_comes_by_mail_and_its_link_leads_in_once() {
    let Some(mut scene) = Scene::set(MailSecurity::Starttls).await else { return };
    let ada = scene.person(0);
    let invitation = scene.invite(&ada.email, "member").await;
    assert_eq!((&invitation["state"], &invitation["delivery"]["state"]), (&json!("pending"), &json!("queued")));
    let link = scene.next_link().await;
    assert_eq!(scene.invitation(&invitation).await["delivery"]["state"], "sent");
    // Mail scanners and previews look, and send what they like along.
    for method in ["GET", "HEAD", "GET", "GET"] {
        let page = scene.world.client.send(method, &link, &[], None).await.expect(200);
        assert!(page.header("set-cookie").is_empty());
        assert!(method == "HEAD" || page.text.contains("owner@acme.example.com invites you"), "{page:?}");
    }
    for other in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")] {
        scene.world.client.send("POST", &link, &[FORM, other], Some(String::new())).await.expect(403);
    }
    assert_eq!(scene.invitation(&invitation).await["state"], "pending");

    let arrived = scene.accept(&link, &ada).await.expect(303);
    assert!(arrived.header("location").starts_with("/terms"), "the terms still stand before everything: {arrived:?}");
    let now = scene.invitation(&invitation).await;
    assert_eq!(now["state"], "accepted");
    let user = now["accepted_by"].as_str().unwrap();
    let why = scene.api("GET", &format!("/users/{user}/access"), None).await.expect(200).json();
    assert_eq!(why["access"][0]["role"], "member", "{why}");
    assert_eq!(why["access"][0]["via"]["source"]["kind"], "invitation", "{why}");
    scene.world.client.get(&link, &[]).await.expect(410);
    scene.world.client.send("POST", &link, &[FORM], Some(String::new())).await.expect(410);
    scene.api("DELETE", &format!("/invitations/{}", now["id"].as_str().unwrap()), None).await.expect(409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_invitation_lets_nobody_in_and_stays_theirs() {
    let Some(mut scene) = Scene::set(MailSecurity::Tls).await else { return };
    let (ada, eve) = (scene.person(0), scene.person(1));
    let invitation = scene.invite(&ada.email, "owner").await;
    let link = scene.next_link().await;
    let refused = scene.accept(&link, &eve).await.expect(403);
    assert!(refused.text.contains("sent to another address"), "{refused:?}");
    assert_eq!(scene.invitation(&invitation).await["state"], "pending");
    let people = scene.api("GET", "/users", None).await.expect(200).json();
    assert_eq!(people["items"].as_array().unwrap().len(), 1, "nobody but the first owner: {people}");
    // Sent again: the old link is dead, also for a sign-in that is under way.
    let path = format!("/invitations/{}/resend", invitation["id"].as_str().unwrap());
    scene.api("POST", &path, Some(json!({}))).await.expect(200);
    let again = scene.next_link().await;
    assert_ne!(link, again);
    scene.world.client.get(&link, &[]).await.expect(410);
    scene.accept(&again, &ada).await.expect(303);
    assert_eq!(scene.invitation(&invitation).await["state"], "accepted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_mail_server_says_is_seen_at_the_invitation() {
    let Some(scene) = Scene::set(MailSecurity::Starttls).await else { return };
    let (nobody, later) = (scene.invite("nobody@x.test", "viewer").await, scene.invite("later@x.test", "viewer").await);
    let round = scene.world.app.send_letters().await.unwrap();
    assert_eq!((round.sent, round.postponed, round.failed), (0, 1, 1));
    let nobody = scene.invitation(&nobody).await;
    assert_eq!(nobody["delivery"]["state"], "failed");
    assert!(nobody["delivery"]["reason"].as_str().unwrap().contains("There is nobody of this name"), "{nobody}");
    let later = scene.invitation(&later).await;
    assert_eq!(later["delivery"]["state"], "queued");
    assert!(later["delivery"]["reason"].as_str().unwrap().contains("Come back later"), "{later}");
    let filter = "/invitations?filter=delivery.state%20eq%20%22failed%22";
    let found = scene.api("GET", filter, None).await.expect(200).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_looks_like_a_header_stays_a_name() {
    let Some(mut scene) = Scene::set(MailSecurity::Starttls).await else { return };
    let name = "Acme“ <b>&\u{202e} Bcc: eve@evil.test";
    scene.world.app.name_organization(&scene.acme.operator, name, None).await.unwrap();
    scene.invite("ada@x.test", "viewer").await;
    scene.world.app.send_letters().await.unwrap();
    let letter = scene.post.next();
    assert_eq!(letter["to"], json!(["ada@x.test"]));
    let data = letter["data"].as_str().unwrap();
    let head = data.split("\n\n").next().unwrap().split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_came_back_is_seen_at_the_invitation_which_stays_good() {
    let Some(mut scene) = Scene::set(MailSecurity::Starttls).await else { return };
    let ada = scene.person(0);
    let invitation = scene.invite(&ada.email, "member").await;
    scene.world.app.send_letters().await.unwrap();
    let letter = scene.post.next()["data"].as_str().unwrap().to_owned();
    let line = letter.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().trim().to_owned();
    let bounce = async |message_id: &str, reason: &str| {
        let body = json!({"message_id": message_id, "reason": reason});
        scene.api("POST", "/invitation-bounces", Some(body)).await
    };
    bounce("<job_06h00krhv1t3jel88ooobccad0@elsewhere.test>", "5.1.1").await.expect(404);
    bounce("nonsense", "5.1.1").await.expect(400);
    bounce(&line, " \n ").await.expect(400);
    let said = bounce(&line, "5.1.1 no such\r\nmailbox").await.expect(200).json();
    let delivery = &scene.invitation(&invitation).await["delivery"];
    assert_eq!((&delivery["state"], &delivery["reason"]), (&json!("bounced"), &json!("5.1.1 no such  mailbox")));
    assert_eq!(said["delivery"], *delivery);
    // Told again, by a mail service that repeats itself: the first reason stays, and one event tells of it.
    bounce(line.trim_matches(['<', '>']), "another").await.expect(200);
    assert_eq!(scene.invitation(&invitation).await["delivery"], *delivery);
    let path = format!("/events?subject={}", invitation["id"].as_str().unwrap());
    let events = scene.api("GET", &path, None).await.expect(200).json();
    assert_eq!(events.to_string().matches("invitation.undelivered").count(), 1, "{events}");
    // Whoever reads the letter after all comes in; sent again it is another letter.
    assert_eq!(scene.invitation(&invitation).await["state"], "pending");
    let again = format!("/invitations/{}/resend", invitation["id"].as_str().unwrap());
    scene.api("POST", &again, Some(json!({}))).await.expect(200);
    assert_eq!(scene.invitation(&invitation).await["delivery"]["state"], "queued");
    bounce(&line, "late").await.expect(404);
}
