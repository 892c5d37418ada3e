//! What an outcome means for a delivery: a pure function of outcome, history, schedule and jitter.

use std::{str::FromStr, time::Duration};

use porchlight_shared::{domain::AttemptOutcome, runtime::env::Span};

/// How far a wait may stray from the schedule, either way.
const JITTER: f64 = 0.2;
/// An attempt that certainly did not go is repeated after this, however often.
const NOT_SENT_WAIT: Duration = Duration::from_mins(1);

/// How long to wait after each attempt that counts; when it is used up the delivery has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

impl FromStr for Schedule {
    type Err = String;

    /// Reads `1m,5m,15m`.
    fn from_str(text: &str) -> Result<Self, String> {
        let waits: Result<Vec<_>, _> =
            text.split(',').map(|wait| wait.parse::<Span>().map(|span| span.0)).collect();
        let waits = waits?;
        if waits.len() > 30 { Err("it has more than 30 waits".to_owned()) } else { Ok(Self(waits)) }
    }
}

/// What is known of a delivery when an attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Attempts that counted, this one left out.
    pub tries: usize,
    /// Whether the one repeat after an unknown outcome was used.
    pub repeated: bool,
}

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The provider has it.
    Accepted,
    /// It is over.
    Failed,
    /// Once more after a wait.
    Retry(Duration),
    /// The provider may have it: find out.
    Checking,
    /// The provider may have it for the second time: a person decides.
    NeedsDecision,
}

/// Decides. `jitter` is between -1 and 1; `retry_after` is what the provider asked for.
#[must_use]
pub fn next(
    outcome: AttemptOutcome,
    history: History,
    schedule: &Schedule,
    jitter: f64,
    retry_after: Option<Duration>,
) -> Next {
    let stray = |wait: Duration| {
        wait.mul_f64(1.0 + JITTER * jitter.clamp(-1.0, 1.0)).max(retry_after.unwrap_or_default())
    };
    match outcome {
        AttemptOutcome::Accepted => Next::Accepted,
        AttemptOutcome::RefusedPermanent => Next::Failed,
        AttemptOutcome::RefusedTemporary => match schedule.0.get(history.tries) {
            Some(wait) => Next::Retry(stray(*wait)),
            None => Next::Failed,
        },
        // Nobody's fault and certainly not sent: it uses up no attempt.
        AttemptOutcome::RefusedConfiguration | AttemptOutcome::NotSent => Next::Retry(stray(NOT_SENT_WAIT)),
        AttemptOutcome::Unknown if history.repeated => Next::NeedsDecision,
        AttemptOutcome::Unknown => Next::Checking,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRESH: History = History { tries: 0, repeated: false };

    fn schedule() -> Schedule {
        "1m,5m,1h".parse().unwrap()
    }

    #[test]
    fn the_schedule_runs_out() {
        let temporary = |tries| {
            next(AttemptOutcome::RefusedTemporary, History { tries, ..FRESH }, &schedule(), 0.0, None)
        };
        assert_eq!(temporary(0), Next::Retry(Duration::from_mins(1)));
        assert_eq!(temporary(1), Next::Retry(Duration::from_mins(5)));
        assert_eq!(temporary(2), Next::Retry(Duration::from_hours(1)));
        assert_eq!(temporary(3), Next::Failed);
    }

    #[test]
    fn an_unknown_outcome_is_never_simply_retried() {
        assert_eq!(next(AttemptOutcome::Unknown, FRESH, &schedule(), 0.0, None), Next::Checking);
        let repeated = History { repeated: true, ..FRESH };
        assert_eq!(next(AttemptOutcome::Unknown, repeated, &schedule(), 0.0, None), Next::NeedsDecision);
    }

    #[test]
    fn schedules_are_read_or_refused() {
        for wrong in ["", "1m,", "soon", "1m;5m"] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn waits_stay_near_the_schedule_and_never_below_what_was_asked(
            jitter in -2.0..2.0_f64, tries in 0..3_usize, asked in proptest::option::of(0..10_000_u64),
        ) {
            let asked = asked.map(Duration::from_secs);
            let history = History { tries, repeated: false };
            let planned = schedule().0[tries];
            let Next::Retry(wait) = next(AttemptOutcome::RefusedTemporary, history, &schedule(), jitter, asked) else {
                return Err(TestCaseError::fail("a schedule that is not used up retries"));
            };
            prop_assert!(wait >= asked.unwrap_or_default());
            prop_assert!(wait >= planned.mul_f64(0.799));
            prop_assert!(wait <= planned.mul_f64(1.201).max(asked.unwrap_or_default()));
        }

        #[test]
        fn what_did_not_go_uses_up_nothing(tries in 0..1_000_usize, repeated: bool) {
            for outcome in [AttemptOutcome::NotSent, AttemptOutcome::RefusedConfiguration] {
                let after = next(outcome, History { tries, repeated }, &schedule(), 0.0, None);
                prop_assert_eq!(after, Next::Retry(NOT_SENT_WAIT));
                prop_assert!(!outcome.counts());
            }
        }
    }
}
