//! Cells of a file for spreadsheets: RFC 4180, and nothing in them that a spreadsheet would take for a formula.

/// How the file begins, so that spreadsheets read letters that are not English.
pub(super) const MARK: &str = "\u{feff}";

/// What a spreadsheet takes for the beginning of a formula, in either width, and what it skips before one.
const BEGINS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
/// What ends a cell somewhere: in some countries that is a semicolon.
const PARTS: [char; 6] = ['"', ',', ';', '\t', '\r', '\n'];

/// Adds a line of these cells.
pub(super) fn line<'a>(file: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (place, text) in cells.into_iter().enumerate() {
        if place > 0 {
            file.push(',');
        }
        cell(file, text);
    }
    file.push_str("\r\n");
}

fn cell(file: &mut String, text: &str) {
    let quoted = text.contains(PARTS) || text.starts_with(' ') || text.ends_with(' ');
    if quoted {
        file.push('"');
    }
    if text.trim_start_matches(' ').starts_with(BEGINS) {
        file.push('\'');
    }
    for letter in text.chars() {
        if letter == '"' {
            file.push('"');
        }
        file.push(letter);
    }
    if quoted {
        file.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula() {
        for (text, told) in [
            ("", ""),
            ("Ada Ek", "Ada Ek"),
            ("José Ørsted 李", "José Ørsted 李"),
            ("Ek, Ada", "\"Ek, Ada\""),
            ("Ada \"Addie\" Ek", "\"Ada \"\"Addie\"\" Ek\""),
            ("12 Elm\r\nRear", "\"12 Elm\r\nRear\""),
            ("a;=1+1", "\"a;=1+1\""),
            (" 12", "\" 12\""),
            ("12 Elm - rear", "12 Elm - rear"),
            ("=1+1", "'=1+1"),
            ("+13125550143", "'+13125550143"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            (" =1", "\"' =1\""),
            ("＝1", "'＝1"),
            (
                "=HYPERLINK(\"https://evil.example\",\"x\")",
                "\"'=HYPERLINK(\"\"https://evil.example\"\",\"\"x\"\")\"",
            ),
        ] {
            let mut file = String::new();
            cell(&mut file, text);
            assert_eq!(file, told, "{text:?}");
        }
    }

    #[test]
    fn a_line_ends_as_the_standard_says() {
        let mut file = MARK.to_owned();
        line(&mut file, ["a", "", "b,c"]);
        assert_eq!(file.as_bytes(), b"\xEF\xBB\xBFa,,\"b,c\"\r\n");
    }
}
