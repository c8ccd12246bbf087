use super::*;
use model::{LogRecord, RecordPosition, Value};
use testkit::allocation::{Counting, measure};
use testkit::log_batch::log_batch_of;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A record with so many attributes, whose keys no other record has.
fn record(number: usize, keys: usize) -> LogRecord {
    let time = Timestamp(i64::try_from(number).unwrap());
    LogRecord {
        position: RecordPosition { time, sequence: 0 },
        observed: time,
        severity: Severity(0),
        severity_text: "".into(),
        body: Value::Str("".into()),
        trace_id: None,
        span_id: None,
        flags: 0,
        event_name: "".into(),
        dropped_attributes: 0,
        attributes: (0..keys).map(|key| (format!("{number}.{key}").into(), Value::Int(1))).collect(),
        stream: Arc::new(Stream::default()),
    }
}

#[test]
fn a_batch_numbers_the_keys_that_its_records_use_and_no_other() {
    let records: Vec<LogRecord> = (0..100).map(|number| record(number, 7)).collect();
    let batch = log_batch_of(&records);
    let mut numbers = KeyNumbers::new(batch.attributes.keys.len());
    for rows in [vec![0], vec![5, 3, 5], vec![], vec![99, 0]] {
        let mut entries = attribute_entries(&batch.attributes, &mut numbers, rows.iter().copied());
        let distinct: std::collections::BTreeSet<usize> = rows.iter().copied().collect();
        assert_eq!(entries.key("a new one") as usize, 7 * distinct.len(), "{rows:?}");
    }
}

/// A request may bring a million keys and make dozens of batches; each of them costs what is in it.
#[test]
fn the_keys_of_a_request_do_not_cost_each_of_its_batches() {
    const BATCHES: usize = 6;
    const KEYS: u32 = 8;
    let count = u32::try_from(BATCHES * BATCH_RECORDS_MAX).unwrap();
    let records: Vec<LogRecord> = (0..count).map(|number| record(number as usize, 0)).collect();
    let mut batch = log_batch_of(&records);
    let entries = (count * KEYS) as usize;
    let mut text = TextColumn::default();
    (0..entries).for_each(|_| text.push(""));
    batch.attributes = model::AttributeRows {
        keys: (0..entries).map(|number| number.to_string().into()).collect(),
        ends: (1..=count).map(|record| record * KEYS).collect(),
        key: (0..count * KEYS).collect(),
        kind: vec![model::ValueKind::Int; entries],
        bits: vec![1; entries],
        text,
    };
    let (tenant, received) = (TenantId(16), Timestamp(0));
    let new = NewLogs { tenant, position: 1, received, batch, ordinals: None, reservation: None };
    let layout = crate::columns::layout();
    let mut table = StreamTable::default();
    let (batches, taken) = measure(|| assemble(&layout, &mut table, new).len());
    assert_eq!(batches, BATCHES);
    // 14 MiB; it is 34 when each batch numbers the keys of all.
    assert!(taken.peak_bytes < 20 << 20, "{taken:?}");
}
