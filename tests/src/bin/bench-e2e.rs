//! `cargo bench-e2e`.

use std::process::ExitCode;

use porchlight_tests::bench;

#[tokio::main]
async fn main() -> ExitCode {
    bench::main().await
}
