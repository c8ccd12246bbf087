//! Entry points for fuzzing: any stored bytes are safe to read, and any text is safe to split.

use crate::{LetterTrigrams, Needle, ShapeForms, ShapeIndex, ShapeMatcher, ShapeText, Splitter, WordBloom};

/// Reads any bytes as stored shapes, once as they are and once with checksums that fit, so that what lies behind the
/// checksums is reached.
pub fn shape_index(data: &[u8]) {
    read_shapes(data.to_vec());
    let mut mended = data.to_vec();
    crate::shape_index::mend_checksums(&mut mended);
    read_shapes(mended);
}

fn read_shapes(bytes: Vec<u8>) {
    let Ok(index) = ShapeIndex::open(bytes) else { return };
    let count = index.count();
    let mut handed_out = 0;
    if index.for_each(&mut |_, _| handed_out += 1).is_ok() {
        assert_eq!(handed_out, count, "a whole index hands out all of its shapes");
    }
    for needle in ["timeout", "node-23", "*"] {
        let matcher = ShapeMatcher::new(Needle { text: needle, is_open_start: false, is_open_end: true });
        if let Ok(answer) = index.find(&matcher, None) {
            assert!(
                answer
                    .always
                    .iter()
                    .chain(answer.depends.iter().map(|(number, _)| number))
                    .all(|number| *number < count),
                "a number has a text"
            );
        }
    }
}

/// Reads any bytes as a bloom, as trigrams and as forms of variables.
pub fn word_bloom(data: &[u8]) {
    if let Ok(bloom) = WordBloom::read(data) {
        let mut again = Vec::new();
        bloom.write_to(&mut again);
        assert_eq!(again, data, "a bloom that can be read is written alike");
    }
    if let Ok(trigrams) = LetterTrigrams::read(data) {
        assert!(trigrams.may_hold_all(&[]), "nothing is always held");
    }
    let mut mended = data.to_vec();
    crate::shape_forms::mend_checksum(&mut mended);
    for bytes in [data, &mended] {
        let count =
            bytes.get(8..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |count| u32::from_le_bytes(*count));
        if let Ok(forms) = ShapeForms::read(bytes, count) {
            let again = ShapeForms::read(&forms.encode(count, 1), count).expect("what was written is read");
            assert!((0..count.min(1_000)).all(|shape| again.of(shape) == forms.of(shape)), "forms are written alike");
        }
    }
}

/// Splits any text, and judges its first bytes as a needle by the shape of the rest.
pub fn splitter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let middle = (0..=text.len().min(12)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (needle, text) = text.split_at(middle);
    let mut splitter = Splitter::new();
    let Some(split) = splitter.split(text) else { return };
    assert!(!split.shape.bytes().any(|byte| byte.is_ascii_digit()), "digits are in variables");
    for is_open in [false, true] {
        let matcher = ShapeMatcher::new(Needle { text: needle, is_open_start: is_open, is_open_end: is_open });
        let mut forms = ShapeForms::default();
        forms.widen(0, split.variables());
        for forms in [None, forms.of(0)] {
            let is_match = matcher.needles()[0].is_match(text);
            match matcher.verdict(ShapeText::new(split.shape, forms)) {
                crate::ShapeVerdict::Always => assert!(is_match, "always: {needle:?} in {text:?}"),
                crate::ShapeVerdict::Never => assert!(!is_match, "never: {needle:?} in {text:?}"),
                crate::ShapeVerdict::Depends(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
