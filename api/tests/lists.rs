//! What becomes of messy lists, read back as snapshots: every file in `messy/` is a list as somebody might paste it, its
//! extension the channel. A change of a snapshot is a change of what leaders read; look at each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::{fmt::Write as _, path::Path};

use porchlight_api::intake::{
    judging::{Judged, Rules, neighbours},
    reading::encoding,
    request::{self, Source},
};
use porchlight_shared::domain::{Channel, KeyFile, Keyring};
use rand::{SeedableRng, rngs::StdRng};

fn judged(bytes: &[u8], channel: Channel) -> String {
    let keyring = Keyring::parse(&KeyFile::generate(&mut StdRng::seed_from_u64(1)).to_text()).unwrap();
    let (text, encoding) = encoding::decode(bytes, None).unwrap();
    let rules = Rules { channel, country: "US", keyring: &keyring, keep: false };
    let (mut judged, read_as) = request::judge(Source::Text(text.into_owned(), None), rules).unwrap();
    neighbours::look(&mut judged);
    let read_as = serde_json::to_string(&read_as.unwrap()).unwrap();
    let mut report = format!("{encoding} {read_as}\n");
    for entry in &judged {
        writeln!(report, "{}", line(entry)).unwrap();
    }
    report
}

fn line(entry: &Judged) -> String {
    let reason = &entry.reason;
    let mut line =
        format!("{} @{}: {:?} {}", entry.place.position, entry.place.line, reason.verdict(), reason.code());
    let contact = entry.contact.as_ref().map(|contact| contact.address.as_str());
    let parts = [
        ("", contact),
        ("meant ", entry.suggestion.as_deref()),
        ("name ", entry.name.as_deref()),
        ("unit ", entry.unit.as_ref().map(|unit| unit.label.as_str())),
        ("household ", entry.household.as_deref()),
    ];
    for (what, part) in parts {
        if let Some(part) = part {
            let short: String = part.chars().take(60).collect();
            write!(line, " | {what}{short}").unwrap();
        }
    }
    if contact.is_none() || reason.other().is_some() {
        write!(line, " | {}", reason.words()).unwrap();
    }
    line
}

#[test]
fn messy_lists_are_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messy");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let snapshots = std::fs::read_dir(folder.join("snapshots")).unwrap().count();
    assert_eq!(files.len(), snapshots, "every list has its snapshot, and no snapshot is left over");
    insta::with_settings!({ snapshot_path => folder.join("snapshots"), prepend_module_to_snapshot => false, omit_expression => true }, {
        for file in files {
            let channel = match file.extension().unwrap().to_str().unwrap() {
                "email" => Channel::Email,
                "text" => Channel::Text,
                other => panic!("{other} is not a channel"),
            };
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            insta::assert_snapshot!(name, judged(&std::fs::read(&file).unwrap(), channel));
        }
    });
}
