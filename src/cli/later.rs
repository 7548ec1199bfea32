//! What a command takes, built when somebody gives that command: the whole tree is a few MB, which a gateway would carry about.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, builder::Resettable};
use std::cell::Cell;

thread_local! {
    /// Whether commands that are made now are made with all that they take.
    static AT_ONCE: Cell<bool> = const { Cell::new(false) };
}

/// What a command takes.
#[derive(Debug)]
pub(super) struct Later<T>(pub(super) T);

/// Makes a command with all that it and those below it take, for whoever tells of the whole tree.
pub(super) fn at_once(make: impl FnOnce() -> Command) -> Command {
    AT_ONCE.set(true);
    let command = make();
    AT_ONCE.set(false);
    command
}

impl<T: Args> Args for Later<T> {
    fn augment_args(command: Command) -> Command {
        if AT_ONCE.get() { T::augment_args(command) } else { command.defer(built::<T>) }
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(built::<T>)
    }
}

/// What is said of the command where it is listed stays, whatever is said of what it takes.
fn built<T: Args>(command: Command) -> Command {
    let said = (command.get_about().cloned(), command.get_long_about().cloned());
    let (about, long_about) = (Resettable::from(said.0), Resettable::from(said.1));
    T::augment_args(command).about(about).long_about(long_about)
}

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
