use super::*;

fn set(text: &str) -> CharacterSet {
    CharacterSet::of(text.as_bytes())
}

#[test]
fn characters_are_stored_and_read_back() {
    let characters = ColumnCharacters { rest: set("a"), typed: vec![set("x1"), set(""), set("é")] };
    let bytes = characters.encode();
    assert_eq!(ColumnCharacters::decode(&bytes, 3), Some(characters.clone()));
    assert_eq!(ColumnCharacters::decode(&bytes, 2), None);
    assert_eq!(ColumnCharacters::decode(&bytes[1..], 3), None);
    assert_eq!(ColumnCharacters::decode(&[], 0), None);
    assert_eq!(ColumnCharacters::decode(&[0xff; 8], 0), None, "no character has such a bit");
    let placed = characters.placed(&[4, 0, 1], 5);
    assert_eq!(placed.typed, [set(""), set("é"), set(""), set(""), set("x1")]);
}

#[test]
fn only_a_columns_own_texts_count() {
    let column = StringArray::from(vec![Some("abc"), None, Some("12"), Some("zz")]);
    assert_eq!(texts(&column), set("abc12z"));
    assert_eq!(texts(&column.slice(1, 2)), set("12"));
    assert_eq!(texts(&column.slice(1, 1)), set(""));
}
