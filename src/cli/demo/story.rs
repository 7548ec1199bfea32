//! What the demo tells, step by step; every line of it is an answer that just came.

use super::{
    super::Failure,
    browser::{Browser, Page},
    scene::Scene,
};
use crate::cli::say::say;
use crate::{
    access::Via,
    lab::{Exchange, MAPPING, Person, Pusher, people},
    model::{Scope, UserId},
};
use serde_json::Value;

/// The capability and cluster that the demo's service asks about.
const ASKED: &str = "/auth/verify?can=manage-clusters&cluster=prod-eu";
/// Letters of a body or a header that are shown.
const SHOWN: usize = 74;
/// Lines of the mapping that are shown: its first three rules.
const RULES: usize = 13;

pub(super) async fn tell(scene: &Scene) -> Result<(), Failure> {
    say!("castgate demo: a gateway on a throw-away store and a lab identity provider, on this machine alone.");
    map(scene).await?;
    push(scene).await?;
    let hero = hero(scene)?;
    let id = id_of(scene, &hero).await?;
    explain(scene, &hero, &id).await?;
    let mut browser = Browser::new();
    sign_in(scene, &mut browser, &hero).await?;
    allowed(scene, &mut browser, &hero).await?;
    deactivate(scene, &mut browser, &hero).await?;
    remember(scene, &hero, &id).await
}

/// Somebody on call for production, whose access costs something when it stays.
fn hero(scene: &Scene) -> Result<Person, Failure> {
    let is_in = |person: &Person, name: &str| person.groups.iter().any(|group| group == name);
    let on_call = |person: &&Person| is_in(person, "platform-oncall") && !is_in(person, "castai-owners");
    scene.lab.people().iter().find(on_call).cloned().ok_or_else(|| Failure("nobody is on call".to_owned()))
}

async fn map(scene: &Scene) -> Result<(), Failure> {
    heading(1, "An owner publishes the mapping: who gets which role, and where");
    for line in MAPPING.lines().skip_while(|line| !line.starts_with("rules")).take(RULES) {
        say!("{}", format!("   │ {line}").trim_end());
    }
    say!("   │ …");
    let plan = scene.app.publish_mapping(&scene.operator, MAPPING).await?;
    say!("   → version {} is in force, and the tests written in it pass", plan.version.unwrap_or_default());
    Ok(())
}

async fn push(scene: &Scene) -> Result<(), Failure> {
    heading(2, "Okta and Entra push people and groups over SCIM, each in its own dialect");
    let base = format!("{}/scim/v2", scene.origin);
    let okta = Pusher::okta(&base, &scene.okta.token).push_everybody(scene.lab.people()).await?;
    let entra = Pusher::entra(&base, &scene.entra.token).push_everybody(scene.lab.people()).await?;
    for (who, sent, method) in [("Okta", &okta, "POST"), ("Entra", &entra, "POST"), ("Entra", &entra, "PATCH")] {
        let of_kind = |exchange: &&Exchange| exchange.method == method && exchange.body.is_some();
        if let Some(exchange) = sent.iter().find(of_kind) {
            show(exchange.status, &format!("{who:<6} {method:<6} /scim/v2{}", exchange.path), "");
            say!("        {}", body(exchange));
        }
    }
    let all = || okta.iter().chain(&entra);
    let refused = all().filter(|exchange| !exchange.succeeded()).count();
    let time: f64 = all().map(|exchange| exchange.milliseconds).sum();
    let (people, groups) = (scene.lab.people().len(), people::GROUPS.len());
    say!("   → {} requests in {time:.0} ms, {refused} refused: {people} people, {groups} groups", all().count());
    expect(refused == 0, "every push should be taken")
}

async fn explain(scene: &Scene, hero: &Person, id: &UserId) -> Result<(), Failure> {
    heading(3, &format!("The rules decide: what {} may do, and why", hero.name()));
    let access = scene.app.access(&scene.operator, id).await?;
    let clusters = scene.app.clusters(&scene.operator).await?;
    for held in &access.derivations {
        let place = match &held.scope {
            Scope::Organization => "everywhere".to_owned(),
            Scope::Cluster { id } => match clusters.iter().find(|cluster| cluster.id == *id) {
                Some(cluster) => format!("on {}", cluster.slug),
                None => format!("on {id}"),
            },
            Scope::Resource { resource, id } => format!("on {resource} {id}"),
        };
        let why = match &held.via {
            Via::Direct { source } => source.to_string(),
            Via::Group { name, source, .. } => format!("{source}, by the group “{name}”"),
            Via::Default => "nothing else: the mapping's default".to_owned(),
        };
        say!("   {:<8}{place:<16}{why}", held.role.to_string());
    }
    expect(!access.is_empty(), "the rules should give something")
}

async fn sign_in(scene: &Scene, browser: &mut Browser, hero: &Person) -> Result<(), Failure> {
    heading(4, &format!("{} signs in with a browser", hero.name()));
    let page = browser.open(&format!("{}/login", scene.origin)).await?;
    say(&page, "castgate asks for an e-mail address")?;
    let page = browser.submit(&page, "/login", &[("email", &hero.email)]).await?;
    say(&page, "the provider, found by the address's domain")?;
    let page = browser.submit(&page, "/sign-in", &[("person", &hero.external_id)]).await?;
    say(&page, "back again: the terms come before everything else")?;
    let page = browser.submit(&page, "/terms", &[]).await?;
    say(&page, "accepted, and in")
}

async fn allowed(scene: &Scene, browser: &mut Browser, hero: &Person) -> Result<(), Failure> {
    heading(5, "A service behind the gateway asks: who is this, and may they manage prod-eu?");
    let page = ask(scene, browser).await?;
    show(page.status, &format!("GET {ASKED}"), "");
    for name in ["x-castgate-user", "x-castgate-email", "x-castgate-jwt"] {
        say!("        {name:<17} {}", shortened(page.header(name).unwrap_or("-")));
    }
    expect(page.status == 200, &format!("{} should be let through", hero.name()))
}

async fn deactivate(scene: &Scene, browser: &mut Browser, hero: &Person) -> Result<(), Failure> {
    heading(6, &format!("Okta deactivates {}. The very next request is refused", hero.name()));
    let base = format!("{}/scim/v2", scene.origin);
    let sent = Pusher::okta(&base, &scene.okta.token).deactivate(hero).await?;
    for exchange in sent.iter().filter(|exchange| exchange.method != "GET") {
        let time = format!("{:.1} ms", exchange.milliseconds);
        show(exchange.status, &format!("{} /scim/v2{}", exchange.method, exchange.path), &time);
        say!("        {}", body(exchange));
    }
    let page = ask(scene, browser).await?;
    show(page.status, &format!("GET {ASKED}"), "");
    expect(page.status == 401, "the session should be over")
}

async fn remember(scene: &Scene, hero: &Person, id: &UserId) -> Result<(), Failure> {
    heading(7, "All of it is on record, with who did it");
    let mut events = scene.app.events(&scene.operator, Some(id.as_str()), "", 20).await?;
    events.reverse();
    let connections = scene.app.connections(&scene.operator).await?;
    for event in events {
        let at = event.at.to_string();
        // Hour, minute, second and millisecond.
        let time = at.get(11..23).unwrap_or(&at);
        let by = match event.actor.split_once(' ') {
            Some(("connection", by)) => match connections.iter().find(|connection| connection.id.as_str() == by) {
                Some(connection) => format!("connection {}", connection.name),
                None => event.actor,
            },
            Some((_, by)) if by == id.as_str() => hero.name(),
            Some(_) | None => event.actor,
        };
        say!("   {time}  {:<22}  {by}", event.kind.name());
    }
    let base = format!("{}/scim/v2", scene.origin);
    let back = Pusher::okta(&base, &scene.okta.token).reactivate(hero).await?;
    expect(back.iter().all(Exchange::succeeded), "coming back should work")?;
    expect(id_of(scene, hero).await? == *id, "who comes back should be the same user")?;
    say!("   → {} is active again, as the same user with the same id", hero.name());
    Ok(())
}

async fn ask(scene: &Scene, browser: &mut Browser) -> Result<Page, Failure> {
    browser.ask(&format!("{}{ASKED}", scene.origin), &[("accept", "application/json")]).await
}

/// The id of a person of the lab, as their provider would look it up.
async fn id_of(scene: &Scene, person: &Person) -> Result<UserId, Failure> {
    let mut after = String::new();
    loop {
        let people = scene.app.members(&scene.operator, &after, 200).await?;
        let Some(last) = people.last() else { return Err(Failure(format!("{} is not there", person.email))) };
        after = last.id.to_string();
        if let Some(user) = people.into_iter().find(|user| user.user_name == person.email) {
            return Ok(user.id);
        }
    }
}

fn heading(number: usize, text: &str) {
    say!("\n{number}. {text}");
}

fn show(status: u16, what: &str, note: &str) {
    say!("{}", format!("   {status}  {what}  {note}").trim_end());
}

fn say(page: &Page, what: &str) -> Result<(), Failure> {
    say!("   {}  {:<11} {what}", page.status, page.url.path());
    expect(page.status == 200, what)
}

/// What was sent, without the list of schemas with which every SCIM message begins, and without a password.
fn body(exchange: &Exchange) -> String {
    let mut body = exchange.body.clone().unwrap_or(Value::Null);
    if let Value::Object(fields) = &mut body {
        fields.retain(|name, _| name != "schemas" && name != "password");
    }
    shortened(&body.to_string())
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

/// The demo is a test of the product as well: what does not hold ends it with a failure.
fn expect(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure(format!("the demo failed: {what}"))) }
}
