//! A text as Twilio shows it.

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Accepted, Settings, Status, api};

pub(super) fn message(settings: &Settings, accepted: &Accepted) -> Value {
    let uri = format!("{}/Messages/{}", api::account(settings), accepted.sid);
    // A messaging service has not looked at it yet.
    let looked_at = accepted.status != Status::Accepted;
    let segments = if looked_at { accepted.segments } else { 0 };
    json!({
        "account_sid": settings.account_sid,
        "api_version": "2010-04-01",
        "body": &*accepted.body,
        "date_created": date(accepted.at),
        "date_sent": accepted.sent_at.map(date),
        "date_updated": date(accepted.sent_at.unwrap_or(accepted.at)),
        "direction": "outbound-api",
        "error_code": accepted.code,
        "error_message": null,
        "from": looked_at.then_some(&*accepted.from),
        "messaging_service_sid": accepted.service.as_deref(),
        "num_media": "0",
        "num_segments": segments.to_string(),
        "price": null,
        "price_unit": "USD",
        "sid": &*accepted.sid,
        "status": accepted.status.as_str(),
        "subresource_uris": {"media": format!("{uri}/Media.json")},
        "to": &*accepted.to,
        "uri": format!("{uri}.json"),
    })
}

/// As RFC 2822 writes it, in UTC.
fn date(at: SystemTime) -> String {
    timestamp(at).strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}

pub(super) fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).expect("a clock that is within its calendar")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_in_utc() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_692_853_305_700);
        assert_eq!(date(at), "Thu, 24 Aug 2023 05:01:45 +0000");
    }
}
