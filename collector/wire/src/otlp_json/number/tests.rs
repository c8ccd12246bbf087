use super::{double, integer};

#[track_caller]
fn check(text: &str, want: Option<i128>) {
    assert_eq!(integer(text.as_bytes()), want, "number: {text}");
}

#[test]
fn whole_numbers_are_exact_however_they_are_written() {
    check("0", Some(0));
    check("-0", Some(0));
    check("-0.000e-99", Some(0));
    check("9223372036854775807", Some(i128::from(i64::MAX)));
    check("-9223372036854775808", Some(i128::from(i64::MIN)));
    check("18446744073709551615", Some(i128::from(u64::MAX)));
    check("1e3", Some(1_000));
    check("1.5E+3", Some(1_500));
    check("12000e-3", Some(12));
    check("1.000", Some(1));
    check("9007199254740993.0", Some(9_007_199_254_740_993));
    check(&format!("1{}e-400", "0".repeat(400)), Some(1));
}

#[test]
fn numbers_that_are_not_whole_or_too_large_are_refused() {
    for text in ["1.5", "1e-1", "12345e-3", "1e99", "1e99999999999999999999", "5e-99999999999999999999"] {
        check(text, None);
    }
    check(&"9".repeat(40), None);
}

#[test]
fn what_is_no_json_number_is_refused() {
    for text in ["", "-", "+1", "01", "-01", ".5", "1.", "1.e1", "1e", "1e+", "0x10", "1 ", " 1", "1_0", "NaN", "1e5x"]
    {
        check(text, None);
        assert_eq!(double(text.as_bytes()), None, "number: {text}");
    }
}

#[test]
fn doubles_are_the_nearest_and_within_their_range() {
    assert_eq!(double(b"0.1"), Some(0.1));
    assert_eq!(double(b"-2.5e-3"), Some(-0.0025));
    assert_eq!(double(b"1e-400"), Some(0.0));
    assert_eq!(double(b"1e400"), None);
    assert_eq!(double(b"-0").map(f64::to_bits), Some((-0.0f64).to_bits()));
}
