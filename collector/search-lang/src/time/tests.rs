use super::*;

#[track_caller]
fn check(text: &str, want: &str) {
    let now = Timestamp::parse_rfc3339("2026-11-24T10:30:00Z").unwrap();
    let got = parse_time(text, now).map(|time| time.to_string());
    assert_eq!(got.as_deref().unwrap_or("none"), want, "input: {text:?}");
}

#[test]
fn distances_are_counted_from_now() {
    check("now", "2026-11-24T10:30:00Z");
    check("-1h", "2026-11-24T09:30:00Z");
    check("15m", "2026-11-24T10:15:00Z");
    check("now-1d12h", "2026-11-22T22:30:00Z");
    check("+90s", "2026-11-24T10:31:30Z");
    check("250ms", "2026-11-24T10:29:59.750Z");
    check("1µs", "2026-11-24T10:29:59.999999Z");
    check("2w", "2026-11-10T10:30:00Z");
    check("today", "2026-11-24T00:00:00Z");
    check("yesterday", "2026-11-23T00:00:00Z");
}

#[test]
fn moments_may_leave_out_seconds_and_zone() {
    check("2026-11-24", "2026-11-24T00:00:00Z");
    check("2026-11-24T08:15", "2026-11-24T08:15:00Z");
    check("2026-11-24 08:15:30.5", "2026-11-24T08:15:30.500Z");
    check("2026-11-24T08:15+01:00", "2026-11-24T07:15:00Z");
    check("2026-11-24T08:15:30Z", "2026-11-24T08:15:30Z");
    check("1795516200", "2026-11-24T10:30:00Z");
    check("1795516200123", "2026-11-24T10:30:00.123Z");
    check("1795516200123456789", "2026-11-24T10:30:00.123456789Z");
}

#[test]
fn all_else_is_no_time() {
    for text in
        ["", "-", "now-", "1", "1x", "h", "-1h-1m", "1.5h", "tomorrow", "2026-13-01", "2026-11-24T8:15", "10:30"]
    {
        check(text, "none");
    }
    check("99999999999999999999", "none");
    check("2026-11-24T08:1é", "none");
}

#[test]
fn a_distance_beyond_all_time_stops_at_its_end() {
    check("-4294967295w", "1677-09-21T00:12:43.145224192Z");
}
