//! Log records on standard error, one line each.
//!
//! Our own formatter, because that of `tracing-subscriber` lets line ends, terminal escapes and direction marks of
//! foreign texts through, by the message or by `%field`.
//!
//! Always true:
//! - a record is one line, whatever is in it; all of it passes through [`escape`](crate::escape);
//! - a text of any length costs at most [`CONSOLE_FIELD_BYTES_MAX`] bytes.

mod fields;
mod json;
mod text;

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use basics::{Clock, Timestamp};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::config::LogFormat;
use fields::Fields;

/// Where lines go.
pub(crate) type Sink = Box<dyn Write + Send>;

/// Writes records as lines.
pub(crate) struct Console {
    format: LogFormat,
    has_colour: bool,
    clock: Arc<dyn Clock>,
    sink: Mutex<Sink>,
}

/// A record, read out of `tracing`.
pub(crate) struct Record {
    time: String,
    level: Level,
    target: &'static str,
    fields: Fields,
}

impl Console {
    pub(crate) fn new(format: LogFormat, has_colour: bool, clock: Arc<dyn Clock>, sink: Sink) -> Console {
        Console { format, has_colour, clock, sink: Mutex::new(sink) }
    }
}

impl<S: Subscriber> Layer<S> for Console {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let time = in_milliseconds(self.clock.now());
        let record = Record { time, level: *metadata.level(), target: metadata.target(), fields };
        let line = match self.format {
            LogFormat::Text => text::line(&record, self.has_colour),
            LogFormat::Json => json::line(&record),
        };
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        basics::carry_on(
            sink.write_all(line.as_bytes()),
            "nobody reads the console, and there is no other place to say so",
        );
    }
}

/// RFC 3339 with three digits of fraction, always, so that columns stand below each other.
fn in_milliseconds(time: Timestamp) -> String {
    let millis = time.0.div_euclid(1_000_000);
    let seconds = Timestamp::from_seconds(millis.div_euclid(1_000)).to_string();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), millis.rem_euclid(1_000))
}

#[cfg(test)]
mod tests;
