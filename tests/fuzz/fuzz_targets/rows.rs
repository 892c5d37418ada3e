//! Any bytes as the body of a request: a problem or a list, never a panic.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use porchlight_api::intake::{
    import,
    judging::Rules,
    request::{self, BatchRequest},
};
use porchlight_shared::domain::Keyring;
use rand::{SeedableRng, rngs::StdRng};

static KEYRING: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::parse(&Keyring::generate(&mut StdRng::seed_from_u64(1))).expect("a key file"));

fuzz_target!(|bytes: &[u8]| {
    if let Ok((_, channel, source)) = BatchRequest::parse(bytes) {
        let rules = Rules { channel, country: "DE", keyring: &KEYRING, keep: true };
        let _ = request::judge(source, rules);
    }
    if let Ok((_, _, source)) = BatchRequest::parse(bytes) {
        let _ = import::read(source);
    }
});
