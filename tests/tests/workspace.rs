//! The workspace keeps its own rules: who may depend on whom, under which licences, and what is generated is current.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use porchlight_tests::installation::programs::workspace;

fn metadata() -> Metadata {
    MetadataCommand::new()
        .current_dir(workspace())
        .other_options(["--offline".to_owned(), "--filter-platform".to_owned(), host()])
        .exec()
        .unwrap()
}

/// The platform that this runs on: only its packages are at hand offline.
fn host() -> String {
    let said = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// What each package may not name among its dependencies, tests of its own left out.
const FORBIDDEN: [(&str, &[&str]); 4] = [
    (
        "porchlight-shared",
        &[
            "porchlight-api",
            "porchlight-worker",
            "porchlight-tests",
            "axum",
            "lettre",
            "apalis",
            "reqwest",
            "clap",
        ],
    ),
    (
        "porchlight-api",
        &["porchlight-worker", "porchlight-tests", "lettre", "apalis", "apalis-core", "reqwest"],
    ),
    ("porchlight-worker", &["porchlight-api", "porchlight-tests", "axum", "utoipa"]),
    ("porchlight-tests", &["porchlight-api", "porchlight-worker", "porchlight-shared", "lettre", "apalis"]),
];

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    for (package, forbidden) in FORBIDDEN {
        let package = metadata.packages.iter().find(|known| known.name == package).unwrap();
        let named: BTreeSet<_> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal)
            .map(|dependency| dependency.name.as_str())
            .collect();
        for name in forbidden {
            assert!(!named.contains(name), "{} must not depend on {name}", package.name);
        }
    }
}

#[test]
fn the_given_libraries_carry_the_work() {
    let metadata = metadata();
    let named = |package: &str| -> BTreeSet<String> {
        let package = metadata.packages.iter().find(|known| known.name == package).unwrap();
        package.dependencies.iter().map(|dependency| dependency.name.clone()).collect()
    };
    for name in ["tokio", "apalis", "redis", "sqlx", "lettre", "serde", "tracing", "governor"] {
        assert!(named("porchlight-worker").contains(name), "{name}");
    }
}

const ALLOWED: [&str; 16] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "0BSD",
    "Unlicense",
    "CC0-1.0",
    "BSL-1.0",
    "MPL-2.0",
    "CDLA-Permissive-2.0",
    "MIT-0",
    "OpenSSL",
];

/// Whether a package may be used under one of the licences that it offers.
fn is_permissive(licence: &str) -> bool {
    let licence = licence.replace('/', " OR ").replace(['(', ')'], "");
    licence.split(" OR ").any(|choice| choice.split(" AND ").all(|part| ALLOWED.contains(&part.trim())))
}

#[test]
fn licences_are_permissive() {
    for package in metadata().packages {
        let licence = package.license.unwrap_or_default();
        assert!(is_permissive(&licence), "{} is under {licence:?}", package.name);
    }
}

#[test]
fn what_is_measured_beside_us_is_pinned() {
    let read = |name: &str| -> serde_json::Value {
        let file = workspace().join("tests/src/bench/bullmq").join(name);
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    let (wanted, lock) = (read("package.json"), read("package-lock.json"));
    for (name, version) in wanted["dependencies"].as_object().unwrap() {
        let version = version.as_str().unwrap();
        assert!(
            version.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
            "{name} {version} is not one version"
        );
        assert_eq!(lock["packages"][format!("node_modules/{name}")]["version"], version, "{name}");
    }
    for (name, package) in lock["packages"].as_object().unwrap() {
        assert!(package["resolved"].is_null(), "{name} names a registry");
        // What is only for some machines may have been out of reach of the one that wrote the file.
        if name.is_empty() || package["optional"] == true && package["integrity"].is_null() {
            continue;
        }
        assert!(package["integrity"].is_string(), "{name} has no checksum");
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_permissive(licence), "{name} is under {licence:?}");
    }
}

/// The features of every dependency, for a selection of packages.
fn features(selection: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let tree = Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args(["tree", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{f}"])
        .args(selection)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8(tree.stdout)
        .unwrap()
        .lines()
        .filter(|line| line.contains('|') && !line.starts_with("porchlight"))
    {
        let (package, features) = line.trim_end_matches(" (*)").split_once('|').unwrap();
        found.entry(package.to_owned()).or_default().insert(features.to_owned());
    }
    found
}

#[test]
fn one_build_serves_the_demo_and_the_programs() {
    let (alone, together) = (features(&["-p", "porchlight-tests"]), features(&["--workspace"]));
    for (package, sets) in alone {
        assert!(
            sets.is_subset(&together[&package]),
            "{package} would be built twice: {sets:?} and {:?}",
            together[&package]
        );
    }
}

#[test]
fn the_sample_environment_is_one() {
    let sample = std::fs::read_to_string(workspace().join(".env.sample")).unwrap();
    let mut names = BTreeSet::new();
    for line in sample.lines().filter(|line| !line.trim().is_empty()) {
        let setting = line.strip_prefix("# ").unwrap_or(line);
        match setting.split_once('=') {
            Some((name, _))
                if name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') =>
            {
                names.insert(name.to_owned());
            }
            _ => assert!(line.starts_with('#'), "neither a setting nor a comment: {line}"),
        }
    }
    let read = [
        "api/src/config.rs",
        "worker/src/config.rs",
        "shared/src/store/mod.rs",
        "shared/src/runtime/telemetry.rs",
    ];
    for file in read {
        let source = std::fs::read_to_string(workspace().join(file)).unwrap();
        for name in source
            .split('"')
            .filter(|word| word.starts_with("PORCHLIGHT_") || word.ends_with("_URL") || *word == "RUST_LOG")
        {
            let is_name = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            assert!(!is_name || names.contains(name), "{name} of {file} is not in .env.sample");
        }
    }
}

#[test]
fn what_documents_link_to_is_there() {
    let files = Command::new("git").current_dir(workspace()).args(["ls-files", "*.md"]).output().unwrap();
    let files = String::from_utf8(files.stdout).unwrap();
    let mut links = 0;
    for file in files.lines().map(|file| workspace().join(file)) {
        let text = std::fs::read_to_string(&file).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let link = link.split('#').next().unwrap_or_default();
            if link.is_empty() || link.contains("://") {
                continue;
            }
            links += 1;
            let place = file.parent().unwrap().join(link);
            assert!(place.exists(), "{} links to {link}, which is not there", file.display());
        }
    }
    assert!(links > 100, "{links}");
}

#[test]
fn the_openapi_document_is_current() {
    let programs =
        porchlight_tests::installation::Programs::beside(&std::env::current_exe().unwrap()).unwrap();
    let printed = Command::new(programs.api).arg("openapi").output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let kept = std::fs::read_to_string(workspace().join("docs/openapi.json")).unwrap();
    assert_eq!(printed, kept, "run `porchlight-api openapi > docs/openapi.json`");
}
