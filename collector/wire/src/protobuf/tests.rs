#![allow(clippy::indexing_slicing)]

use super::{Fields, Malformed, MessageWriter, text};
use crate::limits::GROUP_DEPTH_MAX;

/// Field numbers of a message, or what is wrong with it.
fn numbers(message: &[u8]) -> Result<Vec<u32>, Malformed> {
    let mut fields = Fields::new(message);
    let mut numbers = Vec::new();
    while let Some(field) = fields.next()? {
        numbers.push(field.number);
    }
    Ok(numbers)
}

#[track_caller]
fn check(message: &[u8], want: Result<&[u32], Malformed>) {
    assert_eq!(numbers(message), want.map(<[u32]>::to_vec), "message: {message:02x?}");
}

#[test]
fn every_wire_type_is_walked() {
    check(b"", Ok(&[]));
    check(b"\x08\x96\x01\x11ABCDEFGH\x1a\x03abc\x25ABCD", Ok(&[1, 2, 3, 4]));
}

#[test]
fn numbers_of_up_to_64_bits_are_read_and_longer_ones_refused() {
    let value = |message: &[u8]| Fields::new(message).next().and_then(|field| field.unwrap().varint());
    assert_eq!(value(b"\x08\x00"), Ok(0));
    assert_eq!(value(b"\x08\x7f"), Ok(127));
    assert_eq!(value(b"\x08\x80\x01"), Ok(128));
    assert_eq!(value(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Ok(u64::MAX));
    assert_eq!(value(b"\x08\x81\x80\x80\x80\x80\x00"), Ok(1), "longer than it has to be");
    assert_eq!(value(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), Err(Malformed::VarintTooLong));
    assert_eq!(value(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Err(Malformed::VarintTooLong));
    assert_eq!(value(b"\x08\x80"), Err(Malformed::Truncated));
}

#[test]
fn field_numbers_are_checked() {
    check(b"\x00\x00", Err(Malformed::BadKey(0)));
    check(b"\x07\x00", Err(Malformed::BadKey(7)));
    check(b"\xf8\xff\xff\xff\x0f\x00", Ok(&[(1 << 29) - 1]));
    check(b"\xf8\xff\xff\xff\x1f\x00", Err(Malformed::BadKey(0x1_ffff_fff8)));
    check(b"\x0e\x00", Err(Malformed::UnknownWireType { field: 1, wire_type: 6 }));
    check(b"\x0f\x00", Err(Malformed::UnknownWireType { field: 1, wire_type: 7 }));
}

#[test]
fn values_that_are_cut_off_are_refused() {
    check(b"\x09ABCDEFG", Err(Malformed::Truncated));
    check(b"\x0dABC", Err(Malformed::Truncated));
    check(b"\x0a", Err(Malformed::Truncated));
    check(b"\x0a\x05abcd", Err(Malformed::LyingLength { length: 5, left: 4 }));
    check(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", Err(Malformed::LyingLength { length: u64::MAX, left: 1 }));
}

#[test]
fn groups_are_passed_over_within_the_limit() {
    check(b"\x0b\x0c\x10\x01", Ok(&[1, 2]));
    check(b"\x0b\x13\x0b\x0a\x02\x0b\x0b\x0c\x14\x0c\x10\x01", Ok(&[1, 2]));
    check(b"\x0b\x14", Err(Malformed::UnbalancedGroup));
    check(b"\x0b\x13\x0c\x14", Err(Malformed::UnbalancedGroup));
    check(b"\x0b", Err(Malformed::UnbalancedGroup));
    check(b"\x0c", Err(Malformed::UnbalancedGroup));
    let nested = |depth: usize| [vec![0x0b; depth], vec![0x0c; depth]].concat();
    check(&nested(GROUP_DEPTH_MAX + 1), Ok(&[1]));
    check(&nested(GROUP_DEPTH_MAX + 2), Err(Malformed::GroupsTooDeep));
    check(&nested(1_000_000), Err(Malformed::GroupsTooDeep));
}

#[test]
fn a_known_field_of_another_type_is_refused() {
    let field = |message| Fields::new(message).next().unwrap().unwrap();
    let wrong = Malformed::WrongWireType { field: 1 };
    assert_eq!(field(b"\x08\x01").bytes(), Err(wrong));
    assert_eq!(field(b"\x0a\x01x").varint(), Err(wrong));
    assert_eq!(field(b"\x0a\x01x").fixed64(), Err(wrong));
    assert_eq!(field(b"\x0b\x0c").fixed32(), Err(wrong));
}

#[test]
fn what_is_written_is_walked_again() {
    for length in [0, 1, 127, 128, 20_000, 300_000] {
        let content = vec![7u8; length];
        for is_short in [false, true] {
            let mut bytes = b"before".to_vec();
            let mut writer = MessageWriter::new(&mut bytes);
            let outer = writer.begin(1);
            writer.varint(3, u64::MAX);
            let inner = writer.begin(2);
            writer.bytes(9, &content);
            if is_short {
                writer.end_short(inner);
                writer.end_short(outer);
            } else {
                writer.end(inner);
                writer.end(outer);
            }
            let outer = Fields::new(&bytes[6..]).next().unwrap().unwrap().bytes().unwrap();
            let mut fields = Fields::new(outer);
            assert_eq!(fields.next().unwrap().unwrap().varint(), Ok(u64::MAX));
            let inner = fields.next().unwrap().unwrap().bytes().unwrap();
            assert_eq!(Fields::new(inner).next().unwrap().unwrap().bytes(), Ok(&*content));
            assert!(fields.next().unwrap().is_none());
        }
    }
}

#[test]
fn what_is_not_utf_8_is_replaced() {
    assert_eq!(text::lossy(b"plain"), "plain");
    assert_eq!(text::lossy("é".repeat(100).as_bytes()), "é".repeat(100));
    assert_eq!(text::lossy(b"a\xffb"), "a\u{fffd}b");
    let long = [&[b'x'; 100][..], b"\xed\xa0\x80"].concat();
    assert!(text::checked(&long).is_none(), "half a surrogate pair is no UTF-8");
}
