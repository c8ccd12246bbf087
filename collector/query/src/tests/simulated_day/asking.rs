//! What a tenant asks, and whether the answer is the naive one.

use super::tenants::{Page, Tenant};
use super::{KEEP, STEP};
use crate::tests::world::{NOW, patient_guard};
use crate::{
    Cell, HistogramRequest, PipelineRequest, PipelineRows, SearchAnswer, SearchRequest, histogram, pipeline, search,
};
use basics::Timestamp;
use log_store::{LogSnapshot, LogStore};
use model::{LogRecord, TimeRange, Value};
use std::time::Duration;

/// Forgotten is what is older than [`KEEP`]; a page is turned for the last time this long after the first one.
const PAGING_MAX: Duration = Duration::from_secs(3_600);

pub(super) struct Asking<'a> {
    store: &'a LogStore,
    tenant: &'a mut Tenant,
    now: Timestamp,
}

/// A snapshot, and how many records its tenant had sent by then.
pub(super) struct Held {
    snapshot: LogSnapshot,
    sent: usize,
    range: TimeRange,
}

impl Held {
    /// The snapshot holds what was there when it was taken.
    pub(super) fn check(self, tenant: &Tenant) {
        let request = SearchRequest {
            filter: tenant.filter.clone(),
            range: self.range,
            limit: 100_000,
            before: None,
            after_sequence: None,
        };
        let answer = search(&self.snapshot, &request, &patient_guard()).unwrap();
        let last = tenant.records[..self.sent].last().map_or(0, |sent| sent.record.position.sequence);
        let want =
            tenant.matching(|record| record.position.sequence <= last && request.range.contains(record.position.time));
        check(&answer, &want, tenant);
    }
}

/// The answer is the naive one.
#[track_caller]
fn check(answer: &SearchAnswer, want: &[&LogRecord], tenant: &Tenant) {
    let found: Vec<_> = answer.records.iter().map(|record| record.position).collect();
    let wanted: Vec<_> = want.iter().map(|record| record.position).collect();
    assert_eq!(found, wanted, "{}", tenant.query);
    assert_eq!(answer.cut_short, None);
    for (found, want) in answer.records.iter().zip(want) {
        assert_eq!(found, *want);
    }
}

impl<'a> Asking<'a> {
    pub(super) fn new(store: &'a LogStore, tenant: &'a mut Tenant, now: Timestamp) -> Asking<'a> {
        Asking { store, tenant, now }
    }

    /// Keeps what the tenant has at this moment.
    pub(super) fn hold(store: &LogStore, tenant: &Tenant, now: Timestamp) -> Held {
        // What is forgotten in this step was still kept in the one before.
        let range = TimeRange { start: now.saturating_sub(KEEP + STEP), end: Timestamp(i64::MAX) };
        Held { snapshot: store.snapshot(tenant.id), sent: tenant.records.len(), range }
    }

    /// What nobody has forgotten yet.
    fn kept_range(&self) -> TimeRange {
        TimeRange { start: self.now.saturating_sub(KEEP), end: Timestamp(i64::MAX) }
    }

    fn search(&self, range: TimeRange, request: &Page) -> SearchAnswer {
        let request = SearchRequest {
            filter: self.tenant.filter.clone(),
            range,
            limit: request.limit,
            before: request.before,
            after_sequence: None,
        };
        search(&self.store.snapshot(self.tenant.id), &request, &patient_guard()).unwrap()
    }

    /// The next page of an answer that was begun a while ago, or the first of another one.
    pub(super) fn turn_a_page(&mut self) {
        let is_over = |page: &Page| self.now.since(page.begun) > PAGING_MAX;
        let page = self.tenant.page.take().filter(|page| !is_over(page)).unwrap_or_else(|| {
            let start = self.now.saturating_sub(KEEP).saturating_add(PAGING_MAX + PAGING_MAX);
            let range = TimeRange { start, end: Timestamp(i64::MAX) };
            Page { range, before: None, limit: 5 + self.tenant.records.len() % 60, begun: self.now }
        });
        let answer = self.search(page.range, &page);
        let before = page.before;
        let want = self.tenant.matching(|record| {
            page.range.contains(record.position.time) && before.is_none_or(|before| record.position < before)
        });
        let rest = want.len().saturating_sub(page.limit);
        check(&answer, &want[..want.len() - rest], self.tenant);
        // Behind a full page there may be more, as far as was read.
        let may_follow = answer.next.is_some();
        assert!(may_follow || rest == 0, "{rest} records are left");
        assert!(!may_follow || answer.records.len() == page.limit, "a page that is not full is the last one");
        self.tenant.page = answer.next.map(|next| Page { before: Some(next), ..page });
    }

    /// What has arrived since the last look, whatever its time.
    pub(super) fn follow(&mut self) {
        let after = self.tenant.followed;
        let request = SearchRequest {
            filter: self.tenant.filter.clone(),
            range: TimeRange::ALL,
            limit: 100_000,
            before: None,
            after_sequence: Some(after),
        };
        let answer = search(&self.store.snapshot(self.tenant.id), &request, &patient_guard()).unwrap();
        let want = self.tenant.matching(|record| record.position.sequence > after);
        check(&answer, &want, self.tenant);
        self.tenant.followed_records += answer.records.len();
        self.tenant.followed = self.tenant.records.last().map_or(after, |sent| sent.record.position.sequence);
    }

    /// Counts over all that is kept: by hour and level, and by user.
    pub(super) fn look_back(&mut self) {
        let range = self.kept_range();
        let snapshot = self.store.snapshot(self.tenant.id);
        let want = self.tenant.matching(|record| range.contains(record.position.time));
        let bucket = Duration::from_secs(3_600);
        let range = TimeRange { end: self.now.saturating_add(bucket), ..range };
        let request = HistogramRequest { filter: self.tenant.filter.clone(), range, bucket };
        let answer = histogram(&snapshot, &request, &patient_guard()).unwrap();
        assert_eq!((answer.matched, answer.cut_short), (want.len() as u64, None), "{}", self.tenant.query);
        for found in &answer.buckets {
            let is_in = |record: &&&LogRecord| {
                let hour = i64::try_from(bucket.as_nanos()).unwrap();
                record.position.time.0.div_euclid(hour) * hour == found.start.0
            };
            assert_eq!(found.count, want.iter().filter(is_in).count() as u64);
        }
        let (_, pipes) = search_lang::parse_pipeline("| stats count() as n by user", NOW).unwrap();
        let filter = self.tenant.filter.clone();
        let request = PipelineRequest { filter, pipes, range, rows_max: 1_000, now: self.now };
        let answer = pipeline(&snapshot, &request, &patient_guard()).unwrap();
        let PipelineRows::Table { rows, .. } = &answer.rows else { panic!("a table is expected") };
        let mut found: Vec<(String, String)> = rows.iter().map(|row| (shown(&row[0]), shown(&row[1]))).collect();
        found.sort();
        let mut users: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
        for record in want {
            *users.entry(record.attribute("user").unwrap().to_string()).or_default() += 1;
        }
        let users: Vec<(String, String)> =
            users.into_iter().map(|(user, count)| (user, Value::Int(count).to_string())).collect();
        assert_eq!(found, users, "{}", self.tenant.query);
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Value(value) => value.to_string(),
        other => panic!("{other:?}"),
    }
}
