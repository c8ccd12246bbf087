use super::{Question, Questions};
use regex::Regex;

fn finds(question: &Question, text: &str) -> bool {
    Regex::new(&question.pattern).unwrap().is_match(text)
}

#[test]
fn fifty_questions_of_a_kind_are_fifty_and_always_the_same() {
    let (questions, again) = (Questions::choose(50, 4), Questions::choose(50, 4));
    for (kind, other) in [
        (&questions.words, &again.words),
        (&questions.substrings, &again.substrings),
        (&questions.regexes, &again.regexes),
    ] {
        assert_eq!(kind.len(), 50);
        assert_eq!(kind, other);
    }
}

#[test]
fn the_pattern_of_a_question_finds_what_the_language_finds() {
    assert!(finds(&super::word("timeout"), "read-Timeout: 5"));
    assert!(!finds(&super::word("timeout"), "timeouts"));
    assert!(finds(&super::substring("imeou"), "timeouts"));
    assert!(finds(&super::substring("4f0a"), "9c4f0a11"));
    assert!(finds(&super::regex(2, "ejec"), "order rejected for 7 took 12ms"));
    assert!(!finds(&super::regex(2, "ejec"), "Order REJECTED took 12ms"));
}
