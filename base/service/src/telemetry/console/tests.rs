//! Lines as an operator's terminal and an operator's collector get them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::escape::is_dangerous;
use crate::limits::CONSOLE_FIELD_BYTES_MAX;

/// 2026-11-24T10:30:00.125Z, and then a millisecond later for each record.
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1_000_000, Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What stands on the screen after `work`.
fn printed(format: LogFormat, has_colour: bool, work: impl FnOnce()) -> String {
    let screen = Screen::default();
    let start = Timestamp::parse_rfc3339("2026-11-24T10:30:00.999Z").unwrap();
    let clock = Arc::new(TestClock(AtomicI64::new(start.0)));
    let console = Console::new(format, has_colour, clock, Box::new(screen.clone()));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(console), work);
    let bytes = screen.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

/// Every hostile sign, in the middle of a word.
fn hostile() -> String {
    (0..=0x2069_u32).filter_map(char::from_u32).filter(|sign| is_dangerous(*sign)).fold(
        "x".to_owned(),
        |mut text, sign| {
            text.push(sign);
            text.push('y');
            text
        },
    )
}

#[test]
fn a_record_is_a_line_with_time_level_origin_message_and_fields() {
    let text = printed(LogFormat::Text, false, || {
        tracing::info!(target: "collector::start", address = "127.0.0.1:4317", count = 3, share = 0.5, is_tls = false, "listening");
        tracing::warn!(target: "wal", name = "a b", empty = "", quote = "say \"hi\"", none = ?None::<u8>, "odd");
    });
    assert_eq!(
        text,
        "2026-11-24T10:30:00.999Z  INFO collector: listening address=127.0.0.1:4317 count=3 share=0.5 is_tls=false\n\
         2026-11-24T10:30:01.000Z  WARN wal: odd name=\"a b\" empty=\"\" quote=\"say \\\"hi\\\"\" none=None\n"
    );
}

#[test]
fn json_is_one_object_per_line() {
    let text = printed(LogFormat::Json, false, || {
        tracing::error!(target: "wal", used_bytes = 7_u64, path = "/a \"b\"", big = u64::MAX, odd = f64::NAN, "write-ahead log is full");
    });
    assert_eq!(text.matches('\n').count(), 1);
    let object: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        object,
        serde_json::json!({
            "time": "2026-11-24T10:30:00.999Z",
            "level": "error",
            "target": "wal",
            "message": "write-ahead log is full",
            "fields": { "used_bytes": 7, "path": "/a \"b\"", "big": u64::MAX, "odd": "NaN" },
        })
    );
}

#[test]
fn an_error_is_shown_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot write segment 7")]
    struct Failed(#[source] std::io::Error);
    let error = Failed(std::io::Error::other("No space left"));
    let text = printed(LogFormat::Text, false, || {
        tracing::error!(error = &error as &dyn std::error::Error, "the log refuses");
    });
    assert!(text.ends_with("the log refuses error=\"cannot write segment 7: No space left\"\n"), "{text}");
}

#[test]
fn nothing_hostile_reaches_the_terminal_by_any_kind_of_field() {
    let hostile = hostile();
    for format in [LogFormat::Text, LogFormat::Json] {
        let text = printed(format, false, || {
            tracing::warn!("{hostile}");
            tracing::warn!(shown = %hostile, "display");
            tracing::warn!(debugged = ?hostile, "debug");
            tracing::warn!(given = hostile.as_str(), "text");
            let error = std::io::Error::other(hostile.clone());
            tracing::warn!(error = &error as &dyn std::error::Error, "error");
        });
        assert_eq!(text.lines().count(), 5, "no line is forged");
        assert!(!text.chars().any(|sign| sign != '\n' && is_dangerous(sign)), "{format:?}: {text:?}");
        if format == LogFormat::Json {
            for line in text.lines() {
                serde_json::from_str::<serde_json::Value>(line).expect("still JSON");
            }
            assert!(text.contains("\\u202e"), "hostile signs can still be read");
        }
    }
}

#[test]
fn colour_is_ours_alone() {
    let text = printed(LogFormat::Text, true, || tracing::error!(field = "\u{1b}[31m", "\u{1b}[2J"));
    assert!(text.contains("\u{1b}[31mERROR\u{1b}[0m"), "{text:?}");
    assert!(text.contains("\\u{1b}[2J"), "{text:?}");
    assert_eq!(text.matches('\u{1b}').count(), 4, "the level and the field's name, on and off: {text:?}");
}

#[test]
fn a_huge_value_costs_a_short_text_cut_at_a_character() {
    let text = printed(
        LogFormat::Text,
        false,
        || tracing::warn!(huge = "ü".repeat(1 << 20).as_str(), many = ?vec![0_u8; 1 << 20], "cut"),
    );
    assert!(text.len() < 2 * CONSOLE_FIELD_BYTES_MAX + 500, "{}", text.len());
    assert_eq!(text.matches("…(cut)").count(), 2);
}
