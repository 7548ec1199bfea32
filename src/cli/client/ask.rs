//! Questions to the person at the terminal.

use super::{Client, stop::Stop};
use std::io::{self, BufRead, IsTerminal, Write};

/// What is read of a secret, a file or standard input, at most.
const LARGEST: u64 = 4 << 20;

impl Client {
    /// Asks before something dangerous. Without anybody to ask it takes `--yes`.
    pub(super) fn confirm(&self, question: &str) -> Result<(), Stop> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Stop::usage(format!(
                "{question}\n  There is no terminal to ask at: add --yes if that is meant."
            )));
        }
        let answer = line(&format!("{question} [y/N] "))?;
        if ["y", "yes"].contains(&answer.to_lowercase().as_str()) {
            return Ok(());
        }
        Err(Stop::wrong("nothing was changed"))
    }

    /// Asks for a name to be typed, before something that cannot be taken back. Without anybody to ask it was to come with
    /// `--confirm`.
    pub(super) fn repeated(question: &str, name: &str, said: Option<String>) -> Result<String, Stop> {
        if let Some(said) = said {
            return Ok(said);
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Stop::usage(format!(
                "{question}\n  There is no terminal to ask at: repeat it with --confirm if that is meant."
            )));
        }
        let said = line(&format!("{question}\nType “{name}” to go on: "))?;
        if said == name { Ok(said) } else { Err(Stop::wrong("nothing was changed")) }
    }
}

/// A line that somebody types.
fn line(prompt: &str) -> Result<String, Stop> {
    let failed = |error: io::Error| Stop::wrong(format!("the terminal cannot be read: {error}"));
    let mut stderr = io::stderr().lock();
    stderr.write_all(prompt.as_bytes()).and_then(|()| stderr.flush()).map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(answer.trim().to_owned())
}

/// A secret: typed without echo at a terminal, else the first line of standard input.
pub(super) fn secret(prompt: &str) -> Result<String, Stop> {
    let failed = |error: io::Error| Stop::wrong(format!("{} cannot be read: {error}", prompt.to_lowercase()));
    let text = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{prompt}: ")).map_err(failed)?
    } else {
        let mut text = String::new();
        io::BufReader::new(io::Read::take(io::stdin().lock(), LARGEST)).read_line(&mut text).map_err(failed)?;
        text
    };
    let text = text.trim().to_owned();
    if text.is_empty() { Err(Stop::usage(format!("no {} was given", prompt.to_lowercase()))) } else { Ok(text) }
}

/// A file's text; `-`: standard input.
pub(super) fn text(file: &std::path::Path) -> Result<String, Stop> {
    let read = |from: &mut dyn io::Read| {
        let mut text = String::new();
        io::Read::read_to_string(&mut io::Read::take(from, LARGEST), &mut text).map(|_| text)
    };
    let outcome = if file.as_os_str() == "-" {
        read(&mut io::stdin().lock())
    } else {
        std::fs::File::open(file).and_then(|mut file| read(&mut file))
    };
    outcome.map_err(|error| Stop::wrong(format!("{} cannot be read: {error}", file.display())))
}
