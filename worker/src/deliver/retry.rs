//! What an outcome means for a delivery: a pure function of outcome, history, schedule and jitter.

use std::{str::FromStr, time::Duration};

use porchlight_shared::{domain::AttemptOutcome, runtime::env::Span};

/// How far a wait may stray from the schedule, either way,
const JITTER: f64 = 0.2;
/// but no further than this: the default schedule is to end within a day.
const FARTHEST: Duration = Duration::from_mins(10);
/// An attempt that certainly did not go is repeated after this, then after twice as long, and so on,
const NOT_SENT_WAIT: Duration = Duration::from_mins(1);
/// up to this,
const LONGEST_NOT_SENT_WAIT: Duration = Duration::from_mins(30);
/// and so often: 19 hours, all together.
const NOT_SENT_MOST: u32 = 42;

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
    /// Attempts that certainly did not go while the channel was open, this one left out.
    pub unsent: u32,
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
        let most = wait.mul_f64(JITTER).min(FARTHEST);
        (wait.saturating_sub(most) + most.mul_f64(1.0 + jitter.clamp(-1.0, 1.0)))
            .max(retry_after.unwrap_or_default())
    };
    match outcome {
        AttemptOutcome::Accepted => Next::Accepted,
        AttemptOutcome::RefusedPermanent => Next::Failed,
        AttemptOutcome::RefusedTemporary => match schedule.0.get(history.tries) {
            Some(wait) => Next::Retry(stray(*wait)),
            None => Next::Failed,
        },
        // Nobody's fault: the channel closes, and it uses up nothing.
        AttemptOutcome::RefusedConfiguration => Next::Retry(stray(NOT_SENT_WAIT)),
        AttemptOutcome::NotSent if history.unsent >= NOT_SENT_MOST => Next::Failed,
        AttemptOutcome::NotSent => {
            let wait = NOT_SENT_WAIT.saturating_mul(1 << history.unsent.min(5));
            Next::Retry(stray(wait.min(LONGEST_NOT_SENT_WAIT)))
        }
        AttemptOutcome::Unknown => Next::Checking,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRESH: History = History { tries: 0, unsent: 0 };

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
        let later = History { tries: 9, unsent: 40 };
        assert_eq!(next(AttemptOutcome::Unknown, later, &schedule(), 0.0, None), Next::Checking);
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
            let history = History { tries, ..FRESH };
            let planned = schedule().0[tries];
            let Next::Retry(wait) = next(AttemptOutcome::RefusedTemporary, history, &schedule(), jitter, asked) else {
                return Err(TestCaseError::fail("a schedule that is not used up retries"));
            };
            prop_assert!(wait >= asked.unwrap_or_default());
            prop_assert!(wait >= planned.mul_f64(0.799));
            prop_assert!(wait <= planned.mul_f64(1.201).max(asked.unwrap_or_default()));
        }

        #[test]
        fn the_default_schedule_ends_within_a_day_however_it_strays(jitter in -1.0..=1.0_f64) {
            let schedule: Schedule = "1m,5m,15m,1h,3h,6h,12h".parse().unwrap();
            let mut total = Duration::ZERO;
            for tries in 0.. {
                match next(AttemptOutcome::RefusedTemporary, History { tries, ..FRESH }, &schedule, jitter, None) {
                    Next::Retry(wait) => total += wait,
                    end => {
                        prop_assert_eq!(end, Next::Failed);
                        break;
                    }
                }
            }
            prop_assert!(total > Duration::from_hours(21) && total < Duration::from_mins(23 * 60 + 30), "{total:?}");
        }

        #[test]
        fn what_never_goes_has_failed_within_a_day(jitter in -1.0..=1.0_f64) {
            let mut total = Duration::ZERO;
            for unsent in 0.. {
                match next(AttemptOutcome::NotSent, History { unsent, ..FRESH }, &schedule(), jitter, None) {
                    Next::Retry(wait) => total += wait,
                    end => {
                        prop_assert_eq!(end, Next::Failed);
                        break;
                    }
                }
            }
            prop_assert!(total > Duration::from_hours(15) && total < Duration::from_hours(24), "{total:?}");
        }

        #[test]
        fn what_did_not_go_uses_up_nothing(tries in 0..1_000_usize) {
            for outcome in [AttemptOutcome::NotSent, AttemptOutcome::RefusedConfiguration] {
                let after = next(outcome, History { tries, unsent: 0 }, &schedule(), 0.0, None);
                prop_assert_eq!(after, Next::Retry(NOT_SENT_WAIT));
                prop_assert!(!outcome.counts());
            }
        }
    }
}
