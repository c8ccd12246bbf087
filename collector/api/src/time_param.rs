//! Times in parameters: what the query language reads, and plain numbers as other tools send them.

use basics::Timestamp;

/// Reads `-15m`, `now`, `2026-11-24T10:30:00Z`, or digits: seconds, milliseconds, microseconds or nanoseconds since
/// 1970, told apart by their length (10, 13, 16 and 19 digits between the years 2001 and 2286).
pub(crate) fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        let factor = match text.len() {
            0..=11 => 1_000_000_000,
            12..=14 => 1_000_000,
            15..=17 => 1_000,
            _ => 1,
        };
        return number.checked_mul(factor).map(Timestamp);
    }
    search_lang::parse_time(text, now)
}

#[cfg(test)]
mod tests;
