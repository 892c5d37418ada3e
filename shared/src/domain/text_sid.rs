//! Twilio's names for things: two letters and 32 hexadecimal digits.

/// Whether `text` is a name of the kind that `letters` stand for.
#[must_use]
pub fn is_sid(text: &str, letters: &str) -> bool {
    text.strip_prefix(letters)
        .is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether `text` names a message.
#[must_use]
pub fn is_message_sid(text: &str) -> bool {
    is_sid(text, "SM") || is_sid(text, "MM")
}
