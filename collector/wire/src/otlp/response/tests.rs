use super::{Detail, FieldViolation, PartialSuccess, Status, logs_success_json, logs_success_protobuf};
use std::time::Duration;

#[test]
fn bytes_are_those_of_the_definitions() {
    let partial = PartialSuccess { rejected: 3, message: "no".to_owned() };
    assert_eq!(logs_success_protobuf(&partial), b"\x0a\x06\x08\x03\x12\x02no");
    let status = Status { code: 8, message: "later".to_owned(), details: vec![] };
    assert_eq!(status.to_protobuf(), b"\x08\x08\x12\x05later");
    let status = Status { details: vec![Detail::RetryInfo(Duration::new(1, 5))], ..Status::default() };
    let any = [b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x06".as_slice(), b"\x0a\x04\x08\x01\x10\x05"];
    assert_eq!(status.to_protobuf(), [b"\x1a\x32".as_slice(), &any.concat()].concat());
}

#[test]
fn a_status_comes_back_as_it_was() {
    for status in [
        Status::default(),
        Status { code: -1, message: "odd".to_owned(), details: vec![] },
        Status {
            code: 14,
            message: "é".repeat(100),
            details: vec![
                Detail::RetryInfo(Duration::ZERO),
                Detail::RetryInfo(Duration::new(u64::from(u32::MAX), 999_999_999)),
                Detail::BadRequest(vec![]),
                Detail::BadRequest(vec![
                    FieldViolation { field: String::new(), description: "a".to_owned() },
                    FieldViolation { field: "b".to_owned(), description: "c".repeat(1_000) },
                ]),
            ],
        },
    ] {
        assert_eq!(Status::from_protobuf(&status.to_protobuf()), Ok(status));
    }
}

#[test]
fn details_of_other_types_are_passed_over() {
    let bytes = b"\x08\x05\x1a\x09\x0a\x05other\x12\x00";
    assert_eq!(Status::from_protobuf(bytes).unwrap(), Status { code: 5, ..Status::default() });
    assert!(Status::from_protobuf(b"\x1a\x7f").is_err());
}

#[test]
fn json_is_sound_for_any_text() {
    let message: String = (0u8..=0x7f).map(char::from).chain("é\u{2028}😀".chars()).collect();
    let partial = PartialSuccess { rejected: 0, message: message.clone() };
    let json: serde_json::Value = serde_json::from_str(&logs_success_json(&partial)).unwrap();
    assert_eq!(json["partialSuccess"]["errorMessage"], message);
    let status = Status { code: 0, message: message.clone(), details: vec![] };
    let json: serde_json::Value = serde_json::from_str(&status.to_json()).unwrap();
    assert_eq!(json, serde_json::json!({ "message": message }));
}

#[test]
fn delays_are_written_as_protobuf_durations_in_json() {
    for (delay, text) in
        [(Duration::from_secs(2), "2s"), (Duration::from_millis(250), "0.250s"), (Duration::new(1, 1), "1.000000001s")]
    {
        let status = Status { details: vec![Detail::RetryInfo(delay)], ..Status::default() };
        let json: serde_json::Value = serde_json::from_str(&status.to_json()).unwrap();
        assert_eq!(json["details"][0]["retryDelay"], text);
    }
}
