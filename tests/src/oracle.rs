//! Says whether a collector kept its word: what was acknowledged is there, once, unaltered; nothing else is.
//!
//! Start at [`check_kept`].

use crate::senders::{Outcome, SentRequest};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use testkit::log_load::check_of;

/// Broken promises that are spelled out; the rest is only counted.
const SHOWN_MAX: usize = 12;

/// What a check counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Records of acknowledged requests.
    pub acknowledged: u64,
    /// Acknowledged records that are not there.
    pub lost: u64,
    /// Records that are there more than once.
    pub doubled: u64,
    /// Records whose text is not the one sent.
    pub altered: u64,
    /// Records that are there although their request was answered with no.
    pub refused_but_kept: u64,
    /// Requests without an answer that are there in part; a request is kept whole or not at all.
    pub torn_requests: u64,
    /// Records that nobody sent.
    pub invented: u64,
    /// Records of requests without an answer that are there, which is allowed.
    pub unanswered_but_kept: u64,
    examples: Vec<String>,
}

impl Kept {
    /// True when no promise is broken.
    pub fn is_whole(&self) -> bool {
        self.broken_count() == 0
    }

    fn broken_count(&self) -> u64 {
        self.lost + self.doubled + self.altered + self.refused_but_kept + self.torn_requests + self.invented
    }

    fn note(&mut self, example: impl FnOnce() -> String) {
        if self.examples.len() < SHOWN_MAX {
            self.examples.push(example());
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} records acknowledged: {} lost, {} doubled, {} altered, {} refused but kept, {} torn requests, {} invented; {} kept without an answer",
            self.acknowledged,
            self.lost,
            self.doubled,
            self.altered,
            self.refused_but_kept,
            self.torn_requests,
            self.invented,
            self.unanswered_but_kept
        )?;
        self.examples.iter().try_for_each(|example| write!(out, "\n  {example}"))
    }
}

/// Compares what senders were told with the records that a search found.
pub fn check_kept(history: &[SentRequest], found: &[Value]) -> Kept {
    let mut kept = Kept::default();
    let mut copies = count_copies(found, &mut kept);
    for request in history {
        let numbers = request.first_record..request.first_record + request.record_count;
        let own = copies.get_mut(request.source.as_str());
        let counts: Vec<u64> = match own {
            Some(own) => numbers.clone().map(|number| own.remove(&number).unwrap_or(0)).collect(),
            None => numbers.clone().map(|_| 0).collect(),
        };
        check_request(request, &counts, &mut kept);
    }
    for (source, numbers) in copies {
        for number in numbers.into_keys() {
            kept.invented += 1;
            kept.note(|| format!("{source}-{number} was never sent"));
        }
    }
    kept
}

fn check_request(request: &SentRequest, counts: &[u64], kept: &mut Kept) {
    let there = counts.iter().filter(|count| **count > 0).count() as u64;
    for (number, count) in (request.first_record..).zip(counts) {
        if *count > 1 {
            kept.doubled += 1;
            kept.note(|| format!("{}-{number} is there {count} times", request.source));
        }
    }
    match request.outcome {
        Outcome::Acknowledged => {
            kept.acknowledged += request.record_count;
            let lost = request.record_count - there;
            kept.lost += lost;
            if lost > 0 {
                kept.note(|| format!("{lost} acknowledged records are not there, of {request:?}"));
            }
        }
        Outcome::Refused(status) => {
            kept.refused_but_kept += there;
            if there > 0 {
                kept.note(|| format!("answered {status} but there: {request:?}"));
            }
        }
        Outcome::Unknown => {
            kept.unanswered_but_kept += there;
            if there != 0 && there != request.record_count {
                kept.torn_requests += 1;
                kept.note(|| format!("{there} records are there of {request:?}"));
            }
        }
    }
}

/// How often each record of each source is there. Records that do not come from a load count as invented.
fn count_copies<'a>(found: &'a [Value], kept: &mut Kept) -> HashMap<&'a str, HashMap<u64, u64>> {
    let mut copies: HashMap<&str, HashMap<u64, u64>> = HashMap::new();
    for record in found {
        let id = record["attributes"]["load.id"].as_str().unwrap_or("");
        let Some((source, number)) =
            id.rsplit_once('-').and_then(|(source, number)| Some((source, number.parse().ok()?)))
        else {
            kept.invented += 1;
            kept.note(|| format!("not of a load: {record}"));
            continue;
        };
        *copies.entry(source).or_default().entry(number).or_default() += 1;
        let body = record["body"].as_str().unwrap_or("");
        if record["attributes"]["load.check"].as_str() != Some(check_of(id, body).as_str()) {
            kept.altered += 1;
            kept.note(|| format!("altered: {record}"));
        }
    }
    copies
}

#[cfg(test)]
mod tests;
