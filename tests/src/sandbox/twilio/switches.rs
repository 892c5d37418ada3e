//! What a whole sandbox can be told to do wrong.

use serde::{Deserialize, Serialize};

/// All off and none slow by default. As JSON, what is left out is off.
#[expect(clippy::struct_excessive_bools, reason = "switches are")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Nobody listens: connections are refused, and open ones closed.
    pub away: bool,
    /// 503 to every request.
    pub unavailable: bool,
    /// 401 to every request, whatever the password.
    pub refuse_auth: bool,
    /// Milliseconds, from when this is set, in which every request gets 429 and the rest as Retry-After.
    pub throttle_ms: u64,
    /// Every text is refused with this code.
    pub refuse_code: Option<u32>,
    /// Every text that is taken ends undelivered with this code, unless its number says otherwise.
    pub undelivered_code: Option<u32>,
    /// Milliseconds between what a request does and its answer.
    pub answer_delay_ms: u64,
    /// Milliseconds between sent and the end of a text.
    pub delivery_delay_ms: u64,
    /// No status callbacks.
    pub callbacks_off: bool,
    /// Status callbacks wait until this is off; the statuses themselves go on.
    pub callbacks_held: bool,
    /// Each status callback comes twice.
    pub callbacks_doubled: bool,
    /// The callback about the end comes before the one about sent, for texts taken from now on.
    pub callbacks_reordered: bool,
    /// Seconds by which its clock is ahead of this machine's.
    pub clock_ahead_s: u64,
}
