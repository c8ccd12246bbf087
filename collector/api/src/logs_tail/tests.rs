use super::*;
use basics::Timestamp;
use model::{LogRecord, RecordPosition, Severity, Stream, Value};

fn record(sequence: u64, body: &str) -> LogRecord {
    LogRecord {
        position: RecordPosition { time: Timestamp(1), sequence },
        observed: Timestamp(1),
        severity: Severity(9),
        severity_text: "".into(),
        body: Value::Str(body.into()),
        trace_id: None,
        span_id: None,
        flags: 0,
        event_name: "".into(),
        dropped_attributes: 0,
        attributes: Vec::new(),
        stream: Arc::new(Stream::default()),
    }
}

fn answer(records: Vec<LogRecord>) -> TailAnswer {
    let next = records.last().map(|record| record.position.sequence);
    TailAnswer { records, next, ..TailAnswer::default() }
}

fn look_of(answer: TailAnswer, memory_bytes: u64) -> (String, Option<u64>, bool) {
    match arrived(answer, MemoryBudget::new(memory_bytes)) {
        Look::Arrived { text, next, has_more } => {
            (String::from_utf8(text.unwrap_or_default().to_vec()).unwrap(), next, has_more)
        }
        Look::Replaying | Look::Begun { .. } => panic!("records are expected"),
    }
}

#[test]
fn a_record_is_an_event_of_one_line_with_its_sequence() {
    let (text, next, has_more) = look_of(answer(vec![record(7, "two\nlines")]), 1 << 20);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines.len(), next, has_more), ("id: 7", 3, Some(7), false), "{text}");
    assert!(lines[1].starts_with("data: {") && lines[1].contains("two\\nlines"), "{text}");
}

#[test]
fn what_was_missed_stands_before_what_came() {
    let (text, ..) = look_of(TailAnswer { missed: 5, ..answer(vec![record(7, "x")]) }, 1 << 20);
    assert!(text.starts_with("event: missed\ndata: {\"reason\":\"too_slow\",\"records\":5}\n\nid: 7\n"), "{text}");
    let cut = TailAnswer { cut_short: Some(CutShort::Deadline), next: Some(9), ..TailAnswer::default() };
    let (text, next, _) = look_of(cut, 1 << 20);
    assert_eq!(
        (text.as_str(), next),
        ("event: missed\nid: 9\ndata: {\"reason\":\"deadline\",\"records\":null}\n\n", Some(9))
    );
}

#[test]
fn a_chunk_ends_behind_the_record_that_fills_it() {
    let long = "x".repeat(TAIL_CHUNK_BYTES);
    let (text, next, has_more) = look_of(answer(vec![record(7, &long), record(8, "y")]), 1 << 30);
    assert_eq!((text.matches("id: ").count(), next, has_more), (1, Some(7), true));
    // The last one is the end of the look.
    let (_, next, has_more) = look_of(answer(vec![record(7, &long)]), 1 << 30);
    assert_eq!((next, has_more), (Some(7), false));
}

#[test]
fn what_there_is_no_memory_for_comes_later() {
    let (text, next, has_more) = look_of(answer(vec![record(7, "x"), record(9, &"y".repeat(2_000))]), 1_000);
    assert_eq!((text.matches("id: ").count(), next, has_more), (1, Some(7), false));
    let (text, next, _) = look_of(answer(vec![record(7, &"y".repeat(2_000))]), 1_000);
    assert_eq!((text.as_str(), next), ("", Some(6)));
}
