//! `cargo sqlx-data -- --check | --write`.

use std::process::ExitCode;

use porchlight_tests::sqlx_data;

#[tokio::main]
async fn main() -> ExitCode {
    sqlx_data::main().await
}
