//! The reconcilers by name: the worker runs them and writes down what they found, the operator's command shows it.

use std::{fmt, time::Duration};

macro_rules! reconcilers {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $pace:ident, $purpose:literal;)+) => {
        /// A reconciler.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ReconcilerName { $($(#[$doc])* $name,)+ }

        impl ReconcilerName {
            /// Every one, in the order in which they look.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in the table `reconcilers`, in the log and in metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What it is for, in a line.
            #[must_use]
            pub const fn purpose(self) -> &'static str {
                match self { $(Self::$name => $purpose,)+ }
            }

            /// How often it looks.
            #[must_use]
            pub const fn pace(self) -> Pace {
                match self { $(Self::$name => Pace::$pace,)+ }
            }
        }
    };
}

reconcilers! {
    /// Attempts past their deadline.
    Overdue = "overdue", Always, "records attempts past their deadline as unknown: their worker may have died";
    /// Receipts that came first.
    Receipts = "receipts", Always, "heeds receipts that were quicker than our own record of the attempt";
    /// Unknown outcomes whose wait is over.
    Checking = "checking", Always, "repeats an e-mail of unknown outcome once, and puts the rest before a person";
    /// Lists that do harm.
    Storms = "storms", Always, "pauses batches with too many dead addresses, or with complaints";
    /// Texts of unknown outcome.
    Asking = "asking", WithTexts, "asks the provider what became of texts of unknown outcome";
    /// Windows for texts.
    Windows = "windows", WithTexts, "works out when a community's texts may go next";
    /// What was held.
    Held = "held", Always, "lets go what was held for a reason that has gone";
    /// E-mails that Redis does not know.
    DueEmail = "due_email", Always, "pushes e-mails that are due and that Redis does not know";
    /// Texts that Redis does not know.
    DueText = "due_text", Always, "pushes texts that are due and that Redis does not know";
    /// Counts.
    Tallies = "tallies", NowAndThen, "puts counts right that disagree with their rows";
    /// What is kept for a time.
    Forgotten = "forgotten", NowAndThen, "drops what was kept for a time that is over";
    /// Batches without open rows.
    Finished = "finished", Always, "closes batches of which nothing is under way any more";
    /// Batches that need a leader.
    Notices = "notices", Always, "tells leaders, once, which lists are done and have households that need them";
    /// How far batches are.
    Progress = "progress", Always, "notes how far each batch is, for the time that is left";
}

/// How often a reconciler looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Every few seconds.
    Always,
    /// Every few seconds, in workers that send texts; it is missed only while there are texts under way.
    WithTexts,
    /// Once a minute.
    NowAndThen,
}

impl Pace {
    /// After how long without a look something is wrong: a minute after it should have looked.
    #[must_use]
    pub const fn patience(self) -> Duration {
        match self {
            Self::Always | Self::WithTexts => Duration::from_mins(1),
            Self::NowAndThen => Duration::from_mins(2),
        }
    }
}

impl fmt::Display for ReconcilerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_a_word_of_its_own_and_a_purpose_in_a_line() {
        let words: BTreeSet<_> = ReconcilerName::ALL.iter().map(|name| name.as_str()).collect();
        assert_eq!(words.len(), ReconcilerName::ALL.len());
        for name in ReconcilerName::ALL {
            let purpose = name.purpose();
            assert!(
                purpose.len() <= 90 && !purpose.contains('\n') && !purpose.ends_with('.'),
                "{name}: {purpose}"
            );
        }
    }
}
