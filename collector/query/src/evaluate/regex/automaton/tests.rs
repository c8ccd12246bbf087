use super::*;
use proptest::prelude::*;
use text_index::{ShapeForms, Splitter};

/// What is told of the shape that all texts have, whose variables are known to be as in these.
#[track_caller]
fn told(regex: &str, texts: &[&str]) -> Option<bool> {
    let (mut splitter, mut forms, mut shape) = (Splitter::new(), ShapeForms::default(), None);
    for text in texts {
        let split = splitter.split(text).unwrap();
        forms.widen(0, split.variables());
        let shape = shape.get_or_insert_with(|| split.shape.to_owned());
        assert_eq!(split.shape, shape, "texts of one shape");
    }
    Automaton::new(regex).judge(ShapeText::new(&shape.unwrap(), forms.of(0)))
}

const TOOK: &[&str] = &["rejected by peer 7 took 27121ms", "rejected by peer 12 took 426ms"];

#[test]
fn what_stands_in_the_shape_is_read() {
    assert_eq!(told("[a-z]ject[a-z]+", TOOK), Some(true));
    assert_eq!(told("[a-z]ject [a-z]+", TOOK), Some(false));
    assert_eq!(told("^rejected", TOOK), Some(true));
    assert_eq!(told("^ejected", TOOK), Some(false));
    assert_eq!(told("", TOOK), Some(true));
    assert_eq!(told("(?i)REJECTED BY", TOOK), Some(true));
    assert_eq!(told("\\bpeer\\b", TOOK), Some(true));
    assert_eq!(told("\\beer\\b", TOOK), Some(false));
}

#[test]
fn what_variables_have_in_common_is_read() {
    assert_eq!(told("took [0-9]+ms$", TOOK), Some(true));
    assert_eq!(told("took [0-9]{3}", TOOK), Some(true));
    assert_eq!(told("took [0-9]{4}", TOOK), None);
    assert_eq!(told("took [0-9]+s", TOOK), Some(false));
    assert_eq!(told("took .*x", TOOK), Some(false));
    assert_eq!(told("peer 7", TOOK), None);
    assert_eq!(told("peer [127]+ took", TOOK), Some(true));
    assert_eq!(told("eject.*peer [0-9]* .*ms", TOOK), Some(true));
}

#[test]
fn without_forms_a_variable_is_anything() {
    let shape = "rejected by peer \u{1a} took \u{1a}";
    let told = |regex| Automaton::new(regex).judge(ShapeText::new(shape, None));
    assert_eq!(told("rejected by"), Some(true));
    assert_eq!(told("took [0-9]+ms"), None);
    assert_eq!(told("^peer"), Some(false));
    assert_eq!(told("reject .*"), None);
}

#[test]
fn an_empty_match_within_a_character_is_none() {
    assert_eq!(told("(?-u:\\B)", &["a\u{e9}a"]), None);
    assert_eq!(told("\\b|x*", &["a\u{e9}a"]), None);
    assert_eq!(told("x*", &["a\u{e9}a"]), Some(true));
}

#[test]
fn a_walk_ends_with_its_steps_and_states() {
    let automaton = Automaton::new("[ab]*a[ab]{200}c");
    let long = format!("{} 1", "ab".repeat(500));
    let shape = ShapeText::new(&long, None);
    assert_eq!(automaton.judge(shape), Some(false));
    let (mut splitter, mut forms) = (Splitter::new(), ShapeForms::default());
    for text in ["x 1abab", "x 1bbaabb"] {
        forms.widen(0, splitter.split(text).unwrap().variables());
    }
    let many = ShapeText::new("x \u{1a} c", forms.of(0));
    assert_eq!(Automaton::new("a[ab1]{0,30}c|[ab1]*a[ab1]{25} c").judge(many), None, "too many states");
    let automaton = Automaton::new("nowhere");
    for _ in 0..AUTOMATON_STEPS_MAX / long.len() + 2 {
        automaton.judge(shape);
    }
    assert_eq!(automaton.judge(shape), None);
    automaton.begin_part();
    assert_eq!(automaton.judge(shape), Some(false));
}

fn text() -> impl Strategy<Value = String> {
    let variable = prop_oneof!["[0-9]{1,5}", "[0-9]{1,3}ms", "0x[0-9a-f]{2,4}", "é[0-9]", "[A-Z]1[a-z]"];
    let word = prop_oneof![Just("took"), Just("reject"), Just("é"), Just("a"), Just("ms")];
    let word = prop_oneof![word.prop_map(str::to_owned), variable];
    proptest::collection::vec(word, 1..6).prop_map(|words| words.join(" "))
}

fn expression() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        "[a-f0-9é ]",
        Just("[0-9]".to_owned()),
        Just("[a-z]".to_owned()),
        Just(".".to_owned()),
        Just("took".to_owned()),
        Just("\\b".to_owned()),
        Just("^".to_owned()),
        Just("$".to_owned()),
        Just("[^0-9]".to_owned()),
        Just("(?-u:\\B)".to_owned()),
        Just("(?m:$)".to_owned()),
    ];
    let repeated = (atom, prop_oneof![Just(""), Just("*"), Just("+"), Just("?"), Just("{2}")])
        .prop_map(|(atom, times)| format!("(?:{atom}){times}"));
    proptest::collection::vec(repeated, 0..5).prop_map(|atoms| atoms.concat())
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(2048))]

    #[test]
    fn what_is_told_of_a_shape_holds_for_its_texts(
        texts in proptest::collection::vec(text(), 1..12),
        expressions in proptest::collection::vec(expression(), 1..4),
    ) {
        let mut splitter = Splitter::new();
        let (mut shapes, mut forms): (Vec<String>, ShapeForms) = (Vec::new(), ShapeForms::default());
        let mut numbers = Vec::new();
        for text in &texts {
            let split = splitter.split(text).unwrap();
            let number = shapes.iter().position(|shape| shape == split.shape).unwrap_or(shapes.len());
            if number == shapes.len() {
                shapes.push(split.shape.to_owned());
            }
            forms.widen(u32::try_from(number).unwrap(), split.variables());
            numbers.push(number);
        }
        for expression in &expressions {
            let automaton = Automaton::new(expression);
            let regex = super::super::compile(expression).unwrap();
            for (text, number) in texts.iter().zip(&numbers) {
                let known = forms.of(u32::try_from(*number).unwrap());
                for known in [None, known] {
                    if let Some(all) = automaton.judge(ShapeText::new(&shapes[*number], known)) {
                        prop_assert_eq!(all, regex.is_match(text), "{:?} in {:?}", expression, text);
                    }
                }
            }
        }
    }
}
