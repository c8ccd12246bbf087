use super::texts;
use arrow_array::Array;
use proptest::prelude::*;
use std::path::Path;

fn plain(texts: &[String]) -> Vec<u8> {
    let with_length = |text: &String| [&u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat();
    texts.iter().flat_map(with_length).collect()
}

proptest! {
    #[test]
    fn a_plain_page_yields_its_texts(all in prop::collection::vec(".{0,12}", 0..50)) {
        let found = texts(&plain(&all), all.len(), Path::new("p")).unwrap();
        prop_assert_eq!(found.iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>(), all);
    }

    #[test]
    fn any_bytes_are_survived(page in prop::collection::vec(any::<u8>(), 0..200), count in 0usize..40) {
        if let Ok(found) = texts(&page, count, Path::new("p")) {
            prop_assert_eq!(found.len(), count);
        }
    }
}

#[test]
fn a_page_that_is_cut_off_or_no_text_is_malformed() {
    let whole = plain(&["one".to_owned(), "two".to_owned()]);
    for length in 0..whole.len() {
        assert!(texts(&whole[..length], 2, Path::new("p")).is_err(), "{length}");
    }
    let error = texts(&[1, 0, 0, 0, 0xff], 1, Path::new("p")).unwrap_err();
    assert!(error.to_string().contains("UTF-8"), "{error}");
}
