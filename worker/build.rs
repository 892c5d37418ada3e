//! Stamps the program with the sources that it was built from; see `porchlight_shared::runtime::build_id`.

#[path = "../shared/src/runtime/build_id.rs"]
#[expect(unreachable_pub, reason = "public where the library has it")]
mod build_id;

fn main() -> std::io::Result<()> {
    let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for folder in build_id::sources("worker").iter().filter(|folder| workspace.join(folder).exists()) {
        println!("cargo::rerun-if-changed=../{folder}");
    }
    println!("cargo::rustc-env=PORCHLIGHT_BUILD_ID={}", build_id::fingerprint(&workspace, "worker")?);
    Ok(())
}
