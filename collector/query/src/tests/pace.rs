//! How soon a query notices that it must stop, whatever it is doing. Work is counted, not time.

use super::world::{LookingClock, NOW, record, record_with, request_of, snapshot_of, text};
use crate::{QueryGuard, search};
use basics::MemoryBudget;
use model::{LogRecord, Stream, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often the guard looks while a query that matches nothing runs.
fn looks(query: &str, records: &[LogRecord]) -> u64 {
    let clock = Arc::new(LookingClock { looks: AtomicU64::new(0), at_look: Box::new(|_| ()) });
    let guard = QueryGuard::new(clock.clone(), Duration::MAX, Arc::default(), MemoryBudget::new(1 << 30));
    let filter = search_lang::parse(query, NOW).unwrap();
    let answer = search(&snapshot_of(records), &request_of(filter), &guard).unwrap();
    assert_eq!(answer.matched, 0, "{query}");
    clock.looks.load(Ordering::Relaxed)
}

#[test]
fn long_texts_are_looked_up_from_wherever_they_are() {
    let long = "é".repeat(100_000);
    let records = |make: &dyn Fn(&str) -> LogRecord| vec![make(&long); 20];
    let bodies = records(&|long| record(long));
    let attributes = records(&|long| record_with(&[("a", text(long))]));
    let rare = records(&|long| record_with(&[("a", Value::Int(1)), ("a", text(long))]));
    let lists = records(&|long| record_with(&[("a", Value::Array(vec![text(long)]))]));
    for (query, records) in [
        ("à", &bodies),
        ("body:à", &bodies),
        ("à", &attributes),
        ("a:à", &attributes),
        ("à", &rare),
        ("à", &lists),
        ("a:à", &lists),
        ("a=à", &attributes),
        ("a>ü", &attributes),
        ("body<a", &bodies),
    ] {
        let looks = looks(query, records);
        assert!(looks >= 20, "{query}: {looks} looks at 20 long texts");
    }
}

#[test]
fn many_conditions_are_looked_up_from() {
    let records = vec![record_with(&[("a", Value::Int(1)), ("b", Value::Double(0.5)), ("c", text("x"))]); 1_000];
    for condition in ["a=2", "b>1", "a:2", "c=y", "level=error", "trace_id:*", "d:*", "service:x", "event_name:*"] {
        let query = vec![condition; 600].join(" OR ");
        let looks = looks(&query, &records);
        assert!(looks >= 6, "{condition}: {looks} looks for 600,000 comparisons");
    }
}

#[test]
fn streams_are_looked_up_from() {
    let mut records = vec![record("x"); 8];
    for (index, record) in records.iter_mut().enumerate() {
        let name = format!("{index}{}", "é".repeat(50_000));
        record.stream = Arc::new(Stream {
            resource: vec![("service.name".into(), text(&name)), ("a".into(), Value::Array(vec![text(&name)]))],
            ..Stream::default()
        });
    }
    for query in ["service:à", "a:à", "service.name:à"] {
        assert!(looks(query, &records) >= 8, "{query}");
    }
}
