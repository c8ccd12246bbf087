use super::*;
use crate::Splitter;
use proptest::prelude::*;

fn take(forms: &mut ShapeForms, shape: u32, variables: &[&str]) {
    forms.widen(shape, variables.iter().copied());
}

#[test]
fn forms_are_kept_by_shape_and_place() {
    let mut forms = ShapeForms::default();
    take(&mut forms, 3, &["12ms", "a1"]);
    take(&mut forms, 0, &["0x1"]);
    take(&mut forms, 3, &["7ms", "a1"]);
    take(&mut forms, 1, &[]);
    let of_third = forms.of(3).unwrap();
    assert_eq!((of_third[0].tail(), of_third[1].head()), (&b"ms"[..], &b"a1"[..]));
    assert_eq!(forms.of(1), Some(&[][..]));
    assert!(forms.of(2).is_none() && forms.of(9).is_none());
    let renumbered = forms.renumbered(&[2, 0, 1, 3]);
    assert_eq!((renumbered.of(2), renumbered.of(3)), (forms.of(0), forms.of(3)));
    assert!(renumbered.of(1).is_none());
    assert_eq!(renumbered.of(0), Some(&[][..]));
}

#[test]
fn a_shape_of_which_one_part_knows_nothing_is_unknown_in_all() {
    let mut known = ShapeForms::default();
    take(&mut known, 0, &["12ms"]);
    let mut forms = ShapeForms::default();
    forms.join(0, known.of(0));
    assert_eq!(forms.of(0), known.of(0));
    forms.join(0, None);
    forms.join(0, known.of(0));
    take(&mut forms, 0, &["5"]);
    assert!(forms.of(0).is_none());
}

#[test]
fn too_many_variables_have_no_form() {
    let mut forms = ShapeForms::default();
    for _ in 0..2 {
        take(&mut forms, 0, &["1"; FORMS_PER_SHAPE_MAX + 1]);
        take(&mut forms, 1, &["1"; FORMS_PER_SHAPE_MAX]);
    }
    assert!(forms.of(0).is_none());
    assert_eq!(forms.of(1).unwrap().len(), FORMS_PER_SHAPE_MAX);
    for shape in 2.. {
        take(&mut forms, shape, &["1"; FORMS_PER_SHAPE_MAX]);
        if forms.of(shape).is_none() {
            assert_eq!(shape as usize, FORMS_MAX / FORMS_PER_SHAPE_MAX + 1);
            break;
        }
    }
}

#[test]
fn forms_that_are_not_one_for_each_placeholder_are_forgotten() {
    let mut forms = ShapeForms::default();
    take(&mut forms, 0, &["12ms", "a1"]);
    take(&mut forms, 1, &["12ms"]);
    forms.keep_fitting(0, "took \u{1a} at \u{1a}");
    forms.keep_fitting(1, "took \u{1a} at \u{1a}");
    assert!(forms.of(0).is_some() && forms.of(1).is_none());
}

#[test]
fn damage_is_found() {
    let mut forms = ShapeForms::default();
    take(&mut forms, 1, &["12ms", "a1"]);
    let stored = forms.encode(3, 3);
    assert_eq!(ShapeForms::read(&stored, 3).unwrap().of(1), forms.of(1));
    assert!(ShapeForms::read(&stored, 4).is_err(), "these are of other shapes");
    for bit in 0..stored.len() * 8 {
        let mut damaged = stored.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(ShapeForms::read(&damaged, 3).is_err(), "bit {bit}");
    }
    assert!((0..stored.len()).all(|length| ShapeForms::read(&stored[..length], 3).is_err()));
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn what_was_taken_in_is_covered_and_read_back(
        texts in proptest::collection::vec(("[ab]", proptest::collection::vec("[0-9][0-9a-f]{0,12}|x1_[é-]{0,3}", 0..5)), 1..20),
    ) {
        let (mut table, mut splitter) = (crate::ShapeTable::new(crate::limits::SEALED_SHAPES), Splitter::new());
        let mut forms = ShapeForms::default();
        let texts: Vec<String> = texts.iter().map(|(word, values)| format!("{word} {}", values.join(" "))).collect();
        for text in &texts {
            let split = splitter.split(text).unwrap();
            forms.widen(table.number(split.shape).unwrap(), split.variables());
        }
        let count = u32::try_from(table.count()).unwrap();
        let again = ShapeForms::read(&forms.encode(count, 3), count).unwrap();
        for text in &texts {
            let split = splitter.split(text).unwrap();
            let number = table.number(split.shape).unwrap();
            prop_assert_eq!(forms.of(number), again.of(number));
            let known = again.of(number).unwrap();
            prop_assert_eq!(known.len(), split.variables().len());
            prop_assert!(known.iter().zip(split.variables()).all(|(form, value)| form.covers(value.as_bytes())));
        }
    }
}
