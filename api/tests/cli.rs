//! The program itself: what it says when it cannot start. (Its being here also makes `cargo test` build the program.)

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::process::{Command, Output};

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_porchlight-api"))
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
    assert!(complaint(&run(&["migrate"], &[])).contains("DATABASE_URL is not set; it should be postgres://"));
    assert!(complaint(&run(&["serve"], &[])).contains("PORCHLIGHT_KEYS_FILE is not set"));
    assert!(complaint(&run(&["keys", "generate"], &[])).contains("PORCHLIGHT_KEYS_FILE is not set"));
}

#[test]
fn a_wrong_setting_is_named_and_not_shown() {
    for wrong in ["mysql://user:hunter2@host/db", "postgres://user:hunter2@host:port/db", "hunter2"] {
        let said = complaint(&run(&["migrate"], &[("DATABASE_URL", wrong)]));
        assert!(said.contains("DATABASE_URL does not fit"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let said =
        complaint(&run(&["migrate"], &[("DATABASE_URL", "postgres://127.0.0.1/x"), ("RUST_LOG", "=,=")]));
    assert!(said.contains("RUST_LOG"), "{said}");
}

#[test]
fn an_unreadable_key_file_is_named() {
    let said = complaint(&run(
        &["serve"],
        &[
            ("DATABASE_URL", "postgres://127.0.0.1/x"),
            ("REDIS_URL", "redis://127.0.0.1"),
            ("PORCHLIGHT_KEYS_FILE", "/nowhere/keys.json"),
        ],
    ));
    assert!(said.contains("/nowhere/keys.json") && said.contains("keys generate"), "{said}");
}

#[test]
fn the_version_names_the_sources() {
    let said = String::from_utf8(run(&["--version"], &[]).stdout).unwrap();
    assert!(said.contains(porchlight_api::BUILD_ID), "{said}");
}
