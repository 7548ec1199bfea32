//! The binary: everything is in the library, whose map is `src/lib.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    castgate::cli::main()
}
