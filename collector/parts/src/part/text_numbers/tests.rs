use super::TextNumbers;
use proptest::prelude::*;

/// Texts that are alike at their ends, of every length around those that are seen at a glance.
fn texts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let alike = (0..40usize, 0..3u8, 0..40usize).prop_map(|(length, byte, place)| {
        let mut text = vec![b'a'; length];
        if let Some(other) = text.get_mut(place) {
            *other += byte;
        }
        text
    });
    let any = prop::collection::vec(any::<u8>(), 0..24);
    let distinct = prop::collection::vec(prop_oneof![3 => alike, 1 => any], 1..200);
    distinct.prop_flat_map(|distinct| prop::collection::vec(prop::sample::select(distinct), 1..600))
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(128))]

    #[test]
    fn a_text_has_the_number_that_it_had_first(texts in texts()) {
        let mut distinct = TextNumbers::default();
        let mut expected: Vec<&[u8]> = Vec::new();
        for text in &texts {
            let (number, is_new) = distinct.number(text);
            let known = expected.iter().position(|known| known == text);
            prop_assert_eq!(is_new, known.is_none());
            prop_assert_eq!(number as usize, known.unwrap_or(expected.len()));
            if is_new {
                expected.push(text);
            }
        }
        prop_assert_eq!(distinct.count(), expected.len());
    }
}

#[test]
fn nothing_is_a_text_too() {
    let mut distinct = TextNumbers::default();
    assert_eq!(
        [&b""[..], b"\0", b"", b"\0\0", b"\0"].map(|text| distinct.number(text)),
        [(0, true), (1, true), (0, false), (2, true), (1, false)]
    );
}
