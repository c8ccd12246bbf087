//! Times as people write them.

use basics::Timestamp;
use std::time::Duration;

/// Reads a time: a moment, or a distance from `now`.
///
/// Moments: RFC 3339; the same without zone (UTC), without seconds, or without the time of day; `today` and
/// `yesterday` (midnight UTC); a number of 10, 13, 16 or 19 digits counts seconds, milliseconds, microseconds or
/// nanoseconds since 1970. Distances: `now`, `-1h`, `now-1h30m`, `+5m`; without a sign they lie in the past.
/// Units are `ns us µs ms s m h d w`. `None` for all else and beyond the nameable range.
pub fn parse_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    match text {
        "now" => Some(now),
        "today" => Some(midnight(now)),
        "yesterday" => Some(midnight(now).saturating_sub(DAY)),
        _ => since_1970(text).or_else(|| relative(text, now)).or_else(|| moment(text)),
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Longest unit first where one begins like another.
const UNITS: &[(&str, Duration)] = &[
    ("ns", Duration::from_nanos(1)),
    ("us", Duration::from_micros(1)),
    ("µs", Duration::from_micros(1)),
    ("μs", Duration::from_micros(1)),
    ("ms", Duration::from_millis(1)),
    ("s", SECOND),
    ("m", MINUTE),
    ("h", HOUR),
    ("d", DAY),
    ("w", Duration::from_secs(7 * 86_400)),
];

fn midnight(time: Timestamp) -> Timestamp {
    let date: String = time.to_string().chars().take_while(|character| *character != 'T').collect();
    Timestamp::parse_rfc3339(&date).unwrap_or(time)
}

fn since_1970(text: &str) -> Option<Timestamp> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos_each = match text.len() {
        10 => 1_000_000_000,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    text.parse::<i64>().ok()?.checked_mul(nanos_each).map(Timestamp)
}

fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.strip_prefix("now").unwrap_or(text);
    match text.strip_prefix('+') {
        Some(later) => Some(now.saturating_add(duration(later)?)),
        None => Some(now.saturating_sub(duration(text.strip_prefix('-').unwrap_or(text))?)),
    }
}

/// `1h30m`: whole numbers, each with its unit.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|next: char| !next.is_ascii_digit())?;
        let count: u32 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let (name, unit) = UNITS.iter().find(|(name, _)| rest.starts_with(name))?;
        total = total.checked_add(unit.checked_mul(count)?)?;
        rest = rest.get(name.len()..)?;
    }
    (!text.is_empty()).then_some(total)
}

/// RFC 3339, and with what it demands but people leave out.
fn moment(text: &str) -> Option<Timestamp> {
    if let Some(whole) = Timestamp::parse_rfc3339(text) {
        return Some(whole);
    }
    let (minutes, rest) = text.split_at_checked("2026-11-24T10:30".len())?;
    let seconds = if rest.starts_with(':') { "" } else { ":00" };
    let with_seconds = format!("{minutes}{seconds}{rest}");
    Timestamp::parse_rfc3339(&with_seconds).or_else(|| Timestamp::parse_rfc3339(&format!("{with_seconds}Z")))
}

#[cfg(test)]
mod tests;
