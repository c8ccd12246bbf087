use super::*;

#[test]
fn numbers_and_flags_are_read_within_their_bounds() {
    assert_eq!(number("n", None, 1..=5, 3).unwrap(), 3);
    assert_eq!(number("n", Some("5"), 1..=5, 3).unwrap(), 5);
    for wrong in ["0", "6", "-1", "x", ""] {
        assert!(number("n", Some(wrong), 1..=5, 3).is_err(), "{wrong}");
    }
    assert!(flag("f", Some("true")).unwrap() && !flag("f", Some("false")).unwrap() && !flag("f", None).unwrap());
    assert!(flag("f", Some("1")).is_err());
}

#[test]
fn a_field_is_read_as_a_query_names_it() {
    assert_eq!(field("field", Some("user")).unwrap(), Field::Attribute("user".into()));
    assert_eq!(field("field", Some("\"my key\"")).unwrap(), Field::Attribute("my key".into()));
    assert_eq!(field("field", Some("level")).unwrap(), Field::Level);
    for wrong in [None, Some(""), Some("a b"), Some("a,b"), Some("user | limit 1"), Some("\"open")] {
        assert!(field("field", wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_range_without_an_end_ends_now() {
    let now = Timestamp(50);
    let open = TimeRange { start: Timestamp(10), end: Timestamp::MAX };
    assert_eq!(closed(open, false, now), TimeRange { start: Timestamp(10), end: Timestamp(51) });
    let ended = TimeRange { start: Timestamp(10), end: Timestamp(20) };
    assert_eq!(closed(ended, true, now), ended);
}
