//! `castgate connections test`: a browser signs in for real, and the terminal says what would have come of it.

use super::{
    Client,
    connections::One,
    stop::{Code, Stop},
    table::plain,
    verbs::waiting,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Between two looks at the test.
const PAUSE: Duration = Duration::from_secs(1);
/// As long as the address of a test can be opened.
const PATIENCE: Duration = Duration::from_mins(30);

#[derive(Debug, clap::Args)]
pub(super) struct Trial {
    #[command(flatten)]
    one: One,
    /// Prints the address and opens no browser.
    #[arg(long)]
    no_browser: bool,
}

impl Trial {
    pub(super) async fn run(self, client: &Client) -> Result<(), Stop> {
        let path = format!("{}/tests", client.connection(&self.one).await?);
        let begun = client.api.post(&path, json!({})).await?;
        let text = |field: &str| begun[field].as_str().unwrap_or_default().to_owned();
        let (id, url) = (text("id"), text("url"));
        eprintln!("Open this address in a browser and sign in:\n\n  {}\n", plain(&url));
        if !self.no_browser && webbrowser::open(&url).is_err() {
            eprintln!("No browser could be opened here.");
        }
        let ended = client.wait_for_test(&format!("{path}/{id}")).await?;
        client.output.one(&shown(&ended))?;
        match ended["result"]["succeeded"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(Stop::new(Code::Wrong, "the sign-in does not work yet; what to do is said above")),
        }
    }
}

impl Client {
    async fn wait_for_test(&self, path: &str) -> Result<Value, Stop> {
        let bar = waiting("Waiting for your browser …");
        let looks = async {
            loop {
                let test = self.api.get(path, &[]).await?;
                if !test["finished_at"].is_null() {
                    return Ok(test);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, looks).await;
        bar.finish_and_clear();
        outcome.unwrap_or_else(|_| Err(Stop::wrong("nobody signed in within half an hour; begin the test again")))
    }
}

/// The result with its test's id, as one thing.
fn shown(test: &Value) -> Value {
    let mut shown = test["result"].clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.shift_insert(0, "id".to_owned(), test["id"].clone());
    }
    shown
}
