//! What a request to send asks for.

use url::{Url, form_urlencoded};

use super::{Settings, refusal::Refusal};

/// More characters than this are not taken.
const LONGEST_BODY: usize = 1_600;

/// A text to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) to: String,
    /// The number it goes out from; a messaging service has the same one.
    pub(super) from: String,
    pub(super) body: String,
    pub(super) service: Option<String>,
    pub(super) callback: Option<String>,
}

impl Order {
    /// Reads a form; what it lacks is refused in Twilio's order.
    pub(super) fn read(form: &[u8], settings: &Settings) -> Result<Self, Refusal> {
        let field = |wanted: &str| {
            form_urlencoded::parse(form)
                .find(|(name, value)| name == wanted && !value.is_empty())
                .map(|(_, value)| value.into_owned())
        };
        let to = field("To").ok_or_else(|| Refusal::bad(21604, "A 'To' phone number is required."))?;
        let service = field("MessagingServiceSid");
        let from = match (field("From"), &service) {
            (Some(from), _) => from,
            (None, Some(service)) if service.starts_with("MG") => settings.number.clone(),
            (None, Some(_)) => return Err(Refusal::bad(21705, "The Messaging Service Sid is invalid.")),
            (None, None) => return Err(Refusal::bad(21603, "A 'From' phone number is required.")),
        };
        let body = field("Body").ok_or_else(|| Refusal::bad(21602, "Message body is required."))?;
        let callback = field("StatusCallback");
        if !is_number(&to) {
            return Err(Refusal::of_code(21211, &to, &from));
        }
        if from != settings.number {
            return Err(Refusal::of_code(21606, &to, &from));
        }
        if body.chars().count() > LONGEST_BODY {
            let words = "The concatenated message body exceeds the 1600 character limit";
            return Err(Refusal::bad(21617, words));
        }
        if let Some(callback) = &callback
            && !is_web_address(callback)
        {
            return Err(Refusal::bad(
                21609,
                format!("The 'StatusCallback' URL {callback} is not a valid URL."),
            ));
        }
        Ok(Self { to, from, body, service, callback })
    }
}

/// E.164: a plus, no zero, 8 to 15 digits.
fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<Order, Refusal> {
        Order::read(form.as_bytes(), &Settings { number: "+13125550100".into(), ..Settings::default() })
    }

    #[test]
    fn a_form_is_read() {
        let order = read(
            "To=%2B13125550101&From=%2B13125550100&Body=Gr%C3%BC%C3%9Fe%2C+Anna\
             &StatusCallback=http%3A%2F%2F127.0.0.1%3A1%2Freceipts%3Ftag%3D7",
        );
        let expected = Order {
            to: "+13125550101".into(),
            from: "+13125550100".into(),
            body: "Grüße, Anna".into(),
            service: None,
            callback: Some("http://127.0.0.1:1/receipts?tag=7".into()),
        };
        assert_eq!(order, Ok(expected));
        let order = read("To=%2B13125550101&MessagingServiceSid=MG1&Body=Hello").unwrap();
        assert_eq!((&*order.from, order.service.as_deref()), ("+13125550100", Some("MG1")));
    }

    #[test]
    fn what_is_missing_or_wrong_has_a_code() {
        let long = format!("To=%2B13125550101&From=%2B13125550100&Body={}", "a".repeat(1_601));
        for (form, code) in [
            ("", 21604),
            ("To=%2B13125550101", 21603),
            ("To=%2B13125550101&MessagingServiceSid=1&Body=a", 21705),
            ("To=%2B13125550101&From=%2B13125550100", 21602),
            ("To=3125550101&From=%2B13125550100&Body=a", 21211),
            ("To=%2B13125550101&From=%2B19995550100&Body=a", 21606),
            ("To=%2B13125550101&From=%2B13125550100&Body=a&StatusCallback=elm", 21609),
            (long.as_str(), 21617),
        ] {
            let refusal = read(form).unwrap_err();
            assert_eq!(refusal.code(), code, "{form}");
        }
    }
}
