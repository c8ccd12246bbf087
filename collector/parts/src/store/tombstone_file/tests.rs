use super::*;
use basics::Timestamp;
use proptest::prelude::*;
use testkit::faulty_disk::FaultyDisk;

fn tombstone_of(sequences: &[u64]) -> (Tombstone, TombstoneFile, Vec<u8>) {
    let (tenant, id) = (TenantId(7), TombstoneId(3));
    let (bytes, crc) = encode(tenant, id, sequences);
    let facts = TombstoneFile {
        sequence_min: sequences[0],
        records: sequences.len() as u64,
        settled_at: 9,
        bytes: bytes.len() as u64,
        crc,
    };
    let tombstone = Tombstone {
        id,
        tenant,
        time_min: Timestamp(1),
        time_max: Timestamp(2),
        sequence_max: *sequences.last().unwrap(),
        created_at: Timestamp(3),
        filter: Vec::new(),
        file: Some(facts),
    };
    (tombstone, facts, bytes)
}

#[test]
fn what_is_written_is_read() {
    let disk = FaultyDisk::new(1);
    let sequences = [0, 5, 6, u64::MAX];
    let (tombstone, facts, _) = tombstone_of(&sequences);
    let path = Path::new("/data/t");
    disk.create_dir_all(Path::new("/data")).unwrap();
    let written = write(&disk, path, tombstone.tenant, tombstone.id, &sequences).unwrap();
    assert_eq!(written, (facts.bytes, facts.crc));
    assert_eq!(read(&disk, path, &tombstone, facts).unwrap(), sequences);
    // What an attempt before left behind is in nobody's way.
    write(&disk, path, tombstone.tenant, tombstone.id, &sequences).unwrap();
    disk.take_away(path);
    let missing = read(&disk, path, &tombstone, facts).unwrap_err().to_string();
    assert!(
        missing.contains("/data/t") && missing.contains("it is missing") && missing.contains("backup"),
        "{missing}"
    );
}

#[test]
fn every_flipped_bit_and_every_cut_is_seen() {
    let (tombstone, facts, bytes) = tombstone_of(&[3, 4, 90]);
    assert_eq!(decode(&bytes, &tombstone, facts).unwrap(), [3, 4, 90]);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&flipped, &tombstone, facts).is_err(), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length], &tombstone, facts).is_err(), "{length} bytes");
    }
}

#[test]
fn a_whole_file_of_another_tombstone_is_not_taken_for_it() {
    let (tombstone, facts, bytes) = tombstone_of(&[3, 4, 90]);
    for other in [
        Tombstone { id: TombstoneId(4), ..tombstone.clone() },
        Tombstone { tenant: TenantId(8), ..tombstone.clone() },
        Tombstone { sequence_max: 91, ..tombstone.clone() },
    ] {
        assert_eq!(decode(&bytes, &other, facts).unwrap_err(), "it is of another tombstone");
    }
    let lower = TombstoneFile { sequence_min: 2, ..facts };
    assert!(decode(&bytes, &tombstone, lower).is_err());
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), records in 0..20u64) {
        let (tombstone, _, _) = tombstone_of(&[1]);
        let crc = crc32c(&bytes[..bytes.len().saturating_sub(4)]);
        let facts = TombstoneFile { sequence_min: 1, records, settled_at: 0, bytes: bytes.len() as u64, crc };
        prop_assert!(decode(&bytes, &tombstone, facts).is_err());
    }
}
