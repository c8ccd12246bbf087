use super::*;

#[test]
fn a_range_is_cut_into_round_buckets() {
    for (hours, want_seconds) in [(1, 60), (24, 1_800), (24 * 7, 21_600), (24 * 365, 7 * 86_400)] {
        let got = round_interval(Duration::from_secs(hours * 3_600), BUCKETS_DEFAULT);
        assert_eq!(got, Duration::from_secs(want_seconds), "{hours} h");
    }
}

#[test]
fn too_many_buckets_are_refused_with_the_way_out() {
    let now = Timestamp::from_seconds(1_000_000);
    let range = TimeRange { start: Timestamp(0), end: now };
    let error = parse_interval("1s", range, now, BUCKETS_MAX).unwrap_err();
    assert!(format!("{error:?}").contains("wider interval"), "{error:?}");
    assert_eq!(parse_interval("5m", range, now, BUCKETS_MAX).unwrap(), Duration::from_secs(300));
}
