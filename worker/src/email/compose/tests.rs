//! Letters as they come out, and what people type into them.

use porchlight_shared::message::{Guest, Sender, WordsError};

use super::*;

pub(super) fn letter() -> Letter<'static> {
    Letter {
        delivery: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        written_at: "2026-11-22T20:00:00Z".parse().unwrap(),
        community: Sender {
            name: "Oakridge HOA",
            contact: Some("Pat Miller, board@oakridgehoa.org"),
            reply_to: Some("board@oakridgehoa.org"),
            postal_address: Some("Oakridge Homeowners Association\n12 Elm Street\nSpringfield, IL 62701"),
            colour: Some("#2e7d32".parse().unwrap()),
        },
        from: "invitations@mail.oakridgehoa.org",
        recipient: "jane.doe@example.net",
        recipient_name: Some("The Doe household"),
        guest: Guest::Household,
        subject: "Your household's invitation to Oakridge HOA",
        code: "7KWM-3RTX-9CHR",
        join_link: "https://join.oakridgehoa.org/j/7KWM3RTX9CHR",
        site: "https://join.oakridgehoa.org",
        unsubscribe_link: "https://join.oakridgehoa.org/u/Zm9vYmFyYmF6",
        expires: "22 December 2026",
        note: Some("The pool opens on May 1.\nYou will need the portal to book a lane."),
    }
}

fn composed(letter: &Letter<'_>) -> String {
    String::from_utf8(letter.compose().unwrap().bytes).unwrap()
}

fn header(message: &str) -> &str {
    message.split_once("\r\n\r\n").unwrap().0
}

/// The whole value of a header, unfolded.
fn value(message: &str, name: &str) -> Vec<String> {
    let unfolded = header(message).replace("\r\n ", " ").replace("\r\n\t", " ");
    let start = format!("{name}: ");
    unfolded.split("\r\n").filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect()
}

#[test]
fn the_header() {
    insta::assert_snapshot!(header(&composed(&letter())));
}

#[test]
fn the_text() {
    let letter = letter();
    let words = letter.words().unwrap();
    let text = parts::seven_bit_text(&words.text().unwrap());
    let text = String::from_utf8(text.content).unwrap().replace("\r\n", "\n");
    assert!(text.lines().all(|line| line.len() <= 78));
    insta::assert_snapshot!(text);
}

#[test]
fn a_member_is_invited_by_the_head_of_their_household() {
    let letter = Letter { guest: Guest::Member, note: None, ..letter() };
    let words = letter.words().unwrap();
    let text = words.text().unwrap();
    assert!(text.starts_with(
        "The head of your household invites you to join it in the online community of Oakridge"
    ));
    assert!(text.contains("The code is for you alone"), "{text}");
    let html = words.html().unwrap();
    assert!(html.contains("for you alone") && !html.contains("your whole household"));
}

#[test]
fn the_html() {
    let letter = letter();
    let words = letter.words().unwrap();
    let html = words.html().unwrap();
    insta::assert_snapshot!(html);
    // Nothing is fetched from anywhere, and nothing follows whoever reads it.
    for foreign in ["<img", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

#[test]
fn what_is_missing_is_left_out() {
    let mut letter = letter();
    letter.community = Sender {
        name: "Oakridge HOA",
        contact: None,
        reply_to: Some("555-0100"),
        postal_address: None,
        colour: None,
    };
    (letter.recipient_name, letter.note) = (None, Some("  \n "));
    let words = letter.words().unwrap();
    let text = words.text().unwrap();
    insta::assert_snapshot!(text);
    let message = composed(&letter);
    assert!(value(&message, "Reply-To").is_empty());
    assert!(
        !message.contains("Questions?") && !message.contains("adds:") && !message.contains("border-left")
    );
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    assert_eq!(letter().compose().unwrap().bytes, letter().compose().unwrap().bytes);
    let mut other = letter();
    other.delivery = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
    assert_ne!(letter().compose().unwrap().bytes, other.compose().unwrap().bytes);
}

#[test]
fn list_headers_stay_on_one_line_however_long_the_host() {
    let host = format!("https://{}.example.org", "a-rather-long-label.".repeat(11) + "x");
    let link = format!("{host}/u/{}", "t".repeat(200));
    let mut letter = letter();
    letter.unsubscribe_link = &link;
    let message = composed(&letter);
    let header = header(&message);
    assert!(header.contains(&format!("\r\nList-Unsubscribe: <{link}>\r\n")));
    assert!(header.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    assert!(header.split("\r\n").all(|line| line.len() < 998));
    let longest = format!("{host}/u/{}", "t".repeat(900));
    letter.unsubscribe_link = &longest;
    assert!(matches!(letter.compose(), Err(ComposeError::Words(WordsError::Link("unsubscribe")))));
}

const NASTY: [&str; 9] = [
    "Quote \"Back\\slash\" & Co., <Ltd>; (x)",
    "Evil\r\nBcc: everyone@example.org\r\n\r\n<h1>gone</h1>",
    "🏡 Eichenrücken 🏡",
    "جمعية \u{202e}المالكين\u{202c}",
    "<script>alert(1)</script>",
    "=?utf-8?b?RXZpbA==?=",
    ".\r\n.\r\nRSET",
    "tab\tnul\0bell\u{7}line\u{2028}end",
    "\u{feff}  ",
];

#[test]
fn nasty_words_stay_words() {
    let long = "Überlang ".repeat(40);
    let unbroken = "字".repeat(300);
    for nasty in NASTY.into_iter().chain([long.as_str(), unbroken.as_str()]) {
        let mut letter = letter();
        letter.community.name = nasty;
        letter.community.contact = Some(nasty);
        letter.community.postal_address = Some(nasty);
        letter.recipient_name = Some(nasty);
        letter.subject = nasty;
        letter.note = Some(nasty);
        let message = composed(&letter);

        assert!(message.is_ascii());
        assert!(message.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0'])));
        for name in ["From", "To", "Subject", "Date", "Message-ID", "Reply-To"] {
            assert_eq!(value(&message, name).len(), 1, "{name}: {nasty:?}");
        }
        assert!(value(&message, "Bcc").is_empty());
        assert!(value(&message, "From")[0].contains("invitations@mail.oakridgehoa.org"));
        assert!(header(&message).split("\r\n").count() < 60);
        assert!(
            !message.contains("<script")
                || message.split("text/html").nth(1).is_some_and(|html| !html.contains("<script"))
        );
        assert!(!message.split("text/html").nth(1).unwrap().contains("<h1>gone"));
        let boundary = boundary(letter.delivery);
        assert_eq!(message.matches(&format!("\r\n--{boundary}")).count(), 3, "{nasty:?}");
    }
}

#[test]
fn addresses_and_links_that_are_none_are_refused() {
    let mut wrong = letter();
    wrong.recipient = "jane@example.net\r\nBcc: x@example.org";
    assert!(matches!(wrong.compose(), Err(ComposeError::Envelope(_))));
    for link in
        ["javascript:alert(1)", "https://x.example/\"><b>", "https://x.example/\r\nX: y", "https://é.example"]
    {
        let mut wrong = letter();
        wrong.join_link = link;
        assert!(matches!(wrong.compose(), Err(ComposeError::Words(WordsError::Link("join")))), "{link}");
    }
}

#[test]
fn shows_no_secret_when_it_is_debugged() {
    let shown = format!("{:?} {:?}", letter(), letter().compose().unwrap().envelope);
    assert!(!shown.contains("7KWM") && !shown.contains("jane"), "{shown}");
}
