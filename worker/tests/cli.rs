//! The program itself: what it says when it cannot start. (Its being here also makes `cargo test` build the program.)

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::process::{Command, Output};

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_porchlight-worker"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_missing_setting_is_named() {
    assert!(complaint(&run(&["run"], &[])).contains("PORCHLIGHT_KEYS_FILE is not set"));
}

#[test]
fn a_sender_that_everybody_refuses_is_refused_at_the_start() {
    let said = complaint(&run(
        &["run"],
        &[("PORCHLIGHT_KEYS_FILE", "/nowhere"), ("PORCHLIGHT_SMTP_FROM", "hoa@gmail.com")],
    ));
    assert!(said.contains("PORCHLIGHT_SMTP_FROM does not fit"), "{said}");
}

#[test]
fn the_version_names_the_sources() {
    let said = String::from_utf8(run(&["--version"], &[]).stdout).unwrap();
    assert!(said.contains(porchlight_worker::BUILD_ID), "{said}");
}
