//! Entry points for fuzzing: no input may panic, hang or break what is promised of an answer.

use basics::Timestamp;

/// Parses any bytes as a query.
pub fn search_lang(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(mistake) = crate::parse(&text, Timestamp::from_seconds(1_795_516_200)) {
        assert!(text.get(mistake.span.clone()).is_some(), "a span lies within its query: {mistake:?}");
        assert!(mistake.span.is_empty() == text.is_empty(), "a span shows something: {mistake:?}");
        assert!(!mistake.message.is_empty(), "a mistake is said");
    }
}
