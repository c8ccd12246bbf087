use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, want: &str) {
    let got = Timestamp::parse_rfc3339(text).map(|time| time.to_string());
    assert_eq!(got.as_deref().unwrap_or("refused"), want, "input: {text}");
}

#[test]
fn a_time_is_read_with_any_zone_and_printed_in_utc() {
    check("2026-11-24T10:30:00Z", "2026-11-24T10:30:00Z");
    check("2026-11-24T10:30:00.5+01:00", "2026-11-24T09:30:00.500Z");
    check("2026-11-24 10:30:00.123456789-00:30", "2026-11-24T11:00:00.123456789Z");
    check("2024-02-29", "2024-02-29T00:00:00Z");
    check("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z");
    check("1677-09-21T00:12:43.145224193Z", "1677-09-21T00:12:43.145224193Z");
}

#[test]
fn an_impossible_time_is_refused() {
    for text in [
        "",
        "now",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-11-24T24:00:00Z",
        "2026-11-24T10:30:00",
        "2026-11-24T10:30:00.Z",
        "9999-01-01T00:00:00Z",
        "2026-11-24T10:30:00+1:00",
        "２026-11-24",
    ] {
        check(text, "refused");
    }
}

#[test]
fn arithmetic_stops_at_the_ends_of_time() {
    assert_eq!(Timestamp::MAX.saturating_add(Duration::from_secs(1)), Timestamp::MAX);
    assert_eq!(Timestamp::MIN.saturating_sub(Duration::MAX), Timestamp::MIN);
    assert_eq!(Timestamp::MAX.saturating_sub(Duration::MAX), Timestamp::MIN);
    assert_eq!(Timestamp::MIN.saturating_add(Duration::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::from_seconds(1).since(Timestamp::from_seconds(2)), Duration::ZERO);
    assert_eq!(Timestamp::MAX.since(Timestamp::MIN), Duration::from_nanos(u64::MAX));
}

proptest! {
    #[test]
    fn every_time_reads_back_as_printed(nanos in any::<i64>()) {
        let time = Timestamp(nanos);
        prop_assert_eq!(Timestamp::parse_rfc3339(&time.to_string()), Some(time));
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        Timestamp::parse_rfc3339(&text);
    }
}
