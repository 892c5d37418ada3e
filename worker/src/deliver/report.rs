//! How an attempt went, before it is decided what that means.

use porchlight_shared::domain::{AttemptOutcome, AttemptReason};

use crate::email::{Outcome, Refusal, session::Stage};

/// What an attempt brought.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) outcome: AttemptOutcome,
    pub(super) reason: Option<AttemptReason>,
    pub(super) reply: Option<String>,
    pub(super) provider_id: Option<String>,
    /// Whether the provider heard of it, so that the admission is used up.
    pub(super) contacted: bool,
    /// Whether it wants less from everybody.
    pub(super) slow_down: bool,
}

impl Report {
    /// A report of an attempt of which the provider heard nothing and said nothing.
    pub(super) const fn of(outcome: AttemptOutcome, reason: Option<AttemptReason>) -> Self {
        Self { outcome, reason, reply: None, provider_id: None, contacted: false, slow_down: false }
    }

    /// A message that could not even be made.
    pub(super) const fn not_composed(outcome: AttemptOutcome) -> Self {
        Self::of(outcome, Some(AttemptReason::Internal))
    }

    /// What is known of a send that was broken off by a stop.
    pub(super) fn stopped(body_began: bool) -> Self {
        if body_began {
            let unknown = Self::of(AttemptOutcome::Unknown, Some(AttemptReason::WorkerStopped));
            Self { contacted: true, ..unknown }
        } else {
            Self::of(AttemptOutcome::NotSent, Some(AttemptReason::ShuttingDown))
        }
    }
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        let slow_down = outcome.asks_to_slow_down();
        let reason = outcome.reason();
        // From MAIL on the provider has heard of the message, whatever became of it.
        let contacted = match &outcome {
            Outcome::NotSent { stage, .. } => {
                matches!(stage, Stage::Mail | Stage::Rcpt | Stage::Data | Stage::Body | Stage::AfterBody)
            }
            _ => true,
        };
        let (outcome, reply, provider_id) = match outcome {
            Outcome::Accepted { provider_id, text } => (AttemptOutcome::Accepted, Some(text), provider_id),
            Outcome::Refused { refusal, code, enhanced, text, .. } => {
                let outcome = match refusal {
                    Refusal::Permanent => AttemptOutcome::RefusedPermanent,
                    Refusal::Temporary => AttemptOutcome::RefusedTemporary,
                    Refusal::Configuration => AttemptOutcome::RefusedConfiguration,
                };
                let enhanced = enhanced.map(|enhanced| format!("{enhanced} ")).unwrap_or_default();
                (outcome, Some(format!("{code} {enhanced}{text}")), None)
            }
            Outcome::NotSent { text, .. } => (AttemptOutcome::NotSent, Some(text), None),
            Outcome::Unknown { .. } => (AttemptOutcome::Unknown, None, None),
        };
        let reply = reply.filter(|reply| !reply.is_empty()).map(|reply| reply.chars().take(500).collect());
        Self { outcome, reason, reply, provider_id, contacted, slow_down }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::{
        outcome::classify,
        session::{Cause, Failure},
    };

    #[test]
    fn an_admission_is_used_up_as_soon_as_the_provider_has_heard_of_the_message() {
        for stage in Stage::ALL {
            let failure = Failure { stage, cause: Cause::Closed };
            let report = Report::from(classify(&failure, "jane@example.org"));
            let heard =
                [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Body, Stage::AfterBody].contains(&stage);
            assert_eq!(report.contacted, heard, "{stage}");
        }
    }

    #[test]
    fn a_send_that_was_broken_off_is_unknown_once_its_body_has_begun() {
        assert_eq!(Report::stopped(true).outcome, AttemptOutcome::Unknown);
        assert_eq!(Report::stopped(false).outcome, AttemptOutcome::NotSent);
    }
}
