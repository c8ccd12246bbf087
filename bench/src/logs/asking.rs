//! Asks one question at a time, measures from its sending to the last byte of its answer, and checks the answer.
//!
//! Start at [`FIGURES`], the list of what is asked.

use super::Range;
use super::known::{Known, NEWEST, Needle};
use super::questions::{Question, Questions};
use basics::Timestamp;
use serde_json::Value;
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use testkit::http_client::{self, HttpConnection, percent_encoded};

/// Longest wait for an answer: longer than a question may be configured to take.
const ANSWER_DEADLINE: Duration = Duration::from_secs(700);
/// Values of a field that are asked for.
const TOP: usize = 10;
/// Nanoseconds of a minute.
const MINUTE: i64 = 60_000_000_000;

/// A figure over questions.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) ask: fn(&Asking<'_>, &mut Asker) -> io::Result<Answers>,
}

/// All of them, in the order in which they are asked.
pub(super) const FIGURES: [Figure; 6] = [
    Figure { name: "q_last100_ms", ask: newest_of_words },
    Figure { name: "q_needle_ms", ask: needles },
    Figure { name: "q_histogram_ms", ask: words_by_minute },
    Figure { name: "q_top_ms", ask: top_users },
    Figure { name: "q_substring_ms", ask: substrings },
    Figure { name: "q_regex_ms", ask: regexes },
];

/// What is asked, and what is known about it.
pub(super) struct Asking<'a> {
    pub(super) questions: &'a Questions,
    pub(super) known: &'a Known,
    pub(super) range: Range,
}

/// How long answers took, and how many records they were about.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) delays: Vec<Duration>,
    pub(super) records: u64,
}

impl Answers {
    fn push(&mut self, delay: Duration, records: u64) {
        self.delays.push(delay);
        self.records += records;
    }
}

fn newest_of_words(asking: &Asking<'_>, asker: &mut Asker) -> io::Result<Answers> {
    let mut answers = Answers::default();
    for (question, word) in asking.questions.words.iter().zip(&asking.known.words) {
        let (delay, times) = asker.search(&question.query, NEWEST)?;
        same(&question.query, &times, &word.newest())?;
        answers.push(delay, times.len() as u64);
    }
    Ok(answers)
}

fn needles(asking: &Asking<'_>, asker: &mut Asker) -> io::Result<Answers> {
    let mut answers = Answers::default();
    for needle in &asking.known.needles {
        answers.push(asker.needle(needle)?, needle.times.len() as u64);
    }
    Ok(answers)
}

fn words_by_minute(asking: &Asking<'_>, asker: &mut Asker) -> io::Result<Answers> {
    let mut answers = Answers::default();
    for (question, word) in asking.questions.words.iter().zip(&asking.known.words) {
        let (delay, page) = asker.histogram(&question.query, "1m")?;
        let found = counts_by_minute(&page, asking.range.start, word.minutes.len())?;
        same(&question.query, &found, &word.minutes)?;
        answers.push(delay, found.iter().sum());
    }
    Ok(answers)
}

/// Each question begins a minute later than the one before, so that no two are the same.
fn top_users(asking: &Asking<'_>, asker: &mut Asker) -> io::Result<Answers> {
    let mut answers = Answers::default();
    for minute in 0..asking.questions.words.len() {
        let start = asking.range.start.saturating_add(Duration::from_secs(60 * minute as u64));
        let (delay, page) = asker.top(Range { start, ..asking.range })?;
        let counts = asking.known.users.since_minute(minute);
        check_top(&page, &counts)?;
        answers.push(delay, counts.iter().map(|count| u64::from(*count)).sum());
    }
    Ok(answers)
}

/// The users are those with the highest counts, highest first; who stands first of equal ones is free.
fn check_top(page: &Value, counts: &[u32]) -> io::Result<()> {
    let mut highest = counts.to_vec();
    highest.sort_unstable_by(|one, other| other.cmp(one));
    highest.truncate(TOP);
    let rows = page["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    same(
        "top counts",
        &rows.iter().map(|row| row[1].as_u64()).collect(),
        &highest.iter().map(|count| Some(u64::from(*count))).collect::<Vec<_>>(),
    )?;
    let mut seen = HashSet::new();
    for row in rows {
        let user = row[0].as_str().and_then(|name| name.strip_prefix("user-")?.parse::<usize>().ok());
        let known = user.and_then(|user| counts.get(user)).map(|count| u64::from(*count));
        same(&format!("count of {}", row[0]), &row[1].as_u64(), &known)?;
        if !seen.insert(user) {
            return Err(io::Error::other(format!("{} stands twice among the top", row[0])));
        }
    }
    Ok(())
}

fn substrings(asking: &Asking<'_>, asker: &mut Asker) -> io::Result<Answers> {
    counts(asker, &asking.questions.substrings, &asking.known.substrings)
}

fn regexes(asking: &Asking<'_>, asker: &mut Asker) -> io::Result<Answers> {
    counts(asker, &asking.questions.regexes, &asking.known.regexes)
}

fn counts(asker: &mut Asker, questions: &[Question], known: &[u64]) -> io::Result<Answers> {
    let mut answers = Answers::default();
    for (question, known) in questions.iter().zip(known) {
        let (delay, page) = asker.histogram(&question.query, "1h")?;
        same(&question.query, &page["matched"].as_u64(), &Some(*known))?;
        answers.push(delay, *known);
    }
    Ok(answers)
}

/// Counts of a histogram by the minute of the day.
fn counts_by_minute(page: &Value, start: Timestamp, minutes: usize) -> io::Result<Vec<u64>> {
    let mut counts = vec![0; minutes];
    for bucket in page["buckets"].as_array().into_iter().flatten() {
        let begin = bucket["start"].as_str().and_then(Timestamp::parse_rfc3339);
        let minute = begin.map(|begin| (begin.0 - start.0).div_euclid(MINUTE));
        let place = minute.and_then(|minute| usize::try_from(minute).ok()).and_then(|minute| counts.get_mut(minute));
        let (Some(place), Some(count)) = (place, bucket["count"].as_u64()) else {
            return Err(io::Error::other(format!("this bucket is not one of the day: {bucket}")));
        };
        *place += count;
    }
    Ok(counts)
}

fn same<T: PartialEq + std::fmt::Debug>(query: &str, found: &T, known: &T) -> io::Result<()> {
    if found == known {
        return Ok(());
    }
    let shortened = |value: &T| format!("{value:?}").chars().take(200).collect::<String>();
    Err(io::Error::other(format!("wrong answer to {query}: {} where {} is right", shortened(found), shortened(known))))
}

/// A connection that questions about one range are asked over.
pub(super) struct Asker {
    web: SocketAddr,
    connection: HttpConnection,
    range: Range,
}

impl Asker {
    pub(super) fn connect(web: SocketAddr, range: Range) -> io::Result<Asker> {
        Ok(Asker { web, connection: HttpConnection::connect(web, ANSWER_DEADLINE)?, range })
    }

    /// Asks for a rare id, and fails when not exactly its records are found.
    pub(super) fn needle(&mut self, needle: &Needle) -> io::Result<Duration> {
        let (delay, times) = self.search(&needle.query, NEWEST)?;
        same(&needle.query, &times, &needle.times)?;
        Ok(delay)
    }

    /// Searches, and gives the times of what was found.
    pub(super) fn search(&mut self, query: &str, limit: usize) -> io::Result<(Duration, Vec<i64>)> {
        let (delay, page) = self.ask("search", self.range, query, &format!("limit={limit}"))?;
        let mut times = Vec::new();
        for record in page["records"].as_array().into_iter().flatten() {
            let time = record["time_unix_nano"].as_str().and_then(|nanos| nanos.parse().ok());
            times.push(time.ok_or_else(|| io::Error::other(format!("a record has no time: {record}")))?);
        }
        Ok((delay, times))
    }

    /// Asks for a histogram.
    pub(super) fn histogram(&mut self, query: &str, interval: &str) -> io::Result<(Duration, Value)> {
        self.ask("histogram", self.range, query, &format!("interval={interval}"))
    }

    /// Asks for the most frequent users.
    fn top(&mut self, range: Range) -> io::Result<(Duration, Value)> {
        self.ask("query", range, &format!("| top {TOP} by user.id"), &format!("limit={TOP}"))
    }

    fn ask(&mut self, page: &str, range: Range, query: &str, more: &str) -> io::Result<(Duration, Value)> {
        let text = |time: Timestamp| percent_encoded(&time.to_string());
        let (start, end, q) = (text(range.start), text(range.end), percent_encoded(query));
        let target = format!("/api/v1/logs/{page}?start={start}&end={end}&{more}&q={q}");
        let begun = Instant::now();
        let answer = self.connection.request("GET", &target, &[], &[])?;
        let delay = begun.elapsed();
        if answer.status != 200 {
            return Err(io::Error::other(format!("{query} was answered {}: {}", answer.status, answer.text())));
        }
        let page = answer.json()?;
        match page["cut_short"].as_str() {
            Some(reason) => {
                let after = delay.as_secs_f64();
                Err(io::Error::other(format!("the answer to {query} was cut short after {after:.1} s: {reason}")))
            }
            None => Ok((delay, page)),
        }
    }

    /// Whether the collector knows pipes, which the top values of a field are asked with.
    pub(super) fn knows_pipes(&self) -> io::Result<bool> {
        let page = http_client::get(self.web, "/api/v1/openapi.json", ANSWER_DEADLINE)?.json()?;
        Ok(page["paths"]["/api/v1/logs/query"].is_object())
    }
}

#[cfg(test)]
mod tests;
