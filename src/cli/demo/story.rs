//! What the demo tells, step by step; every line of it is an answer that just came.

use super::{
    super::Failure,
    browser::{Browser, Page},
    scene::Scene,
};
use crate::{
    app::role_names,
    lab::{Exchange, MAPPING, Person, Pusher},
    model::UserId,
};
use serde_json::Value;
use url::Url;

/// The capability and cluster that the demo's service asks about.
const ASKED: &str = "can=manage-clusters&cluster=prod-eu";

pub(super) async fn tell(scene: &mut Scene) -> Result<(), Failure> {
    println!(
        "castgate demo: a gateway on a throw-away store, and a lab identity provider, both on this machine only.\n"
    );
    map(scene).await?;
    push(scene).await?;
    let hero = hero(scene)?;
    explain(scene, &hero).await?;
    let mut browser = Browser::new();
    sign_in(scene, &mut browser, &hero).await?;
    allowed(scene, &mut browser, &hero).await?;
    deactivate(scene, &mut browser, &hero).await?;
    come_back(scene, &hero).await
}

/// Somebody on call for production, whose access costs something when it stays.
fn hero(scene: &Scene) -> Result<Person, Failure> {
    let is_in = |person: &Person, name: &str| person.groups.iter().any(|group| group == name);
    let on_call = |person: &&Person| is_in(person, "platform-oncall") && !is_in(person, "castai-owners");
    scene.lab.people().iter().find(on_call).cloned().ok_or_else(|| Failure("nobody is on call".to_owned()))
}

async fn map(scene: &Scene) -> Result<(), Failure> {
    heading(1, "An owner publishes the mapping: who gets which role, and where");
    for line in MAPPING.lines().skip_while(|line| !line.starts_with("rules")).take(13) {
        println!("   │ {line}");
    }
    println!("   │ …");
    let plan = scene.app.publish_mapping(&scene.operator, MAPPING).await?;
    println!("   → version {} is in force; its own tests hold", plan.version.unwrap_or_default());
    Ok(())
}

async fn push(scene: &Scene) -> Result<(), Failure> {
    heading(2, "Okta and Entra push people and groups over SCIM");
    let base = format!("{}/scim/v2", scene.origin);
    let mut sent = Pusher::okta(&base, &scene.okta.token).push_everybody(scene.lab.people()).await?;
    show_first(&sent, "POST", "Okta   ");
    let entra = Pusher::entra(&base, &scene.entra.token).push_everybody(scene.lab.people()).await?;
    show_first(&entra, "PATCH", "Entra  ");
    sent.extend(entra);
    let refused = sent.iter().filter(|exchange| !exchange.succeeded()).count();
    let time: f64 = sent.iter().map(|exchange| exchange.milliseconds).sum();
    println!(
        "   → {} requests in {time:.0} ms, {refused} refused: {} people and {} groups are there",
        sent.len(),
        scene.lab.people().len(),
        crate::lab::people::GROUPS.len()
    );
    Ok(())
}

async fn explain(scene: &Scene, hero: &Person) -> Result<(), Failure> {
    heading(3, &format!("The rules decide. What {} may do, and why", hero.name()));
    let access = scene.app.access(&scene.operator, &id_of(scene, hero).await?).await?;
    let clusters = scene.app.clusters(&scene.operator).await?;
    for derivation in &access.derivations {
        let named = clusters
            .iter()
            .fold(derivation.to_string(), |text, cluster| text.replace(cluster.id.as_str(), &cluster.slug));
        println!("   → {named}");
    }
    debug_assert!(!role_names(&access).is_empty(), "the hero is somebody");
    Ok(())
}

async fn sign_in(scene: &Scene, browser: &mut Browser, hero: &Person) -> Result<(), Failure> {
    heading(4, &format!("{} signs in through the provider", hero.name()));
    let page = browser.open(&format!("{}/login", scene.origin)).await?;
    say(&page, "asks for an e-mail address");
    let form = form_token(&page);
    let fields: Vec<(&str, &str)> =
        [("email", hero.email.as_str())].into_iter().chain(form.as_deref().map(|token| ("form", token))).collect();
    let page = browser.submit(page.url.clone(), &fields).await?;
    say(&page, "the provider, found by the address's domain");
    let request = page.url.query().unwrap_or_default().to_owned();
    let to = Url::parse(&format!("{}/sign-in", scene.lab.issuer))?;
    let page = browser.submit(to, &[("request", &request), ("person", &hero.external_id)]).await?;
    say(&page, "back at castgate: the terms come before everything else");
    let page = accept(browser, page).await?;
    say(&page, "signed in");
    Ok(())
}

/// Sends the terms' form back with everything that it holds.
async fn accept(browser: &mut Browser, page: Page) -> Result<Page, Failure> {
    let mut fields = Vec::new();
    for name in ["form", "terms", "privacy", "return_to"] {
        if let Some(value) = page.field(name) {
            fields.push((name, value));
        }
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let to = page.url.join("/terms")?;
    browser.submit(to, &fields).await
}

async fn allowed(scene: &Scene, browser: &mut Browser, hero: &Person) -> Result<(), Failure> {
    heading(5, "A service behind the gateway asks who this is, and whether they may manage prod-eu");
    let page = ask(scene, browser).await?;
    println!("   GET /auth/verify?{ASKED} → {}", page.status);
    for name in ["x-castgate-user", "x-castgate-email", "x-castgate-roles", "x-castgate-jwt"] {
        if let Some(value) = page.header(name) {
            let short: String = value.chars().take(60).collect();
            let more = if short.len() < value.len() { "…" } else { "" };
            println!("     {name}: {short}{more}");
        }
    }
    expect(page.status == 200, &format!("{} should be allowed", hero.name()))
}

async fn deactivate(scene: &Scene, browser: &mut Browser, hero: &Person) -> Result<(), Failure> {
    heading(6, &format!("Okta deactivates {}", hero.name()));
    let base = format!("{}/scim/v2", scene.origin);
    let sent = Pusher::okta(&base, &scene.okta.token).deactivate(hero).await?;
    for exchange in sent.iter().filter(|exchange| exchange.method != "GET") {
        println!("   {} {} → {} in {:.1} ms", exchange.method, exchange.path, exchange.status, exchange.milliseconds);
    }
    let page = ask(scene, browser).await?;
    println!("   the very next request: GET /auth/verify?{ASKED} → {}", page.status);
    expect(page.status == 401, "the session should be over")
}

async fn come_back(scene: &Scene, hero: &Person) -> Result<(), Failure> {
    heading(7, "What happened stays on record");
    let id = id_of(scene, hero).await?;
    let mut events = scene.app.events(&scene.operator, Some(id.as_str()), "", 20).await?;
    events.reverse();
    for event in events {
        println!("   {}  {:<22} {}", event.at, event.kind.name(), event.actor);
    }
    let base = format!("{}/scim/v2", scene.origin);
    let back = Pusher::okta(&base, &scene.okta.token).reactivate(hero).await?;
    let fine = back.iter().all(Exchange::succeeded);
    expect(fine, "coming back should work")?;
    println!("   → and {} is active again, under the same id, for you to try", hero.name());
    Ok(())
}

async fn ask(scene: &Scene, browser: &mut Browser) -> Result<Page, Failure> {
    let address = format!("{}/auth/verify?{ASKED}", scene.origin);
    browser.ask(&address, &[("accept", "application/json")]).await
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
    println!("\n{number}. {text}");
}

fn say(page: &Page, what: &str) {
    println!("   {:<3} {:<42} {what}", page.status, page.url.path());
}

/// One exchange of a kind, with its body as the provider documents it.
fn show_first(sent: &[Exchange], method: &str, who: &str) {
    let Some(exchange) = sent.iter().find(|exchange| exchange.method == method && exchange.body.is_some()) else {
        return;
    };
    let mut body = exchange.body.clone().unwrap_or(Value::Null);
    if let Some(password) = body.get_mut("password") {
        *password = Value::from("…");
    }
    let text: String = body.to_string().chars().take(150).collect();
    println!("   {who}{} {} {text}… → {}", exchange.method, exchange.path, exchange.status);
}

fn form_token(page: &Page) -> Option<String> {
    page.field("form")
}

/// The demo is a test of the product as well: what does not hold ends it with a failure.
fn expect(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure(format!("the demo failed: {what}"))) }
}
