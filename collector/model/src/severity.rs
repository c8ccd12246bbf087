//! How bad it is: OTLP's severity number (1-24, 0 = not given) and the six levels people say.

use std::fmt;

/// OTLP's severity number: 0 when not given, else 1 to 24 in bands of four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Severity(pub u8);

/// A band of four severities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Severity 1 to 4.
    Trace = 1,
    /// Severity 5 to 8.
    Debug = 5,
    /// Severity 9 to 12.
    Info = 9,
    /// Severity 13 to 16.
    Warn = 13,
    /// Severity 17 to 20.
    Error = 17,
    /// Severity 21 to 24.
    Fatal = 21,
}

impl Level {
    /// All levels, mildest first.
    pub const ALL: [Level; 6] = [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];

    /// The lowest severity of the band.
    pub fn lowest(self) -> Severity {
        Severity(self as u8)
    }

    /// The highest severity of the band.
    pub fn highest(self) -> Severity {
        Severity(self as u8 + 3)
    }

    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
            Level::Fatal => "fatal",
        }
    }

    /// Reads a level as people and libraries write it, in any case: also `warning`, `err`, `critical`, `panic`,
    /// `notice`, `information`, `verbose`.
    pub fn parse(text: &str) -> Option<Level> {
        let level = match text.to_ascii_lowercase().as_str() {
            "trace" | "verbose" | "finest" => Level::Trace,
            "debug" | "fine" => Level::Debug,
            "info" | "information" | "informational" | "notice" => Level::Info,
            "warn" | "warning" => Level::Warn,
            "error" | "err" | "severe" => Level::Error,
            "fatal" | "critical" | "crit" | "alert" | "emergency" | "emerg" | "panic" => Level::Fatal,
            _ => return None,
        };
        Some(level)
    }
}

impl Severity {
    /// The level of this severity; `None` when it was not given.
    pub fn level(self) -> Option<Level> {
        Level::ALL.into_iter().rev().find(|level| self >= level.lowest())
    }

    /// The severity number when given and known, else what the severity text says.
    ///
    /// Senders that set only the text (and gateways that set neither) stay findable by level this way.
    pub fn or_from_text(self, text: &str) -> Severity {
        if self.0 != 0 {
            return self;
        }
        Level::parse(text).map_or(self, Level::lowest)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
