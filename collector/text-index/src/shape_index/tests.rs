use super::*;
use crate::limits::WORD_INDEX_WORDS_MAX;
use crate::splitter::PLACEHOLDER;
use crate::tests::{needle_of, rich_text_and_term};
use crate::{Matcher, Needle, ShapeTable, Splitter};
use proptest::prelude::*;

const LEVEL: i32 = 3;

fn whole(text: &str) -> Needle<'_> {
    Needle { text, is_open_start: false, is_open_end: false }
}

fn opened(texts: &[&str]) -> ShapeIndex {
    ShapeIndex::open(ShapeIndex::encode(texts, LEVEL)).unwrap()
}

/// Sorted texts of words of letters: `word a … p` times as many as wanted.
fn many_texts(count: usize) -> Vec<String> {
    let letters = |number: usize| -> String {
        (0..5).map(|digit| char::from(b"abcdefghijklmnop"[(number >> (4 * digit)) & 15])).collect()
    };
    let mut texts: Vec<String> = (0..count)
        .map(|number| format!("user {} failed {PLACEHOLDER} 검색{}", letters(number % 4096), letters(number)))
        .collect();
    texts.sort();
    texts
}

fn slices(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn every_text_comes_back_under_its_number() {
    for count in [0, 1, 255, 256, 257, 1000] {
        let texts = many_texts(count);
        let index = opened(&slices(&texts));
        assert_eq!(usize::try_from(index.count()).unwrap(), count);
        let mut all = Vec::new();
        index.for_each(&mut |number, text| all.push((number, text.to_owned()))).unwrap();
        assert_eq!(all, (0..).zip(texts.iter().cloned()).collect::<Vec<_>>());
        for (number, text) in (0..).zip(&texts) {
            assert_eq!(index.text(number).unwrap().as_ref(), Some(text));
        }
        assert_eq!(index.text(index.count()).unwrap(), None);
        let list = index.unpack().unwrap();
        assert!(list.count() == count && list.iter().eq(texts.iter()));
        assert_eq!(list.get(count), None);
    }
}

#[track_caller]
fn check(index: &ShapeIndex, needle: Needle<'_>) -> ShapeAnswer {
    let matcher = ShapeMatcher::new(needle);
    let mut want = ShapeAnswer::default();
    index.for_each(&mut |number, text| want.take(number, matcher.verdict(ShapeText::new(text, None)))).unwrap();
    assert_eq!(index.find(&matcher, None).unwrap(), want, "{needle:?}");
    assert_eq!(index.unpack().unwrap().find(&matcher, None), want, "{needle:?}");
    want
}

#[test]
fn an_index_of_words_answers_as_a_scan_does() {
    let texts = many_texts(WORD_INDEX_SHAPES_MIN);
    let index = opened(&slices(&texts));
    assert!(index.has_word_index());
    assert_eq!(check(&index, whole("FAILED")).always.len(), texts.len());
    assert_eq!(check(&index, whole("abcba")).always.len(), 1 + check(&index, whole("user abcba")).always.len());
    assert_eq!(check(&index, whole("user aabaa failed")).always.len(), 8);
    assert_eq!(check(&index, whole("검색")).always.len(), texts.len());
    assert_eq!(check(&index, whole("absent")), ShapeAnswer::default());
    assert_eq!(check(&index, whole("user aabaa failed 42")).depends.len(), 8);
    assert_eq!(check(&index, whole("42")).depends.len(), texts.len());
    let open = Needle { text: "failed", is_open_start: true, is_open_end: true };
    assert_eq!(check(&index, open).always.len(), texts.len());
}

#[test]
fn few_shapes_and_shapes_of_too_many_words_are_scanned() {
    let texts = many_texts(WORD_INDEX_SHAPES_MIN - 1);
    assert!(!opened(&slices(&texts)).has_word_index());
    let mut texts: Vec<String> = many_texts(WORD_INDEX_SHAPES_MIN)
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let more: String =
                (0..4).map(|digit| char::from(b'a' + u8::try_from((number >> (4 * digit)) & 15).unwrap())).collect();
            format!("{text} x{more} y{more} z{more}")
        })
        .collect();
    texts.sort();
    assert!(texts.len() * 3 > WORD_INDEX_WORDS_MAX);
    assert!(!opened(&slices(&texts)).has_word_index());
}

#[test]
fn each_flipped_bit_of_a_small_index_is_found() {
    let texts = many_texts(300);
    let bytes = ShapeIndex::encode(&slices(&texts), LEVEL);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let read = ShapeIndex::open(damaged).and_then(|index| index.unpack());
        assert!(read.is_err(), "byte {at}");
    }
    for length in (0..bytes.len()).step_by(7) {
        assert!(ShapeIndex::open(bytes[..length].to_vec()).is_err(), "{length} bytes");
    }
    assert!(ShapeIndex::open([&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn damage_in_the_index_of_words_is_found_when_it_is_asked() {
    let texts = many_texts(WORD_INDEX_SHAPES_MIN);
    let bytes = ShapeIndex::encode(&slices(&texts), LEVEL);
    let place = ShapeIndex::open(bytes.clone()).unwrap().layout.words.unwrap();
    for step in 0..64 {
        let at = place.offset + (bytes.len() - place.offset) * step / 64;
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (step % 8);
        let index = ShapeIndex::open(damaged).unwrap();
        let error = index.find(&ShapeMatcher::new(whole("failed")), None).unwrap_err();
        assert!(matches!(error, StoredError::Checksum { what: "index of words", .. }), "{error}");
        assert_eq!(index.unpack().unwrap().count(), texts.len());
    }
}

#[test]
fn damage_says_where_and_what() {
    let mut bytes = ShapeIndex::encode(&["a", "b"], LEVEL);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let error = ShapeIndex::open(bytes).unwrap().text(0).unwrap_err().to_string();
    assert!(error.starts_with("block of shapes at byte 48 has checksum "), "{error}");
    let mut bytes = ShapeIndex::encode(&["a", "b"], LEVEL);
    bytes[12] = 9;
    let error = ShapeIndex::open(bytes).unwrap_err().to_string();
    assert_eq!(error, "shape index is of version 9, and 1 is the last that is known here");
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    /// The whole road: split, number, sort, store, open, find.
    #[test]
    fn an_index_never_misleads(all in proptest::collection::vec(rich_text_and_term(), 1..20)) {
        let mut splitter = Splitter::new();
        let mut table = ShapeTable::new(MERGED_SHAPES);
        let numbers: Vec<Option<u32>> =
            all.iter().map(|(text, _)| splitter.split(text).and_then(|split| table.number(split.shape))).collect();
        let sorted = table.sorted();
        let index = opened(&sorted.texts);
        for (_, term) in &all {
            let needle = needle_of(term);
            let (answer, matcher) = (index.find(&ShapeMatcher::new(needle), None).unwrap(), Matcher::new(needle));
            for ((text, _), number) in all.iter().zip(&numbers) {
                let Some(number) = number.map(|number| sorted.final_number[usize::try_from(number).unwrap()]) else { continue };
                let is_match = matcher.is_match(text);
                prop_assert!(is_match || !answer.always.contains(&number), "{:?} in {:?}", term, text);
                prop_assert!(!is_match || answer.always.contains(&number) || answer.depends.iter().any(|(depends, _)| *depends == number), "{:?} in {:?}", term, text);
            }
        }
    }
}
