use super::*;
use std::cell::RefCell;

/// What was tried with a small effort.
fn tried() -> Vec<Vec<u8>> {
    let inputs = RefCell::new(Vec::new());
    let effort = Effort { mutations: 500, time: Duration::from_secs(60) };
    replay("search_lang", effort, |input| inputs.borrow_mut().push(input.to_vec()));
    inputs.into_inner()
}

#[test]
fn every_seed_and_the_same_mutations_are_tried_each_time() {
    let first = tried();
    let seeds = seeds("search_lang");
    assert_eq!(first.len(), seeds.len() + 500);
    assert!(first.iter().zip(&seeds).all(|(input, seed)| *input == seed.bytes));
    assert_eq!(first, tried());
}

#[test]
fn mutations_differ_from_the_seeds_and_from_each_other() {
    let mut all = tried();
    all.sort();
    all.dedup();
    assert!(all.len() > 400, "{}", all.len());
}

#[test]
fn a_panic_of_the_target_fails_the_test() {
    let effort = Effort { mutations: 500, time: Duration::from_secs(60) };
    let broken = |input: &[u8]| assert!(!input.contains(&0xFF), "a planted mistake");
    assert!(catch_unwind(|| replay("search_lang", effort, broken)).is_err());
}

#[test]
fn no_time_means_seeds_only() {
    let count = RefCell::new(0);
    replay("search_lang", Effort { mutations: 500, time: Duration::ZERO }, |_| *count.borrow_mut() += 1);
    assert_eq!(count.into_inner(), seeds("search_lang").len());
}
