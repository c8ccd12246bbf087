use super::day_before;
use basics::Timestamp;

#[test]
fn records_are_of_the_day_before_in_utc() {
    let now = Timestamp::parse_rfc3339("2026-03-01T00:00:01Z").unwrap();
    assert_eq!(day_before(now), Timestamp::parse_rfc3339("2026-02-28T00:00:00Z").unwrap());
}
