//! How an attempt went, before it is decided what that means.

use std::time::Duration;

use porchlight_shared::domain::{AttemptOutcome, AttemptReason, text_codes};

use crate::{
    email::{self, Refusal, session::Stage},
    text,
};

/// How much of what a provider said is kept, in characters.
const REPLY: usize = 500;

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
    /// For how long it wants to be left alone, if it said so.
    pub(super) retry_after: Option<Duration>,
    /// Whether it says little by itself, and several in a row say that something is wrong with the provider or with us.
    pub(super) suspicious: bool,
}

impl Report {
    /// A report of an attempt of which the provider heard nothing and said nothing.
    pub(super) const fn of(outcome: AttemptOutcome, reason: Option<AttemptReason>) -> Self {
        Self {
            outcome,
            reason,
            reply: None,
            provider_id: None,
            contacted: false,
            slow_down: false,
            retry_after: None,
            suspicious: false,
        }
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

impl From<email::Outcome> for Report {
    fn from(outcome: email::Outcome) -> Self {
        use email::Outcome;
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
                let enhanced = enhanced.map(|enhanced| format!("{enhanced} ")).unwrap_or_default();
                (refused(refusal), Some(format!("{code} {enhanced}{text}")), None)
            }
            Outcome::NotSent { text, .. } => (AttemptOutcome::NotSent, Some(text), None),
            Outcome::Unknown { .. } => (AttemptOutcome::Unknown, None, None),
        };
        Self { reply: kept(reply), provider_id, contacted, slow_down, ..Self::of(outcome, reason) }
    }
}

impl From<text::Outcome> for Report {
    fn from(outcome: text::Outcome) -> Self {
        use text::Outcome;
        let (reason, slow_down) = (outcome.reason(), outcome.asks_to_slow_down());
        let retry_after = outcome.retry_after();
        let contacted = !matches!(outcome, Outcome::NotSent { .. });
        // Each unknown leaves somebody with a question; a code that nobody knows may be about us.
        let suspicious = match &outcome {
            Outcome::Unknown { .. } => true,
            Outcome::Refused { reason: AttemptReason::MessageRefused, provider_code, .. } => {
                provider_code.and_then(text_codes::meaning).is_none()
            }
            _ => false,
        };
        let (outcome, reply, provider_id) = match outcome {
            Outcome::Accepted { provider_id } => (AttemptOutcome::Accepted, None, Some(provider_id)),
            Outcome::Refused { refusal, code, provider_code, text, .. } => {
                let provider_code = provider_code.map(|code| format!("{code} ")).unwrap_or_default();
                (refused(refusal), Some(format!("{code} {provider_code}{text}")), None)
            }
            Outcome::NotSent { text, .. } => (AttemptOutcome::NotSent, Some(text), None),
            Outcome::Unknown { .. } => (AttemptOutcome::Unknown, None, None),
        };
        Self {
            outcome,
            reason,
            reply: kept(reply),
            provider_id,
            contacted,
            slow_down,
            retry_after,
            suspicious,
        }
    }
}

const fn refused(refusal: Refusal) -> AttemptOutcome {
    match refusal {
        Refusal::Permanent => AttemptOutcome::RefusedPermanent,
        Refusal::Temporary => AttemptOutcome::RefusedTemporary,
        Refusal::Configuration => AttemptOutcome::RefusedConfiguration,
    }
}

/// What is kept of a provider's words.
fn kept(reply: Option<String>) -> Option<String> {
    let reply = reply.filter(|reply| !reply.trim().is_empty())?;
    Some(reply.trim().chars().take(REPLY).collect())
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
