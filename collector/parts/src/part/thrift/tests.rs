use super::*;

/// A structure with a number, a text, a list of two structures and a list of twenty bytes.
fn structure() -> Vec<u8> {
    let mut bytes = vec![0x15, 0x08, 0x18, 0x02, b'h', b'i', 0x19, 0x2c, 0x15, 0x02, 0x00, 0x15, 0x04, 0x00];
    bytes.extend([0x19, 0xf3, 20]);
    bytes.extend([1; 20]);
    bytes.push(0);
    bytes
}

#[test]
fn a_structure_is_whole_when_it_takes_all_of_the_bytes() {
    let whole = structure();
    assert!(is_whole_struct(&whole));
    for length in 0..whole.len() {
        assert!(!is_whole_struct(&whole[..length]), "{length}");
    }
    assert!(!is_whole_struct(&[&whole[..], &[0]].concat()));
}

#[test]
fn flags_in_a_list_and_lists_in_a_page_header_are_refused() {
    let mut flags = structure();
    assert_eq!(flags[15], 0xf3);
    flags[15] = 0xf1;
    assert!(!is_whole_struct(&flags), "the library would skip no byte for a flag");
    assert!(Thrift::new(&structure()).skip(Wire::Struct, DEPTH_MAX).is_err());
    let number_and_text = [&structure()[..6], &[0]].concat();
    assert!(Thrift::new(&number_and_text).skip(Wire::Struct, DEPTH_MAX).is_ok());
}

#[test]
fn a_count_that_lies_is_found_at_once() {
    // Some two thousand million flags in a list, each of which takes the library no byte.
    let flags = [0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0];
    assert!(!is_whole_struct(&flags));
    let structures = [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0];
    assert!(!is_whole_struct(&structures));
    let text = [0x18, 0xff, 0xff, 0xff, 0xff, 0x07, b'x', 0];
    assert!(!is_whole_struct(&text));
    // Lists within lists, deeper than any of a footer.
    let deep = [&[0x19][..], &[0x19; 100], &[0x03, 0x00]].concat();
    assert!(!is_whole_struct(&deep));
}
