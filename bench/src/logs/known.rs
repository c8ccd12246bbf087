//! What the answers have to be, found by looking at every record of the fleet.
//!
//! Nothing of the product is used for it: records come with their texts, and the patterns of the questions are put to
//! each.
//!
//! Start at [`Known::of`].

use super::questions::{Question, Questions};
use crate::fleet::{Fleet, FleetRecord, USERS};
use basics::Timestamp;
use regex::{Regex, RegexSet, RegexSetBuilder};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Minutes of a day.
const MINUTES: usize = 1_440;
/// So many of the newest records with a word are asked for.
pub(super) const NEWEST: usize = 100;
/// Room for the states of 50 patterns at once.
const STATES_BYTES: usize = 256 << 20;
/// Nanoseconds of a minute.
const MINUTE: u64 = 60_000_000_000;

/// All answers.
#[derive(Debug)]
pub(super) struct Known {
    /// In the order of the questions.
    pub(super) words: Vec<KnownWord>,
    /// How many records have each substring.
    pub(super) substrings: Vec<u64>,
    /// How many records match each regular expression.
    pub(super) regexes: Vec<u64>,
    /// Rare ids and the records that have them.
    pub(super) needles: Vec<Needle>,
    /// Who the records are about.
    pub(super) users: KnownUsers,
    request_bytes: u64,
}

/// How many records are about each user, from any of the first minutes on to the end.
#[derive(Debug)]
pub(super) struct KnownUsers {
    /// From the first minute that no question begins with.
    later: Vec<u32>,
    /// Minute and user of each record before that.
    early: Vec<(usize, usize)>,
    first_minutes: usize,
}

/// The records with a word.
#[derive(Debug, Clone)]
pub(super) struct KnownWord {
    /// How many in each minute of the day.
    pub(super) minutes: Vec<u64>,
    newest: BinaryHeap<Reverse<i64>>,
}

/// A rare id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    /// As it is asked for.
    pub(super) query: String,
    /// The times of its records, newest first, in nanoseconds since 1970.
    pub(super) times: Vec<i64>,
}

struct Patterns {
    words: RegexSet,
    substrings: RegexSet,
    regexes: RegexSet,
}

impl Known {
    /// Goes through the whole fleet, on all cores.
    pub(super) fn of(fleet: &Fleet, questions: &Questions, needles: Vec<Needle>) -> Known {
        let patterns = Patterns {
            words: set(&questions.words),
            substrings: set(&questions.substrings),
            regexes: set(&questions.regexes),
        };
        let next = AtomicU64::new(0);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut known = Known::nothing(questions, needles);
        thread::scope(|scope| {
            let counting: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let mut own = Known::nothing(questions, Vec::new());
                        loop {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if number >= fleet.requests() {
                                return own;
                            }
                            let request = fleet.request(number);
                            own.request_bytes += request.body.len() as u64;
                            request.records.iter().for_each(|record| own.count(record, fleet.start(), &patterns));
                        }
                    })
                })
                .collect();
            for own in counting {
                known.add(own.join().expect("counting does not panic"));
            }
        });
        known
    }

    fn nothing(questions: &Questions, needles: Vec<Needle>) -> Known {
        let users = KnownUsers { later: vec![0; USERS], early: Vec::new(), first_minutes: questions.words.len() };
        let word = KnownWord { minutes: vec![0; MINUTES], newest: BinaryHeap::new() };
        Known {
            words: vec![word; questions.words.len()],
            substrings: vec![0; questions.substrings.len()],
            regexes: vec![0; questions.regexes.len()],
            needles,
            users,
            request_bytes: 0,
        }
    }

    fn count(&mut self, record: &FleetRecord, start: Timestamp, patterns: &Patterns) {
        let nanos = u64::try_from(record.time.since(start).as_nanos()).unwrap_or(u64::MAX);
        let minute = usize::try_from(nanos / MINUTE).unwrap_or(MINUTES).min(MINUTES - 1);
        if minute < self.users.first_minutes {
            self.users.early.push((minute, record.user));
        } else {
            self.users.later[record.user] += 1;
        }
        for index in &patterns.words.matches(&record.searched) {
            self.words[index].minutes[minute] += 1;
            self.words[index].push(record.time.0);
        }
        for index in &patterns.substrings.matches(&record.searched) {
            self.substrings[index] += 1;
        }
        for index in &patterns.regexes.matches(&record.searched) {
            self.regexes[index] += 1;
        }
    }

    fn add(&mut self, other: Known) {
        for (word, more) in self.words.iter_mut().zip(other.words) {
            word.minutes.iter_mut().zip(&more.minutes).for_each(|(count, more)| *count += more);
            more.newest.into_iter().for_each(|Reverse(time)| word.push(time));
        }
        self.substrings.iter_mut().zip(&other.substrings).for_each(|(count, more)| *count += more);
        self.regexes.iter_mut().zip(&other.regexes).for_each(|(count, more)| *count += more);
        self.users.later.iter_mut().zip(&other.users.later).for_each(|(count, more)| *count += more);
        self.users.early.extend(other.users.early);
        self.request_bytes += other.request_bytes;
    }

    /// Bytes of all requests.
    pub(super) fn request_bytes(&self) -> u64 {
        self.request_bytes
    }
}

impl KnownUsers {
    /// Records about each user, without those before `minute`, which is one of the first.
    pub(super) fn since_minute(&self, minute: usize) -> Vec<u32> {
        let mut counts = self.later.clone();
        self.early.iter().filter(|(of, _)| *of >= minute).for_each(|(_, user)| counts[*user] += 1);
        counts
    }
}

impl KnownWord {
    fn push(&mut self, time: i64) {
        if self.newest.len() == NEWEST {
            if self.newest.peek().is_some_and(|Reverse(oldest)| *oldest >= time) {
                return;
            }
            self.newest.pop();
        }
        self.newest.push(Reverse(time));
    }

    /// The times of the newest records with it, newest first.
    pub(super) fn newest(&self) -> Vec<i64> {
        let mut times: Vec<i64> = self.newest.iter().map(|Reverse(time)| *time).collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        times
    }
}

/// Rare ids from all over the fleet: trace ids and, in turns with them, UUIDs in bodies.
pub(super) fn needles(fleet: &Fleet, count: usize) -> Vec<Needle> {
    let uuid = Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}").expect("a fixed pattern");
    let step = fleet.requests() / count as u64;
    (0..count as u64)
        .map(|number| {
            // Some requests are of services that write no UUIDs.
            let of_stretch = (0..fleet.requests()).map(|further| (number * step + further) % fleet.requests());
            let found = of_stretch.into_iter().find_map(|request| {
                let records = fleet.request(request).records;
                if number.is_multiple_of(2) { trace_needle(&records) } else { uuid_needle(&records, &uuid) }
            });
            found.expect("a fleet has traces and UUIDs")
        })
        .collect()
}

fn trace_needle(records: &[FleetRecord]) -> Option<Needle> {
    let trace_id = records.iter().rev().find_map(|record| record.trace_id)?;
    let with = records.iter().filter(|record| record.trace_id == Some(trace_id));
    let digits: String = trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Needle::new(format!("trace_id:{digits}"), with))
}

fn uuid_needle(records: &[FleetRecord], uuid: &Regex) -> Option<Needle> {
    let digits = records.iter().rev().find_map(|record| uuid.find(&record.searched))?.as_str();
    Some(Needle::new(digits.to_owned(), records.iter().filter(|record| record.searched.contains(digits))))
}

impl Needle {
    fn new<'a>(query: String, records: impl Iterator<Item = &'a FleetRecord>) -> Needle {
        let mut times: Vec<i64> = records.map(|record| record.time.0).collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        Needle { query, times }
    }
}

fn set(questions: &[Question]) -> RegexSet {
    let patterns = questions.iter().map(|question| &question.pattern);
    RegexSetBuilder::new(patterns).dfa_size_limit(STATES_BYTES).build().expect("patterns of our own")
}

#[cfg(test)]
mod tests;
