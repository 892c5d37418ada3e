//! Twilio's codes and words for texts, and what each means for us.
//!
//! They come in answers to the worker's requests and in its lists, and in receipts to the API. Twilio adds codes and narrows old ones, so
//! a code that is not here is no fault: who asks decides by what else is known. What is wrong with one recipient, or
//! with the way to them, closes nothing for others; what is wrong with us is configuration and blames no recipient.

use super::{AttemptReason, ReceiptKind, Refusal};
use AttemptReason::{
    AccountRefused, AddressInvalid, AuthRefused, BlockedByPolicy, MessageRefused, NumberNotMobile,
    NumberOutOfReach, NumberUnknown, OptedOut, PhoneUnreachable, QuotaUsedUp, RecipientRefused,
    RequestRefused, SenderRefused, TemporarilyRefused, Throttled, TooLarge,
};
use Refusal::{Configuration, Permanent, Temporary};

/// What a code means; `None` for one that is not known here.
#[must_use]
pub fn meaning(code: u32) -> Option<(Refusal, AttemptReason)> {
    TABLE.iter().find(|(known, ..)| *known == code).map(|(_, refusal, reason)| (*refusal, *reason))
}

/// How far a text came, by the word of its status; `None` for one that is not known here.
#[must_use]
pub fn reached(status: &str) -> Option<ReceiptKind> {
    match status {
        "queued" | "accepted" | "scheduled" | "sending" | "sent" => Some(ReceiptKind::Accepted),
        "delivered" | "read" => Some(ReceiptKind::Delivered),
        "failed" | "undelivered" | "canceled" => Some(ReceiptKind::Bounced),
        _ => None,
    }
}

/// What it means that a text did not arrive of which the provider says no more than this code.
#[must_use]
pub fn meaning_of_loss(code: Option<u32>) -> (Refusal, AttemptReason) {
    code.and_then(meaning).unwrap_or((Permanent, MessageRefused))
}

const TABLE: &[(u32, Refusal, AttemptReason)] = &[
    // The number.
    (21211, Permanent, AddressInvalid),   // not a number
    (21214, Permanent, NumberOutOfReach), // cannot be reached
    (21217, Permanent, AddressInvalid),   // does not appear to be a number
    (21265, Permanent, NumberNotMobile),  // a short code
    (21266, Permanent, AddressInvalid),   // our own
    (21268, Permanent, NumberNotMobile),  // a premium or information service
    (21408, Permanent, NumberOutOfReach), // in a region that the account has not enabled
    (21604, Permanent, AddressInvalid),   // empty
    (21612, Permanent, NumberOutOfReach), // no way from our number to this one
    (21614, Permanent, NumberNotMobile),  // not a mobile
    (21635, Permanent, NumberNotMobile),  // a landline
    (30003, Temporary, PhoneUnreachable), // switched off, or without a network
    (30004, Permanent, RecipientRefused), // blocked by the recipient or for them
    (30005, Permanent, NumberUnknown),    // unknown, or no longer in service
    (30006, Permanent, NumberNotMobile),  // a landline, or a carrier that takes no texts
    (30018, Permanent, NumberOutOfReach), // its carrier wants senders registered: others do not
    (30024, Permanent, NumberOutOfReach), // likewise, of a number as sender
    // The recipient's wish.
    (21610, Permanent, OptedOut),
    // The text.
    (21602, Permanent, MessageRefused), // empty
    (21617, Permanent, TooLarge),
    (21618, Permanent, MessageRefused), // cannot be sent
    (30007, Permanent, BlockedByPolicy),
    (30019, Permanent, TooLarge),
    (30450, Permanent, BlockedByPolicy),
    // Not now.
    (21619, Temporary, TemporarilyRefused), // no record could be made
    (30008, Temporary, TemporarilyRefused), // the carrier does not say why
    (30017, Temporary, TemporarilyRefused), // the carrier is congested
    (30036, Temporary, TemporarilyRefused), // too late: its validity had ended before its turn came
    (30020, Temporary, TemporarilyRefused),
    (30021, Temporary, TemporarilyRefused),
    (30410, Temporary, TemporarilyRefused), // the carrier took too long
    // Too much, or too fast.
    (14107, Temporary, Throttled),
    (20429, Temporary, Throttled),
    (21611, Temporary, Throttled), // the number's queue is full
    (30001, Temporary, Throttled), // the service's queue is full
    (30022, Temporary, Throttled),
    (30023, Temporary, QuotaUsedUp), // the day's quota with one carrier: others still take texts
    (30027, Temporary, QuotaUsedUp),
    (63038, Configuration, QuotaUsedUp), // the day's quota of the account
    // Who we are.
    (20003, Configuration, AuthRefused),
    (20006, Configuration, AuthRefused),
    (20008, Configuration, AuthRefused), // credentials for tests
    (20404, Configuration, AuthRefused), // no such account
    (10001, Configuration, AccountRefused),
    (10002, Configuration, AccountRefused), // on trial
    (20005, Configuration, AccountRefused),
    (20010, Configuration, AccountRefused),
    (20403, Configuration, AccountRefused),
    (21608, Configuration, AccountRefused), // on trial: writes to verified numbers only
    (30002, Configuration, AccountRefused), // suspended
    (30033, Configuration, AccountRefused), // the campaign is suspended
    (90010, Configuration, AccountRefused),
    // In whose name we write.
    (21212, Configuration, SenderRefused),
    (21407, Configuration, SenderRefused),
    (21603, Configuration, SenderRefused), // no sender
    (21606, Configuration, SenderRefused), // not a number that sends texts
    (21607, Configuration, SenderRefused),
    (21659, Configuration, SenderRefused), // not Twilio's
    (21660, Configuration, SenderRefused), // another account's
    (21661, Configuration, SenderRefused), // cannot send texts
    (21701, Configuration, SenderRefused), // no such messaging service
    (21702, Configuration, SenderRefused),
    (21703, Configuration, SenderRefused), // the service has no number to send from
    (21704, Configuration, SenderRefused),
    (21705, Configuration, SenderRefused),
    (30032, Configuration, SenderRefused), // toll-free and not verified
    (30034, Configuration, SenderRefused), // not registered with the carriers
    // What we ask for.
    (21609, Configuration, RequestRefused), // the address for receipts is not a public one
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_code_is_there_once() {
        let codes: BTreeSet<u32> = TABLE.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes.len(), TABLE.len());
        assert_eq!(meaning(1), None);
    }

    #[test]
    fn what_is_documented_as_a_throttle_slows_everybody_down() {
        for code in [14107, 20429, 21611, 30001, 30022] {
            assert_eq!(meaning(code), Some((Temporary, Throttled)), "{code}");
        }
    }

    #[test]
    fn only_what_concerns_us_closes_the_channel() {
        for &(_, refusal, reason) in TABLE {
            let ours = matches!(reason, AuthRefused | AccountRefused | SenderRefused | RequestRefused);
            assert_eq!(refusal == Configuration, ours || (refusal, reason) == (Configuration, QuotaUsedUp));
        }
    }
}
