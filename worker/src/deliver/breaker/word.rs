//! What an attempt says about the channel: a pure function of the attempt, its report, and the ones before it.

use std::collections::HashSet;

use porchlight_shared::domain::{AttemptOutcome, AttemptReason, CommunityId};

use crate::deliver::report::Report;

/// A message that does not reach the provider, or whose outcome is suspicious, says little about it; so many in a row do.
pub(super) const IN_A_ROW: u32 = 5;
/// A policy that refuses one community is about that community; one that refuses so many is about us.
pub(super) const COMMUNITIES_REFUSED: usize = 3;

/// What is remembered of earlier attempts of this worker.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Messages in a row that did not reach the provider, or whose outcome was suspicious.
    in_a_row: u32,
    /// Communities that policy refused since the last message was accepted.
    refused: HashSet<CommunityId>,
}

/// What an attempt says about the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// The provider deals with us.
    Well,
    /// It does not.
    Closes(AttemptReason),
    /// Nothing.
    Nothing,
}

impl Memory {
    /// `probe` is what the channel is closed for, if the attempt was to try it.
    pub(super) fn word(
        &mut self,
        community: CommunityId,
        probe: Option<AttemptReason>,
        report: &Report,
    ) -> Word {
        use AttemptReason::{
            BlockedByPolicy, Internal, MessageRefused, NoTimeLeft, RequestRefused, ShuttingDown,
        };
        if !matches!(report.outcome, AttemptOutcome::NotSent | AttemptOutcome::Unknown) && !report.suspicious
        {
            self.in_a_row = 0;
        }
        let closes = |word: &mut Self, reason| {
            word.in_a_row += 1;
            let closes = probe.is_some() || word.in_a_row >= IN_A_ROW;
            if closes { Word::Closes(reason) } else { Word::Nothing }
        };
        match (report.outcome, report.reason) {
            (AttemptOutcome::RefusedConfiguration, reason) => Word::Closes(reason.unwrap_or(Internal)),
            (AttemptOutcome::NotSent, Some(Internal | NoTimeLeft | ShuttingDown) | None)
            | (AttemptOutcome::RefusedPermanent, Some(Internal)) => Word::Nothing,
            (_, Some(reason)) if report.suspicious => {
                closes(self, if reason == MessageRefused { RequestRefused } else { reason })
            }
            (AttemptOutcome::Unknown, _) => Word::Nothing,
            (AttemptOutcome::NotSent, Some(reason)) => closes(self, reason),
            (AttemptOutcome::RefusedPermanent, Some(BlockedByPolicy)) => {
                self.refused.insert(community);
                let closes = probe == Some(BlockedByPolicy) || self.refused.len() >= COMMUNITIES_REFUSED;
                if closes { Word::Closes(BlockedByPolicy) } else { Word::Well }
            }
            (AttemptOutcome::Accepted, _) => {
                self.refused.clear();
                Word::Well
            }
            (AttemptOutcome::RefusedTemporary, _) if report.slow_down => Word::Nothing,
            (AttemptOutcome::RefusedPermanent | AttemptOutcome::RefusedTemporary, _) => Word::Well,
        }
    }
}

#[cfg(test)]
mod tests {
    use AttemptOutcome::{
        Accepted, NotSent, RefusedConfiguration, RefusedPermanent, RefusedTemporary, Unknown,
    };
    use AttemptReason::{
        AuthRefused, BlockedByPolicy, ConnectFailed, Greylisted, Internal, MailboxUnknown, MessageRefused,
        NoTimeLeft, ProviderFailed, RequestRefused, ShuttingDown, Throttled, TimeoutAfterBody,
    };
    use Word::{Closes, Nothing, Well};

    use super::*;

    fn community(number: u128) -> CommunityId {
        uuid::Uuid::from_u128(number).into()
    }

    fn word(memory: &mut Memory, from: u128, outcome: AttemptOutcome, reason: Option<AttemptReason>) -> Word {
        memory.word(community(from), None, &Report::of(outcome, reason))
    }

    #[test]
    fn so_many_in_a_row_that_reach_nobody_close_it_and_any_answer_begins_anew() {
        let mut memory = Memory::default();
        for _ in 1..IN_A_ROW {
            assert_eq!(word(&mut memory, 1, NotSent, Some(ConnectFailed)), Nothing);
        }
        assert_eq!(word(&mut memory, 1, RefusedPermanent, Some(MailboxUnknown)), Well);
        for _ in 1..IN_A_ROW {
            assert_eq!(word(&mut memory, 1, NotSent, Some(ConnectFailed)), Nothing);
            // Not the provider's doing.
            assert_eq!(word(&mut memory, 1, NotSent, Some(ShuttingDown)), Nothing);
        }
        assert_eq!(word(&mut memory, 1, NotSent, Some(ConnectFailed)), Closes(ConnectFailed));
    }

    #[test]
    fn so_many_suspicious_outcomes_in_a_row_close_it_too() {
        let mut memory = Memory::default();
        let mut suspicious = |outcome, reason| {
            let report = Report { suspicious: true, ..Report::of(outcome, Some(reason)) };
            memory.word(community(1), None, &report)
        };
        for reason in [ProviderFailed, TimeoutAfterBody, TimeoutAfterBody, ProviderFailed] {
            assert_eq!(suspicious(Unknown, reason), Nothing);
        }
        assert_eq!(suspicious(Unknown, TimeoutAfterBody), Closes(TimeoutAfterBody));
        let mut memory = Memory::default();
        let mut nobody_knows = |suspicious| {
            let report = Report { suspicious, ..Report::of(RefusedPermanent, Some(MessageRefused)) };
            memory.word(community(1), None, &report)
        };
        assert_eq!([nobody_knows(true), nobody_knows(true), nobody_knows(false)], [Nothing, Nothing, Well]);
        for _ in 1..IN_A_ROW {
            assert_eq!(nobody_knows(true), Nothing);
        }
        assert_eq!(nobody_knows(true), Closes(RequestRefused));
    }

    #[test]
    fn a_policy_against_several_communities_closes_it_unless_something_was_accepted_in_between() {
        let mut memory = Memory::default();
        let mut blocked = |from| word(&mut memory, from, RefusedPermanent, Some(BlockedByPolicy));
        assert_eq!([blocked(1), blocked(1), blocked(2)], [Well; 3]);
        assert_eq!(blocked(3), Closes(BlockedByPolicy));
        assert_eq!(word(&mut memory, 9, Accepted, None), Well);
        let mut blocked = |from| word(&mut memory, from, RefusedPermanent, Some(BlockedByPolicy));
        assert_eq!([blocked(4), blocked(5), blocked(6)], [Well, Well, Closes(BlockedByPolicy)]);
    }

    #[test]
    fn what_a_probe_says() {
        for (closed_for, outcome, reason, slow_down, expected) in [
            (AuthRefused, Accepted, None, false, Well),
            (AuthRefused, RefusedPermanent, Some(MailboxUnknown), false, Well),
            (AuthRefused, RefusedPermanent, Some(BlockedByPolicy), false, Well),
            (BlockedByPolicy, RefusedPermanent, Some(BlockedByPolicy), false, Closes(BlockedByPolicy)),
            (BlockedByPolicy, RefusedPermanent, Some(MailboxUnknown), false, Well),
            (AuthRefused, RefusedTemporary, Some(Greylisted), false, Well),
            (AuthRefused, RefusedTemporary, Some(Throttled), true, Nothing),
            (AuthRefused, RefusedConfiguration, Some(AuthRefused), false, Closes(AuthRefused)),
            (AuthRefused, NotSent, Some(ConnectFailed), false, Closes(ConnectFailed)),
            (AuthRefused, NotSent, Some(NoTimeLeft), false, Nothing),
            (AuthRefused, RefusedPermanent, Some(Internal), false, Nothing),
            (AuthRefused, Unknown, Some(TimeoutAfterBody), false, Nothing),
        ] {
            let report = Report { slow_down, ..Report::of(outcome, reason) };
            let said = Memory::default().word(community(1), Some(closed_for), &report);
            assert_eq!(said, expected, "closed for {closed_for}, {outcome:?} {reason:?}");
        }
    }
}
