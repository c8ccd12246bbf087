use super::*;
use crate::ledger::RefuseReason;
use crate::quota::{Allowance, Quota, QuotaSettings};
use crate::tests::{DAY, NOW, Reply, Setup, Shop, TENANT, bad_record, encoded, record};
use basics::{ErrorClass, KIB, MIB};
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use std::num::NonZeroU64;
use std::time::Duration;
use testkit::faulty_disk::{Call, Fault};
use wal::WalError;
use wire::WireError;
use wire::otlp::logs::RejectReason;

fn at(time: Timestamp) -> LogRecord {
    LogRecord { time_unix_nano: time.0.cast_unsigned(), ..record("timed") }
}

#[test]
fn a_sender_hears_yes_only_after_the_sync() {
    let mut shop = Shop::open(Setup::default());
    let reply = shop.send(vec![record("one"), record("two")]);
    assert!(reply.is_open(), "nothing is durable yet");
    assert_eq!((shop.account().received, shop.ingest.queued_requests()), (0, 0));
    let syncs = shop.setup.disk.calls().iter().filter(|call| **call == Call::Sync).count();
    shop.sync();
    assert!(shop.setup.disk.calls().iter().filter(|call| **call == Call::Sync).count() > syncs);
    assert_eq!(reply.receipt(), Receipt { received: 2, rejected: 0, message: String::new() });
    assert_eq!((shop.account().in_flight, shop.account().stored), (2, 0));
    shop.feed();
    assert_eq!((shop.account().in_flight, shop.account().stored), (0, 2));
    assert_eq!(shop.bodies(), ["one", "two"]);
}

#[test]
fn a_bad_record_is_rejected_alone_with_its_reason_and_its_place() {
    let mut shop = Shop::open(Setup::default());
    let receipt = shop.deliver(vec![record("first"), bad_record(), record("third")]);
    assert_eq!((receipt.received, receipt.rejected), (3, 1));
    assert_eq!(
        receipt.message,
        "1 of 3 records rejected: trace id must have 16 bytes (32 hexadecimal digits) or be absent (record 1)"
    );
    assert_eq!(shop.bodies(), ["first", "third"]);
    assert_eq!(shop.account().rejected, [("bad_trace_id", 1)].into());
}

#[test]
fn reasons_are_told_one_by_one_with_the_first_few_places() {
    let shop = Shop::open(Setup::default());
    let mut records: Vec<LogRecord> = (0..7).map(|_| bad_record()).collect();
    records.push(LogRecord { span_id: vec![1; 9], ..record("") });
    let message = shop.send(records).receipt().message;
    assert!(message.contains("7 of 8 records rejected: trace id"), "{message}");
    assert!(message.contains("(record 0, 1, 2, 3, 4, ...)"), "{message}");
    assert!(message.contains("1 of 8 records rejected: span id") && message.contains("(record 7)"), "{message}");
}

#[test]
fn bad_records_in_json_are_rejected_in_their_order_whoever_finds_them() {
    let mut shop = Shop::open(Setup::default());
    // The text reader finds a bad id, the survey behind it a bad time; both count in one order.
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
        {"body":{"stringValue":"0"},"timeUnixNano":"5"},{"traceId":"xyz"},{"body":{"stringValue":"2"}},
        {"body":{"stringValue":"3"},"timeUnixNano":"5"}]}]}]}"#;
    let reply = shop.send_json(json);
    shop.sync();
    shop.feed();
    let receipt = reply.receipt();
    assert_eq!((receipt.received, receipt.rejected), (4, 3));
    assert!(receipt.message.contains("(record 0, 3)") && receipt.message.contains("(record 1)"), "{receipt:?}");
    assert_eq!(shop.bodies(), ["2"]);
    assert_eq!(shop.account().rejected, [("bad_trace_id", 1), ("too_old", 2)].into());
}

#[test]
fn a_request_with_nothing_to_store_is_answered_at_once_and_leaves_no_entry() {
    let mut shop = Shop::open(Setup::default());
    assert_eq!(shop.send(vec![]).receipt(), Receipt { received: 0, rejected: 0, message: String::new() });
    assert_eq!(shop.send(vec![bad_record(), bad_record()]).receipt().rejected, 2);
    shop.sync();
    assert_eq!(shop.wal.stats().entries, 0);
    assert_eq!((shop.account().received, shop.account().in_flight), (2, 0));
    assert_eq!(shop.budget.used_bytes(), 0);
}

#[test]
fn what_cannot_be_read_is_refused_beside_the_ledger_and_gives_its_memory_back() {
    let shop = Shop::open(Setup::default());
    let broken = shop.admit(shop.request(Format::Protobuf, Coding::Identity, vec![0x0a, 0x7f]));
    assert_eq!(broken.error().class(), ErrorClass::Invalid);
    assert!(matches!(shop.send_json("[").error(), IngestError::Wire(WireError::Json { .. })));
    let account = shop.account();
    assert_eq!(account.received, 0);
    assert_eq!((account.refused["malformed"].requests, account.refused["malformed"].bytes), (2, 3));
    assert_eq!(shop.budget.used_bytes(), 0);
}

#[test]
fn more_records_than_a_request_may_hold_are_too_large() {
    let shop = Shop::open(Setup::default());
    let too_many = vec![LogRecord::default(); RECORDS_MAX as usize + 1];
    assert_eq!(shop.send(too_many).error().class(), ErrorClass::TooLarge);
    assert_eq!(shop.account().refused["too_large"].requests, 1);
    assert_eq!(shop.budget.used_bytes(), 0);
}

#[test]
fn memory_for_the_records_is_taken_before_the_log_has_them() {
    let mut shop = Shop::open(Setup::default());
    let plain = encoded(vec![record(&"x".repeat(10_000)); 10]);
    let length = plain.len() as u64;
    let reply = shop.admit(shop.request(Format::Protobuf, Coding::Identity, plain));
    let reserved = shop.budget.used_bytes();
    assert!(reserved >= length + 100_000, "body and decoded records: {reserved}");
    shop.sync();
    assert_eq!(shop.budget.used_bytes(), reserved, "until the store has them");
    shop.feed();
    reply.receipt();
    let stats = shop.store.stats();
    assert_eq!((shop.budget.used_bytes(), stats.uncharged_bytes), (stats.memory_bytes, 0), "the body is gone");
}

#[test]
fn a_request_that_can_never_fit_is_too_large_and_one_that_may_fit_later_is_not() {
    let mut shop = Shop::open(Setup { memory_bytes: 400 * KIB, ..Setup::default() });
    let records = |bytes: usize| vec![record(&"x".repeat(bytes))];
    let error = shop.send(records(250_000)).error();
    assert!(matches!(error, IngestError::TooLargeForBudget { .. }), "{error}");
    assert_eq!((error.class(), error.refuse_reason()), (ErrorClass::TooLarge, RefuseReason::TooLarge));

    let others = shop.budget.try_reserve(200 * KIB).unwrap();
    let error = shop.send(records(120_000)).error();
    assert!(matches!(error, IngestError::Memory { .. }), "{error}");
    assert_eq!((error.class(), error.refuse_reason()), (ErrorClass::Overloaded, RefuseReason::Memory));
    assert_eq!(shop.budget.used_bytes(), 200 * KIB, "given back");
    drop(others);
    assert_eq!(shop.deliver(records(120_000)).rejected, 0);
    assert_eq!(shop.account().refused.len(), 2);
}

#[test]
fn the_request_limit_is_never_above_a_share_of_the_budget() {
    assert_eq!(Shop::open(Setup { memory_bytes: 8 * MIB, ..Setup::default() }).ingest.request_bytes_max(), 2 * MIB);
    assert_eq!(Shop::open(Setup::default()).ingest.request_bytes_max(), 64 * MIB);
}

#[test]
fn positions_follow_the_order_of_admission_and_ordinals_count_what_is_rejected() {
    let mut shop = Shop::open(Setup::default());
    let replies = [
        shop.send(vec![record("a"), bad_record(), record("b")]),
        shop.send(vec![record("c")]),
        shop.send_json(
            r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"1"},{"body":{"stringValue":"d"}}]}]}]}"#,
        ),
    ];
    shop.sync();
    shop.feed();
    replies.iter().for_each(|reply| drop(reply.receipt()));
    let want = [(1 << 20, "a"), (1 << 20 | 2, "b"), (2 << 20, "c"), (3 << 20 | 1, "d")];
    assert_eq!(shop.stored(), want.map(|(sequence, body)| (sequence, body.to_owned())));
}

#[test]
fn times_are_judged_by_retention_and_clock() {
    let setup = Setup {
        settings: IngestSettings { retention: DAY, ahead_max: Duration::from_secs(60), ..IngestSettings::default() },
        ..Setup::default()
    };
    let mut shop = Shop::open(setup);
    let second = Duration::from_secs(1);
    let receipt = shop.deliver(vec![
        at(NOW.saturating_sub(DAY)),
        at(NOW.saturating_sub(DAY + second)),
        at(NOW.saturating_add(Duration::from_secs(60))),
        at(NOW.saturating_add(Duration::from_secs(61))),
        at(Timestamp(0)),
    ]);
    assert_eq!(receipt.rejected, 2);
    assert_eq!(shop.account().rejected, [("clock_ahead", 1), ("too_old", 1)].into());
    assert_eq!(shop.account().stored, 3, "a record without a time is of now");
}

#[test]
fn oddities_are_told_although_everything_is_taken() {
    let shop = Shop::open(Setup::default());
    let odd = LogRecord {
        severity_number: 99,
        body: Some(AnyValue { value: Some(any_value::Value::StringValueStrindex(3)) }),
        ..record("")
    };
    let reply = shop.send(vec![odd]);
    let mut shop = shop;
    shop.sync();
    let receipt = reply.receipt();
    assert_eq!(receipt.rejected, 0);
    assert!(
        receipt.message.contains("1 string indexes") && receipt.message.contains("1 severity numbers"),
        "{receipt:?}"
    );

    let reply = shop.send_json(r#"{"resource_logs":[]}"#);
    assert!(reply.receipt().message.contains("resource_logs"));
}

#[test]
fn half_a_surrogate_pair_is_told_although_its_record_is_taken() {
    let mut shop = Shop::open(Setup::default());
    let reply = shop.send_json(
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
            {"body":{"stringValue":"half \ud83d"}},{"body":{"stringValue":"whole \ud83d\ude00"}}]}]}]}"#,
    );
    shop.sync();
    shop.feed();
    let want = "1 texts held half a surrogate pair, which is no character; it is replaced by U+FFFD";
    assert_eq!(reply.receipt(), Receipt { received: 2, rejected: 0, message: want.to_owned() });
    assert_eq!(shop.bodies(), ["half \u{fffd}", "whole \u{1f600}"]);
}

/// The log's writer thread books the verdict, and everybody waits for it.
#[test]
fn the_verdict_that_is_booked_is_one_sum_a_reason_however_many_records_are_rejected() {
    let shop = Shop::open(Setup::default());
    let mut records = vec![LogRecord { trace_id: vec![1; 7], ..LogRecord::default() }; 10_000];
    records.extend(vec![LogRecord { span_id: vec![1; 3], ..LogRecord::default() }; 5_000]);
    records.push(record("good"));
    let request = shop.request(Format::Protobuf, Coding::Identity, encoded(records));
    let prepared = shop.ingest.prepare(request).unwrap();
    let sums: Vec<_> = prepared.rejected_sums.iter().collect();
    assert_eq!(sums, [("bad_span_id", 5_000), ("bad_trace_id", 10_000)]);
}

#[test]
fn a_full_log_refuses_and_takes_again_what_is_trimmed() {
    let mut shop = Shop::open(Setup { wal_bytes: 512 * KIB, ..Setup::default() });
    let long = || vec![record(&"x".repeat(60_000))];
    let mut taken = 0;
    let error = loop {
        let reply = shop.send(long());
        shop.sync();
        match reply.take() {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 100, "the log has a budget");
    };
    shop.feed();
    assert_eq!((error.class(), error.refuse_reason()), (ErrorClass::Overloaded, RefuseReason::LogFull));
    assert_eq!(shop.ingest.log_view().limit_bytes, 512 * KIB);
    let account = shop.account();
    assert_eq!((account.stored, account.refused["log_full"].requests), (taken, 1));
    assert_eq!(shop.budget.used_bytes() + shop.store.stats().uncharged_bytes, shop.store.stats().memory_bytes);
    shop.wal.trim(wal::Position(taken + 1)).unwrap();
    assert_eq!(shop.deliver(long()).received, 1);
}

#[test]
fn a_disk_that_is_full_is_told_from_one_that_is_broken() {
    for (fault, reason, condition) in
        [(Fault::Enospc, RefuseReason::LogFull, "disk_full"), (Fault::Eio, RefuseReason::ReadOnly, "read_only")]
    {
        let mut shop = Shop::open(Setup::default());
        assert_eq!(shop.deliver(vec![record("before")]).received, 1);
        shop.setup.disk.fail_from(shop.setup.disk.call_count(), fault);
        let reply = shop.send(vec![record("held back")]);
        shop.sync();
        let error = reply.error();
        assert_eq!((error.class(), error.refuse_reason()), (ErrorClass::Unavailable, reason), "{fault:?}: {error:?}");
        assert_eq!(shop.ingest.log_view().condition, condition);
        assert_eq!(
            shop.send(vec![record("turned away")]).error().refuse_reason(),
            reason,
            "without waiting for the disk"
        );
        assert_eq!(shop.account().refused[reason.name()].requests, 2);
        assert_eq!(shop.account().received, 1);
        shop.setup.disk.fail_no_more();
        shop.wal_writer.probe();
        assert!(shop.ingest.log_view().is_ok());
        shop.deliver(vec![record("again")]);
        assert_eq!(shop.bodies(), ["before", "again"]);
        let stats = shop.store.stats();
        assert_eq!(shop.budget.used_bytes() + stats.uncharged_bytes, stats.memory_bytes, "refused memory came back");
    }
}

#[test]
fn a_collector_that_stops_refuses_and_finishes_what_it_took() {
    let mut shop = Shop::open(Setup::default());
    let taken = shop.send(vec![record("taken")]);
    shop.ingest.stop();
    let error = shop.send(vec![record("late")]).error();
    assert!(matches!(error, IngestError::Stopping));
    assert_eq!((error.class(), error.refuse_reason()), (ErrorClass::Overloaded, RefuseReason::Stopping));
    shop.sync();
    shop.wal.close();
    shop.feed();
    taken.receipt();
    assert_eq!(shop.bodies(), ["taken"]);
    assert_eq!(IngestError::from(WalError::Closed).refuse_reason(), RefuseReason::Stopping);
}

#[test]
fn an_answer_about_a_request_is_never_longer_than_its_ceiling() {
    let survey = Survey {
        received: 262_144,
        rejected: (0..72)
            .map(|ordinal| Rejection { ordinal, reason: RejectReason::ALL[ordinal as usize % RejectReason::ALL.len()] })
            .collect(),
        head_bytes: 0,
        notes: SurveyNotes::default(),
    };
    let endless = "é".repeat(10_000);
    let receipt = receipt(&survey, &[endless]);
    assert!((MESSAGE_BYTES_MAX - 1..=MESSAGE_BYTES_MAX).contains(&receipt.message.len()));
    for reason in RejectReason::ALL {
        assert!(receipt.message.contains(reason.message()), "{}", reason.name());
    }
}

#[test]
fn tenants_have_accounts_of_their_own() {
    let mut shop = Shop::open(Setup::default());
    shop.deliver(vec![record("mine")]);
    let other = TenantId(17);
    let request =
        LogRequest { tenant: other, ..shop.request(Format::Protobuf, Coding::Gzip, encoded(vec![record("theirs")])) };
    let reply = shop.admit(request);
    shop.sync();
    shop.feed();
    reply.receipt();
    let view = shop.ingest.ledger().view();
    assert_eq!((view[&(TENANT, Signal::Logs)].stored, view[&(other, Signal::Logs)].stored), (1, 1));
    assert_eq!(shop.bodies(), ["mine"]);
}

/// A house that lets each tenant send so many bytes a second, and as many at once.
fn setup_with_quota(bytes_per_second: u64) -> Setup {
    let per_second = NonZeroU64::new(bytes_per_second).unwrap();
    let each_tenant = Quota { bytes: Some(Allowance { per_second, burst: bytes_per_second }), records: None };
    let quotas = QuotaSettings { each_tenant, ..QuotaSettings::default() };
    let base = Setup::default();
    Setup { settings: IngestSettings { quotas, ..base.settings.clone() }, ..base }
}

#[test]
fn a_tenant_over_its_quota_is_refused_whole_beside_the_ledger_and_taken_after_the_wait() {
    let one = || vec![record("one"), bad_record()];
    let length = encoded(one()).len() as u64;
    // One request a second.
    let mut shop = Shop::open(setup_with_quota(length));
    assert_eq!(shop.deliver(one()).received, 2);
    shop.clock.pass(Duration::from_millis(250));
    let (used, entries) = (shop.budget.used_bytes(), shop.wal.stats().entries);
    let reply = shop.send(one());
    let error = reply.error();
    assert_eq!((error.class(), error.refuse_reason()), (ErrorClass::Quota, RefuseReason::Quota));
    let IngestError::Quota(over) = error else { panic!("{error}") };
    assert_eq!(over.wait(), Duration::from_millis(750));
    shop.sync();
    shop.feed();
    assert_eq!((shop.budget.used_bytes(), shop.wal.stats().entries), (used, entries), "nothing of it is kept");
    let account = shop.account();
    assert_eq!((account.received, account.stored, account.in_flight), (2, 1, 0));
    assert_eq!((account.refused["quota"].requests, account.refused["quota"].bytes), (1, length));
    assert_eq!(account.rejected, [("bad_trace_id", 1)].into(), "no record of a refused request is counted");

    shop.clock.pass(over.wait() - Duration::from_nanos(1));
    assert!(matches!(shop.send(one()).error(), IngestError::Quota(_)));
    shop.clock.pass(Duration::from_nanos(1));
    assert_eq!(shop.deliver(one()).received, 2);
    assert_eq!(shop.bodies(), ["one", "one"]);
}

#[test]
fn what_a_quota_counts_is_the_body_decompressed_whatever_its_coding_and_format() {
    let text = "x".repeat(5_000);
    let plain = encoded(vec![record(&text)]);
    let json =
        format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{{"stringValue":"{text}"}}}}]}}]}}]}}"#);
    for (format, coding, body) in [
        (Format::Protobuf, Coding::Identity, plain.clone()),
        (Format::Protobuf, Coding::Gzip, plain.clone()),
        (Format::Protobuf, Coding::Zstd, plain),
        (Format::Json, Coding::Gzip, json.into_bytes()),
    ] {
        let length = body.len() as u64;
        let shop = Shop::open(setup_with_quota(2 * length));
        let replies = [(); 3].map(|()| shop.admit(shop.request(format, coding, body.clone())));
        let are_open = replies.each_ref().map(Reply::is_open);
        assert_eq!(are_open, [true, true, false], "{format:?} {coding:?}");
        assert_eq!(shop.account().refused["quota"].bytes, length);
    }
}

#[test]
fn the_tenants_do_not_pay_for_each_other_and_our_own_telemetry_pays_nothing() {
    let plain = || encoded(vec![record("one")]);
    let mut shop = Shop::open(setup_with_quota(plain().len() as u64));
    let send = |tenant| shop.admit(LogRequest { tenant, ..shop.request(Format::Protobuf, Coding::Identity, plain()) });
    let loud: Vec<_> = (0..5).map(|_| send(TENANT)).collect();
    let quiet = send(TenantId(17));
    let own: Vec<_> = (0..5).map(|_| send(TenantId::SELF)).collect();
    shop.sync();
    shop.feed();
    assert_eq!(loud.iter().filter(|reply| reply.take().is_ok()).count(), 1);
    quiet.receipt();
    own.iter().for_each(|reply| drop(reply.receipt()));
    assert_eq!(shop.account().refused["quota"].requests, 4);
    assert!(shop.ingest.ledger().view()[&(TenantId::SELF, Signal::Logs)].refused.is_empty());
}

#[test]
fn what_the_log_could_not_take_is_not_charged() {
    let mut shop = Shop::open(setup_with_quota(encoded(vec![record("again")]).len() as u64));
    assert_eq!(shop.deliver(vec![record("first")]).received, 1);
    shop.clock.pass(Duration::from_secs(1));
    shop.setup.disk.fail_from(shop.setup.disk.call_count(), Fault::Eio);
    let reply = shop.send(vec![record("again")]);
    shop.sync();
    assert_eq!(reply.error().refuse_reason(), RefuseReason::ReadOnly, "refused by the writer of the log");
    for _ in 0..3 {
        let error = shop.send(vec![record("again")]).error();
        assert_eq!(error.refuse_reason(), RefuseReason::ReadOnly, "refused at once, and not for the quota");
    }
    shop.setup.disk.fail_no_more();
    shop.wal_writer.probe();
    assert_eq!(shop.deliver(vec![record("again")]).received, 1);
    assert_eq!(shop.bodies(), ["first", "again"]);
}

#[test]
fn what_was_acknowledged_is_replayed_whatever_the_quota_is_afterwards() {
    let mut shop = Shop::open(Setup::default());
    for number in 0..5 {
        shop.deliver(vec![record(&format!("record {number}")), bad_record()]);
    }
    let bodies = shop.bodies();
    let mut shop = shop.crash_into(|setup| setup.settings.quotas = setup_with_quota(1).settings.quotas);
    assert_eq!(shop.replay().records, 5);
    assert_eq!(shop.bodies(), bodies);
    let account = shop.account();
    assert_eq!((account.received, account.stored, account.refused.len()), (10, 5, 0));
    // And it has used up nothing: what comes in finds its bucket full.
    assert_eq!(shop.deliver(vec![record("new")]).received, 1);
    assert!(matches!(shop.send(vec![record("newer")]).error(), IngestError::Quota(_)));
}
