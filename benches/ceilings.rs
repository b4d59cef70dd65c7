//! What the real server achieves over HTTP against the machine's limits, in one run.
//!
//! It is `tallyhouse bench`, and all arguments are those of that command. Without any it is a quick
//! run, so that `cargo bench` stays one of minutes.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    // Cargo adds the first for every bench; the others are for `tallyhouse bench`.
    let arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let ended = Command::new(env!("CARGO_BIN_EXE_tallyhouse"))
        .arg("bench")
        .args(arguments)
        .status()
        .expect("the program was built");
    match ended.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}
