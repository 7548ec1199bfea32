//! `castgate --help`: commands under headings, and the exit codes.

use super::client::{EXIT_CODES, Remote};
use clap::{Command, Subcommand};
use std::{collections::BTreeSet, fmt::Write};

/// Those that need nothing.
const HERE: &[&str] = &["completion", "doctor", "help"];

/// The command with its help in groups. clap itself has one heading for all commands.
pub(super) fn grouped(command: Command) -> Command {
    let names: Vec<(String, String)> = command
        .get_subcommands()
        .filter(|one| !one.is_hide_set())
        .map(|one| (one.get_name().to_owned(), one.get_about().map(ToString::to_string).unwrap_or_default()))
        .collect();
    let group = |heading: &str, within: &dyn Fn(&str) -> bool| {
        let mut text = format!("{heading}:\n");
        for (name, about) in names.iter().filter(|(name, _)| within(name)) {
            let _ = writeln!(text, "  {name:<17} {}", first_sentence(about));
        }
        text
    };
    // What neither calls the API nor needs nothing needs the machine: its settings, its store or its files.
    let calling = Remote::augment_subcommands(Command::new("castgate"));
    let calling: BTreeSet<&str> = calling.get_subcommands().map(Command::get_name).collect();
    let anywhere = |name: &str| calling.contains(name);
    let here = |name: &str| HERE.contains(&name);
    let text = [
        group("A gateway of yours, at its machine", &|name| !anywhere(name) && !here(name)),
        group("An organization, from anywhere", &anywhere),
        group("Besides", &here),
    ]
    .join("\n");
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}\nOptions:\n{{options}}\n\n{EXIT_CODES}\n"
    );
    command.help_template(template)
}

fn first_sentence(about: &str) -> &str {
    about.split_once(". ").map_or(about, |(first, _)| first).trim_end_matches('.')
}
