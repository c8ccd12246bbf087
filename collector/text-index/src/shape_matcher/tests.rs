use super::*;
use crate::splitter::PLACEHOLDER;
use crate::tests::{needle_of, rich_text, rich_text_and_term, word_keys_of};
use crate::word_keys::key_of;
use crate::{LetterTrigrams, ShapeForms, Splitter};
use ShapeVerdict::{Always, Never};
use proptest::prelude::*;

fn matcher(term: &str) -> ShapeMatcher {
    let is_open_start = term.starts_with('*');
    let is_open_end = term.ends_with('*');
    ShapeMatcher::new(Needle { text: term.trim_matches('*'), is_open_start, is_open_end })
}

fn needle(term: &str) -> ShapeNeedle {
    matcher(term).needles()[0].clone()
}

/// A star at an end of the term opens it; `<_>` is a variable.
#[expect(non_upper_case_globals, reason = "it reads like the other verdicts")]
const Depends: ShapeVerdict = ShapeVerdict::Depends(1);

#[track_caller]
fn check(term: &str, shape: &str, want: ShapeVerdict) {
    let shape = shape.replace("<_>", &PLACEHOLDER.to_string());
    assert_eq!(matcher(term).verdict(ShapeText::new(&shape, None)), want, "{term:?} in {shape:?}");
}

/// The verdict over a text's shape when its variables are known to be of the form of all of `texts`.
#[track_caller]
fn check_known(term: &str, texts: &[&str], want: ShapeVerdict) {
    let (mut splitter, mut forms, mut shape) = (Splitter::new(), ShapeForms::default(), String::new());
    for text in texts {
        let split = splitter.split(text).unwrap();
        shape = split.shape.to_owned();
        forms.widen(0, split.variables());
    }
    assert_eq!(matcher(term).verdict(ShapeText::new(&shape, forms.of(0))), want, "{term:?} in {texts:?}");
}

#[test]
fn what_variables_have_in_common_rules_needles_out() {
    let took = ["took 27121ms of 0x1f", "took 42ms of 0xa2"];
    check_known("*f3a1*", &took, Never);
    check_known("*f1a2*", &took, Depends);
    check_known("*71*", &took, Depends);
    check_known("*73*", &took, Never);
    check_known("*2ms of 0x*", &took, Depends);
    check_known("*ms of 0x*", &took, Depends);
    check_known("*3ms of*", &took, Never);
    check_known("*k*", &["on node 1k", "on node 2\u{212a}"], Depends);
    check_known("*42*", &["done"], Never);
}

#[test]
fn a_word_without_a_digit_is_in_the_shape_or_nowhere() {
    check("timeout", "read_timeout after <_> ms", Always);
    check("timeout", "timeouts after <_> ms", Never);
    check("timeout", "done after <_> ms", Never);
    check("after", "done after<_>", Always);
    check("disk full", "Disk  FULL <_>", Always);
    check("disk full", "disk <_> full", Never);
}

#[test]
fn hex_letters_may_be_of_a_uuid() {
    check("cafe", "done <_>", Depends);
    check("cafe", "done", Never);
    check("cafes", "done <_>", Never);
    check("dead-beef", "done <_>", Depends);
    check("dead.beef", "done <_>", Never);
    check("beefy*", "done <_>", Depends);
    check("cafe-abcdef*", "id <_>", Depends);
    check("caf-abcdef", "id <_>", Never);
}

#[test]
fn a_word_with_a_digit_is_in_a_variable() {
    check("42", "done <_>", Depends);
    check("42", "done", Never);
    check("node-23", "on node-<_>", Depends);
    check("node-23", "on node <_>", Never);
    check("node-23", "on anode-<_>", Never);
    check("*node-23", "on anode-<_>", Depends);
    check("node-23 down", "node-<_> down", Depends);
    check("node-23 down", "node-<_> downs", Never);
    check("node-23 down*", "node-<_> downs", Depends);
    check("10.0.0.7", "from <_>.<_>.<_>.<_>:<_>", Depends);
    check("10.0.0.7", "from <_>.<_>.<_>", Never);
    check("10.0.0.7", "<_>.<_> <_>.<_>.<_>.<_>", Depends);
    check("a 1 a 2 b", "a <_> a <_> a <_> b", Depends);
}

#[test]
fn open_ends_reach_into_variables() {
    check("time*", "done <_>", Depends);
    check("*time*", "timeouts", Always);
    check("*time*", "time<_>", Always);
    check("x time*", "x <_>", Depends);
    check("x time*", "y <_>", Never);
    check("*x y", "<_> y", Depends);
    check("x y", "<_> y", Never);
}

#[test]
fn of_several_needles_each_must_be_possible() {
    let piece = |text: &'static str| Needle { text, is_open_start: true, is_open_end: true };
    let matcher = ShapeMatcher::of_all(&[piece("took"), piece("time")], |shape: ShapeText<'_>| {
        (shape.text().contains("timeout") || shape.text().contains("Timeout"))
            .then(|| shape.text().contains("timeout took"))
    });
    let verdict = |shape: &str| matcher.verdict(ShapeText::new(&shape.replace("<_>", &PLACEHOLDER.to_string()), None));
    assert_eq!(verdict("timeout after a while"), Never);
    assert_eq!(verdict("timeout <_>"), ShapeVerdict::Depends(1));
    assert_eq!(verdict("<_>"), ShapeVerdict::Depends(3));
    assert_eq!(verdict("timeout, took <_>"), Never);
    assert_eq!(verdict("<_> timeout took <_>"), Always);
    assert_eq!(verdict("TIMEOUT took <_>"), ShapeVerdict::Depends(0));
}

#[test]
fn a_placeholder_in_a_needle_is_looked_for_in_the_text() {
    check("a \u{1a}", "a <_>", Depends);
    check("\u{1a}", "a", Never);
    check("a\u{1a}5", "a<_><_>", Depends);
}

#[test]
fn what_variables_must_hold_is_named() {
    let keys = |words: &[&str]| {
        let mut keys: Vec<u64> = words.iter().map(|word| key_of(word)).collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(needle("node-23 down").variable_keys(), keys(&["23"]));
    assert_eq!(needle("cafe").variable_keys(), keys(&["cafe"]));
    assert_eq!(needle("12ab*").variable_keys(), keys(&[]));
    assert_eq!(needle("timeout").words(), ["timeout"]);
    assert_eq!(needle("node-23 cafe").words(), ["node", "cafe"]);
    assert!(needle("cafe").words().is_empty() && needle("time*").words().is_empty());
    assert_eq!(needle("*time*").variable_trigrams().len(), 2);
    assert!(needle("10a").is_only_in_variables() && needle("*7*").is_only_in_variables());
    assert!(!needle("10.0").is_only_in_variables() && !needle("time*").is_only_in_variables());
}

#[test]
fn the_worst_needles_cost_little() {
    let id = "deadbeef-dead-beef-cafe-abcdefabcde1-";
    let shape = "\u{1a}-".repeat(512);
    let needle = format!("{}zz", id.repeat(60));
    assert_eq!(matcher(&needle).verdict(ShapeText::new(&shape, None)), Never);
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(4096))]

    #[test]
    fn a_shape_never_misleads((text, term) in rich_text_and_term()) {
        let mut splitter = Splitter::new();
        let Some(split) = splitter.split(&text) else { return Ok(()) };
        let matcher = ShapeMatcher::new(needle_of(&term));
        let is_match = testkit::naive::term_matches(&term, &text);
        let own = &matcher.needles()[0];
        let verdict = matcher.verdict(ShapeText::new(split.shape, None));
        let mut forms = ShapeForms::default();
        forms.widen(0, split.variables());
        let by_form = matcher.verdict(ShapeText::new(split.shape, forms.of(0)));
        for verdict in [verdict, by_form] {
            match verdict {
                Always => prop_assert!(is_match, "{:?} in {:?}", term, text),
                Never => prop_assert!(!is_match, "{:?} in {:?}", term, text),
                ShapeVerdict::Depends(needles) => prop_assert_eq!(needles, 1),
            }
        }
        prop_assert!(by_form == verdict || (verdict, by_form) == (Depends, Never), "forms only rule out");
        if verdict != Never {
            let words = word_keys_of(split.shape);
            prop_assert!(matcher.words().iter().all(|word| words.contains(&key_of(word))) || !is_match);
        }
        if verdict == Depends && is_match {
            let (mut keys, mut trigrams) = (std::collections::BTreeSet::new(), LetterTrigrams::new());
            for variable in split.variables() {
                keys.extend(word_keys_of(variable));
                trigrams.insert(variable);
            }
            prop_assert!(own.variable_keys().iter().all(|key| keys.contains(key)), "{:?} in {:?}", term, text);
            prop_assert!(trigrams.may_hold_all(own.variable_trigrams()), "{:?} in {:?}", term, text);
        }
        if matcher.is_only_in_variables() {
            let has_variable = split.shape.contains(PLACEHOLDER);
            prop_assert_eq!(verdict, if has_variable { Depends } else { Never });
            prop_assert_eq!(matcher.verdict_of_variables(forms.of(0)), by_form);
        }
    }

    #[test]
    fn what_is_told_of_several_needles_holds(
        (text, terms) in rich_text().prop_flat_map(|text| {
            (Just(text.clone()), proptest::collection::vec(testkit::generate::term_for(&text), 1..4))
        }),
        enough in "[a-z ]{1,3}",
    ) {
        let mut splitter = Splitter::new();
        let Some(split) = splitter.split(&text) else { return Ok(()) };
        let needles: Vec<Needle<'_>> = terms.iter().map(needle_of).collect();
        let wanted = enough.clone();
        let judge = move |shape: ShapeText<'_>| shape.text().contains(&*wanted).then_some(true);
        let matcher = ShapeMatcher::of_all(&needles, judge);
        let holds_all = terms.iter().all(|term| testkit::naive::term_matches(term, &text));
        match matcher.verdict(ShapeText::new(split.shape, None)) {
            Always => prop_assert!(text.contains(&enough), "{:?} in {:?}", enough, text),
            Never => prop_assert!(!holds_all, "{:?} in {:?}", terms, text),
            ShapeVerdict::Depends(_) if !holds_all => {}
            ShapeVerdict::Depends(depends) => {
                let (mut keys, mut trigrams) = (std::collections::BTreeSet::new(), LetterTrigrams::new());
                for variable in split.variables() {
                    keys.extend(word_keys_of(variable));
                    trigrams.insert(variable);
                }
                for (number, needle) in matcher.needles().iter().enumerate() {
                    if depends & 1 << number != 0 {
                        prop_assert!(needle.variable_keys().iter().all(|key| keys.contains(key)));
                        prop_assert!(trigrams.may_hold_all(needle.variable_trigrams()), "{:?} in {:?}", terms, text);
                    }
                }
                prop_assert!(depends != 0 || !split.shape.contains(&*enough));
            }
        }
    }
}
