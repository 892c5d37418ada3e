//! Any bytes as the body of each request that takes a list or changes a draft: a problem or a list, never a panic.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use porchlight_api::intake::{
    drafts::change::Changes,
    import,
    judging::Rules,
    request::{self, BatchRequest, ImportRequest, ListQuery, ListRequest},
};
use porchlight_shared::domain::{KeyFile, Keyring};
use rand::{SeedableRng, rngs::StdRng};

static KEYRING: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::parse(&KeyFile::generate(&mut StdRng::seed_from_u64(1)).to_text()).expect("a key file"));

fuzz_target!(|bytes: &[u8]| {
    let json = [("content-type".parse().expect("a name"), "application/json".parse().expect("a value"))];
    let (headers, query) = (json.into_iter().collect(), ListQuery::default());
    let rules = |channel| Rules { channel, country: "DE", keyring: &KEYRING, keep: true };
    if let Ok((_, channel, source)) = BatchRequest::parse(bytes) {
        let _ = request::judge(source, rules(channel));
    }
    if let Ok((channel, source, _)) = ListRequest::parse(&headers, &query, bytes) {
        let _ = request::judge(source, rules(channel));
    }
    if let Ok(source) = ImportRequest::parse(&headers, &query, bytes) {
        let _ = import::read(source);
    }
    let _ = Changes::parse(bytes);
});
