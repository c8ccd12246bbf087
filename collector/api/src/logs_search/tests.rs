use super::*;

/// What is refused about a range.
fn range_refused(since: Option<&str>, start: Option<&str>) -> String {
    let refused = parse_range(since, start, None, Timestamp::from_seconds(1_700_000_000)).unwrap_err();
    serde_json::to_value(&refused).unwrap()["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_time_that_is_none_is_told_as_it_was_typed_with_what_is_allowed() {
    let allowed = "is no length of time; allowed: whole numbers, each with a unit of ns us ms s m h d w, such as 15m, 1h30m or 7d";
    for since in ["15", "", "15x", "-15", "1h30", "2026-11-24", "m"] {
        assert_eq!(range_refused(Some(since), None), format!("{since:?} {allowed}"));
    }
    assert!(range_refused(None, Some("15 o'clock")).starts_with("\"15 o'clock\" is no time; allowed: 15m"));
}

#[test]
fn a_length_of_time_reaches_back_with_and_without_a_minus() {
    let now = Timestamp::from_seconds(1_700_000_000);
    for since in ["15m", "-15m", " 15m ", "10m300s"] {
        let range = parse_range(Some(since), None, None, now).unwrap();
        assert_eq!(range.start, Timestamp::from_seconds(1_700_000_000 - 900), "{since}");
    }
}

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
