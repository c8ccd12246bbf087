use super::*;
use proptest::prelude::*;

fn sample() -> LogEntry {
    LogEntry {
        tenant: TenantId(16),
        format: Format::Json,
        coding: Coding::Zstd,
        received_at: Timestamp(-5),
        received: 10,
        head_bytes: 1 << 40,
        rejections: vec![
            Rejection { ordinal: 0, reason: RejectReason::TooOld },
            Rejection { ordinal: 9, reason: RejectReason::BadSpanId },
        ],
    }
}

#[test]
fn an_entry_reads_back_as_written() {
    let mut bytes = sample().encode_header();
    bytes.extend_from_slice(b"{}");
    assert_eq!(LogEntry::decode(&bytes), Ok((sample(), b"{}".as_slice())));
}

#[test]
fn the_layout_is_the_documented_one() {
    let bytes = sample().encode_header();
    assert_eq!(bytes[..8], [1, 2, 2, 0, 16, 0, 0, 0]);
    assert_eq!(bytes[8..16], (-5i64).to_le_bytes());
    assert_eq!(bytes[16..24], [10, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(bytes[32..], [6, 0, 0, 0, 0, 2, 9, 0, 0, 0]);
}

#[test]
fn every_reject_reason_survives_its_code() {
    for reason in RejectReason::ALL {
        assert_eq!(reason_of(reason_code(reason)), Some(reason));
    }
    assert_eq!(reason_of(0), None);
}

#[test]
fn a_newer_or_broken_entry_is_told_apart() {
    let mut newer = sample().encode_header();
    newer[0] = 2;
    assert_eq!(LogEntry::decode(&newer), Err(EntryError::TooNew(2)));
    let mut unordered = sample().encode_header();
    unordered[33] = 9;
    assert_eq!(LogEntry::decode(&unordered), Err(EntryError::Malformed("rejections out of order")));
    let beyond = LogEntry { received: 9, ..sample() }.encode_header();
    assert_eq!(LogEntry::decode(&beyond), Err(EntryError::Malformed("a rejection beyond the records")));
    let cut = &sample().encode_header()[..40];
    assert_eq!(LogEntry::decode(cut), Err(EntryError::Malformed("cut short")));
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn any_bytes_are_safe_to_read(mut bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        fuzz_entry(&bytes);
        if let Some(version) = bytes.first_mut() {
            *version = VERSION;
            fuzz_entry(&bytes);
        }
    }
}
