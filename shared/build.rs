//! A new migration is a reason to build again: `sqlx::migrate!` looks only at those that it saw.

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
}
