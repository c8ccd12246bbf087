use super::*;

#[test]
fn a_page_is_its_records_without_the_summary() {
    let page = Page::read(b"{\"a\":1}\n{\"a\":2}\n{\"summary\":{\"cut_short\":null,\"next\":\"n1\"}}\n").unwrap();
    assert_eq!(page.records, b"{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(page.next.as_deref(), Some("n1"));
    let empty = Page::read(b"{\"summary\":{\"cut_short\":null,\"next\":null}}\n").unwrap();
    assert_eq!((empty.records.len(), empty.next), (0, None));
}

#[test]
fn a_page_that_was_cut_short_is_no_sample() {
    assert!(Page::read(b"{\"a\":1}\n{\"summary\":{\"cut_short\":\"memory\",\"next\":null}}\n").is_err());
    assert!(Page::read(b"{\"a\":1}\n").is_err());
}

#[test]
fn the_sample_lies_in_the_middle() {
    let range = Range { start: Timestamp::from_seconds(0), end: Timestamp::from_seconds(1_000) };
    assert_eq!(newest(range, 200, 1_000), Timestamp::from_seconds(600));
    assert_eq!(newest(range, 1_000, 1_000), Timestamp::from_seconds(1_000));
}
