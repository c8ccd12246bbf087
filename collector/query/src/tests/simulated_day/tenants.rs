//! A tenant: what it sent, which of that each of its questions finds, and how far it has read.

use super::{BEGIN, LATE_MAX, STEP};
use crate::tests::world::{NOW, record};
use basics::{TenantId, Timestamp};
use log_store::NewLogs;
use model::{Filter, LogRecord, RecordPosition, Severity, Stream, TimeRange, Value};
use std::sync::Arc;
use std::time::Duration;
use testkit::faulty_disk::Chance;
use testkit::log_batch::log_batch_of;
use testkit::naive;

/// What tenants ask, in turn.
const QUESTIONS: [&str; 5] =
    ["", "timeout", "level>=error OR service:pay", "\"node-3\" NOT body:/late/", "user:u7 OR took>95"];

/// One record in so many is late.
const LATE_ONE_IN: usize = 20;

pub(super) struct Tenant {
    pub(super) id: TenantId,
    pub(super) query: &'static str,
    pub(super) filter: Filter,
    /// In the order in which they arrived.
    pub(super) records: Vec<Sent>,
    pub(super) page: Option<Page>,
    /// Everything up to this sequence was followed.
    pub(super) followed: u64,
    pub(super) followed_records: usize,
    streams: Vec<Arc<Stream>>,
    per_step: usize,
    every_steps: u64,
}

/// A record, and whether it is asked for.
pub(super) struct Sent {
    pub(super) record: LogRecord,
    pub(super) is_match: bool,
}

/// An answer of several pages that is being read.
pub(super) struct Page {
    pub(super) range: TimeRange,
    pub(super) before: Option<RecordPosition>,
    pub(super) limit: usize,
    pub(super) begun: Timestamp,
}

impl Tenant {
    pub(super) fn new(number: u32) -> Tenant {
        let query = QUESTIONS[number as usize % QUESTIONS.len()];
        let filter = search_lang::parse(query, NOW).unwrap_or_else(|mistake| panic!("{query}: {mistake}"));
        let text = |text: &str| Value::Str(text.into());
        let stream = |service: &str| {
            let resource = vec![("service.name".into(), text(service)), ("host".into(), text("a"))];
            Arc::new(Stream { resource, ..Stream::default() })
        };
        Tenant {
            id: TenantId(16 + number),
            query,
            filter,
            records: Vec::new(),
            page: None,
            followed: 0,
            followed_records: 0,
            streams: ["shop", "cart", "pay"].map(stream).into(),
            // Few send much, many send little.
            per_step: [12, 12, 14, 14, 40][number as usize / 4],
            every_steps: [6, 4, 2, 1, 1][number as usize / 4],
        }
    }

    /// Ten minutes of records, in requests of some.
    pub(super) fn send(
        &mut self,
        step: u64,
        until: Timestamp,
        first_position: u64,
        chance: &mut Chance,
    ) -> Vec<NewLogs> {
        // A quiet night.
        let is_night = (48..108).contains(&step);
        let count = 1 + if is_night { self.per_step / 2 } else { self.per_step };
        // Who has little to say says it seldom.
        if !(step + u64::from(self.id.0)).is_multiple_of(self.every_steps) {
            return Vec::new();
        }
        let mut logs = Vec::new();
        let mut left = count;
        for position in first_position.. {
            if left == 0 {
                break;
            }
            let here = left.min(1 + chance.index(25));
            left -= here;
            let mut made = Vec::new();
            for ordinal in 0..here {
                let sequence = position << 20 | ordinal as u64;
                let record = self.record(until, sequence, chance);
                made.push(record.clone());
                let is_match = naive::matches(&self.filter, &record);
                self.records.push(Sent { record, is_match });
            }
            let batch = log_batch_of(&made);
            logs.push(NewLogs { tenant: self.id, position, received: until, batch, ordinals: None, reservation: None });
        }
        logs
    }

    fn record(&self, until: Timestamp, sequence: u64, chance: &mut Chance) -> LogRecord {
        let is_late = chance.once_in(LATE_ONE_IN);
        // Some records share a moment: times are whole seconds.
        let ago = if is_late {
            Duration::from_secs(chance.index(usize::try_from(LATE_MAX.as_secs()).unwrap()) as u64)
        } else {
            Duration::from_secs(chance.index(usize::try_from(STEP.as_secs()).unwrap()) as u64)
        };
        let time = until.saturating_sub(ago).max(BEGIN.saturating_sub(LATE_MAX));
        let number = chance.index(100);
        let body = match chance.index(6) {
            0 => format!("timeout after {number} ms on node-{}", number % 9),
            1 => format!("request {sequence} took {number} ms"),
            2 => format!("late answer of node-{} for user u{}", number % 9, number % 13),
            3 => format!(r#"{{"took":{number},"user":"u{}"}}"#, number % 13),
            4 => "disk full".to_owned(),
            _ => format!("user=u{} signed in from 10.0.0.{number}", number % 13),
        };
        let kind = chance.index(3);
        LogRecord {
            position: RecordPosition { time, sequence },
            observed: time,
            severity: Severity([9, 13, 17][kind]),
            severity_text: ["INFO", "WARN", "ERROR"][kind].into(),
            body: Value::Str(body.into()),
            attributes: vec![
                ("user".into(), Value::Str(format!("u{}", number % 13).into())),
                ("took".into(), Value::Int(i64::try_from(number).unwrap())),
            ],
            stream: self.streams[chance.index(3)].clone(),
            ..record("")
        }
    }

    /// What it asks for, newest first.
    pub(super) fn matching(&self, is_asked: impl Fn(&LogRecord) -> bool) -> Vec<&LogRecord> {
        let found = self.records.iter().filter(|sent| sent.is_match && is_asked(&sent.record));
        let mut found: Vec<&LogRecord> = found.map(|sent| &sent.record).collect();
        found.sort_by_key(|record| std::cmp::Reverse(record.position));
        found
    }

    /// All that arrived was followed once. Says how much that was.
    pub(super) fn finish(&self) -> usize {
        let matching = self.records.iter().filter(|sent| sent.is_match).count();
        assert_eq!(self.followed_records, matching, "{}", self.query);
        self.records.len()
    }
}
