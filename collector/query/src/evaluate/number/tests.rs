use super::*;

#[track_caller]
fn check(left: Number, right: Number, want: Option<Ordering>) {
    assert_eq!(left.compare(right), want, "{left:?} to {right:?}");
    assert_eq!(right.compare(left), want.map(Ordering::reverse), "{right:?} to {left:?}");
}

#[test]
fn integers_and_doubles_are_compared_by_value() {
    let (int, double) = (Number::Int, Number::Double);
    check(int(5), double(5.0), Some(Ordering::Equal));
    check(int(5), double(5.5), Some(Ordering::Less));
    check(int(-5), double(-5.5), Some(Ordering::Greater));
    check(int(0), double(-0.0), Some(Ordering::Equal));
    check(int(-1), double(-0.5), Some(Ordering::Less));
    check(int(0), double(f64::MIN_POSITIVE), Some(Ordering::Less));
    check(double(1.5), double(2.5), Some(Ordering::Less));
    check(double(f64::NAN), double(f64::NAN), None);
    check(int(1), double(f64::NAN), None);
}

#[test]
fn nothing_is_rounded_where_doubles_are_coarser_than_integers() {
    let (int, double) = (Number::Int, Number::Double);
    check(int(9_007_199_254_740_993), double(9_007_199_254_740_992.0), Some(Ordering::Greater));
    check(int(i64::MAX), double(9_223_372_036_854_775_808.0), Some(Ordering::Less));
    check(int(i64::MIN), double(-9_223_372_036_854_775_808.0), Some(Ordering::Equal));
    check(int(i64::MIN), double(-9_223_372_036_854_777_856.0), Some(Ordering::Greater));
    check(int(i64::MAX), double(f64::INFINITY), Some(Ordering::Less));
    check(int(i64::MIN), double(f64::NEG_INFINITY), Some(Ordering::Greater));
}

#[test]
fn only_a_text_that_is_a_number_in_full_is_one() {
    assert_eq!(Number::parse("5"), Some(Number::Int(5)));
    assert_eq!(Number::parse("5e0"), Some(Number::Double(5.0)));
    for text in ["", "5 ", "5x", "nan", "0x5"] {
        assert_eq!(Number::parse(text), None, "{text}");
    }
}
