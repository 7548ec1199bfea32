//! `castgate completion`: a script for a shell.

use super::Arguments;
use clap::{CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};
use std::{io::Write, process::ExitCode};

/// What `completion` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  castgate completion bash > ~/.local/share/bash-completion/completions/castgate
  castgate completion zsh > \"${fpath[1]}/_castgate\"
  castgate completion fish > ~/.config/fish/completions/castgate.fish")]
pub(super) struct Completion {
    /// For which shell.
    #[arg(value_enum)]
    shell: Known,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

impl Completion {
    pub(super) fn run(&self) -> ExitCode {
        let shell = match self.shell {
            Known::Bash => Shell::Bash,
            Known::Zsh => Shell::Zsh,
            Known::Fish => Shell::Fish,
        };
        let mut script = Vec::new();
        generate(shell, &mut Arguments::command(), "castgate", &mut script);
        // A reader who went away needs no script.
        let _ = std::io::stdout().lock().write_all(&script);
        ExitCode::SUCCESS
    }
}
