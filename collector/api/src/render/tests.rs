use super::*;
use basics::Timestamp;
use model::{RecordPosition, Severity, Stream};
use std::sync::Arc;

fn sample() -> LogRecord {
    LogRecord {
        position: RecordPosition { time: Timestamp::from_seconds(1), sequence: u64::MAX },
        observed: Timestamp::from_seconds(2),
        severity: Severity(17),
        severity_text: "".into(),
        body: Value::Str("disk full".into()),
        trace_id: None,
        span_id: "00f067aa0ba902b7".parse().ok(),
        flags: 0,
        event_name: "".into(),
        dropped_attributes: 0,
        attributes: vec![
            ("n".into(), Value::Int(i64::MAX)),
            ("n".into(), Value::Double(f64::NAN)),
            ("b".into(), Value::Bytes(Box::new([1, 2]))),
        ],
        stream: Arc::new(Stream {
            resource: vec![("service.name".into(), Value::Str("shop".into()))],
            ..Stream::default()
        }),
    }
}

#[test]
fn a_record_shows_what_was_sent_and_nothing_else() {
    let want = json!({
        "time": "1970-01-01T00:00:01Z",
        "time_unix_nano": "1000000000",
        "observed_time": "1970-01-01T00:00:02Z",
        "sequence": "18446744073709551615",
        "level": "error",
        "severity_number": 17,
        "service": "shop",
        "body": "disk full",
        "span_id": "00f067aa0ba902b7",
        "attributes": { "n": i64::MAX, "b": "AQI=" },
        "attributes_repeated": [{ "key": "n", "value": "NaN" }],
        "resource": { "service.name": "shop" },
    });
    assert_eq!(record(&sample()), want);
}
