//! Entry points for fuzzing: no input may panic, hang or break what is promised of an answer.

use basics::Timestamp;

/// Parses any bytes as a query, alone and with pipes.
pub fn search_lang(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let now = Timestamp::from_seconds(1_795_516_200);
    for mistake in [crate::parse(&text, now).err(), crate::parse_pipeline(&text, now).err()].into_iter().flatten() {
        assert!(text.get(mistake.span.clone()).is_some(), "a span lies within its query: {mistake:?}");
        assert!(mistake.span.is_empty() == text.is_empty(), "a span shows something: {mistake:?}");
        assert!(!mistake.message.is_empty(), "a mistake is said");
    }
}
