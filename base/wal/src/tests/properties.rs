//! What is written is what is read, whatever it is.

use super::run::settings;
use crate::batch::{BatchPlace, EncodedBatch, Queued};
use crate::format::{BatchHeader, HeaderPage, SegmentHeader, entry_at, verify_entries};
use crate::{NewEntry, Position};
use bytes::Bytes;
use proptest::prelude::*;
use std::sync::Arc;
use testkit::faulty_disk::{FaultyDisk, Unsynced};

/// A body in slices, some of them long enough not to be copied.
fn slices() -> impl Strategy<Value = Vec<Bytes>> {
    let slice = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => (any::<u8>(), 7_000usize..10_000).prop_map(|(byte, length)| vec![byte; length]),
    ];
    proptest::collection::vec(slice.prop_map(Bytes::from), 0..4)
}

fn queued(kind: u8, slices: Vec<Bytes>) -> Queued {
    let body = slices.concat();
    let (body_bytes, body_crc) = (u32::try_from(body.len()).unwrap(), crc32c::crc32c(&body));
    Queued { entry: NewEntry { kind, slices }, body_bytes, body_crc, done: Box::new(|_| {}) }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..testkit::random_cases::cases(200) })]

    #[test]
    fn a_batch_is_read_as_it_was_written(
        entries in proptest::collection::vec((any::<u8>(), slices()), 0..20),
        segment_id in 1..1u64 << 40,
        salt in any::<u64>(),
        first in 1..1u64 << 40,
        chain in any::<u32>(),
    ) {
        let batch: Vec<Queued> = entries.iter().map(|(kind, slices)| queued(*kind, slices.clone())).collect();
        let mut encoded = EncodedBatch::default();
        encoded.encode(&batch, BatchPlace { segment_id, salt, first, chain });
        let bytes: Vec<u8> = encoded.slices().iter().flat_map(|slice| slice.iter().copied()).collect();
        prop_assert_eq!(bytes.len() as u64, encoded.padded_bytes());
        prop_assert!(bytes.len().is_multiple_of(4096));

        let header = BatchHeader::decode(&bytes).expect("it was just written");
        prop_assert_eq!((header.segment_id, header.salt, header.first, header.chain_seed), (segment_id, salt, first, chain));
        prop_assert_eq!(header.count as usize, entries.len());
        let length = header.length as usize;
        prop_assert!(bytes[length..].iter().all(|byte| *byte == 0), "the rest is padding");
        prop_assert_eq!(verify_entries(&bytes[..length], &header), Some(encoded.chain()));
        let mut at = 48;
        for (kind, slices) in &entries {
            let place = entry_at(&bytes[..length], at).expect("it was just written");
            prop_assert_eq!(place.kind, *kind);
            at = place.body_at + place.body_bytes;
            prop_assert_eq!(bytes[place.body_at..at].to_vec(), slices.concat());
        }
        prop_assert_eq!(at, length);
    }

    #[test]
    fn a_segment_header_is_read_as_it_was_written(
        id in 1..1u64 << 60,
        first in 1..1u64 << 60,
        kept_from in 0..1u64 << 60,
        salt in any::<u64>(),
        chain_seed in any::<u32>(),
        is_predecessor_suspect in any::<bool>(),
    ) {
        let header = SegmentHeader { id, first, kept_from, salt, chain_seed, is_predecessor_suspect };
        prop_assert_eq!(SegmentHeader::decode(header.encode().as_slice()), HeaderPage::Segment(header));
    }

    #[test]
    fn a_log_gives_back_what_was_appended_from_any_position_on(
        batches in proptest::collection::vec(proptest::collection::vec((any::<u8>(), slices()), 1..5), 1..12),
        from in 0u64..40,
    ) {
        let disk = FaultyDisk::new(0);
        let mut opened = crate::open(Arc::new(disk.clone()), settings(), 1).unwrap();
        let mut want = Vec::new();
        for (kind, slices) in batches.iter().flatten() {
            want.push((want.len() as u64 + 1, *kind, slices.concat()));
        }
        for batch in &batches {
            for (kind, slices) in batch {
                opened.wal.append(NewEntry { kind: *kind, slices: slices.clone() }, Box::new(|_| {})).unwrap();
            }
            opened.writer.step();
        }
        // Long entries are split from their batch; each step writes one.
        while opened.writer.step() == crate::Step::Worked {}
        for _ in 0..2 {
            let mut reader = opened.wal.reader(Position(from));
            let mut found = Vec::new();
            while let Some(entry) = reader.next().unwrap() {
                found.push((entry.position.0, entry.kind, entry.body));
            }
            let from_there: Vec<_> = want.iter().filter(|(position, ..)| *position >= from).cloned().collect();
            prop_assert_eq!(found, from_there);
            drop(reader);
            disk.cut_power(Unsynced::Lost);
            opened = crate::open(Arc::new(disk.clone()), settings(), 2).unwrap();
        }
    }
}
