use crate::tests::world::{NOW, check, record, record_with, text};
use basics::Timestamp;
use model::{LogRecord, Severity, TraceId, Value};

#[test]
fn numbers_are_compared_whatever_their_type() {
    let records = [
        record_with(&[("code", Value::Int(404))]),
        record_with(&[("code", Value::Double(404.5))]),
        record_with(&[("code", text("405"))]),
        record_with(&[("code", text("many"))]),
        record_with(&[("code", Value::Bool(true))]),
        record_with(&[("code", Value::Array(vec![Value::Int(500)]))]),
        record_with(&[]),
    ];
    check("code>404", &records, &[1, 2]);
    check("code>=404", &records, &[0, 1, 2]);
    check("code<404.5", &records, &[0]);
    check("code<=404.5", &records, &[0, 1]);
    check("code:[404 TO 405}", &records, &[0, 1]);
    check("NOT code>404", &records, &[0, 3, 4, 5, 6]);
}

#[test]
fn texts_are_compared_by_code_point_and_numbers_are_no_texts() {
    let records = [
        record_with(&[("version", text("v1.2"))]),
        record_with(&[("version", text("v1.10"))]),
        record_with(&[("version", text("é"))]),
        record_with(&[("version", Value::Int(9))]),
    ];
    check("version>v1.10", &records, &[0, 2]);
    check("version<=v1.10", &records, &[1]);
    check(r#"version>"0""#, &records, &[0, 1, 2]);
}

#[test]
fn levels_are_compared_by_their_rank() {
    let mut records = vec![record("x"); 4];
    for (record, severity) in records.iter_mut().zip([0, 9, 16, 17]) {
        record.severity = Severity(severity);
    }
    check("level>=warn", &records, &[2, 3]);
    check("level>warn", &records, &[3]);
    check("level<error", &records, &[1, 2]);
    check("NOT level>=warn", &records, &[0, 1]);
}

#[test]
fn times_are_compared_wherever_they_stand_in_the_query() {
    let mut records = vec![record("x"); 3];
    for (record, minutes) in records.iter_mut().zip([0, 10, 20]) {
        record.position.time = Timestamp(NOW.0 - minutes * 60_000_000_000);
    }
    check("time>=-10m", &records, &[0, 1]);
    check("time>-10m", &records, &[0]);
    check("time<=-10m x", &records, &[1, 2]);
    check("time<-10m OR time>-1m", &records, &[0, 2]);
    check("NOT time:[-15m TO -5m]", &records, &[0, 2]);
    check("(time<-5m) (time>-15m)", &records, &[1]);
}

#[test]
fn ids_and_bodies_are_compared_as_texts_and_as_the_numbers_they_are() {
    let records = [
        LogRecord { trace_id: TraceId::new([1; 16]), ..record("10") },
        LogRecord { trace_id: TraceId::new([0xff; 16]), ..record("9") },
        LogRecord { body: Value::Int(10), ..record("") },
    ];
    check("trace_id>ab", &records, &[1]);
    check("trace_id>5", &records, &[0]);
    check("body>9", &records, &[0, 2]);
    check(r#"body>"9""#, &records, &[]);
}
