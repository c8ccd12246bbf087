use super::*;
use crate::limits::{
    GROUP_BLOOM_BITS_PER_KEY, GROUP_BLOOM_BYTES_MAX, GROUP_VALUE_BLOOM_BITS_PER_KEY, PART_BLOOM_BITS_PER_KEY,
};
use xxhash_rust::xxh3::xxh3_64;

fn keys(numbers: std::ops::Range<u32>) -> Vec<u64> {
    numbers.map(|number| xxh3_64(&number.to_le_bytes())).collect()
}

fn filled(keys: &[u64], bits_per_key: usize) -> WordBloom {
    let mut bloom = WordBloom::with_room(keys.len(), bits_per_key, BLOOM_BYTES_MAX).unwrap();
    keys.iter().for_each(|key| bloom.insert(*key));
    bloom
}

fn stored(bloom: &WordBloom) -> Vec<u8> {
    let mut bytes = Vec::new();
    bloom.write_to(&mut bytes);
    bytes
}

#[test]
fn what_was_put_in_is_found_and_little_else() {
    for (bits, per_thousand) in
        [(GROUP_BLOOM_BITS_PER_KEY, 9..16), (GROUP_VALUE_BLOOM_BITS_PER_KEY, 1..5), (PART_BLOOM_BITS_PER_KEY, 26..40)]
    {
        let bloom = filled(&keys(0..20_000), bits);
        assert!(bloom.may_hold_all(&keys(0..20_000)));
        let found = keys(20_000..120_000).iter().filter(|key| bloom.may_hold(**key)).count();
        assert!(per_thousand.contains(&(found / 100)), "{bits} bits: {found} of 100,000 absent keys found");
    }
}

#[test]
fn it_is_read_as_it_was_written() {
    for count in [0, 1, 25, 26, 7000] {
        let bloom = filled(&keys(0..count), 10);
        let bytes = stored(&bloom);
        assert_eq!(bytes.len(), bloom.stored_bytes());
        assert_eq!(WordBloom::read(&bytes).unwrap(), bloom);
    }
}

#[test]
fn an_empty_bloom_holds_nothing() {
    assert!(!filled(&[], 10).may_hold(key_of_nothing()));
}

fn key_of_nothing() -> u64 {
    xxh3_64(b"")
}

#[test]
fn a_bloom_that_would_be_too_large_is_not_made() {
    assert!(WordBloom::with_room(800_000, 10, GROUP_BLOOM_BYTES_MAX).is_some());
    assert!(WordBloom::with_room(900_000, 10, GROUP_BLOOM_BYTES_MAX).is_none());
    assert!(WordBloom::with_room(usize::MAX, 10, GROUP_BLOOM_BYTES_MAX).is_none());
}

#[test]
fn each_flipped_bit_is_found() {
    let bytes = stored(&filled(&keys(0..40), 10));
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(WordBloom::read(&damaged).is_err(), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(WordBloom::read(&bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(WordBloom::read(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn a_later_version_is_named() {
    let mut bytes = stored(&filled(&keys(0..4), 10));
    bytes[8] = 2;
    assert_eq!(
        WordBloom::read(&bytes).unwrap_err().to_string(),
        "word bloom is of version 2, and 1 is the last that is known here"
    );
}
