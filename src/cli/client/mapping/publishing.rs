//! Plans and publication, versions and what they were.

use super::super::{
    Client,
    api::Body,
    output::Output,
    role_changes::KeyOptions,
    stop::Stop,
    table::{painted, plain},
    verbs::waiting,
};
use crate::cli::say::say;
use ::http::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

impl Client {
    pub(super) async fn plan(&self, text: String) -> Result<Value, Stop> {
        let bar = waiting("Looking at everybody …");
        let plan = self.api.send(Method::POST, "/mapping/plan", Body::Yaml(text)).await;
        bar.finish_and_clear();
        plan
    }

    pub(super) fn show_plan(&self, plan: &Value) -> Result<(), Stop> {
        if self.output != Output::Table {
            return self.output.one(plan);
        }
        for warning in plan["warnings"].as_array().into_iter().flatten() {
            eprintln!("castgate: {}", plain(warning["message"].as_str().unwrap_or_default()));
        }
        painted(plan["text"].as_str().unwrap_or_default());
        Ok(())
    }

    pub(super) async fn publish(
        &self,
        text: String,
        (reason, mut plan): (Option<String>, Option<String>),
        keys: &KeyOptions,
    ) -> Result<ExitCode, Stop> {
        if !self.yes {
            let shown = self.plan(text.clone()).await?;
            if self.output == Output::Table {
                self.show_plan(&shown)?;
            }
            self.confirm("This mapping comes into force for everybody in the organization.")?;
            // What was shown is what is published.
            plan = plan.or_else(|| shown["plan"].as_str().map(str::to_owned));
        }
        let mut publication = json!({"text": text});
        for (name, value) in [("plan", plan), ("reason", reason)] {
            if let Some(value) = value {
                publication[name] = json!(value);
            }
        }
        let bar = waiting("Publishing …");
        let done = self.api.post("/mapping/publish", publication.clone()).await;
        bar.finish_and_clear();
        let done = match done {
            Err(stop) if stop.needs_preview() => {
                publication["kind"] = json!("publish");
                self.change_roles(publication, keys, "The mapping is in force.").await?;
                return Ok(ExitCode::SUCCESS);
            }
            done => done?,
        };
        if self.yes && self.output == Output::Table {
            self.show_plan(&done)?;
        }
        let version = done["version"].as_i64().unwrap_or_default();
        match self.output {
            Output::Name => say!("{version}"),
            Output::Table | Output::Json | Output::Yaml | Output::Secret => {
                self.output.done(&format!("Version {version} is in force."), &done)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The text of an old version.
    pub(super) async fn text_of(&self, version: i64) -> Result<String, Stop> {
        let found = self.api.get(&format!("/mapping/versions/{version}"), &[]).await?;
        Ok(found["text"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn show_version(&self, version: i64) -> Result<ExitCode, Stop> {
        let found = self.api.get(&format!("/mapping/versions/{version}"), &[]).await?;
        match (self.output, found["text"].as_str()) {
            // As it was written: it is meant to go into a file.
            (Output::Table, Some(text)) => say!("{}", text.trim_end_matches('\n')),
            (Output::Name, _) => say!("{version}"),
            (Output::Table | Output::Json | Output::Yaml | Output::Secret, _) => self.output.one(&found)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn show_diff(&self, version: i64, from: Option<i64>) -> Result<ExitCode, Stop> {
        let query: Vec<(&'static str, String)> = from.map(|from| ("from", from.to_string())).into_iter().collect();
        let found = self.api.get(&format!("/mapping/versions/{version}/diff"), &query).await?;
        match self.output {
            Output::Table => painted(found["text"].as_str().unwrap_or_default()),
            Output::Name | Output::Json | Output::Yaml | Output::Secret => self.output.one(&found)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn show_owner_ways(&self) -> Result<ExitCode, Stop> {
        let found = self.api.get("/mapping/owners", &[]).await?;
        match self.output {
            Output::Table => {
                for way in found["items"].as_array().into_iter().flatten() {
                    way["text"].as_str().unwrap_or_default().lines().for_each(|line| say!("{}", plain(line)));
                }
            }
            Output::Name | Output::Json | Output::Yaml | Output::Secret => self.output.one(&found)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn replay(&self, text: String, days: u32) -> Result<ExitCode, Stop> {
        let bar = waiting("Running the past …");
        let found = self.api.post("/mapping/replay", json!({"text": text, "days": days})).await;
        bar.finish_and_clear();
        let found = found?;
        match self.output {
            Output::Table => painted(found["text"].as_str().unwrap_or_default()),
            Output::Name | Output::Json | Output::Yaml | Output::Secret => self.output.one(&found)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether a plan does anything: to bindings, (a new default) to people alone, or to invitations.
pub(super) fn changes(plan: &Value) -> bool {
    let any = |pointer: &str| plan.pointer(pointer).and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    ["/diff/open", "/diff/close", "/impact/people", "/impact/invitations"].into_iter().any(any)
}
