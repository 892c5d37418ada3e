//! How fast a batch goes now, and how long the rest takes like that.
//!
//! While something of a batch may go the worker notes every few seconds how many of its rows have left the queue. What is
//! told is the pace of the last minute: a pause, a closed channel, a night, or a list that no longer shares the provider's
//! limit do not make it wrong for longer.

/// Over how long a rate is taken, in seconds.
const MINUTE: f64 = 60.0;
/// Over less than this, in seconds, there is none.
const LEAST: f64 = 3.0;
/// Samples that are further apart, in seconds, have a time between them in which nothing was to go, or nobody to look.
const GAP: f64 = 30.0;

/// How many rows had left the queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// How long ago, in seconds.
    pub age: f64,
    /// Rows that were neither held nor queued nor being sent.
    pub gone: i64,
}

impl Sample {
    /// Samples from what they are made of, in the same order.
    pub(super) fn all(ages: Option<&[f64]>, gone: Option<&[i64]>) -> Vec<Self> {
        let (ages, gone) = (ages.unwrap_or_default(), gone.unwrap_or_default());
        ages.iter().zip(gone).map(|(&age, &gone)| Self { age, gone }).collect()
    }
}

/// A batch as it stands, and since when it goes.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Rows that are neither held nor queued nor being sent.
    pub gone: i64,
    /// Rows that may go: queued, or being sent.
    pub to_go: i64,
    /// How long ago the first row was taken up, in seconds.
    pub began: Option<f64>,
    /// How long ago the batch was resumed or its channel opened, whichever was later, in seconds.
    pub resumed: Option<f64>,
    /// What was noted, the newest first.
    pub samples: &'a [Sample],
}

/// How fast a batch goes, and how long the rows that may go take like that.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Rows a second, to two decimals.
    pub rate_per_second: f64,
    /// Seconds; `None`: nothing is to go, or nothing goes.
    pub eta_seconds: Option<u64>,
}

impl Standing<'_> {
    /// The pace.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most 100,000 rows")]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and saturating is right"
    )]
    pub fn pace(&self) -> Pace {
        let Some(since) = self.since().filter(|since| since.age >= LEAST && since.gone < self.gone) else {
            return Pace::default();
        };
        let rate = (self.gone - since.gone) as f64 / since.age;
        let eta_seconds = (self.to_go > 0).then(|| (self.to_go as f64 / rate).ceil() as u64);
        Pace { rate_per_second: (rate * 100.0).round() / 100.0, eta_seconds }
    }

    /// Where the minute begins: with the newest sample that is old enough, or where what goes now began to go.
    fn since(&self) -> Option<Sample> {
        let resumed = self.resumed.unwrap_or(f64::INFINITY);
        let began = self.began?;
        let mut since: Option<Sample> = None;
        let later = |since: Option<Sample>| since.map_or(0.0, |sample| sample.age);
        for &sample in self.samples {
            if sample.age > resumed.min(began) || sample.age - later(since) > GAP {
                break;
            }
            since = Some(sample);
            if sample.age >= MINUTE {
                return since;
            }
        }
        let from_the_start = began <= resumed && began - later(since) <= GAP;
        if from_the_start { Some(Sample { age: began, gone: 0 }) } else { since }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(of: &[(f64, i64)]) -> Vec<Sample> {
        of.iter().map(|&(age, gone)| Sample { age, gone }).collect()
    }

    /// At `gone`, with 100 rows to go.
    fn pace(gone: i64, began: Option<f64>, resumed: Option<f64>, of: &[(f64, i64)]) -> (f64, Option<u64>) {
        let standing = Standing { gone, to_go: 100, began, resumed, samples: &samples(of) };
        let pace = standing.pace();
        (pace.rate_per_second, pace.eta_seconds)
    }

    #[test]
    fn a_batch_that_just_began_goes_as_fast_as_since_then() {
        assert_eq!(pace(0, None, None, &[]), (0.0, None));
        assert_eq!(pace(10, Some(1.0), None, &[]), (0.0, None), "too short a time");
        assert_eq!(pace(20, Some(4.0), None, &[]), (5.0, Some(20)));
        // What was noted before it began says nothing.
        assert_eq!(pace(20, Some(4.0), None, &[(3.0, 5), (8.0, 0), (13.0, 0)]), (5.0, Some(20)));
        assert_eq!(pace(200, Some(40.0), None, &[(3.0, 180), (8.0, 160), (28.0, 60)]), (5.0, Some(20)));
    }

    #[test]
    fn it_goes_as_fast_as_in_the_last_minute() {
        let fast_then_slow: Vec<_> =
            (0..20).map(|n| f64::from(n) * 5.0 + 2.0).map(|age| (age, 5_000)).collect();
        let mut slow = fast_then_slow;
        for (n, (_, gone)) in slow.iter_mut().enumerate() {
            *gone -= i64::try_from(n).unwrap() * 10;
        }
        // 62 seconds ago 120 fewer had gone than two seconds ago, and 124 fewer than now.
        assert_eq!(pace(5_004, Some(600.0), None, &slow), (2.0, Some(50)));
    }

    #[test]
    fn what_was_before_a_pause_does_not_count() {
        let noted = [(4.0, 140), (9.0, 90), (1_800.0, 60), (1_805.0, 10)];
        assert_eq!(pace(180, Some(1_810.0), Some(10.0), &noted), (10.0, Some(10)));
        // A short pause, too: the samples before it are near enough to be of one stretch.
        let noted = [(4.0, 140), (9.0, 90), (20.0, 90), (25.0, 40)];
        assert_eq!(pace(180, Some(60.0), Some(10.0), &noted), (10.0, Some(10)));
        assert_eq!(pace(180, Some(60.0), Some(1.0), &noted), (0.0, None), "nothing is known yet");
        // Nor what was before a night.
        let noted = [(4.0, 140), (9.0, 90), (40_000.0, 60)];
        assert_eq!(pace(180, Some(50_000.0), None, &noted), (10.0, Some(10)));
    }

    #[test]
    fn what_does_not_move_has_no_time_left() {
        let noted = [(4.0, 140), (9.0, 140), (20.0, 140), (40.0, 140), (65.0, 140)];
        assert_eq!(pace(140, Some(600.0), None, &noted), (0.0, None));
        // Nobody has looked for a while: the workers are away.
        assert_eq!(pace(140, Some(600.0), None, &[(45.0, 100), (50.0, 50)]), (0.0, None));
        // More waits again than did: rows that were to be tried again were paused and resumed.
        assert_eq!(pace(100, Some(600.0), None, &noted), (0.0, None));
        let done = Standing { gone: 9, to_go: 0, began: Some(9.0), resumed: None, samples: &[] };
        assert_eq!(done.pace(), Pace { rate_per_second: 1.0, eta_seconds: None });
    }
}
