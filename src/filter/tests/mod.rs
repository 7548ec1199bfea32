//! Tables of real filters, and the laws.

mod evaluating;
mod explaining;
mod parsing;
mod properties;

use super::{Dialect, Filter, FilterError, parse};

pub(super) fn tolerant(text: &str) -> Filter {
    parse(text, Dialect::Tolerant).unwrap_or_else(|error| unreadable(text, &error))
}

pub(super) fn strict(text: &str) -> Filter {
    parse(text, Dialect::Strict).unwrap_or_else(|error| unreadable(text, &error))
}

pub(super) fn unreadable(text: &str, error: &FilterError) -> ! {
    panic!("{text}: {error}")
}
