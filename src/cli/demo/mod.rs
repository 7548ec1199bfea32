//! `castgate demo`: the main job on real input, in a minute, with nothing to set up.

mod browser;
mod scene;
mod story;

use super::{Failure, serve};
use scene::Scene;
use std::process::ExitCode;

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
        let mut scene = Scene::set(self.port).await?;
        story::tell(&mut scene).await?;
        if !self.once {
            scene.invite();
            serve::asked_to_stop().await;
            println!("\nThe throw-away store is gone. Nothing is left behind.");
        }
        scene.strike().await;
        Ok(ExitCode::SUCCESS)
    }
}
