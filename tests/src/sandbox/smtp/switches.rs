//! What a whole sandbox can be told to do wrong.

use serde::{Deserialize, Serialize};

/// All off and none slow by default. As JSON, what is left out is off.
#[expect(clippy::struct_excessive_bools, reason = "switches are")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// 421 instead of a greeting, and the connection closed.
    pub refuse_greeting: bool,
    /// 535 to every AUTH.
    pub refuse_auth: bool,
    /// 550 to every MAIL.
    pub refuse_sender: bool,
    /// 554 5.7.1 after every dot: nothing of ours is wanted.
    pub refuse_policy: bool,
    /// Milliseconds before each write of answers.
    pub reply_delay_ms: u64,
    /// Milliseconds between each dot and its answer, during which the connection takes nothing more.
    pub message_latency_ms: u64,
}
