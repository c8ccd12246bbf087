use super::is_varied;
use crate::part::pack::values::Values;
use arrow_array::{Array, StringArray, new_null_array};
use arrow_schema::DataType;

fn are_varied(column: &dyn Array) -> bool {
    is_varied(&Values::of(column).unwrap())
}

fn strings(count: usize, distinct: usize) -> StringArray {
    // The multiplier has no divisor in common with the counts here.
    StringArray::from_iter_values((0..count).map(|number| format!("user-{}", number * 7_919 % distinct)))
}

#[test]
fn strings_are_varied_when_nearly_all_differ() {
    assert!(are_varied(&strings(16_384, 1_000_000)));
    assert!(are_varied(&strings(300, 1_000_000)));
    assert!(!are_varied(&strings(200, 1_000_000)), "too few to matter");
    assert!(!are_varied(&strings(16_384, 1_000)));
    assert!(!are_varied(&strings(16_384, 1)));
    let half: StringArray = (0..4_096).map(|number| (number % 2 == 0).then(|| number.to_string())).collect();
    assert!(are_varied(&half), "empty values count for nothing");
    assert!(!are_varied(&new_null_array(&DataType::Utf8, 1_000)));
}
