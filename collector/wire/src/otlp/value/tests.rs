use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// A message of fields that a KeyValue or a value may have, some with lengths in more bytes than need be, some cut off.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let length = |bytes: &[u8], is_long: bool| match (u8::try_from(bytes.len()), is_long) {
        (Ok(length @ ..0x80), false) => vec![length],
        (Ok(length), _) => vec![length | 0x80, length >> 7],
        (Err(_), _) => unreachable!("bytes are few"),
    };
    let field = (0..5u8, vec(any::<u8>(), 0..200), any::<bool>(), any::<u64>()).prop_map(
        move |(kind, bytes, is_long, number)| match kind {
            0 | 1 => [vec![0x0a], length(&bytes, is_long), bytes].concat(),
            2 | 3 => [vec![0x12], length(&bytes, is_long), bytes].concat(),
            _ => [&[0x21], &number.to_le_bytes()[..]].concat(),
        },
    );
    (vec(field, 0..4), 0..12usize).prop_map(|(fields, cut)| {
        let mut message = fields.concat();
        // Most are whole.
        message.truncate(message.len().saturating_sub(cut.saturating_sub(8)));
        message
    })
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(2_000))]

    #[test]
    fn the_common_form_says_what_walking_the_fields_says(message in message()) {
        prop_assert_eq!(KeyValue::find(&message), KeyValue::walk(&message));
        // As text, since one NaN is not another.
        prop_assert_eq!(format!("{:?}", find_scalar(&message)), format!("{:?}", walk_scalar(&message)));
    }
}

#[test]
fn the_common_form_is_recognised() {
    let message = [&[0x0a, 1, b'k', 0x12, 0x83, 1][..], &[b'v'; 131]].concat();
    assert_eq!(common_key_value(&message), Some((&b"k"[..], &[b'v'; 131][..])));
    assert_eq!(common_string(&[0x0a, 2, b'h', b'i']), Some(&b"hi"[..]));
    assert_eq!(common_key_value(&message[..message.len() - 1]), None);
    assert_eq!(common_string(&[0x0a, 1, b'h', b'i']), None);
}
