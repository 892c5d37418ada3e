//! The `porchlight-api` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    porchlight_api::run()
}
