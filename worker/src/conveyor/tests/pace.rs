//! The pace, with the clock held in hand.

use proptest::prelude::*;

use super::*;

/// Claims every so often for a few seconds; some jobs hand their admission back later. Answers when the others were
/// admitted.
async fn admissions(limit: f64, steps: &[(u64, usize, bool)]) -> (Vec<u64>, u64) {
    let mut bench = Bench::new().await;
    bench.pushed(20_000).await;
    let (mut now, mut admitted, mut idle) = (NOON, Vec::new(), Vec::new());
    for (token, &(pause, want, unused)) in (1..).zip(steps) {
        now += pause;
        let link = bench.link(Some(limit), Some(now));
        if !idle.is_empty() && pause % 3 == 0 {
            link.acknowledge(&idle).await.unwrap();
            idle.clear();
        }
        for (job, _) in link.claim(want, token, false).await.unwrap().jobs {
            if unused {
                idle.push(acknowledgement(job, token, Fate::Done, Some(now)));
            } else {
                admitted.push(now);
            }
        }
    }
    (admitted, now)
}

fn most_in_a_second(admitted: &[u64]) -> f64 {
    let within = |from: u64| admitted.iter().filter(|&&at| at >= from && at < from + SECOND).count();
    count(admitted.iter().map(|&from| within(from)).max().unwrap_or(0))
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_second_admits_more_than_the_limit(
        limit in prop_oneof![Just(0.5), Just(1.0), 1.0..20.0, (20_u32..500).prop_map(f64::from)],
        steps in prop::collection::vec((0..200_000_u64, 1..64_usize, prop::bool::weighted(0.3)), 20..150),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (admitted, _) = runtime.block_on(admissions(limit, &steps));
        prop_assert!(most_in_a_second(&admitted) <= limit.ceil());
    }
}

#[tokio::test]
async fn what_is_allowed_is_used() {
    for limit in [1.0, 10.0, 90.0, 333.0, 2_000.0] {
        // As the fetcher does: again when half a burst is there, and a little late.
        let mut bench = Bench::new().await;
        bench.pushed(20_000).await;
        let (mut now, mut admitted) = (NOON, Vec::new());
        for token in 1.. {
            let claimed = bench.link(Some(limit), Some(now)).claim(256, token, false).await.unwrap();
            admitted.extend(std::iter::repeat_n(now, claimed.jobs.len()));
            now += u64::try_from(claimed.wait.as_micros()).unwrap() + 300;
            if now > NOON + 5 * SECOND {
                break;
            }
        }
        assert!(most_in_a_second(&admitted) <= limit, "{limit}");
        assert!(count(admitted.len()) >= 0.95 * 5.0 * limit, "{limit}: {}", admitted.len());
    }
}

#[tokio::test]
async fn a_token_that_the_bucket_no_longer_holds_does_not_come_back() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(3).await;
    let at = |now| bench.link(Some(1.0), Some(now));
    assert_eq!(at(NOON).claim(1, 1, false).await.unwrap().jobs.len(), 1);
    assert_eq!(at(NOON + SECOND).claim(1, 2, false).await.unwrap().jobs.len(), 1);
    let late = acknowledgement(jobs[0], 1, Fate::Done, Some(NOON));
    at(NOON + SECOND * 3 / 2).acknowledge(&[late]).await.unwrap();
    assert!(at(NOON + SECOND * 3 / 2).claim(1, 3, false).await.unwrap().jobs.is_empty());
}

#[tokio::test]
async fn a_clock_set_back_costs_a_burst_at_most() {
    let mut bench = Bench::new().await;
    bench.pushed(3).await;
    bench.link(Some(1.0), Some(NOON + 3_600 * SECOND)).claim(1, 1, false).await.unwrap();
    let claimed = bench.link(Some(1.0), Some(NOON)).claim(1, 2, false).await.unwrap();
    assert!(claimed.wait <= Duration::from_millis(1_020));
}
