//! How many messages a text is for the networks.

/// What GSM 03.38 says in one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// And in two.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// 160 septets or 70 UTF-16 units in one; 153 or 67 in each of several, no character being split.
pub(super) fn segments(body: &str) -> usize {
    match body.chars().map(septets).collect::<Option<Vec<_>>>() {
        Some(widths) => pack(&widths, 160, 153),
        None => pack(&body.chars().map(char::len_utf16).collect::<Vec<_>>(), 70, 67),
    }
}

fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) { Some(1) } else { EXTENDED.contains(c).then_some(2) }
}

fn pack(widths: &[usize], alone: usize, each: usize) -> usize {
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut full, mut used) = (0_usize, 0_usize);
    for &width in widths {
        if used + width > each {
            full += 1;
            used = 0;
        }
        used += width;
    }
    full + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted() {
        for (text, expected) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            // The 77th euro sign of a segment would be split.
            ("€".repeat(153), 3),
            ("你".repeat(70), 1),
            ("你".repeat(71), 2),
            ("你".repeat(134), 2),
            ("🏡".repeat(35), 1),
            // So would the 34th house.
            ("🏡".repeat(67), 3),
        ] {
            assert_eq!(segments(&text), expected, "{text}");
        }
    }
}
