//! Requests made to hurt: the right answer, little memory, and everybody else is served.

use super::harness::{Answer, EXPORT, Harness, JSON, PROTOBUF, encoded_request, grpc_frame, gzip, post, record};
use basics::MIB;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use testkit::allocation::{Counting, measure};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the whole of a small attack may take. Reading, decompressing and surveying run on the thread that is measured.
const ATTACK_BYTES_MAX: u64 = 32 * MIB;

/// A nested protobuf message.
fn nest(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

/// A request with one resource and scope around `records`.
fn around(records: &[u8]) -> Vec<u8> {
    nest(0x0a, &nest(0x12, records))
}

/// What a hostile request hears, with its memory measured, while a bystander is served.
struct Attack {
    house: Harness,
    runtime: tokio::runtime::Runtime,
}

impl Attack {
    fn begin() -> Attack {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let house = runtime.block_on(async { Harness::start() });
        Attack { house, runtime }
    }

    #[track_caller]
    fn answer(&self, send: impl Future<Output = Answer>) -> Answer {
        let (answer, taken) = measure(|| self.runtime.block_on(send));
        assert!(taken.peak_bytes <= ATTACK_BYTES_MAX, "{taken:?}");
        answer
    }

    /// Sends a body over HTTP: its status.
    #[track_caller]
    fn http(&self, kind: &str, coding: &str, body: Vec<u8>) -> Answer {
        self.answer(self.house.post(&[("content-type", kind), ("content-encoding", coding)], body))
    }

    /// Sends a message over gRPC: its status.
    #[track_caller]
    fn grpc(&self, message: &[u8], encoding: Option<&str>) -> String {
        self.answer(self.house.export(message, encoding)).grpc_status().to_owned()
    }

    /// Others are served, and nothing stays reserved but what the store holds of them.
    fn end(self) {
        self.runtime.block_on(async {
            let bystander = encoded_request(vec![record("bystander")]);
            assert_eq!(self.house.export(&bystander, None).await.grpc_status(), "0");
            assert_eq!(self.house.found("bystander").await, ["bystander"]);
            assert!(self.house.used_memory() < MIB, "{} bytes", self.house.used_memory());
        });
        drop(self.house);
    }
}

#[test]
fn two_million_empty_records_in_four_kilobytes_are_too_large() {
    let body = around(&[0x12, 0x00].repeat(2_000_000));
    let packed = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, &body).unwrap();
        encoder.finish().unwrap()
    };
    assert!(packed.len() < 6_000, "{} bytes", packed.len());
    let json = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}{{}}]}}]}}]}}"#, "{},".repeat(1_999_999));
    let attack = Attack::begin();
    assert_eq!(attack.http(PROTOBUF, "gzip", packed.clone()).status, 413);
    assert_eq!(attack.http(JSON, "gzip", gzip(json.as_bytes())).status, 413);
    assert_eq!(attack.grpc(&packed, Some("gzip")), "8");
    let zstd = zstd::encode_all(&body[..], 19).unwrap();
    assert_eq!(attack.http(PROTOBUF, "zstd", zstd).status, 413);
    attack.end();
}

#[test]
fn many_attacks_at_once_leave_room_for_others() {
    let packed = gzip(&around(&[0x12, 0x00].repeat(2_000_000)));
    let attack = Attack::begin();
    attack.runtime.block_on(async {
        let hostile = async {
            for _ in 0..8 {
                assert_eq!(attack.house.export(&packed, Some("gzip")).await.grpc_status(), "8");
            }
        };
        let good = async {
            for number in 0..20 {
                let request = encoded_request(vec![record(&format!("served {number}"))]);
                assert_eq!(attack.house.export(&request, None).await.grpc_status(), "0");
            }
        };
        tokio::join!(hostile, good);
        assert_eq!(attack.house.found("served").await.len(), 20);
    });
    attack.end();
}

#[test]
fn nesting_without_end_rejects_the_record_or_refuses_the_text() {
    let value = (0..20_000).fold(vec![0x18, 1], |inner: Vec<u8>, _| nest(0x2a, &nest(0x0a, &inner)));
    let deep = around(&[nest(0x12, &nest(0x2a, &value)), nest(0x12, &[])].concat());
    let attack = Attack::begin();
    let partial = attack.http(PROTOBUF, "identity", deep.clone()).protobuf().partial_success.unwrap();
    assert_eq!(partial.rejected_log_records, 1);
    assert!(partial.error_message.contains("nested"), "{partial:?}");
    assert_eq!(attack.grpc(&deep, None), "0");
    for opener in ["[", "{\"a\":", "{\"resourceLogs\":[", "{\"resourceLogs\":[{\"scopeLogs\":["] {
        let answer = attack.http(JSON, "gzip", gzip(format!("{{\"a\":{}", opener.repeat(500_000)).as_bytes()));
        assert_eq!(answer.status, 400, "{opener}");
    }
    let groups = vec![0x0b; 1_000_000];
    assert_eq!(attack.http(PROTOBUF, "gzip", gzip(&groups)).status, 400);
    attack.end();
}

#[test]
fn over_long_ids_reject_their_records_alone() {
    let bad =
        |trace: usize, span: usize| LogRecord { trace_id: vec![1; trace], span_id: vec![1; span], ..record("bad") };
    let records = vec![record("bystander"), bad(17, 0), bad(0, 9), bad(900_000, 0), bad(0, 900_000), bad(16, 7)];
    let attack = Attack::begin();
    let partial = attack.http(PROTOBUF, "identity", encoded_request(records)).protobuf().partial_success.unwrap();
    assert_eq!(partial.rejected_log_records, 5);
    let long = "f".repeat(1_000_000);
    let json = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"traceId":"{long}"}},{{"spanId":"{long}"}},{{}}]}}]}}]}}"#
    );
    assert_eq!(attack.http(JSON, "identity", json.into_bytes()).json()["partialSuccess"]["rejectedLogRecords"], "2");
    attack.runtime.block_on(async {
        assert_eq!(attack.house.found("bystander").await.len(), 1);
        let account = attack.house.account().await;
        assert_eq!(account["rejected"], serde_json::json!({ "bad_trace_id": 3, "bad_span_id": 4 }));
    });
}

#[test]
fn lengths_that_lie_are_invalid_and_reserve_nothing() {
    let attack = Attack::begin();
    for lie in [1u64 << 20, 1 << 32, u64::MAX] {
        let mut message = vec![0x0a];
        prost::encoding::encode_varint(lie, &mut message);
        for body in
            [message.clone(), nest(0x0a, &message), nest(0x0a, &nest(0x12, &[&[0x12][..], &message[1..]].concat()))]
        {
            assert_eq!(attack.http(PROTOBUF, "identity", body.clone()).status, 400);
            assert_eq!(attack.grpc(&body, None), "3");
        }
    }
    for length in [5u32, 60 << 20] {
        let mut frame = grpc_frame(b"", false).to_vec();
        frame[1..5].copy_from_slice(&length.to_be_bytes());
        let request = post(EXPORT, &[("content-type", "application/grpc")], frame);
        assert_eq!(attack.answer(attack.house.otlp(request)).grpc_status(), "3", "{length} bytes are claimed");
    }
    let frame = [&[0, 0xff, 0xff, 0xff, 0xff][..], b"x"].concat();
    let request = post(EXPORT, &[("content-type", "application/grpc")], frame);
    assert_eq!(attack.answer(attack.house.otlp(request)).grpc_status(), "8");
    let claims = [("content-type", PROTOBUF), ("content-length", "66000000")];
    assert_eq!(attack.answer(attack.house.post(&claims, "x")).status, 400);
    let claims = [("content-type", PROTOBUF), ("content-length", "68000000")];
    assert_eq!(attack.answer(attack.house.post(&claims, "x")).status, 413);
    attack.end();
}

#[test]
fn requests_that_grow_when_they_are_decoded_are_too_large() {
    let name = nest(0x0a, &[nest(0x0a, b"k"), nest(0x12, &nest(0x0a, &[b'v'; 100_000]))].concat());
    let scopes = nest(0x12, &[0x12, 0x00]).repeat(10_000);
    let attributes = nest(0x12, &[0x32, 0x00].repeat(1_000)).repeat(10_000);
    let attack = Attack::begin();
    for (what, body) in [
        ("one resource under many scopes", nest(0x0a, &[nest(0x0a, &name), scopes].concat())),
        ("envelopes", [0x0a, 0x00].repeat(1_000_000)),
        ("attributes", around(&attributes)),
    ] {
        let answer = attack
            .runtime
            .block_on(attack.house.post(&[("content-type", PROTOBUF), ("content-encoding", "gzip")], gzip(&body)));
        assert_eq!(answer.status, 413, "{what}");
    }
    attack.end();
}

#[test]
fn the_most_records_that_are_taken_are_paid_for() {
    let attack = Attack::begin();
    let packed = gzip(&around(&[0x12, 0x00].repeat(262_144)));
    assert!(packed.len() < 3_000, "{} bytes", packed.len());
    assert_eq!(attack.grpc(&packed, Some("gzip")), "0");
    attack.runtime.block_on(async {
        attack.house.wait_until_stored().await;
        assert_eq!(attack.house.account().await["stored"], 262_144);
        let used = attack.house.used_memory();
        assert!((8 * MIB..48 * MIB).contains(&used), "{used}");
    });
}

#[test]
fn a_bomb_of_any_coding_takes_a_small_multiple_of_the_limit() {
    // A quarter of what is left to requests is the limit: 6 MiB.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let house = runtime.block_on(async { Harness::with_memory(32 * MIB) });
    let zeroes = vec![0; 200 << 20];
    for (coding, bomb) in [("gzip", gzip(&zeroes)), ("zstd", zstd::encode_all(&zeroes[..], 3).unwrap())] {
        let headers = [("content-type", PROTOBUF), ("content-encoding", coding)];
        let (answer, taken) = measure(|| runtime.block_on(house.post(&headers, bomb)));
        assert_eq!(answer.status, 413, "{coding}");
        assert!(taken.peak_bytes < 20 * MIB, "{coding}: {taken:?}");
    }
    assert_eq!(house.used_memory(), 0);
}
