use super::world::{
    LookingClock, NOW, TENANT, exact, guard_of, new_logs, patient_guard, record, request_of, sealed_snapshot_of,
    snapshot_of, store_with_parts,
};
use crate::limits::{FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX};
use crate::{
    CutShort, HistogramRequest, PipelineRequest, PipelineRows, QueryError, QueryGuard, SearchRequest, histogram,
    pipeline, search,
};
use basics::{ErrorClass, MemoryBudget, Timestamp};
use log_store::{LogSnapshot, LogStore, NewLogs};
use model::{Field, Filter, LogRecord, Term, TextTarget, TimeRange};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::log_batch::log_batch_of;

/// Times count up from 1.
fn snapshot_of_count(count: i64) -> LogSnapshot {
    let records: Vec<LogRecord> = (1..=count)
        .map(|time| {
            let mut record = record("a line");
            record.position.time = Timestamp(time);
            record
        })
        .collect();
    snapshot_of(&records)
}

#[test]
fn a_search_whose_time_is_up_gives_what_it_found_and_says_so() {
    let snapshot = snapshot_of_count(5_000);
    let request = request_of(Filter::All);
    let answer = search(&snapshot, &request, &guard_of(1, 1 << 30)).unwrap();
    assert_eq!((answer.records.len(), answer.scanned, answer.cut_short), (0, 0, Some(CutShort::Deadline)));
    let resumed = SearchRequest { before: answer.next, limit: 1, ..request.clone() };
    let answer = search(&snapshot, &resumed, &patient_guard()).unwrap();
    assert_eq!(answer.records[0].position.time, Timestamp(5_000), "nothing is lost between the two");

    let rare = SearchRequest { filter: Filter::Exists(Field::SpanId), ..request };
    let answer = search(&snapshot, &rare, &guard_of(3, 1 << 30)).unwrap();
    assert_eq!(answer.cut_short, Some(CutShort::Deadline));
    assert!((1_000..4_000).contains(&answer.scanned), "{} records scanned", answer.scanned);
    let next = answer.next.expect("more may follow").time;
    let want = Timestamp(5_000).saturating_sub(Duration::from_nanos(answer.scanned));
    assert_eq!(next, want, "the next page goes on where this one ended");
}

#[test]
fn a_search_whose_caller_is_gone_ends_without_an_answer() {
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let told = is_cancelled.clone();
    let clock = Arc::new(LookingClock {
        looks: AtomicU64::new(0),
        at_look: Box::new(move |look| told.store(look == 2, Ordering::Relaxed)),
    });
    let guard = || {
        let memory = MemoryBudget::new(1 << 30);
        QueryGuard::new(clock.clone(), Duration::MAX, is_cancelled.clone(), memory)
    };
    let snapshot = snapshot_of_count(5_000);
    let error = search(&snapshot, &request_of(Filter::Exists(Field::SpanId)), &guard()).unwrap_err();
    assert_eq!(error, QueryError::Cancelled);
    assert_eq!(clock.looks.load(Ordering::Relaxed), 2, "it ended at the next look");
    let request = HistogramRequest {
        filter: Filter::All,
        range: TimeRange { start: Timestamp(0), end: Timestamp(10_000) },
        bucket: Duration::from_nanos(100),
    };
    assert_eq!(histogram(&snapshot, &request, &guard()).unwrap_err(), QueryError::Cancelled);
}

#[test]
fn a_search_without_memory_gives_what_fits_and_says_so() {
    let snapshot = snapshot_of_count(500);
    let request = request_of(Filter::All);
    let answer = search(&snapshot, &request, &guard_of(1 << 30, 0)).unwrap();
    assert_eq!((answer.records.len(), answer.cut_short), (0, Some(CutShort::Memory)));
    let answer = search(&snapshot, &request, &guard_of(1 << 30, 100_000)).unwrap();
    let count = i64::try_from(answer.records.len()).unwrap();
    assert!((10..400).contains(&count), "{count} records in 100 kB");
    assert_eq!(answer.cut_short, Some(CutShort::Memory));
    let next = answer.next.expect("more may follow");
    assert_eq!(next.time, Timestamp(500 - count + 1), "behind the last one given");
}

#[test]
fn an_answer_is_charged_as_long_as_it_is_held() {
    let budget = MemoryBudget::new(1 << 30);
    let clock = Arc::new(LookingClock { looks: AtomicU64::new(0), at_look: Box::new(|_| ()) });
    let guard = QueryGuard::new(clock, Duration::MAX, Arc::default(), budget.clone());
    let snapshot = snapshot_of(&[record(&"x".repeat(100_000))]);
    let answer = search(&snapshot, &request_of(Filter::All), &guard).unwrap();
    let held = budget.used_bytes();
    assert!((300_000..310_000).contains(&held), "{held} bytes for a record, its JSON and its text");
    drop(answer);
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn while_a_replay_runs_every_answer_says_so_first() {
    let store = LogStore::new();
    let batch = log_batch_of(&[record("x")]);
    let new = NewLogs { tenant: TENANT, position: 1, received: NOW, batch, ordinals: None, reservation: None };
    store.append(vec![new]);
    store.set_replaying(true);
    let snapshot = store.snapshot(TENANT);
    for guard in [patient_guard(), guard_of(1, 1 << 30), guard_of(1 << 30, 0)] {
        let answer = search(&snapshot, &request_of(Filter::All), &guard).unwrap();
        assert_eq!(answer.cut_short, Some(CutShort::Replaying));
    }
    let nothing = SearchRequest { limit: 0, ..request_of(Filter::All) };
    assert_eq!(search(&snapshot, &nothing, &patient_guard()).unwrap().cut_short, Some(CutShort::Replaying));
    store.set_replaying(false);
    let answer = search(&store.snapshot(TENANT), &request_of(Filter::All), &patient_guard()).unwrap();
    assert_eq!((answer.records.len(), answer.cut_short), (1, None));
}

#[test]
fn a_filter_beyond_the_ceilings_is_refused() {
    let snapshot = snapshot_of_count(3);
    let ask = |filter| search(&snapshot, &request_of(filter), &patient_guard()).map(|answer| answer.records.len());
    let nested = |depth| (0..depth).fold(Filter::Exists(Field::Body), |inner, _| Filter::Not(Box::new(inner)));
    assert_eq!(ask(nested(FILTER_DEPTH_MAX)), Ok(3));
    assert_eq!(ask(nested(FILTER_DEPTH_MAX + 1)), Err(QueryError::FilterTooDeep));
    let many = |count| Filter::And(vec![Filter::Exists(Field::Body); count]);
    assert_eq!(ask(many(FILTER_CONDITIONS_MAX)), Ok(3));
    assert_eq!(ask(many(FILTER_CONDITIONS_MAX + 1)), Err(QueryError::FilterTooLarge));
    assert_eq!(QueryError::FilterTooLarge.class(), ErrorClass::Invalid);
}

#[test]
fn the_deepest_query_of_the_language_is_answered() {
    let snapshot = snapshot_of_count(3);
    let deep = format!("{}line{}", "-(x OR y z OR -(".repeat(32), "))".repeat(32));
    let filter = search_lang::parse(&deep, NOW).unwrap();
    assert!(search(&snapshot, &request_of(filter), &patient_guard()).is_ok());
    let wide = "a OR level:[debug TO error] ".repeat(500);
    let filter = search_lang::parse(&wide, NOW).unwrap();
    assert_eq!(search(&snapshot, &request_of(filter), &patient_guard()).unwrap().matched, 3);
}

#[test]
fn an_empty_store_has_an_answer() {
    let snapshot = LogStore::new().snapshot(TENANT);
    let term = Term { text: "x".into(), is_open_start: false, is_open_end: false };
    let filter = Filter::Text { target: TextTarget::Anywhere, term };
    let answer = search(&snapshot, &request_of(filter), &guard_of(1, 1 << 20)).unwrap();
    assert_eq!((answer.records.len(), answer.cut_short, answer.next), (0, None, None));
}

/// What the index tells takes memory too: without it the texts are read, and the answer is the same or says why not.
#[test]
fn a_search_of_a_part_is_exact_with_however_little_memory() {
    let bodies = ["disk full", "disk 5 full", "user 7 left", "disk gone", "the end", "fully", "full", "no", "full 3"];
    let records: Vec<LogRecord> = bodies.iter().map(|body| record(body)).collect();
    let snapshot = sealed_snapshot_of(&records);
    let term = Term { text: "full".into(), is_open_start: false, is_open_end: false };
    let filter = Filter::Text { target: TextTarget::Anywhere, term };
    let request = HistogramRequest {
        filter,
        range: TimeRange { start: Timestamp(NOW.0 - 1), end: Timestamp(NOW.0 + 1) },
        bucket: Duration::from_secs(3_600),
    };
    let counted = |memory_bytes| histogram(&snapshot, &request, &guard_of(1 << 30, memory_bytes)).unwrap();
    let (mut short, mut whole) = (0, 0);
    // Byte by byte around what the row group takes, so that once only what the index tells has no room.
    for memory_bytes in 0..8_000 {
        let answer = counted(memory_bytes);
        match answer.cut_short {
            Some(reason) => {
                assert_eq!(reason, CutShort::Memory);
                short += 1;
            }
            None => {
                assert_eq!(answer.matched, 4, "with {memory_bytes} bytes");
                whole += 1;
            }
        }
    }
    assert!(short > 0 && whole > 0, "{short} {whole}");
}

const TEXT_BYTES: usize = 20_000;

/// Parts of one row group each, whose records take turns in time: whoever goes from the newest to the oldest reads all of
/// them by turns.
fn snapshot_of_parts_by_turns(parts: i64) -> LogSnapshot {
    const RECORDS: i64 = 9;
    let store = store_with_parts();
    for (position, part) in (1..).zip(0..parts) {
        let records: Vec<LogRecord> = (0..RECORDS)
            .map(|turn| {
                let mut record = record(&format!("{} {}", "x".repeat(TEXT_BYTES), turn * parts + part));
                record.position.time = Timestamp(NOW.0 + turn * parts + part);
                record
            })
            .collect();
        store.append(vec![new_logs(position, &records, None)]);
        assert!(store.freeze());
        store.seal().unwrap();
    }
    store.snapshot(TENANT)
}

/// A guard of this much memory, and how much of it is used.
fn guard_with(memory_bytes: u64) -> (QueryGuard, MemoryBudget) {
    let memory = MemoryBudget::new(memory_bytes);
    let clock = Arc::new(LookingClock { looks: AtomicU64::new(0), at_look: Box::new(|_| ()) });
    (QueryGuard::new(clock, Duration::MAX, Arc::default(), memory.clone()), memory)
}

/// Whatever is open when memory ends is closed, and what needed the memory is tried again. So every amount between one row
/// group beside the answer and room for everything gives the whole answer.
#[test]
fn a_search_needs_the_memory_of_its_answer_and_of_one_row_group() {
    const PARTS: i64 = 6;
    let snapshot = snapshot_of_parts_by_turns(PARTS);
    let request = SearchRequest { limit: 8, ..request_of(Filter::All) };
    let (guard, used) = guard_with(1 << 40);
    let whole = search(&snapshot, &request, &guard).unwrap();
    assert_eq!(whole.records.len(), 8);
    let answer_bytes = used.used_bytes();
    let group_bytes = 9 * (TEXT_BYTES as u64 + 300);
    // What a record may take that its texts do not tell is reserved before, and where records were found.
    let least = answer_bytes + group_bytes + group_bytes / 2;
    for memory_bytes in (least..least + u64::try_from(2 * PARTS).unwrap() * group_bytes).step_by(4_096) {
        let (guard, used) = guard_with(memory_bytes);
        let answer = search(&snapshot, &request, &guard).unwrap();
        assert_eq!(answer.cut_short, None, "{memory_bytes} bytes, where {least} suffice");
        assert_eq!(exact(&answer.records), exact(&whole.records));
        drop(answer);
        assert_eq!(used.used_bytes(), 0);
    }
    let (guard, _) = guard_with(group_bytes / 2);
    assert_eq!(search(&snapshot, &request, &guard).unwrap().cut_short, Some(CutShort::Memory));
}

/// The same for pipes, which keep the row groups open that their rows are taken from, and close those that they read.
#[test]
fn pipes_need_the_memory_of_their_rows_and_of_the_row_groups_with_them() {
    const PARTS: i64 = 6;
    let snapshot = snapshot_of_parts_by_turns(PARTS);
    for query in ["| limit 8", "| sort by time desc | limit 8", "| sort by time | limit 8"] {
        let (filter, pipes) = search_lang::parse_pipeline(query, NOW).unwrap();
        let request = PipelineRequest { filter, pipes, range: TimeRange::ALL, rows_max: 100, now: NOW };
        let ask = |guard: &QueryGuard| {
            let answer = pipeline(&snapshot, &request, guard).unwrap();
            let PipelineRows::Records(rows) = &answer.rows else { panic!("{query}: a table") };
            (answer.cut_short, exact(rows), answer)
        };
        let (guard, used) = guard_with(1 << 40);
        let (_, want, answer) = ask(&guard);
        let answer_bytes = used.used_bytes();
        drop(answer);
        let group_bytes = 9 * (TEXT_BYTES as u64 + 300);
        let of_groups = u64::try_from(PARTS).unwrap() * group_bytes;
        let least = answer_bytes + of_groups + group_bytes / 2;
        for memory_bytes in (least..least + 2 * of_groups).step_by(8_192) {
            let (cut_short, rows, _answer) = ask(&guard_with(memory_bytes).0);
            assert_eq!(cut_short, None, "{query}: {memory_bytes} bytes, where {least} suffice");
            assert_eq!(rows, want, "{query}");
        }
    }
}
