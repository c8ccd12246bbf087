use super::*;

#[test]
fn a_cursor_survives_its_text() {
    for (time, sequence) in [(0, 0), (i64::MIN, u64::MAX), (1_795_516_200_123_456_789, 42 << 20 | 7)] {
        let position = RecordPosition { time: Timestamp(time), sequence };
        assert_eq!(parse(&render(position)), Some(position));
    }
    for bad in ["", "1", "1_", "_1", "1_2_3", "a_b", "1_-1"] {
        assert_eq!(parse(bad), None, "{bad}");
    }
}
