//! When the provider wants to hear from us again.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// The longest wait that is granted: whoever asks for more is asked again after this.
const LONGEST: Duration = Duration::from_mins(15);

/// How long to wait, as `Retry-After` says it: in seconds, or as a date. A date is measured against the answer's own,
/// so that no two clocks have to agree.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = value(headers, RETRY_AFTER)?;
    let wait = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // What does not fit into a number is long, too.
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let until = date(text)?.duration_since(date(value(headers, DATE)?)?);
        Duration::try_from(until).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

fn value(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The form that HTTP prefers is one of RFC 2822's.
fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        const NOW: &str = "Tue, 24 Nov 2026 08:00:00 GMT";
        for (retry, date, seconds) in [
            ("30", "", Some(30)),
            (" 7 ", "", Some(7)),
            ("0", "", Some(0)),
            ("86400", "", Some(900)),
            ("99999999999999999999999", "", Some(900)),
            ("Tue, 24 Nov 2026 08:00:45 GMT", NOW, Some(45)),
            ("Tue, 24 Nov 2026 18:00:00 GMT", NOW, Some(900)),
            ("Tue, 24 Nov 2026 07:00:00 GMT", NOW, Some(0)),
            ("Tue, 24 Nov 2026 08:00:45 GMT", "", None),
            ("", NOW, None),
            ("-5", NOW, None),
            ("soon", NOW, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry.parse().unwrap());
            if !date.is_empty() {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs), "{retry}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
