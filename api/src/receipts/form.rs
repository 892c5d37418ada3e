//! What a genuine call says: what became of a text of ours, or a text that came in.
//!
//! Only what is acted on is taken over, each in a type of its own; all else, and whatever does not fit, is [`Call::Other`],
//! which is answered and forgotten. Twilio adds parameters and words as it likes, so an unknown one is no fault. Numbers and
//! bodies are never shown.

use std::{borrow::Cow, fmt};

use porchlight_shared::domain::{DeliveryId, ReceiptKind, is_message_sid, text_codes};
use url::form_urlencoded;

use super::words::{Keyword, keyword};

/// Characters of a text that are kept; Twilio takes no longer ones.
const MOST_CHARACTERS: usize = 1_600;

/// What a call is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// A text of ours came further.
    Status(Status),
    /// Somebody wrote.
    Inbound(Inbound),
    /// Nothing that concerns us.
    Other,
}

/// How far a text of ours came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// What we wrote on it; `None` when it is not there or does not fit.
    pub(super) tag: Option<Tag>,
    /// Twilio's name for the text.
    pub(super) sid: MessageSid,
    /// How far.
    pub(super) reached: ReceiptKind,
    /// Twilio's code for what is wrong, if it told one.
    pub(super) code: Option<u32>,
}

/// Which try at which delivery a text was: `d` and `a` of the address that receipts are called back at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Of which delivery.
    pub(super) delivery: DeliveryId,
    /// Its number, from 1.
    pub(super) attempt: i32,
}

/// Twilio's name for a message: `SM` or `MM` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MessageSid(String);

/// A text that came in.
#[derive(PartialEq, Eq)]
pub(super) struct Inbound {
    /// Twilio's name for it.
    pub(super) sid: MessageSid,
    /// Who wrote, in E.164.
    pub(super) from: String,
    /// What it says; empty for a picture alone.
    pub(super) body: String,
    /// What Twilio took it for, if it answers such words itself.
    pub(super) opt_out: Option<Keyword>,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("sid", &self.sid).finish_non_exhaustive()
    }
}

impl MessageSid {
    /// The name.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn read(text: &str) -> Option<Self> {
        is_message_sid(text).then(|| Self(text.to_owned()))
    }
}

/// Reads the query and the form of a call, both as they were received.
pub(super) fn read(query: &str, form: &[u8]) -> Call {
    let is_received = value(form, "SmsStatus").is_some_and(|status| status == "received");
    let has_body = form_urlencoded::parse(form).any(|(name, _)| name == "Body");
    let call = if is_received || (has_body && value(form, "MessageStatus").is_none()) {
        inbound(form).map(Call::Inbound)
    } else {
        status(query, form).map(Call::Status)
    };
    call.unwrap_or(Call::Other)
}

fn status(query: &str, form: &[u8]) -> Option<Status> {
    let word = value(form, "MessageStatus").or_else(|| value(form, "SmsStatus"))?;
    Some(Status {
        tag: tag(query),
        sid: sid(form)?,
        reached: text_codes::reached(&word)?,
        code: value(form, "ErrorCode").and_then(|code| code.parse().ok()),
    })
}

fn inbound(form: &[u8]) -> Option<Inbound> {
    Some(Inbound {
        sid: sid(form)?,
        from: value(form, "From").filter(|from| is_e164(from))?.into_owned(),
        body: value(form, "Body").unwrap_or_default().chars().take(MOST_CHARACTERS).collect(),
        opt_out: value(form, "OptOutType").and_then(|word| keyword(&word)),
    })
}

fn sid(form: &[u8]) -> Option<MessageSid> {
    MessageSid::read(&value(form, "MessageSid").or_else(|| value(form, "SmsSid"))?)
}

fn tag(query: &str) -> Option<Tag> {
    let delivery = value(query.as_bytes(), "d")?.parse().ok()?;
    let attempt = value(query.as_bytes(), "a")?.parse().ok().filter(|attempt| *attempt > 0)?;
    Some(Tag { delivery, attempt })
}

/// The first value of this name that is not empty.
fn value<'a>(form: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let mut parameters = form_urlencoded::parse(form);
    parameters.find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value)
}

/// Whether `text` is a number with its country code: no short code, no name.
fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReceiptKind::{Accepted, Bounced, Delivered};

    const SID: &str = "SM00000000000000000000000000000001";
    const TAG: &str = "d=07070707-0707-0707-0707-070707070707&a=3";

    fn status_of(form: &str) -> Option<(ReceiptKind, Option<u32>)> {
        let Call::Status(status) = read(TAG, form.as_bytes()) else { return None };
        Some((status.reached, status.code))
    }

    fn inbound_of(form: &str) -> Option<Inbound> {
        let Call::Inbound(inbound) = read("", form.as_bytes()) else { return None };
        Some(inbound)
    }

    #[test]
    fn a_receipt_says_which_text_and_how_far_it_came() {
        let form = format!(
            "SmsSid={SID}&SmsStatus=undelivered&MessageStatus=undelivered&To=%2B13125550101&MessageSid={SID}\
             &From=%2B13125550100&ErrorCode=30003&ApiVersion=2010-04-01"
        );
        let tag = Some(Tag { delivery: DeliveryId::from_bytes([7; 16]), attempt: 3 });
        let status = Status { tag, sid: MessageSid(SID.to_owned()), reached: Bounced, code: Some(30003) };
        assert_eq!(read(TAG, form.as_bytes()), Call::Status(status));
        for (words, meant) in [
            (&["queued", "accepted", "scheduled", "sending", "sent"][..], Some(Accepted)),
            (&["delivered", "read"], Some(Delivered)),
            (&["failed", "undelivered", "canceled"], Some(Bounced)),
            (&["receiving", "Delivered", ""], None),
        ] {
            for word in words {
                let meant = meant.map(|meant| (meant, None));
                assert_eq!(status_of(&format!("MessageSid={SID}&MessageStatus={word}")), meant, "{word}");
                assert_eq!(status_of(&format!("SmsSid={SID}&SmsStatus={word}")), meant, "{word}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_alone() {
        let digits = &SID[2..];
        for (form, is_taken) in [
            (format!("MessageSid={SID}&ErrorCode="), true),
            (format!("MessageSid={SID}&ErrorCode=x"), true),
            (format!("MessageSid=MM{digits}"), true),
            (format!("MessageSid=&SmsSid={SID}"), true),
            (String::new(), false),
            ("MessageSid=SM1".to_owned(), false),
            (format!("MessageSid={SID}0"), false),
            (format!("MessageSid=CA{digits}"), false),
            (format!("MessageSid=SM1&SmsSid={SID}"), false),
        ] {
            let taken = is_taken.then_some((Accepted, None));
            assert_eq!(status_of(&format!("MessageStatus=sent&{form}")), taken, "{form}");
        }
        assert_eq!(read(TAG, br#"{"MessageSid": "SM00000000000000000000000000000001"}"#), Call::Other);
        for query in ["", "d=7&a=1", "d=07070707-0707-0707-0707-070707070707", &TAG.replace("a=3", "a=0")] {
            assert_eq!(tag(query), None, "{query}");
        }
    }

    #[test]
    fn a_text_that_came_in_says_who_and_what() {
        let received = format!("MessageSid={SID}&SmsMessageSid={SID}&SmsStatus=received&NumMedia=0");
        let form = format!("{received}&From=%2B13125550101&Body=Stop.+%F0%9F%9B%91&OptOutType=STOP");
        let text = inbound_of(&form).unwrap();
        assert_eq!(text.sid.as_str(), SID);
        assert_eq!((text.from.as_str(), text.body.as_str()), ("+13125550101", "Stop. 🛑"));
        assert_eq!(text.opt_out, Some(Keyword::Stop));
        let shown = format!("{text:?}");
        assert!(!shown.contains("312") && !shown.contains("Stop. "), "{shown}");
        for rest in ["", "&Body=", "&OptOutType=&Body=", "&OptOutType=NEWS&Body="] {
            let text = inbound_of(&format!("{received}&From=%2B447700900123{rest}")).unwrap();
            assert_eq!((text.body.as_str(), text.opt_out), ("", None), "{rest}");
        }
        let bare = inbound_of(&format!("SmsSid={SID}&From=%2B13125550101&Body={}", "%C3%A9".repeat(1_601)));
        assert_eq!(bare.unwrap().body, "é".repeat(1_600));
        for from in ["", "12345", "%2B12345", "OAKRIDGE", "whatsapp%3A%2B13125550101", "+13125550101"] {
            assert_eq!(inbound_of(&format!("{received}&Body=Stop&From={from}")), None, "{from}");
        }
        assert_eq!(inbound_of("SmsStatus=received&From=%2B13125550101&Body=Stop"), None);
    }
}
