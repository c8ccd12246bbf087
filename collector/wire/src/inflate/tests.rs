#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]

use super::{Coding, Inflater, Step};
use crate::WireError;
use crate::limits::{GZIP_MEMBERS_MAX, INFLATE_STEP_BYTES};
use basics::ErrorClass;
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn pack(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    match coding {
        Coding::Identity => bytes.to_vec(),
        Coding::Gzip => gzip(bytes),
        Coding::Zstd => zstd::encode_all(bytes, 3).unwrap(),
    }
}

/// Bytes that do not shrink much, so that packed data is long enough to be cut in many places.
fn noise(length: u32) -> Vec<u8> {
    (0..length).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 13) as u8).collect()
}

fn unpack(coding: Coding, packed: &[u8], chunk_bytes: usize, limit: u64) -> Result<Vec<u8>, WireError> {
    let mut out = Vec::new();
    let mut inflater = Inflater::new(coding, limit);
    for chunk in packed.chunks(chunk_bytes) {
        inflater.push(chunk, &mut out)?;
    }
    inflater.finish(&mut out)?;
    Ok(out)
}

#[track_caller]
fn check_invalid(coding: Coding, packed: &[u8]) {
    for chunk_bytes in [1, 7, packed.len().max(1)] {
        let error = unpack(coding, packed, chunk_bytes, 1 << 20).unwrap_err();
        assert_eq!(error.class(), ErrorClass::Invalid, "{coding:?} in chunks of {chunk_bytes}: {error}");
        assert!(error.to_string().contains(coding.name()));
    }
}

#[test]
fn bodies_come_out_as_they_went_in_however_they_are_cut() {
    for coding in Coding::ALL {
        for plain in [vec![], b"x".to_vec(), noise(100_000), vec![b'a'; 300_000]] {
            let packed = pack(coding, &plain);
            for chunk_bytes in [1, 3, 1_000, 1 << 20] {
                assert!(unpack(coding, &packed, chunk_bytes, 1 << 20).unwrap() == plain, "{coding:?} {chunk_bytes}");
            }
        }
    }
}

#[test]
fn several_members_and_frames_are_one_body() {
    for coding in [Coding::Gzip, Coding::Zstd] {
        let parts = [pack(coding, b"one "), pack(coding, b""), pack(coding, &noise(70_000)), pack(coding, b"end")];
        let plain = [b"one ".to_vec(), noise(70_000), b"end".to_vec()].concat();
        for chunk_bytes in [1, 17, 1 << 20] {
            assert!(unpack(coding, &parts.concat(), chunk_bytes, 1 << 20).unwrap() == plain, "{coding:?}");
        }
    }
}

#[test]
fn a_cut_body_is_invalid_wherever_it_is_cut() {
    for coding in [Coding::Gzip, Coding::Zstd] {
        let packed = pack(coding, &noise(200));
        for end in 0..packed.len() {
            let error = unpack(coding, &packed[..end], 5, 1 << 20).unwrap_err();
            assert_eq!(error.class(), ErrorClass::Invalid, "{coding:?} cut at {end}");
        }
        let two = [packed.clone(), packed[..packed.len() / 2].to_vec()].concat();
        check_invalid(coding, &two);
    }
}

#[test]
fn garbage_is_invalid() {
    for coding in [Coding::Gzip, Coding::Zstd] {
        check_invalid(coding, b"garbage, and nothing else");
        let behind = [pack(coding, b"fine"), b"garbage behind it".to_vec()].concat();
        check_invalid(coding, &behind);
    }
}

#[test]
fn a_flipped_bit_in_gzip_is_found_by_its_checksum_or_means_nothing() {
    let plain = noise(500);
    let packed = gzip(&plain);
    let mut found = 0;
    // The ten bytes of the header hold a time and a system, which no checksum covers.
    for at in 10..packed.len() {
        for bit in 0..8 {
            let mut damaged = packed.clone();
            damaged[at] ^= 1 << bit;
            match unpack(Coding::Gzip, &damaged, 64, 1 << 20) {
                Ok(out) => assert!(out == plain, "byte {at} bit {bit}"),
                Err(_) => found += 1,
            }
        }
    }
    // The last bits of the last compressed byte may be of no use.
    assert!(found >= (packed.len() - 10) * 8 - 7, "{found}");
}

#[test]
fn nothing_beyond_the_limit_comes_out() {
    let plain = vec![0u8; 10_000_000];
    for coding in [Coding::Gzip, Coding::Zstd] {
        let packed = pack(coding, &plain);
        assert!(packed.len() < 20_000);
        for limit in [0u64, 1, 65_535, 65_536, 65_537, 9_999_999] {
            let mut out = Vec::new();
            let error = Inflater::new(coding, limit).push(&packed, &mut out).unwrap_err();
            assert_eq!(error, WireError::BodyTooLarge { limit_bytes: limit }, "{coding:?}");
            assert!(out.len() as u64 <= limit);
        }
        assert_eq!(unpack(coding, &packed, 1 << 20, 10_000_000).unwrap().len(), 10_000_000);
    }
}

#[test]
fn steps_are_small_enough_to_be_charged_one_by_one() {
    for coding in Coding::ALL {
        let packed = pack(coding, &vec![0u8; 1_000_000]);
        let mut inflater = Inflater::new(coding, u64::MAX);
        let mut out = Vec::new();
        let mut input = &*packed;
        let mut before = 0;
        while inflater.step(&mut input, &mut out).unwrap() == Step::More {
            assert!(out.len() - before <= INFLATE_STEP_BYTES);
            before = out.len();
        }
        inflater.finish(&mut out).unwrap();
        assert_eq!(out.len(), 1_000_000);
    }
}

#[test]
fn what_stood_in_the_buffer_stays() {
    let mut out = b"before ".to_vec();
    let mut inflater = Inflater::new(Coding::Gzip, 5);
    inflater.push(&gzip(b"after"), &mut out).unwrap();
    inflater.finish(&mut out).unwrap();
    assert_eq!(out, b"before after");
}

#[test]
fn a_zstd_frame_with_a_huge_window_is_invalid() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&noise(1_000)).unwrap();
    check_invalid(Coding::Zstd, &encoder.finish().unwrap());
}

#[test]
fn gzip_members_without_end_are_invalid() {
    let empty = gzip(b"");
    let allowed = empty.repeat(GZIP_MEMBERS_MAX as usize);
    assert_eq!(unpack(Coding::Gzip, &allowed, 1 << 20, 10).unwrap(), b"");
    let more = empty.repeat(GZIP_MEMBERS_MAX as usize + 1);
    assert_eq!(unpack(Coding::Gzip, &more, 1 << 20, 10).unwrap_err().class(), ErrorClass::Invalid);
}
