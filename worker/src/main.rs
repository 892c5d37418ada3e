//! The `porchlight-worker` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    porchlight_worker::run()
}
