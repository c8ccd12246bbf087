use super::TextHash;
use std::collections::HashSet;
use std::hash::BuildHasher;

#[test]
fn a_table_finds_what_was_put_into_it() {
    let texts: Vec<String> = (0..10_000).map(|number| format!("text {number}")).collect();
    let table: HashSet<&str, TextHash> = texts.iter().map(String::as_str).collect();
    assert_eq!(table.len(), texts.len());
    assert!(texts.iter().all(|text| table.contains(&**text)));
    assert!(!table.contains("text"));
}

#[test]
fn each_table_has_a_seed_of_its_own() {
    assert_ne!(TextHash::default().of("text"), TextHash::default().of("text"));
}

#[test]
fn pairs_that_run_together_differ() {
    let hash = TextHash::default();
    assert_ne!(hash.hash_one(("ab", "c")), hash.hash_one(("a", "bc")));
    assert_ne!(hash.hash_one(("a", "")), hash.hash_one(("", "a")));
}
