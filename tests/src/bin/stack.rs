//! `cargo stack [-- COMMAND]`.

use std::process::ExitCode;

use porchlight_tests::stack::command;

#[tokio::main]
async fn main() -> ExitCode {
    command::main().await
}
