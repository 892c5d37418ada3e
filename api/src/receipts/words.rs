//! The words that stop texts, start them again, and ask for help.
//!
//! They are the ones that carriers and Twilio know, in English. A word counts when it is the whole message: in any case,
//! whatever stands around it that is no letter and no digit, so that `Stop.` stops and `stop by on Sunday` does not.

use unicode_normalization::UnicodeNormalization as _;

/// What a message of one word asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
    /// Who is this?
    Help,
}

/// What a message asks for, if it is one of the words.
pub(super) fn keyword(body: &str) -> Option<Keyword> {
    // Full-width letters and the ellipsis become plain ones.
    let plain = body.nfkc().collect::<String>().to_ascii_uppercase();
    let word = plain.trim_matches(|c: char| !c.is_alphanumeric());
    let parts: Vec<&str> = word.split(is_gap).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        ["STOP" | "STOPALL" | "QUIT" | "END" | "REVOKE" | "OPTOUT" | "CANCEL" | "UNSUBSCRIBE"]
        | ["OPT", "OUT"] => Some(Keyword::Stop),
        ["START" | "UNSTOP" | "YES"] => Some(Keyword::Start),
        ["HELP" | "INFO"] => Some(Keyword::Help),
        _ => None,
    }
}

/// What may stand between the two words that are one.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::{Keyword::*, *};

    #[test]
    fn the_words_are_known_however_they_are_typed() {
        for (body, meant) in [
            ("STOP", Stop),
            ("stop", Stop),
            ("StOp", Stop),
            ("StopAll", Stop),
            ("quit", Stop),
            ("End", Stop),
            ("revoke", Stop),
            ("cancel", Stop),
            ("Unsubscribe", Stop),
            ("OPTOUT", Stop),
            ("opt out", Stop),
            ("Opt-Out", Stop),
            ("opt \u{a0} out", Stop),
            ("opt\u{2011}out", Stop),
            ("opt – out", Stop),
            (" \r\n stop\t", Stop),
            ("Stop.", Stop),
            ("STOP!!", Stop),
            ("stop…", Stop),
            ("stop ?", Stop),
            ("\"STOP\"", Stop),
            ("“Stop.”", Stop),
            ("'stop'", Stop),
            ("«stop»", Stop),
            ("\u{feff}stop\u{200b}", Stop),
            ("STOP 🛑", Stop),
            ("ＳＴＯＰ！", Stop),
            ("start", Start),
            ("UNSTOP", Start),
            ("Yes.", Start),
            ("help", Help),
            ("HELP?", Help),
            ("Info", Help),
        ] {
            assert_eq!(keyword(body), Some(meant), "{body:?}");
        }
    }

    #[test]
    fn a_message_that_only_holds_one_asks_for_nothing() {
        for body in [
            "",
            " ",
            "?!",
            "🛑",
            "stops",
            "stopp",
            "stopped",
            "no stop",
            "stop it",
            "stop please",
            "please stop by the office",
            "don't stop",
            "stop1",
            "1. stop",
            "st op",
            "stop stop",
            "stop\nSent from my phone",
            "Liked “STOP”",
            "opt",
            "out",
            "opt out please",
            "out opt",
            "opt_out",
            "opt/out",
            "opt in",
            "the end",
            "weekend",
            "canceled",
            "yes please",
            "yes, help",
            "yesterday",
            "restart",
            "help me",
            "helpful",
            "information",
            "arrêt",
            "стоп",
            "ѕtop",
        ] {
            assert_eq!(keyword(body), None, "{body:?}");
        }
    }
}
