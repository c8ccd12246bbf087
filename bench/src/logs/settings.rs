//! What may be said on the command line.

use std::path::PathBuf;
use std::time::Duration;

/// Records, unless another number is given.
const RECORDS_DEFAULT: u64 = 10_000_000;
/// Records of the sample, unless another number is given; compressing them takes a minute.
const SAMPLE_DEFAULT: u64 = 200_000;
/// Longest wait for rest: what comes last, where it is little, lies in memory for ten minutes before it is written to parts.
const SETTLE_DEFAULT: Duration = Duration::from_secs(700);

/// How a run is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsSettings {
    /// Records to send.
    pub records: u64,
    /// Records to compress for comparison.
    pub sample: u64,
    /// How long to wait at most until all of them are in parts.
    pub settle: Duration,
    /// Where the files go and stay; `None` is a directory that is removed at the end.
    pub dir: Option<PathBuf>,
    /// How long a question may take, as the configuration writes it; `None` leaves the default.
    pub query_timeout: Option<String>,
    /// After how long the youngest records are written to parts, as the configuration writes it; `None` leaves the default.
    pub head_age: Option<String>,
}

impl Default for LogsSettings {
    fn default() -> Self {
        LogsSettings {
            records: RECORDS_DEFAULT,
            sample: SAMPLE_DEFAULT,
            settle: SETTLE_DEFAULT,
            dir: None,
            query_timeout: None,
            head_age: None,
        }
    }
}

impl LogsSettings {
    /// Reads the arguments behind `logs`; the error says what is allowed.
    pub fn parse(arguments: &[String]) -> Result<LogsSettings, String> {
        let mut settings = LogsSettings::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("{word} needs a value; {ALLOWED}"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{word} {value} is no number; {ALLOWED}"));
            match word.as_str() {
                "--records" => settings.records = number()?,
                "--sample" => settings.sample = number()?,
                "--settle" => settings.settle = Duration::from_secs(number()?),
                "--dir" => settings.dir = Some(PathBuf::from(value)),
                "--head-age" => settings.head_age = Some(value.clone()),
                "--query-timeout" => settings.query_timeout = Some(value.clone()),
                _ => return Err(format!("{word} is not known; {ALLOWED}")),
            }
        }
        if settings.sample == 0 {
            return Err(format!("a sample has records; {ALLOWED}"));
        }
        if settings.records < RECORDS_MIN {
            return Err(format!("fewer than {RECORDS_MIN} records show nothing; {ALLOWED}"));
        }
        Ok(settings)
    }
}

/// Each needle is looked for in requests of its own.
const RECORDS_MIN: u64 = 100_000;
const ALLOWED: &str = "allowed: --records N, --sample N (records), --settle SECONDS, --dir DIR (files stay there), \
                       --query-timeout DURATION such as 5m, --head-age DURATION";

#[cfg(test)]
mod tests;
