//! Addresses that must not be written to: why, and how one is shown without being told.

use serde::Serialize;

use super::Channel;

/// Why an address must not be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "suppression_reason", rename_all = "snake_case")]
pub enum SuppressionReason {
    /// The reader used the link in the message.
    Unsubscribed,
    /// The reader answered STOP.
    OptedOut,
    /// The reader reported a message as unwanted.
    Complained,
    /// A message came back for good.
    HardBounced,
    /// Whoever reads there is not of the household.
    NotMe,
    /// A leader said so.
    Leader,
}

/// An address for a leader's eye: `j•••@e•••.org`, `+1•••••43`.
#[must_use]
pub fn masked(channel: Channel, address: &str) -> String {
    let short = |part: &str| part.chars().next().map(|first| format!("{first}•••")).unwrap_or_default();
    if let (Channel::Email, Some((local, domain))) = (channel, address.rsplit_once('@')) {
        let (name, end) = domain.rsplit_once('.').unwrap_or((domain, ""));
        let end: String = end.chars().take(20).collect();
        return format!("{}@{}.{end}", short(local), short(name));
    }
    let (start, end) = (address.get(..2).unwrap_or_default(), address.len().saturating_sub(2));
    format!("{start}•••••{}", address.get(end..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_tells_whoever_knows_it_and_nobody_else() {
        for (channel, address, seen) in [
            (Channel::Email, "jane.doe@example.org", "j•••@e•••.org"),
            (Channel::Email, "j@localhost", "j•••@l•••."),
            (Channel::Email, "émile@xn--bcher-kva.example", "é•••@x•••.example"),
            (Channel::Text, "+12025550143", "+1•••••43"),
        ] {
            assert_eq!(masked(channel, address), seen);
        }
    }
}
