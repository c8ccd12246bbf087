use super::*;
use crate::naive;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// How many of 2,000 drawn cases are so.
fn share<S: Strategy>(strategy: &S, is_so: impl Fn(&S::Value) -> bool) -> usize {
    let mut runner = TestRunner::deterministic();
    (0..2000).filter(|_| is_so(&strategy.new_tree(&mut runner).unwrap().current())).count()
}

#[test]
fn terms_and_filters_match_often_and_fail_often() {
    let found = share(&text_and_term(), |(text, term)| naive::term_matches(term, text));
    assert!((400..1600).contains(&found), "{found} of 2000 terms");
    let matched = share(&(simple_filter(), log_record()), |(filter, record)| naive::matches(filter, record));
    assert!((200..1800).contains(&matched), "{matched} of 2000 filters");
}
