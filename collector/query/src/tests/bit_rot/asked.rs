//! What is asked of a damaged store, and when an answer that lacks something is still right.

use crate::tests::world::{NOW, TENANT, exact, patient_guard, request_of};
use crate::{CutShort, HistogramRequest, PipelineRequest, PipelineRows, SearchRequest, histogram, pipeline, search};
use basics::Timestamp;
use log_store::{LogSnapshot, LogStore};
use model::{LogRecord, TimeRange};
use std::collections::BTreeMap;
use std::time::Duration;

/// A question.
pub(super) struct Asked {
    pub(super) text: &'static str,
    kind: Kind,
}

/// How it is asked, and so when fewer records make a right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Records, newest first: some of the right ones, in the right order.
    Records,
    /// Groups with figures that only grow with records.
    Counts,
    /// Figures that any record may change: only groups that exist, or none.
    Figures,
    /// Counts by time.
    Histogram,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    kind: Kind,
    pub(super) cut_short: Option<CutShort>,
    things: Things,
}

/// What is in an answer.
#[derive(Debug, Clone, PartialEq)]
enum Things {
    Records(Vec<LogRecord>),
    /// A key for each, and figures.
    Rows(Vec<(String, Vec<f64>)>),
}

pub(super) fn all_asked() -> Vec<Asked> {
    let of = |kind, texts: &[&'static str]| texts.iter().map(|text| Asked { text, kind }).collect::<Vec<_>>();
    [
        of(
            Kind::Records,
            &[
                "",
                "timeout",
                "\"disk full\"",
                "node-3",
                "carts NOT timeout",
                "service:shop level>=warn",
                "trace_id:04040404040404040404040404040404",
                "body:/time.*ms/",
                "*imeou*",
                "user=\"user 1\" took>3",
                "body.took>=2",
                "rare:x OR share>0.4",
                "observed_nothing:*",
                "5",
            ],
        ),
        of(
            Kind::Counts,
            &[
                "| stats count() as n by service",
                "timeout | stats count() as n, count_distinct(user) as u by level",
                "| top 5 user",
            ],
        ),
        of(Kind::Figures, &["| stats avg(took) as a, max(took) as m by service", "| patterns"]),
        of(Kind::Histogram, &["NOT full", "took<9"]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Asked {
    pub(super) fn answer(&self, store: &LogStore) -> Answer {
        let snapshot = store.snapshot(TENANT);
        let (cut_short, things) = match self.kind {
            Kind::Records => self.records(&snapshot),
            Kind::Counts | Kind::Figures => self.table(&snapshot),
            Kind::Histogram => self.histogram(&snapshot),
        };
        Answer { kind: self.kind, cut_short, things }
    }

    fn records(&self, snapshot: &LogSnapshot) -> (Option<CutShort>, Things) {
        let filter = search_lang::parse(self.text, NOW).unwrap_or_else(|mistake| panic!("{}: {mistake}", self.text));
        let request = SearchRequest { limit: 10_000, ..request_of(filter) };
        let answer = search(snapshot, &request, &patient_guard()).unwrap();
        (answer.cut_short, Things::Records(answer.records))
    }

    fn table(&self, snapshot: &LogSnapshot) -> (Option<CutShort>, Things) {
        let parsed = search_lang::parse_pipeline(self.text, NOW);
        let (filter, pipes) = parsed.unwrap_or_else(|mistake| panic!("{}: {mistake}", self.text));
        let request = PipelineRequest { filter, pipes, range: TimeRange::ALL, rows_max: 10_000, now: NOW };
        let answer = pipeline(snapshot, &request, &patient_guard()).unwrap();
        let PipelineRows::Table { columns, rows } = &answer.rows else { panic!("{}: records", self.text) };
        // The first column is the group, or what `patterns` calls a pattern.
        let figure = |cell: &crate::Cell| match cell {
            crate::Cell::Value(model::Value::Int(number)) => number.to_string().parse().unwrap(),
            crate::Cell::Value(model::Value::Double(number)) => *number,
            _ => 0.0,
        };
        let rows = rows.iter().map(|row| (exact(&row[0]), row[1..columns.len()].iter().map(figure).collect()));
        (answer.cut_short, Things::Rows(rows.collect()))
    }

    fn histogram(&self, snapshot: &LogSnapshot) -> (Option<CutShort>, Things) {
        let filter = search_lang::parse(self.text, NOW).unwrap();
        let range = TimeRange { start: NOW, end: Timestamp(NOW.0 + 2_000_000) };
        let request = HistogramRequest { filter, range, bucket: Duration::from_nanos(100_000) };
        let answer = histogram(snapshot, &request, &patient_guard()).unwrap();
        let count = |count: u64| count.to_string().parse().unwrap();
        let rows = answer.buckets.iter().map(|bucket| {
            let levels = bucket.levels().map(|(_, found)| count(found));
            (bucket.start.0.to_string(), std::iter::once(count(bucket.count)).chain(levels).collect())
        });
        (answer.cut_short, Things::Rows(rows.collect()))
    }
}

impl Answer {
    /// Compares with the answer of the whole store and with that of a store without the damaged part.
    pub(super) fn judged(&self, whole: &Answer, rest: &Answer) -> Result<(), String> {
        match self.cut_short {
            None if self == whole => Ok(()),
            None => Err(format!("{:?} in place of {:?}", self.things, whole.things)),
            Some(CutShort::Damaged) => match (&self.things, &whole.things, &rest.things) {
                (Things::Records(mine), Things::Records(all), Things::Records(least)) => {
                    is_some_of(mine, all)?;
                    is_some_of(least, mine)
                }
                (Things::Rows(mine), Things::Rows(all), Things::Rows(least)) => self.is_between(mine, all, least),
                _ => Err("another kind of answer".to_owned()),
            },
            Some(other) => Err(format!("cut short by {other:?}")),
        }
    }

    fn is_between(&self, mine: &[Row], all: &[Row], least: &[Row]) -> Result<(), String> {
        let by_key = |rows: &[Row]| rows.iter().cloned().collect::<BTreeMap<String, Vec<f64>>>();
        let (found, all, least) = (by_key(mine), by_key(all), by_key(least));
        if found.len() != mine.len() {
            return Err(format!("something is there twice: {mine:?}"));
        }
        if let Some(missing) = least.keys().find(|key| !found.contains_key(*key)) {
            return Err(format!("{missing} of the whole part is missing"));
        }
        if let Some(wrong) = found.keys().find(|key| !all.contains_key(*key)) {
            return Err(format!("{wrong} is nothing that was stored"));
        }
        if self.kind == Kind::Figures {
            return Ok(());
        }
        let nothing = Vec::new();
        let is_wrong = |key: &String, found: &Vec<f64>| {
            let least = least.get(key).unwrap_or(&nothing);
            let is_above = found.iter().zip(&all[key]).any(|(found, most)| found > most);
            is_above || found.iter().zip(least).any(|(found, least)| found < least)
        };
        match found.iter().find(|(key, found)| is_wrong(key, found)) {
            Some((key, found)) => Err(format!("{key} has {found:?}, of {:?} in all", all[key])),
            None => Ok(()),
        }
    }
}

type Row = (String, Vec<f64>);

/// Checks that records are some of all, as they were, in the same order.
fn is_some_of(some: &[LogRecord], all: &[LogRecord]) -> Result<(), String> {
    let mut in_order = all.iter();
    match some.iter().find(|record| !in_order.any(|other| other == *record)) {
        Some(record) => Err(format!("{record:?} is not where it should be")),
        None => Ok(()),
    }
}
