//! The two parts of a letter and their form on the wire.

use std::fmt::Write as _;

use lettre::message::{Body, header::ContentTransferEncoding};

/// The longest line that travels as it is, its end not counted (RFC 5322).
const MAX_LINE: usize = 998;
/// Where lines of the text part are broken.
const WIDTH: usize = 76;
/// Where lines of the HTML part are broken at the next space.
const HTML_WIDTH: usize = 400;

/// A part in seven bits: what it holds and how it is encoded.
pub(super) struct SevenBit {
    pub(super) content: Vec<u8>,
    encoding: &'static str,
}

/// Text with its lines broken, CRLF at their ends.
pub(super) fn seven_bit_text(text: &str) -> SevenBit {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut longest = 0;
    for line in text.lines() {
        if line.len() <= WIDTH {
            // The space at the end of `-- ` belongs to it.
            out.push_str(line);
        } else {
            wrap(&mut out, line);
            longest = line.split_whitespace().map(str::len).fold(longest, usize::max);
        }
        out.push_str("\r\n");
    }
    encoded(out, longest)
}

/// Breaks `line` at spaces; a word that is longer than a line stays whole, because it is a link.
fn wrap(out: &mut String, line: &str) {
    let mut width = 0;
    for word in line.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out.push_str("\r\n");
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
}

/// HTML in ASCII: other characters become references, long lines are broken at spaces.
pub(super) fn seven_bit_html(html: &str) -> SevenBit {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut longest = 0;
    for line in html.lines() {
        if line.is_ascii() && line.len() <= MAX_LINE {
            out.push_str(line);
        } else {
            let mut begun = out.len();
            for c in line.chars() {
                if c == ' ' && out.len() - begun > HTML_WIDTH {
                    longest = longest.max(out.len() - begun);
                    out.push_str("\r\n");
                    begun = out.len();
                } else if c.is_ascii() {
                    out.push(c);
                } else {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "&#{};", u32::from(c));
                }
            }
            longest = longest.max(out.len() - begun);
        }
        out.push_str("\r\n");
    }
    encoded(out, longest)
}

/// As it is when it can travel so, else quoted-printable. `longest` is the length of its longest line, as far as that
/// may be too long.
fn encoded(text: String, longest: usize) -> SevenBit {
    if longest <= MAX_LINE && text.is_ascii() {
        return SevenBit { content: text.into_bytes(), encoding: "7bit" };
    }
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable);
    // Quoted-printable takes any text; were it refused, the bytes would come back as they are.
    let content = body.map_or_else(|refused| refused, Body::into_vec);
    SevenBit { content, encoding: "quoted-printable" }
}

/// Writes both parts, the plain one first.
pub(super) fn write(out: &mut Vec<u8>, boundary: &str, text: &SevenBit, html: &SevenBit) {
    for (kind, part) in [("plain", text), ("html", html)] {
        for piece in [
            "--",
            boundary,
            "\r\nContent-Type: text/",
            kind,
            "; charset=utf-8\r\nContent-Transfer-Encoding: ",
            part.encoding,
            "\r\n\r\n",
        ] {
            out.extend_from_slice(piece.as_bytes());
        }
        out.extend_from_slice(&part.content);
        out.extend_from_slice(b"\r\n");
    }
    for piece in ["--", boundary, "--\r\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}
