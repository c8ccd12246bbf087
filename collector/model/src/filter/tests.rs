use super::*;

#[track_caller]
fn check(text: &str, want: Option<Literal>) {
    assert_eq!(Literal::number(text), want, "input: {text:?}");
}

#[test]
fn a_number_in_full_is_read_exactly() {
    check("5", Some(Literal::Int(5)));
    check("-007", Some(Literal::Int(-7)));
    check("+3", Some(Literal::Int(3)));
    check("9223372036854775807", Some(Literal::Int(i64::MAX)));
    check("9223372036854775808", Some(Literal::Number(9_223_372_036_854_775_808.0)));
    check("5.0", Some(Literal::Number(5.0)));
    check("-1.5E-2", Some(Literal::Number(-0.015)));
    check("1e3", Some(Literal::Number(1000.0)));
}

#[test]
fn what_only_looks_like_a_number_is_none() {
    for text in [
        "", "-", "5.", ".5", "1e", "1e+", "inf", "nan", "NaN", "0x10", "1_000", " 5", "5 ", "5ms", "1e999", "1.2.3",
        "--5",
    ] {
        check(text, None);
    }
}
