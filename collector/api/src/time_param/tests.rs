use super::*;

#[test]
fn a_number_is_read_by_its_length() {
    let now = Timestamp(0);
    for text in ["1795516200", "1795516200000", "1795516200000000", "1795516200000000000"] {
        assert_eq!(parse(text, now), Some(Timestamp::from_seconds(1_795_516_200)), "{text}");
    }
    assert_eq!(parse("2026-11-24T00:00:00Z", now), Timestamp::parse_rfc3339("2026-11-24"));
    assert_eq!(parse("yesterday-ish", now), None);
    assert_eq!(parse("99999999999999999999", now), None);
}
