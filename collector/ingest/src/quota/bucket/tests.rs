use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::num::NonZeroU64;

const MS: Duration = Duration::from_millis(1);

fn allowance(per_second: u64, burst: u64) -> Allowance {
    Allowance { per_second: NonZeroU64::new(per_second).unwrap(), burst }
}

/// Asks for a request and takes it when it passes.
fn ask(bucket: &mut Bucket, cost: u64, now: Duration) -> Result<(), Duration> {
    bucket.refill(now);
    match bucket.wait_for(cost) {
        Duration::ZERO => {
            bucket.take(cost);
            Ok(())
        }
        wait => Err(wait),
    }
}

#[test]
fn after_the_burst_comes_the_rate() {
    let mut bucket = Bucket::full(allowance(100, 300), Duration::ZERO);
    assert_eq!([100; 3].map(|cost| ask(&mut bucket, cost, Duration::ZERO)), [Ok(()); 3]);
    assert_eq!(ask(&mut bucket, 50, Duration::ZERO), Err(500 * MS));
    assert_eq!(ask(&mut bucket, 50, 499 * MS), Err(MS));
    assert_eq!(ask(&mut bucket, 50, 500 * MS), Ok(()));
    assert_eq!(ask(&mut bucket, 1, 500 * MS), Err(10 * MS));
}

#[test]
fn rest_earns_a_burst_and_no_more() {
    let mut bucket = Bucket::full(allowance(100, 300), Duration::ZERO);
    let year = Duration::from_secs(365 * 86_400);
    assert_eq!(ask(&mut bucket, 300, year), Ok(()));
    assert_eq!(ask(&mut bucket, 1, year), Err(10 * MS));
}

#[test]
fn more_than_a_burst_passes_when_the_bucket_is_full_and_is_paid_for_afterwards() {
    let mut bucket = Bucket::full(allowance(100, 300), Duration::ZERO);
    assert_eq!(ask(&mut bucket, 1_000, Duration::ZERO), Ok(()));
    assert_eq!(ask(&mut bucket, 1, Duration::ZERO), Err(7_010 * MS), "the debt first");
    assert_eq!(ask(&mut bucket, 0, Duration::ZERO), Ok(()), "what costs nothing waits for nothing");
    assert_eq!(ask(&mut bucket, 1_000, Duration::ZERO), Err(10_000 * MS), "until it is full, which is never for ever");
    assert_eq!(ask(&mut bucket, 1_000, 9_999 * MS), Err(MS));
    assert_eq!(ask(&mut bucket, 1_000, 10_000 * MS), Ok(()));
}

#[test]
fn what_is_given_back_is_there_again_and_fills_no_bucket_over_its_brim() {
    let mut bucket = Bucket::full(allowance(100, 300), Duration::ZERO);
    assert_eq!(ask(&mut bucket, 300, Duration::ZERO), Ok(()));
    bucket.give_back(300);
    assert_eq!(ask(&mut bucket, 300, Duration::ZERO), Ok(()));
    bucket.refill(2_000 * MS);
    bucket.give_back(300);
    assert_eq!(ask(&mut bucket, 300, 2_000 * MS), Ok(()));
    assert_eq!(ask(&mut bucket, 1, 2_000 * MS), Err(10 * MS));
}

#[test]
fn a_time_that_comes_late_earns_nothing_twice() {
    let mut bucket = Bucket::full(allowance(100, 300), Duration::ZERO);
    assert_eq!(ask(&mut bucket, 300, 1_000 * MS), Ok(()));
    assert_eq!(ask(&mut bucket, 1, 500 * MS), Err(10 * MS));
    assert_eq!(ask(&mut bucket, 100, 1_500 * MS), Err(500 * MS), "counted from 1 s, not again from 0.5 s");
}

#[test]
fn the_largest_numbers_are_survived() {
    let mut bucket = Bucket::full(allowance(u64::MAX, u64::MAX), Duration::ZERO);
    assert_eq!(ask(&mut bucket, u64::MAX, Duration::ZERO), Ok(()));
    assert_eq!(ask(&mut bucket, u64::MAX, Duration::MAX), Ok(()));
    let mut slow = Bucket::full(allowance(1, 0), Duration::ZERO);
    assert_eq!(ask(&mut slow, u64::MAX, Duration::ZERO), Ok(()));
    assert_eq!(ask(&mut slow, 1, Duration::ZERO), Err(Duration::from_nanos(u64::MAX)), "as long as can be said");
}

/// A bucket for children: time comes drop by drop, one a millisecond.
struct NaiveBucket {
    tokens: i64,
    burst: i64,
    per_ms: i64,
}

impl NaiveBucket {
    fn pass_time(&mut self, pause_ms: u32) {
        for _ in 0..pause_ms {
            self.tokens = (self.tokens + self.per_ms).min(self.burst);
        }
    }

    /// `Err` is how many milliseconds are left to wait.
    fn ask(&mut self, cost: i64) -> Result<(), u64> {
        let mut later = NaiveBucket { ..*self };
        let mut wait_ms = 0;
        while cost > 0 && later.tokens < cost.min(self.burst) {
            later.pass_time(1);
            wait_ms += 1;
        }
        if wait_ms > 0 {
            return Err(wait_ms);
        }
        self.tokens -= cost;
        Ok(())
    }
}

/// When a request comes.
#[derive(Debug, Clone, Copy)]
enum Pause {
    Nanos(u64),
    /// As long after the last refusal as it said, or a nanosecond less.
    AsTold,
    JustBefore,
}

/// Requests: when, how large, and whether what was taken for it is given back at once.
fn requests() -> impl Strategy<Value = Vec<(Pause, u64, bool)>> {
    let pause = prop_oneof![
        2 => (0..2_000u64).prop_map(Pause::Nanos),
        2 => (0..2_000_000_000u64).prop_map(Pause::Nanos),
        1 => (0..20_000_000_000u64).prop_map(Pause::Nanos),
        2 => Just(Pause::AsTold),
        1 => Just(Pause::JustBefore),
    ];
    vec((pause, 0..3_000u64, proptest::bool::weighted(0.2)), 1..60)
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_bucket_says_what_a_naive_one_says(
        per_ms in 1..20u32,
        burst in 0..2_000u32,
        requests in vec((0..200u32, 0..3_000u32), 1..60),
    ) {
        let mut naive = NaiveBucket { tokens: burst.into(), burst: burst.into(), per_ms: per_ms.into() };
        let mut bucket = Bucket::full(allowance(u64::from(per_ms) * 1_000, burst.into()), Duration::ZERO);
        let mut now = Duration::ZERO;
        for (pause_ms, cost) in requests {
            now += MS * pause_ms;
            naive.pass_time(pause_ms);
            let said = ask(&mut bucket, cost.into(), now);
            let wait_ms = said.map_err(|wait| u64::try_from(wait.as_nanos().div_ceil(MS.as_nanos())).unwrap());
            prop_assert_eq!(wait_ms, naive.ask(cost.into()));
        }
    }

    /// Over any span of time, what is let through is at most the burst and what the span has earned. The last one of a
    /// span counts up to the burst: a larger one is let through on credit, which the next span has to pay back.
    #[test]
    fn never_more_than_the_burst_and_what_time_has_earned_is_let_through(
        per_second in 1..5_000u64,
        burst in 0..2_000u64,
        requests in requests(),
    ) {
        let mut bucket = Bucket::full(allowance(per_second, burst), Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut told = Duration::ZERO;
        let mut passed: Vec<(Duration, u64)> = Vec::new();
        for (pause, cost, is_given_back) in requests {
            now += match pause {
                Pause::Nanos(pause_ns) => Duration::from_nanos(pause_ns),
                Pause::AsTold => told,
                Pause::JustBefore => told.saturating_sub(Duration::from_nanos(1)),
            };
            match ask(&mut bucket, cost, now) {
                Ok(()) if is_given_back => bucket.give_back(cost),
                Ok(()) if cost > 0 => passed.push((now, cost)),
                Ok(()) => {}
                Err(wait) => {
                    told = wait;
                    // The wait is exact: a nanosecond before, the same request would be refused.
                    let mut later = Bucket { ..bucket };
                    later.refill(now + wait - Duration::from_nanos(1));
                    prop_assert!(later.wait_for(cost) > Duration::ZERO);
                    later.refill(now + wait);
                    prop_assert_eq!(later.wait_for(cost), Duration::ZERO);
                }
            }
        }
        for (first, (begin, _)) in passed.iter().enumerate() {
            let mut before = 0u128;
            for (end, cost) in &passed[first..] {
                let earned = (*end - *begin).as_nanos() * u128::from(per_second);
                let last = u128::from(*cost.min(&burst));
                let is_within = (before + last) * 1_000_000_000 <= u128::from(burst) * 1_000_000_000 + earned;
                prop_assert!(is_within, "{before} and {last} in {:?}", *end - *begin);
                before += u128::from(*cost);
            }
        }
    }
}
