//! What a reconciler found and put right.

use std::time::Duration;

use porchlight_shared::domain::DeliveryState;

/// One look's report. All counts are of rows unless they say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Attempts past their deadline, by the state that their deliveries are in now.
    Overdue(Moved),
    /// Unknown outcomes that were found out about, or that nothing more can be, by what became of their deliveries.
    Checking(Moved),
    /// Receipts that had waited, by what became of their deliveries.
    Receipts(Moved),
    /// Batches paused because they do harm.
    Storms(u64),
    /// Communities whose window for texts was worked out.
    Windows(u64),
    /// Deliveries whose reason to be held has gone.
    Held(Moved),
    /// Due rows compared with Redis.
    Due(Due),
    /// Tallies compared with rows.
    Tallies(Tallies),
    /// Batches closed because none of their rows is open.
    Finished(u64),
    /// Letters that tell leaders of a batch that is done.
    Notices(u64),
    /// Batches whose progress was noted: nothing had to be put right.
    Progress(u64),
    /// What was kept for a time and dropped.
    Forgotten {
        /// Sealed codes of invitations that expired.
        codes: u64,
        /// What found a code again long after its end.
        lookups: u64,
        /// Answers for an `Idempotency-Key`.
        answers: u64,
        /// Drafts of lists.
        drafts: u64,
        /// Marks of residents' texts that were answered.
        texts: u64,
        /// Sessions of leaders.
        sessions: u64,
        /// Links that signed leaders in, or would have.
        links: u64,
        /// Addresses of whoever was invited by a head and never came.
        invitees: u64,
        /// Addresses of households that never came.
        lapsed: u64,
    },
}

/// Rows by the state to which they were moved.
pub type Moved = Vec<(DeliveryState, u64)>;

/// What became of due rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Rows that had been due for a while, and were asked about.
    pub asked: u64,
    /// Those that Redis did not know, and that were pushed.
    pub pushed: u64,
    /// How long the oldest of them has been due; zero when there are none.
    pub oldest: Duration,
}

/// How tallies compare with rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Batches compared.
    pub batches: u64,
    /// Batches whose tallies were put right.
    pub disagreed: u64,
    /// By how many rows, all states together.
    pub off_by: u64,
}

impl Report {
    /// What was put right, by name; empty when all was well.
    #[must_use]
    pub fn found(&self) -> Vec<(&'static str, u64)> {
        let counts = match self {
            Self::Overdue(moved) | Self::Receipts(moved) | Self::Checking(moved) | Self::Held(moved) => {
                moved.iter().map(|(state, rows)| (state.as_str(), *rows)).collect()
            }
            Self::Due(due) => vec![("pushed", due.pushed)],
            Self::Tallies(tallies) => vec![("batches", tallies.disagreed), ("rows", tallies.off_by)],
            Self::Progress(_) => Vec::new(),
            Self::Notices(letters) => vec![("letters", *letters)],
            Self::Windows(communities) => vec![("communities", *communities)],
            Self::Storms(batches) | Self::Finished(batches) => vec![("batches", *batches)],
            Self::Forgotten { codes, lookups, answers, drafts, texts, sessions, links, invitees, lapsed } => {
                vec![
                    ("codes", *codes),
                    ("lookups", *lookups),
                    ("answers", *answers),
                    ("drafts", *drafts),
                    ("texts", *texts),
                    ("sessions", *sessions),
                    ("links", *links),
                    ("invitees", *invitees),
                    ("lapsed", *lapsed),
                ]
            }
        };
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

/// Adds up what was moved in several batches.
pub(super) fn add(total: &mut Moved, more: impl IntoIterator<Item = DeliveryState>) {
    for state in more {
        match total.iter_mut().find(|(known, _)| *known == state) {
            Some((_, rows)) => *rows += 1,
            None => total.push((state, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_look_found_nothing() {
        for quiet in [
            Report::Overdue(Moved::new()),
            Report::Due(Due { asked: 5, pushed: 0, oldest: Duration::from_secs(20) }),
            Report::Tallies(Tallies { batches: 3, ..Tallies::default() }),
            Report::Finished(0),
            Report::Progress(7),
        ] {
            assert_eq!(quiet.found(), [], "{quiet:?}");
        }
    }

    #[test]
    fn what_was_moved_is_counted_by_state() {
        let mut moved = Moved::new();
        add(&mut moved, [DeliveryState::Checking, DeliveryState::NeedsDecision, DeliveryState::Checking]);
        assert_eq!(Report::Overdue(moved).found(), [("checking", 2), ("needs_decision", 1)]);
    }
}
