//! What passes to the console and the exporters: by level, by origin, and not too often.
//!
//! The gate stands before all of them, so that they agree; silence ([`quiet`](super::quiet)) is kept here.

use std::sync::Arc;

use basics::Clock;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::config::LogLevel;
use super::quiet::is_quiet;
use super::repeats::{Repeats, Site};

/// Where outside crates speak from. Of theirs, warnings and errors pass; the rest only at level `trace`.
const OUTSIDE: [&str; 9] =
    ["h2", "hyper", "hyper_util", "tonic", "tower", "rustls", "tokio", "opentelemetry", "tracing"];

/// The target of records that say who changed what. They pass whatever the level is and however many there are.
pub const AUDIT_TARGET: &str = "audit";

/// Decides about every log record and span of the process.
pub(crate) struct Gate {
    level: LevelFilter,
    wants_spans: bool,
    repeats: Arc<Repeats>,
    clock: Arc<dyn Clock>,
}

impl Gate {
    pub(crate) fn new(level: LogLevel, wants_spans: bool, repeats: Arc<Repeats>, clock: Arc<dyn Clock>) -> Gate {
        let level = match level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        Gate { level, wants_spans, repeats, clock }
    }

    /// Decides by what never changes about a place in the code.
    fn admits(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() {
            // Spans are for traces alone, so a quieter console does not tear holes into them.
            return self.wants_spans && *metadata.level() <= Level::INFO && !is_outside(metadata.target());
        }
        if metadata.target() == AUDIT_TARGET {
            return true;
        }
        let is_loud = *metadata.level() <= Level::WARN || self.level == LevelFilter::TRACE;
        *metadata.level() <= self.level && (is_loud || !is_outside(metadata.target()))
    }
}

impl<S: Subscriber> Layer<S> for Gate {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Never `always`: silence is asked for anew each time.
        if self.admits(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.admits(metadata) && !is_quiet()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let least = if self.wants_spans { LevelFilter::INFO } else { LevelFilter::WARN };
        Some(self.level.max(least))
    }

    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        // Whoever asks for single requests wants each of them; and what somebody did is never only counted.
        if *metadata.level() > Level::INFO || metadata.target() == AUDIT_TARGET {
            return true;
        }
        let site = Site { file: metadata.file().unwrap_or_default(), line: metadata.line().unwrap_or_default() };
        self.repeats.passes(site, self.clock.monotonic())
    }
}

/// Tells whether a library speaks, and not one of our crates.
pub(crate) fn is_outside(target: &str) -> bool {
    let origin = target.split("::").next().unwrap_or_default();
    OUTSIDE
        .iter()
        .any(|outside| *outside == origin || origin.strip_prefix(outside).is_some_and(|rest| rest.starts_with('_')))
}

#[cfg(test)]
mod tests;
