use super::table::{Hash, Table};
use super::waiting::Waiting;
use super::{BINS, Room, Tables, Tally};
use crate::guard::QueryGuard;
use crate::pipeline::held::Held;
use crate::sources::Sources;
use arrow_array::StringArray;
use basics::{Clock, MemoryBudget, Reservation, Timestamp};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn every_text_is_counted_as_often_as_it_was_seen(
        texts in prop::collection::vec("[ab]{0,6}|.{0,20}", 0..400),
        turns in prop::collection::vec(0u32..4, 0..400),
    ) {
        with_memory(1 << 24, |held, guard, _| {
            let mut tally = Tally::default();
            let mut known: HashMap<String, u64> = HashMap::new();
            for text in &texts {
                *known.entry(text.clone()).or_default() += 2;
                tally.add(text, 2, guard, held).unwrap();
            }
            let array = StringArray::from_iter_values(&texts);
            let counts: Vec<u32> = (0..texts.len()).map(|at| turns.get(at).copied().unwrap_or(1)).collect();
            for (text, count) in texts.iter().zip(&counts) {
                *known.entry(text.clone()).or_default() += u64::from(*count);
            }
            tally.add_all(&array, &counts, guard, held).unwrap();
            tally.settle(guard, held).unwrap();
            assert_eq!(counted(&tally), known);
        });
    }
}

/// How often each text of `text-0`, `text-1` and so on is added, in this order.
fn numbers(most: usize) -> impl Strategy<Value = Vec<usize>> {
    // Few texts stay in one table, many are parted.
    (prop_oneof![Just(3usize), Just(100), Just(5_000)], 0..most)
        .prop_flat_map(|(distinct, length)| prop::collection::vec(0..distinct, length))
}

fn text_of(number: usize) -> String {
    // Some are long.
    format!("text-{number}{}", "-".repeat(if number % 97 == 5 { number * 3 } else { 0 }))
}

fn counted(tally: &Tally) -> HashMap<String, u64> {
    let mut counted = HashMap::new();
    tally
        .show_all(|stored, count| {
            let known = counted.insert(stored.text(&mut Room::default()).to_owned(), count);
            assert_eq!(known, None, "each text once");
            Ok(0)
        })
        .unwrap();
    counted
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn many_texts_are_counted_as_often_as_they_were_seen(turns in prop::collection::vec((numbers(3_000), any::<bool>()), 1..4)) {
        with_memory(1 << 30, |held, guard, _| {
            let mut tally = Tally::default();
            let mut known: HashMap<String, u64> = HashMap::new();
            for (numbers, are_many) in &turns {
                let texts: Vec<String> = numbers.iter().map(|number| text_of(*number)).collect();
                texts.iter().for_each(|text| *known.entry(text.clone()).or_default() += 1);
                if *are_many {
                    tally.add_all(&StringArray::from_iter_values(&texts), &vec![1; texts.len()], guard, held).unwrap();
                } else {
                    texts.iter().for_each(|text| tally.add(text, 1, guard, held).unwrap());
                }
            }
            tally.settle(guard, held).unwrap();
            assert_eq!(counted(&tally), known);
        });
    }

    #[test]
    fn tallies_are_put_together_whatever_their_sizes(hands in prop::collection::vec(numbers(3_000), 1..4)) {
        with_memory(1 << 30, |held, guard, memory| {
            let tables = Tables::default();
            let mut known: HashMap<String, u64> = HashMap::new();
            let mut all = Tally::in_tables(tables.clone());
            for (number, numbers) in hands.iter().enumerate() {
                let mut hand = Tally::in_tables(tables.clone());
                for text in numbers.iter().map(|number| text_of(*number)) {
                    hand.add(&text, 3, guard, held).unwrap();
                    *known.entry(text).or_default() += 3;
                }
                // The first one may have some that wait.
                if number == 0 {
                    all = hand;
                } else {
                    hand.settle(guard, held).unwrap();
                    all.absorb(hand, guard, held).unwrap();
                }
            }
            all.settle(guard, held).unwrap();
            assert_eq!(counted(&all), known);
            assert!(all.bytes() <= memory.used_bytes());
        });
    }

    #[test]
    fn what_fits_the_memory_is_counted_and_no_more_is_taken(
        numbers in numbers(6_000), bytes in 4_096..1_200_000u64, rest in 0..3_000usize,
    ) {
        with_memory(bytes, |held, guard, memory| {
            let mut tally = Tally::default();
            let mut known: HashMap<String, u64> = HashMap::new();
            let mut is_stopped = false;
            for text in numbers.iter().map(|number| text_of(*number)) {
                if tally.add(&text, 1, guard, held).is_err() {
                    is_stopped = true;
                    break;
                }
                *known.entry(text).or_default() += 1;
                assert!(tally.bytes() <= memory.used_bytes());
            }
            // Another hand may take what there was room for.
            let _other = memory.try_reserve(rest as u64);
            let is_settled = tally.settle(guard, held).is_ok();
            assert!(tally.bytes() <= memory.used_bytes());
            let counted = counted(&tally);
            if is_settled && !is_stopped {
                assert_eq!(counted, known);
            }
            for (text, count) in counted {
                assert!(count <= known[&text], "{text:?} is counted too often");
            }
        });
    }
}

/// Takes all memory that is left, and says how much that was.
fn exhaust(held: &mut Held<'_>) -> u64 {
    let mut taken = 0;
    while held.take(16).is_ok() {
        taken += 16;
    }
    taken
}

#[test]
fn what_was_counted_before_the_memory_ended_is_not_counted_again() {
    let mut partly = 0;
    // From no room for a larger table to room for all.
    for room in (0..24_000).step_by(128) {
        with_memory(1 << 20, |held, _, _| {
            let hash = Hash::default();
            let texts: Vec<String> =
                (0..100).map(|number| format!("a text that does not fit a slot, {number}")).collect();
            let (mut table, mut waiting) = (Table::default(), Waiting::default());
            let (known, new) = texts.split_at(40);
            known.iter().for_each(|text| table.add(hash.of(text).unwrap(), 1, &hash, held).unwrap());
            waiting.count_and_put(hash.of(&new[0]).unwrap(), 1, &mut table, &hash, held).unwrap();
            let noted = new[1..].iter().take_while(|text| waiting.note(hash.of(text).unwrap(), 1)).count() + 1;
            assert_eq!(waiting.len(), noted);
            assert!(noted > 10, "{noted} wait");
            let taken = exhaust(held);
            held.give_back(room.min(taken));
            if waiting.count(&mut table, &hash, held).is_err() {
                partly += usize::from(waiting.len() < noted);
                let counted = table.iter().count();
                assert_eq!(waiting.len() + counted, known.len() + noted, "each is counted or waits, with {room} bytes");
            }
            held.give_back(taken - room.min(taken));
            waiting.count(&mut table, &hash, held).unwrap();
            let mut counted: Vec<(String, u64)> = Vec::new();
            table.iter().for_each(|(stored, count)| {
                counted.push((stored.text(&mut Room::default()).to_owned(), count));
            });
            counted.sort_unstable();
            let mut want: Vec<(String, u64)> = texts.into_iter().take(40 + noted).map(|text| (text, 1)).collect();
            want.sort_unstable();
            assert_eq!(counted, want, "with {room} bytes at first");
        });
    }
    assert!(partly > 0, "the memory never ended half way");
}

#[test]
fn a_bin_that_is_counted_makes_room_for_the_table_of_another() {
    with_memory(1 << 22, |held, guard, _| {
        let mut tally = Tally::default();
        let known: Vec<String> = (0..9_000).map(|number| format!("text-{number}")).collect();
        known.iter().for_each(|text| tally.add(text, 1, guard, held).unwrap());
        tally.settle(guard, held).unwrap();
        assert!(!tally.waiting.is_empty(), "so many texts are parted");
        // New texts for the bin that is counted first, whose table must grow for them; others wait that are known to their
        // tables, and are counted last.
        let first = tally.tables.0.settling.load(Ordering::Relaxed) % BINS;
        let tables = tally.tables.clone();
        let turn = |text: &str| (tables.0.hash.of(text).unwrap().bin() + BINS - first) % BINS;
        let new = (0..100_000).map(|number| format!("new-{number}")).filter(|text| turn(text) == 0);
        let new: Vec<String> = new.take(20).collect();
        new.iter().for_each(|text| tally.add(text, 1, guard, held).unwrap());
        let old: Vec<&String> = known.iter().filter(|text| turn(text) >= BINS - 40).take(200).collect();
        old.iter().for_each(|text| tally.add(text, 1, guard, held).unwrap());
        let waiting: usize = tally.waiting.iter().map(Waiting::len).sum();
        assert_eq!(waiting, new.len() + old.len());
        exhaust(held);
        tally.settle(guard, held).unwrap();
        let counted = counted(&tally);
        assert!(new.iter().all(|text| counted[text] == 1) && old.iter().all(|text| counted[*text] == 2));
    });
}

#[test]
fn what_it_takes_is_charged_before_and_never_more_than_there_is() {
    const BYTES: u64 = 1 << 20;
    let most_texts = |stays_whole| {
        with_memory(BYTES, |held, guard, memory| {
            let mut tally = Tally { stays_whole, ..Tally::default() };
            let texts = (0..100_000).map(|number| format!("a text of some length, number {number}"));
            let mut added = 0;
            for text in texts {
                if tally.add(&text, 1, guard, held).is_err() {
                    break;
                }
                added += 1;
                assert!(tally.bytes() <= memory.used_bytes(), "{} of {}", tally.bytes(), memory.used_bytes());
            }
            assert!(added < 100_000, "a hundred thousand texts do not fit");
            // What waits when memory is short may be lost, but not much waits.
            basics::carry_on(tally.settle(guard, held).map_err(|_| "no memory"), "what was counted is still there");
            let texts = counted(&tally).len();
            assert!(texts <= added && texts * 10 >= added * 9, "{texts} of {added}");
            texts
        })
    };
    let (whole, parted) = (most_texts(true), most_texts(false));
    assert!(whole > 5_000 && parted >= whole, "{parted} in bins, {whole} in one table");
}

#[test]
fn short_and_long_texts_come_out_as_they_went_in() {
    with_memory(1 << 24, |held, guard, _| {
        let mut tally = Tally::default();
        let letters = "abcdefghijklmnopqrstuvwxyzäöü日本語 and so on";
        let texts = (0..letters.len()).filter_map(|end| letters.get(..end)).chain(["\0", "\0\0", "aa", "a\0"]);
        let known: HashMap<String, u64> = texts.zip(1..).map(|(text, count)| (text.to_owned(), count)).collect();
        for (text, count) in &known {
            (0..*count).for_each(|_| tally.add(text, 1, guard, held).unwrap());
        }
        assert_eq!(counted(&tally), known);
    });
}

#[test]
fn tables_of_rare_texts_are_not_shown() {
    with_memory(1 << 24, |held, guard, _| {
        let mut tally = Tally::default();
        for number in 0..10_000 {
            let times = if number % 1_000 == 7 { 5 } else { 1 };
            (0..times).for_each(|_| tally.add(&text_of(number), 1, guard, held).unwrap());
        }
        tally.settle(guard, held).unwrap();
        let (mut shown, mut frequent) = (0, 0);
        let show = |_: super::Stored<'_>, count| {
            shown += 1;
            frequent += u64::from(count == 5);
            Ok(5)
        };
        tally.show_all(show).unwrap();
        assert_eq!(frequent, 10);
        assert!(shown < 1_000, "{shown} of 10,000 were shown");
    });
}

#[test]
fn hands_count_side_by_side() {
    let memory = MemoryBudget::new(1 << 26);
    let tables = Tables::default();
    let count = |hand: usize| {
        let guard = QueryGuard::new(Arc::new(StandingClock), Duration::MAX, Arc::default(), memory.clone());
        let sources = Sources::default();
        let mut held = Held::new(&sources, &guard).unwrap();
        let mut tally = Tally::in_tables(tables.clone());
        // The last one has few, which stay in a table of its own.
        for number in 0..if hand == 3 { 10 } else { 20_000 } {
            tally.add(&text_of(number % 5_000), 1, &guard, &mut held).unwrap();
        }
        tally.settle(&guard, &mut held).unwrap();
        (tally, held.settle())
    };
    let count = &count;
    let tallies: Vec<(Tally, Reservation)> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..4).map(|hand| scope.spawn(move || count(hand))).collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    let guard = QueryGuard::new(Arc::new(StandingClock), Duration::MAX, Arc::default(), memory.clone());
    let sources = Sources::default();
    let mut tallies = tallies.into_iter();
    let (mut all, own) = tallies.next().unwrap();
    let mut held = Held::of(&sources, own);
    tallies.for_each(|(tally, _)| all.absorb(tally, &guard, &mut held).unwrap());
    let known = (0..5_000).map(|number| (text_of(number), if number < 10 { 13 } else { 12 })).collect();
    assert_eq!(counted(&all), known);
    assert!(all.bytes() <= memory.used_bytes());
    drop((all, held, tables));
    assert_eq!(memory.used_bytes(), 0);
}
