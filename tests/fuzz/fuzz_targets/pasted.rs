//! Any bytes as a list, for both channels: no panic, the verdicts count the entries, and a good line after it is read
//! as well as alone, as far as the shape of the list is the same.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use porchlight_api::intake::{
    judging::{Counts, EntryReport, Judged, Rules, neighbours},
    reading::encoding,
    request::{self, Source},
};
use porchlight_shared::domain::{Channel, KeyFile, Keyring};
use rand::{SeedableRng, rngs::StdRng};

static KEYRING: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::parse(&KeyFile::generate(&mut StdRng::seed_from_u64(1)).to_text()).expect("a key file"));

fuzz_target!(|bytes: &[u8]| {
    let Ok((text, _)) = encoding::decode(bytes, None) else { return };
    for (channel, good) in [(Channel::Email, "zoe@good.example"), (Channel::Text, "+12025550199")] {
        let rules = Rules { channel, country: "US", keyring: &KEYRING, keep: true };
        let Ok((mut judged, _)) = request::judge(Source::Text(text.to_string(), None), rules) else { continue };
        neighbours::look(&mut judged);
        let counts = Counts::of(judged.iter().map(Judged::verdict));
        assert_eq!(counts.ready + counts.check + counts.fix + counts.skip, judged.len());
        for (entry, position) in judged.iter().zip(1..) {
            assert_eq!(entry.place.position, position);
            assert!(!EntryReport::of(entry).message.is_empty());
            if let Some(contact) = &entry.contact {
                assert!(contact.address.as_str().is_ascii());
            }
        }
        if !text.contains(['\n', '\r', '"', '<']) {
            continue;
        }
        // Another line, whatever came before, is an entry of its own, unless the text leaves a cell open.
        let longer = format!("{}\n{good}\n", text.trim_end_matches(['\n', '\r']).replace('"', "'"));
        let Ok((longer, read_as)) = request::judge(Source::Text(longer, None), rules) else { continue };
        if read_as.is_some_and(|read_as| read_as.columns.is_empty()) {
            let last = longer.last().and_then(|entry| entry.contact.as_ref());
            assert_eq!(last.map(|contact| contact.address.as_str()), Some(good));
        }
    }
});
