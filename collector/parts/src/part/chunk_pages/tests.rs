use super::*;
use proptest::prelude::*;

/// A header as Thrift writes it: a data page of two plain values, and whatever else is given of the page's own header.
fn header(packed: u8, unpacked: u8, more: &[u8]) -> Vec<u8> {
    let zigzag = |number: u8| number * 2;
    let mut bytes = vec![0x15, 0, 0x15, zigzag(unpacked), 0x15, zigzag(packed), 0x2c, 0x15, zigzag(2), 0x15, 0];
    bytes.extend(more);
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn pages_follow_each_other() {
    let mut chunk = header(3, 3, &[]);
    chunk.extend(b"one");
    // Levels' encodings, and statistics with a text in them, which nobody asks for.
    chunk.extend(header(2, 2, &[0x15, 6, 0x15, 6, 0x1c, 0x18, 2, b'h', b'i', 0x31, 0]));
    chunk.extend(b"to");
    let mut pages = ChunkPages::new(&chunk, Packing::Plain, 100);
    for expected in [&b"one"[..], b"to"] {
        let page = pages.next().unwrap().unwrap();
        assert_eq!((page.kind, page.layout, page.values), (PageKind::Data, Layout::Plain, 2));
        assert_eq!(page.unpack(&chunk).unwrap(), expected);
    }
    assert!(pages.next().unwrap().is_none());
}

#[test]
fn what_is_cut_off_or_too_long_is_unfamiliar() {
    let chunk = [header(3, 3, &[]), b"one".to_vec()].concat();
    for length in 1..chunk.len() {
        assert!(ChunkPages::new(&chunk[..length], Packing::Plain, 100).next().is_err(), "{length}");
    }
    assert!(ChunkPages::new(&chunk, Packing::Plain, 2).next().is_err());
    let short = [header(3, 4, &[]), b"one".to_vec()].concat();
    let page = ChunkPages::new(&short, Packing::Plain, 100).next().unwrap().unwrap();
    assert_eq!(page.unpack(&short), Err(Unfamiliar));
}

#[test]
fn a_frame_of_another_length_is_unfamiliar() {
    let frame = zstd::bulk::compress(b"one two three", 3).unwrap();
    let packed = u8::try_from(frame.len()).unwrap();
    for (said, is_right) in [(13, true), (12, false), (14, false)] {
        let chunk = [header(packed, said, &[]), frame.clone()].concat();
        let page = ChunkPages::new(&chunk, Packing::Zstd, 100).next().unwrap().unwrap();
        assert_eq!(page.unpack(&chunk).is_ok(), is_right, "{said}");
    }
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn any_bytes_are_survived(chunk in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut pages = ChunkPages::new(&chunk, Packing::Zstd, 1 << 16);
        while let Ok(Some(page)) = pages.next() {
            drop(page.unpack(&chunk));
        }
    }
}

#[test]
fn headers_are_whole_when_page_follows_page_to_the_end() {
    let page = [header(3, 3, &[0x15, 6, 0x1c, 0x18, 2, b'h', b'i', 0x31, 0]), b"one".to_vec()].concat();
    let chunk = [&page[..], &page].concat();
    assert!(has_whole_headers(&chunk) && has_whole_headers(&[]));
    for length in (1..chunk.len()).filter(|length| *length != page.len()) {
        assert!(!has_whole_headers(&chunk[..length]), "{length}");
    }
    // A text that is said to be longer than all that follows; a page of version 2 without the header of one.
    let lying = [header(3, 3, &[0x1c, 0x18, 0xff, 0xff, 0xff, 0xff, 0x7f, b'h', 0x31, 0]), b"one".to_vec()].concat();
    assert!(!has_whole_headers(&lying));
    let mut other = page.clone();
    other[1] = 6;
    assert!(!has_whole_headers(&other));
}
