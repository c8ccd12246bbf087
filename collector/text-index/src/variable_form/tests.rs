use super::*;
use proptest::prelude::*;

fn form_of(values: &[&str]) -> VariableForm {
    let mut form = VariableForm::of(values[0]);
    values[1..].iter().for_each(|value| form.widen(value));
    form
}

#[test]
fn what_values_have_in_common_is_known() {
    let form = form_of(&["27121ms", "426ms", "9ms"]);
    assert_eq!((form.head(), form.tail(), form.shortest()), (&b""[..], &b"ms"[..], 1));
    assert!(form.between().holds(CharacterSet::of(b"4")) && !form.between().holds(CharacterSet::of(b"3")));
    let form = form_of(&["0x226ed7d18950", "0xbe6401112352"]);
    assert_eq!((form.head(), form.tail(), form.shortest()), (&b"0x"[..], &b""[..], 12));
    let form = form_of(&["17", "17"]);
    assert_eq!((form.head(), form.tail(), form.shortest()), (&b"17"[..], &b""[..], 0));
    assert!(form.between().is_empty());
    let form = form_of(&["aa1", "a1"]);
    assert_eq!((form.head(), form.tail(), form.shortest()), (&b"a"[..], &b"1"[..], 0));
    assert!(form.covers(b"aaa1"), "others may be covered as well");
}

#[test]
fn characters_are_told_from_each_other() {
    let set = CharacterSet::of("aZ5_".as_bytes());
    assert!(set.has_byte(b'a') && set.has_byte(b'A') && set.has_byte(b'z') && set.has_byte(b'_'));
    assert!(!set.has_byte(b'b') && !set.has_byte(b'-') && !set.has_byte(b'.') && !set.has_byte(0xc3));
    assert!(!CharacterSet::of(b"a").has_byte(b'A'), "no capital was seen");
    assert!((0..=255).all(|byte| CharacterSet::all().has_byte(byte)));
    assert!(CharacterSet::of("\u{212a}".as_bytes()).may_fold_to(CharacterSet::of(b"k")), "a kelvin sign folds to k");
    assert!(CharacterSet::of(b"K").may_fold_to(CharacterSet::of(b"k")) && !set.may_fold_to(CharacterSet::of(b"k")));
}

/// Values that are alike and differ, as variables do.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{1,7}ms", "0x[0-9a-f]{1,20}", "[ab1]{1,4}", "v1[A-Z_é-]{0,30}2", "\\PC{1,20}"]
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn a_form_covers_what_it_is_made_of(values in proptest::collection::vec(value(), 1..8), split in 0..8_usize) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let whole = form_of(&values);
        prop_assert!(values.iter().all(|value| whole.covers(value.as_bytes())), "{:?} of {:?}", whole, values);
        let (left, right) = values.split_at(1 + split.min(values.len() - 1));
        let joined = match right.is_empty() {
            true => form_of(left),
            false => form_of(left).joined(&form_of(right)),
        };
        prop_assert!(values.iter().all(|value| joined.covers(value.as_bytes())), "{:?} of {:?}", joined, values);
        prop_assert!(values.iter().all(|value| joined.characters().holds(CharacterSet::of(value.as_bytes()))));
        prop_assert!(values.iter().all(|value| VariableForm::ANY.covers(value.as_bytes())));
        prop_assert!(values.iter().all(|value| {
            let mut again = joined;
            again.widen(value);
            again == joined
        }), "what is covered changes nothing");
    }
}
