//! `castgate demo`: the main job on real input, in a minute, with nothing to set up.

mod browser;
mod directory;
mod scene;
mod story;

use super::{Failure, serve};
use crate::cli::say::say;
use directory::ThrowAway;
use scene::Scene;
use std::{pin::pin, process::ExitCode};

/// What `demo` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// The port of the gateway; another free one if it is taken.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// End after the story instead of staying up.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let directory = ThrowAway::make()?;
        let outcome = self.play(&directory).await;
        drop(directory);
        outcome?;
        say!("\nThe throw-away store is gone.");
        Ok(ExitCode::SUCCESS)
    }

    /// Whoever stops it in the middle of the story leaves nothing behind either.
    async fn play(&self, directory: &ThrowAway) -> Result<(), Failure> {
        let mut stop = pin!(serve::asked_to_stop());
        let scene = tokio::select! {
            scene = Scene::set(self.port, directory.path()) => scene?,
            () = &mut stop => return Ok(()),
        };
        let told = tokio::select! {
            told = story::tell(&scene) => Some(told),
            () = &mut stop => None,
        };
        if let (Some(Ok(())), false) = (&told, self.once) {
            scene.invite();
            stop.await;
        }
        scene.strike().await;
        told.unwrap_or(Ok(()))
    }
}
