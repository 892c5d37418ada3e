//! `cargo demo [-- --once]`.

use std::process::ExitCode;

use porchlight_tests::demo;

#[tokio::main]
async fn main() -> ExitCode {
    demo::main().await
}
