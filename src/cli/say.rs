//! What commands print. A reader who went away (`castgate demo | head`) is no reason to stop in the middle, or to panic.

use std::{
    fmt,
    io::{self, Write},
};

/// Prints a line to standard output.
pub(super) fn line(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// `println!`, without its panic.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::say::line(format_args!($($text)*)) };
}
pub(crate) use say;
