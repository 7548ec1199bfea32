//! Clusters read from Cast AI: the key, how the reading stands, reading now.

use super::{
    Client,
    api::Body,
    ask,
    output::Output,
    stop::{Code, Stop},
    table::{moment, plain},
};
use crate::cli::say::say;
use ::http::Method;
use serde_json::{Value, json};
use std::path::Path;

const PATH: &str = "/cast-ai";

impl Client {
    /// Gives the key that lies in a file, and reads.
    pub(super) async fn connect_cast_ai(&self, file: &Path) -> Result<(), Stop> {
        let key = json!({"api_key": ask::text(file)?.trim()});
        self.api.send(Method::PUT, PATH, Body::Json(key)).await?;
        self.sync_clusters().await
    }

    /// Forgets the key.
    pub(super) async fn disconnect_cast_ai(&self) -> Result<(), Stop> {
        self.confirm("Clusters are read from Cast AI no longer. Those that are known stay as they are.")?;
        let nothing = self.api.delete(PATH).await?;
        self.output.done("The key is forgotten.", &nothing)
    }

    /// How reading stands.
    pub(super) async fn cast_ai_standing(&self) -> Result<(), Stop> {
        let shown = self.api.get(PATH, &[]).await?;
        if self.output != Output::Table {
            return self.output.one(&shown);
        }
        let link = &shown["link"];
        if link.is_null() {
            say!("No key of Cast AI was given. Give one with: castgate clusters connect --key-file FILE");
            return Ok(());
        }
        let at = |field: &str| if link[field].is_null() { "never".to_owned() } else { moment(&link[field]) };
        say!("Clusters are read from {}.", plain(shown["url"].as_str().unwrap_or_default()));
        match link["problem"]["detail"].as_str() {
            Some(problem) => say!("They cannot be read: {}.", plain(problem)),
            None if link["tried_at"].is_null() => say!("They were not read yet."),
            None => say!("{} are listed there.", link["clusters"]),
        }
        say!("Last success {}, last tried {}, next {}.", at("succeeded_at"), at("tried_at"), at("due_at"));
        say_undecided(link);
        Ok(())
    }

    /// Reads now, and says what came of it. What could not be read is a failure.
    pub(super) async fn sync_clusters(&self) -> Result<(), Stop> {
        let reading = self.api.post(&format!("{PATH}/sync"), json!({})).await?;
        if self.output != Output::Table {
            self.output.one(&reading)?;
        }
        if let Some(problem) = reading["problem"]["detail"].as_str() {
            return Err(Stop::new(Code::Wrong, plain(problem)));
        }
        if self.output != Output::Table {
            return Ok(());
        }
        say!("Cast AI lists {} clusters.", reading["clusters"]);
        for (field, words) in [
            ("declared", "New here"),
            ("adopted", "Known by name, and by id now"),
            ("changed", "Called something else there"),
            ("gone", "No longer at Cast AI; what is held on them stays"),
            ("returned", "At Cast AI again"),
        ] {
            let slugs: Vec<_> = reading[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if !slugs.is_empty() {
                say!("{words}: {}", plain(&slugs.join(", ")));
            }
        }
        say_undecided(&reading);
        Ok(())
    }
}

/// Clusters of which only a person can say what they are.
fn say_undecided(of: &Value) {
    for one in of["undecided"].as_array().into_iter().flatten() {
        let text = |field: &str| plain(one[field].as_str().unwrap_or_default());
        say!("Undecided: {} ({}): {}", text("name"), text("external_id"), text("why"));
    }
}
