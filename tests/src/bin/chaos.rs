//! `cargo chaos`.

use std::process::ExitCode;

use porchlight_tests::chaos;

#[tokio::main]
async fn main() -> ExitCode {
    chaos::main().await
}
