//! `castgate login` and `castgate logout`.

use super::{
    Common,
    account::visitor,
    api::{Api, origin_of},
    ask,
    contexts::{Context, Place},
    loopback::{Answer, Loopback, brought_by},
    stop::{Code, Stop},
    table::plain,
    verbs::waiting,
};
use crate::{
    cli::say::say,
    crypto::{TokenKind, fill_or_abort, sha256, token},
};
use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    io::{self, BufRead, IsTerminal},
    time::Duration,
};
use url::{Url, form_urlencoded};

/// How long somebody may take in the browser: signing in, terms and all.
const PATIENCE: Duration = Duration::from_mins(10);

/// `castgate login`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate login https://castgate.example
  castgate login https://castgate.example --no-browser      # on a machine without one: paste the address back
  castgate login https://castgate.example --with-key < key.txt

The browser asks whether this machine may act for you. What it gets is an API key of yours that ends after 30
days; it lies in ~/.config/castgate/contexts.toml, which only you can read.")]
pub(in crate::cli) struct Login {
    /// The gateway's address.
    url: String,
    /// Prints the address and opens no browser.
    #[arg(long, conflicts_with = "with_key")]
    no_browser: bool,
    /// Reads an API key instead: typed without echo, or from standard input.
    #[arg(long)]
    with_key: bool,
    /// The context's name; without it the organization's.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl Login {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let origin = origin_of(&self.url)?;
        let place = Place::of_this_person()?;
        // What is wrong with the file is better said before than after the browser.
        place.load()?;
        let (key, key_id) = if self.with_key {
            let key = ask::secret("API key")?;
            token::parse(&key, TokenKind::ApiKey).map_err(|error| Stop::usage(error.to_string()))?;
            (key, None)
        } else {
            self.by_browser(&origin).await?
        };
        let me = Api::new(origin.clone(), Some(SecretString::from(key.as_str()))).get("/me", &[]).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (organization, user) = (text(&me["organization"]["slug"]), text(&visitor(&me)["user_name"]));
        let context = Context { url: origin, organization: organization.clone(), user: user.clone(), key, key_id };
        let before = place.change(|all| {
            let name = all.add(self.name.as_deref(), context);
            Ok(name)
        })?;
        say!("You are {} at {}. The context is “{}”.", plain(&user), plain(&organization), plain(&before));
        Ok(())
    }

    /// The key that somebody lets this machine have, and its id.
    async fn by_browser(&self, origin: &str) -> Result<(String, Option<String>), Stop> {
        let loopback = Loopback::open().await?;
        let (verifier, state, device) = (random(), random(), device());
        let challenge = BASE64URL_NOPAD.encode(&sha256(verifier.as_bytes()));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("port", &loopback.port().to_string())
            .append_pair("challenge", &challenge)
            .append_pair("state", &state)
            .append_pair("device", &device)
            .finish();
        let address = format!("{origin}/cli?{query}");
        eprintln!("Open this address in your browser and agree:\n\n  {address}\n");
        if !self.no_browser && webbrowser::open(&address).is_err() {
            eprintln!("No browser could be opened here.");
        }
        let pasted = pasted(&state);
        let bar = waiting("Waiting for your browser …");
        let brought = tokio::select! {
            brought = loopback.answer(&state) => brought.map(|brought| (brought.answer.clone(), Some(brought))),
            Ok(answer) = pasted => Ok((answer, None)),
            () = tokio::time::sleep(PATIENCE) => Err(Stop::wrong("nobody agreed within ten minutes; run castgate login again")),
        };
        bar.finish_and_clear();
        let (answer, browser) = brought?;
        let outcome = match answer {
            Answer::Code(code) => exchange(origin, &code, &verifier, &device).await,
            Answer::Refused => Err(Stop::new(Code::Forbidden, "it was refused in the browser; nothing was made")),
        };
        if let Some(browser) = browser {
            browser
                .tell(match &outcome {
                    Ok(_) => Ok("The command line on this machine acts for you now. You can close this window."),
                    Err(_) => Err("Your terminal says why. You can close this window."),
                })
                .await;
        }
        outcome
    }
}

async fn exchange(origin: &str, code: &str, verifier: &str, device: &str) -> Result<(String, Option<String>), Stop> {
    let body = json!({"code": code, "verifier": verifier, "device": device});
    let key = Api::new(origin.to_owned(), None).post("/cli/exchange", body).await?;
    let text = |field: &str| key[field].as_str().map(str::to_owned);
    let secret = text("secret").ok_or_else(|| Stop::wrong("the answer holds no key"))?;
    Ok((secret, text("id")))
}

/// A machine whose browser is elsewhere gets the answer by hand: the address at which the browser ended.
fn pasted(state: &str) -> tokio::sync::oneshot::Receiver<Answer> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    if !io::stdin().is_terminal() {
        // Nobody pastes anything here; a closed channel is not waited for.
        return receiver;
    }
    eprintln!("If the browser is on another machine: paste the address at which it ends.\n");
    let state = state.to_owned();
    // A thread of its own, which ends with the process: a read from a terminal cannot be called off.
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if let Some(brought) = Url::parse(line.trim()).ok().and_then(|address| brought_by(&address, &state)) {
                let _ = sender.send(brought);
                return;
            }
            eprintln!("That is not the address; it begins with http://127.0.0.1");
        }
    });
    receiver
}

/// 32 random bytes as text.
fn random() -> String {
    let mut bytes = [0_u8; 32];
    fill_or_abort(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

/// What this machine calls itself, as far as it can be shown.
fn device() -> String {
    let said = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let asked = || {
        let output = std::process::Command::new("hostname").output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let named = || std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok();
    let name = said.or_else(asked).or_else(named).unwrap_or_default();
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || ".-_".contains(*letter);
    let name: String = name.trim().chars().filter(plain).take(63).collect();
    if name.is_empty() { "a-machine-without-a-name".to_owned() } else { name }
}

/// `castgate logout`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate logout
  castgate logout --context acme

A key that was given with --with-key is forgotten here and stays good elsewhere.")]
pub(in crate::cli) struct Logout {
    #[command(flatten)]
    common: Common,
}

impl Logout {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let place = Place::of_this_person()?;
        let all = place.load()?;
        let found = all.find(self.common.context.as_deref())?;
        let (name, context) = found.ok_or_else(|| Stop::new(Code::NotSignedIn, "nobody is signed in here"))?;
        let revoked = match &context.key_id {
            Some(id) => {
                let api = Api::new(origin_of(&context.url)?, Some(SecretString::from(context.key.as_str())));
                match api.delete(&format!("/keys/{id}")).await {
                    Ok(_) => true,
                    // What is not accepted any more needs no revoking.
                    Err(stop) if stop.is(Code::NotSignedIn) => true,
                    Err(stop) => return Err(stop),
                }
            }
            None => false,
        };
        let name = name.to_owned();
        place.change(|all| Ok(all.remove(&name)))?;
        if revoked {
            say!("“{}” is signed out: its key is revoked and forgotten.", plain(&name));
        } else {
            say!(
                "“{}” is forgotten. Its key was not made by castgate login, so it stays good elsewhere.",
                plain(&name)
            );
        }
        Ok(())
    }
}
