use super::*;

#[track_caller]
fn check(query: &str, status: u16) {
    let refused = parse_filter(query, Timestamp::from_seconds(1_700_000_000)).unwrap_err();
    assert_eq!(refused.into_response().status().as_u16(), status, "{} bytes", query.len());
}

#[test]
fn a_query_that_is_too_long_is_told_apart_from_one_that_is_wrong() {
    check(&"x".repeat(64 * 1024), 413);
    check("level:eror", 400);
}
