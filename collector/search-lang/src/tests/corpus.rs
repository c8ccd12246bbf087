//! The seeds of tests/fuzz and their neighbours: a filter, or a mistake with a place inside the text.

use testkit::fuzz_corpus::{Effort, replay, seeds};

#[test]
fn search_lang() {
    replay("search_lang", Effort::default(), crate::fuzz::search_lang);
}

/// A seed that says nothing new is no seed.
#[test]
fn seeds_are_queries_and_mistakes() {
    let is_query = |seed: &testkit::fuzz_corpus::Seed| {
        std::str::from_utf8(&seed.bytes).is_ok_and(|text| crate::parse(text, super::NOW).is_ok())
    };
    let (queries, mistakes): (Vec<_>, Vec<_>) = seeds("search_lang").into_iter().partition(is_query);
    let names = |seeds: &[testkit::fuzz_corpus::Seed]| seeds.iter().map(|seed| seed.name.clone()).collect::<Vec<_>>();
    assert!(queries.len() >= 12, "queries: {:?}, mistakes: {:?}", names(&queries), names(&mistakes));
    assert!(mistakes.len() >= 8, "queries: {:?}, mistakes: {:?}", names(&queries), names(&mistakes));
}
