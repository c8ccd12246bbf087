use super::{
    BATCH_HEADER_BYTES, BatchHeader, ENTRY_HEADER_BYTES, HeaderPage, PAGE, Place, SEQUENCE_MAX, SegmentHeader,
    entry_at, entry_header, verify_entries,
};
use crc32c::crc32c;

const HEADER: SegmentHeader = SegmentHeader {
    id: 0x0102_0304_0506_0708,
    first: 0x1112_1314_1516_1718,
    kept_from: 0x2122_2324_2526_2728,
    salt: 0x3132_3334_3536_3738,
    chain_seed: 0x4142_4344,
    is_predecessor_suspect: true,
};

/// The bytes of docs/formats/wal.md, spelled out.
#[test]
fn a_segment_header_is_laid_out_as_drawn() {
    let page = HEADER.encode();
    let mut want = b"ORWALSEG\x01\x00\x01\x00DCBA".to_vec();
    want.extend(b"\x08\x07\x06\x05\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11");
    want.extend(b"('&%$#\"!87654321");
    want.extend(b"\x01\0\0\0\0\0\0\0\0\0\0\0");
    want.extend(crc32c(&want).to_le_bytes());
    assert_eq!(page[..64], want);
    assert!(page[64..].iter().all(|byte| *byte == 0));
    assert_eq!(SegmentHeader::decode(page.as_slice()), HeaderPage::Segment(HEADER));
}

#[test]
fn a_batch_and_its_entries_are_laid_out_as_drawn() {
    let header = BatchHeader {
        length: 0x42,
        count: 1,
        segment_id: 0x0102_0304_0506_0708,
        salt: 0x1112_1314_1516_1718,
        first: 0x2122_2324_2526_2728,
        chain_seed: 0x3132_3334,
    };
    let mut want = b"ORWB\x42\0\0\0\x01\0\0\x004321".to_vec();
    want.extend(b"\x08\x07\x06\x05\x04\x03\x02\x01('&%$#\"!\x18\x17\x16\x15\x14\x13\x12\x11\0\0\0\0");
    want.extend(crc32c(&want).to_le_bytes());
    assert_eq!(header.encode().as_slice(), want);

    let place = Place { chain: header.chain_seed, salt: header.salt, sequence: header.first };
    let (entry, crc) = entry_header(7, 2, crc32c(b"hi"), place);
    let mut want_entry = b"\x02\0\0\0\x07\0\0\0".to_vec();
    want_entry.extend(crc32c(b"hi").to_le_bytes());
    let bound = [header.salt.to_le_bytes().as_slice(), &header.first.to_le_bytes(), &want_entry].concat();
    assert_eq!(crc, crc32c::crc32c_append(header.chain_seed, &bound));
    want_entry.extend(crc.to_le_bytes());
    assert_eq!(entry.as_slice(), want_entry);

    let batch = [want, want_entry, b"hi".to_vec()].concat();
    assert_eq!(batch.len(), 0x42);
    assert_eq!(BatchHeader::decode(&batch), Some(header));
    assert_eq!(verify_entries(&batch, &header), Some(crc));
}

#[test]
fn a_spare_is_no_segment_and_neither_is_anything_else() {
    assert_eq!(SegmentHeader::decode(SegmentHeader::SPARE.encode().as_slice()), HeaderPage::Spare);
    assert_eq!(SegmentHeader::decode(&[0; PAGE]), HeaderPage::Damaged);
    assert_eq!(SegmentHeader::decode(&[]), HeaderPage::Damaged);
    assert_eq!(SegmentHeader::decode(&HEADER.encode()[..63]), HeaderPage::Damaged);
}

#[test]
fn a_header_that_names_the_impossible_is_damaged() {
    for header in [
        SegmentHeader { first: 0, ..HEADER },
        SegmentHeader { first: SEQUENCE_MAX + 1, ..HEADER },
        SegmentHeader { id: u64::MAX, ..HEADER },
        SegmentHeader { kept_from: u64::MAX, ..HEADER },
    ] {
        assert_eq!(SegmentHeader::decode(header.encode().as_slice()), HeaderPage::Damaged);
    }
}

/// A later writer may say more in bytes that are written zero today, and a later version that this reader still
/// understands is read.
#[test]
fn what_an_older_reader_does_not_know_it_passes_over() {
    let altered = |at: usize, bytes: &[u8]| {
        let mut page = HEADER.encode();
        page[at..at + bytes.len()].copy_from_slice(bytes);
        SegmentHeader::make_checksum_fit(page.as_mut_slice());
        SegmentHeader::decode(page.as_slice())
    };
    assert_eq!(altered(8, &[9, 0, 1, 0]), HeaderPage::Segment(HEADER));
    assert_eq!(altered(8, &[9, 0, 2, 0]), HeaderPage::TooNew { version: 9 });
    assert_eq!(altered(50, &[0xff; 10]), HeaderPage::Segment(HEADER));
}

#[test]
fn a_batch_whose_lengths_lie_is_refused_before_anything_is_allocated() {
    let header = BatchHeader { length: 64, count: 1, segment_id: 1, salt: 2, first: 3, chain_seed: 4 };
    let decode = |header: BatchHeader| BatchHeader::decode(&header.encode());
    assert_eq!(decode(header), Some(header));
    assert_eq!(decode(BatchHeader { length: 63, ..header }), None, "too short for its entries");
    assert_eq!(decode(BatchHeader { length: u32::MAX, ..header }), None, "longer than any batch");
    assert_eq!(decode(BatchHeader { count: u32::MAX, ..header }), None);
    assert_eq!(decode(BatchHeader { first: 0, ..header }), None);
    assert_eq!(decode(BatchHeader { first: u64::MAX, ..header }), None);
    assert_eq!(decode(BatchHeader { segment_id: u64::MAX, ..header }), None);
    assert_eq!(BatchHeader::decode(&header.encode()[..BATCH_HEADER_BYTES - 1]), None);
}

#[test]
fn an_entry_does_not_reach_beyond_its_batch() {
    let place = Place { chain: 0, salt: 0, sequence: 1 };
    let (head, _) = entry_header(1, 10, 0, place);
    let batch = [head.as_slice(), &[0; 10]].concat();
    let entry = entry_at(&batch, 0).unwrap();
    assert_eq!((entry.kind, entry.body_at, entry.body_bytes), (1, ENTRY_HEADER_BYTES, 10));
    assert_eq!(entry_at(&batch[..25], 0), None);
    assert_eq!(entry_at(&batch, 11), None);
    assert_eq!(entry_at(&batch, 1_000), None);
}
