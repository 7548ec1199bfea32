//! The binary: everything is in the library, whose map is `src/lib.rs`.

use std::process::ExitCode;

/// Many small pieces of JSON and SQL, on several threads: what glibc's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    castgate::cli::main()
}
