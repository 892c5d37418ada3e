//! What the API answers to `GET`, read from its sources: a page that is added is not forgotten.

use std::{collections::BTreeSet, fs, path::Path};

use porchlight_tests::installation::programs::workspace;

/// Every route that is asked for with `GET`, as the router knows it. Those of `/v1` are written as macros and not among them.
pub(super) fn of_get() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    read(&workspace().join("api/src"), &mut found);
    assert!(found.len() > 40, "the sources are written otherwise now: {found:?}");
    found
}

fn read(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
        } else {
            let source = fs::read_to_string(&path).unwrap();
            found.extend(source.split(".route(").skip(1).filter_map(route));
        }
    }
}

/// The route that a call's arguments name, if it answers `GET`.
fn route(arguments: &str) -> Option<String> {
    let (path, methods) = arguments.trim_start().strip_prefix('"')?.split_once('"')?;
    let mut depth = 1_u32;
    let end = methods.find(|letter| {
        depth = depth + u32::from(letter == '(') - u32::from(letter == ')');
        depth == 0
    });
    methods[..end?].contains("get(").then(|| path.to_owned())
}

/// The route that answers a path: of those that fit, the one with the fewest holes.
pub(super) fn of<'a>(path: &str, routes: &'a BTreeSet<String>) -> Option<&'a str> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let fits = |route: &&String| {
        let pairs = route.split('/').zip(path.split('/'));
        route.split('/').count() == path.split('/').count()
            && pairs.into_iter().all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
    };
    routes.iter().filter(fits).min_by_key(|route| route.matches('{').count()).map(String::as_str)
}

#[test]
fn routes_are_found_and_told_apart() {
    assert_eq!(route("\"/a/{b}\", get(a::b).post(c)) .route("), Some("/a/{b}".to_owned()));
    assert_eq!(route("\n \"/a\",\n get(move || { x() }),\n ) \n"), Some("/a".to_owned()));
    assert_eq!(route("\"/a\", post(a)) .route(\"/b\", get(b))"), None);
    let routes = of_get();
    assert_eq!(of("/passes/void?from=1", &routes), Some("/passes/void"));
    assert_eq!(of("/passes/7", &routes), Some("/passes/{printing}"));
    assert_eq!(of("/", &routes), Some("/"));
    assert_eq!(of("/nowhere/at/all", &routes), None);
}
