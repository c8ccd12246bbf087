use super::*;

#[test]
fn a_size_prints_as_it_is_written() {
    for text in ["64MiB", "1GiB", "3B", "1025B", "4KiB", "2TiB"] {
        assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
    }
    assert_eq!("10 MB".parse::<ByteSize>(), Ok(ByteSize(10_000_000)));
}

#[test]
fn a_wrong_size_says_what_is_allowed() {
    let message = "64 megs".parse::<ByteSize>().unwrap_err().to_string();
    assert!(message.contains("MiB"), "{message}");
    assert_eq!("MiB".parse::<ByteSize>(), Err(ByteSizeError::NoNumber));
    assert_eq!("99999999999 TiB".parse::<ByteSize>(), Err(ByteSizeError::TooLarge));
}
