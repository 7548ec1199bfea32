//! `castgate completion`: a script for a shell.

use super::{Arguments, later};
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
        // A reader who went away needs no script.
        let _ = std::io::stdout().lock().write_all(&script(shell));
        ExitCode::SUCCESS
    }
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, &mut later::at_once(Arguments::command), "castgate", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_completes_what_a_noun_can_do_as_the_noun_does() {
        let script = String::from_utf8(script(Shell::Fish)).unwrap();
        for behind in ["castgate_using_subcommand users", "castgate_using_subcommand help"] {
            let line = |line: &&str| line.contains(behind) && line.contains(r#"-a "suspend""#);
            assert!(script.lines().any(|one| line(&one)), "{behind}");
        }
    }
}
