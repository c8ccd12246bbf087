use super::Tally;
use crate::guard::QueryGuard;
use crate::pipeline::held::Held;
use crate::sources::Sources;
use arrow_array::StringArray;
use basics::{Clock, MemoryBudget, Timestamp};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::MIN
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

fn with_memory<R>(bytes: u64, run: impl FnOnce(&mut Held<'_>, &QueryGuard, &MemoryBudget) -> R) -> R {
    let memory = MemoryBudget::new(bytes);
    let guard = QueryGuard::new(Arc::new(StandingClock), Duration::MAX, Arc::default(), memory.clone());
    let sources = Sources::default();
    run(&mut Held::new(&sources, &guard).unwrap(), &guard, &memory)
}

proptest! {
    #[test]
    fn every_text_is_counted_as_often_as_it_was_seen(
        texts in prop::collection::vec("[ab]{0,6}|.{0,20}", 0..400),
        turns in prop::collection::vec(0u32..4, 0..400),
    ) {
        with_memory(1 << 24, |held, guard, _| {
            let mut tally = Tally::default();
            let mut known: HashMap<&str, u64> = HashMap::new();
            for text in &texts {
                *known.entry(text).or_default() += 2;
                tally.add(text, 2, held).unwrap();
            }
            let array = StringArray::from_iter_values(&texts);
            let counts: Vec<u32> = (0..texts.len()).map(|at| turns.get(at).copied().unwrap_or(1)).collect();
            for (text, count) in texts.iter().zip(&counts) {
                *known.entry(text).or_default() += u64::from(*count);
            }
            tally.add_all(&array, &counts, guard, held).unwrap();
            let found: HashMap<&str, u64> = tally.iter().collect();
            assert_eq!(tally.iter().count(), found.len(), "each text once");
            assert_eq!(found, known);
        });
    }
}

#[test]
fn what_it_takes_is_charged_before_and_never_more_than_there_is() {
    const BYTES: u64 = 1 << 20;
    with_memory(BYTES, |held, _, memory| {
        let mut tally = Tally::default();
        let mut stopped = None;
        for number in 0..100_000 {
            if let Err(stop) = tally.add(&format!("a text of some length, number {number}"), 1, held) {
                stopped = Some(stop);
                break;
            }
            assert!(tally.bytes() <= memory.used_bytes(), "{} of {}", tally.bytes(), memory.used_bytes());
        }
        assert!(stopped.is_some(), "a hundred thousand texts do not fit");
        assert!(tally.iter().count() > 5_000);
    });
}
