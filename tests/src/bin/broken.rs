//! `cargo broken [NAME…]`.

use std::process::ExitCode;

use porchlight_tests::broken;

#[tokio::main]
async fn main() -> ExitCode {
    broken::main().await
}
