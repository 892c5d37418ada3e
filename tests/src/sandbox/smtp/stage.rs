//! The stages of a conversation at which it can be stopped.

/// Where a conversation is stopped: before the sandbox does what the stage is named after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The caller is connected and has not been greeted.
    Greeting,
    /// EHLO is not answered.
    Ehlo,
    /// MAIL is not answered.
    Mail,
    /// RCPT is not answered.
    Rcpt,
    /// DATA is not answered.
    Data,
    /// The body is not read: as far as the caller can tell it is on its way.
    Body,
    /// Everything up to the dot was read, and is not taken.
    Dot,
    /// The message is taken, and its sender not told.
    Taken,
}

impl Stage {
    /// The stage of a command.
    pub(super) fn of_command(line: &str) -> Option<Self> {
        let verb = line.split_once(' ').map_or(line, |(verb, _)| verb);
        [("EHLO", Self::Ehlo), ("MAIL", Self::Mail), ("RCPT", Self::Rcpt), ("DATA", Self::Data)]
            .into_iter()
            .find_map(|(known, stage)| verb.eq_ignore_ascii_case(known).then_some(stage))
    }
}
