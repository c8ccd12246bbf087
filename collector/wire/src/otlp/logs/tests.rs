#![allow(clippy::indexing_slicing)]

use super::RejectReason;
use super::keys::KeyTable;
use std::collections::BTreeSet;

#[test]
fn every_reason_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = RejectReason::ALL.into_iter().map(RejectReason::name).collect();
    let messages: BTreeSet<&str> = RejectReason::ALL.into_iter().map(RejectReason::message).collect();
    assert_eq!((names.len(), messages.len()), (RejectReason::ALL.len(), RejectReason::ALL.len()));
}

#[test]
fn keys_keep_their_number_whatever_the_order_of_records() {
    let mut table = KeyTable::default();
    let mut keys = Vec::new();
    for record in [&["a", "b", "c"][..], &["a", "c", "b"], &["b"], &[], &["c", "c", "a", "a"], &["", "b", ""]] {
        table.start_record();
        for key in record {
            let number = table.number_of(key.as_bytes(), &mut keys) as usize;
            assert_eq!(&*keys[number], *key);
        }
    }
    let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
    assert_eq!(keys, ["a", "b", "c", ""]);
}

#[test]
fn keys_that_are_not_utf_8_are_replaced_and_found_again() {
    let mut table = KeyTable::default();
    let mut keys = Vec::new();
    for _ in 0..3 {
        table.start_record();
        assert_eq!(table.number_of(b"k\xff", &mut keys), 0);
    }
    assert_eq!(&*keys[0], "k\u{fffd}");
}
