use crate::{LetterTrigrams, ShapeForms, ShapeIndex, WordBloom};
use testkit::fuzz_corpus::{Effort, replay, seeds};

#[test]
fn any_bytes_are_safe_to_read() {
    replay("shape_index", Effort::default(), super::shape_index);
    replay("word_bloom", Effort::default(), super::word_bloom);
    replay("splitter", Effort::default(), super::splitter);
}

/// What is stored today can be read for as long as these seeds are kept.
#[test]
fn seeds_of_whole_files_open() {
    let whole = |target: &str, name: &str| seeds(target).into_iter().find(|seed| seed.name == name).unwrap().bytes;
    let index = ShapeIndex::open(whole("shape_index", "three_shapes")).unwrap();
    assert_eq!(index.text(1).unwrap().as_deref(), Some("disk full on node-\u{1a}"));
    assert_eq!(index.count(), 3);
    assert!(WordBloom::read(&whole("word_bloom", "two_words")).unwrap().may_hold(crate::word_keys::key_of("timeout")));
    LetterTrigrams::read(&whole("word_bloom", "trigrams")).unwrap();
    let forms = ShapeForms::read(&whole("word_bloom", "forms"), 3).unwrap();
    assert!(forms.of(0).is_some());
}
