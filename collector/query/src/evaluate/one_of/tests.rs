use super::*;
use crate::tests::world::{check, record, record_with, text};
use model::{LogRecord, Severity, TraceId, Value};
use proptest::prelude::*;
use std::cmp::Ordering;

#[test]
fn the_whole_value_is_one_of_the_list() {
    let records = [
        record_with(&[("user", text("anna"))]),
        record_with(&[("user", text("bob lee"))]),
        record_with(&[("user", text("Anna"))]),
        record_with(&[("user", text("anna lee"))]),
        record_with(&[("user", Value::Int(5))]),
        record_with(&[("user", Value::Double(5.0))]),
        record_with(&[("user", Value::Bool(true))]),
        record("anna"),
    ];
    check(r#"user in (anna, "bob lee")"#, &records, &[0, 1]);
    check("user in (5, true)", &records, &[4, 5, 6]);
    check("user in (5.0)", &records, &[4, 5]);
    check(r#"NOT user in (anna,"bob lee",5)"#, &records, &[2, 3, 6, 7]);
    check("body in (anna)", &records, &[7]);
}

#[test]
fn levels_and_ids_are_named_as_behind_an_equals_sign() {
    let records = [
        LogRecord { severity: Severity(13), ..record("x") },
        LogRecord { severity: Severity(17), ..record("x") },
        LogRecord { trace_id: TraceId::new([0x4b; 16]), severity: Severity(0), ..record("x") },
    ];
    check("level in (WARNING, fatal)", &records, &[0]);
    check(&format!("trace_id in ({}, {})", "4B".repeat(16), "00".repeat(15) + "01"), &records, &[2]);
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    /// Two numbers have one key exactly when they are equal.
    #[test]
    fn numbers_have_the_same_key_when_they_are_equal(
        left in prop_oneof![any::<i64>().prop_map(Number::Int), any::<f64>().prop_map(Number::Double)],
        by in -2..3i64,
    ) {
        let near = match left {
            Number::Int(number) => number.saturating_add(by),
            Number::Double(number) => format!("{number:.0}").parse().unwrap_or(i64::MAX),
        };
        #[expect(clippy::cast_precision_loss, reason = "a double near it is wanted")]
        let others = [Number::Int(near), Number::Double(near as f64), Number::Double(0.0), Number::Double(-0.0), left];
        for right in others {
            let is_equal = left.compare(right) == Some(Ordering::Equal);
            prop_assert_eq!(key_of(left).is_some() && key_of(left) == key_of(right), is_equal, "{:?} {:?}", left, right);
        }
    }
}
