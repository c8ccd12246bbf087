//! Times as the house knows them: nanoseconds since 1970 in UTC, handed in by a [`Clock`].

use std::fmt;
use std::time::Duration;

/// A moment: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Covers 1677 to 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

impl Timestamp {
    /// The earliest moment that can be named.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// The latest moment that can be named.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// Builds from whole seconds since 1970; too far away becomes the nearest nameable moment.
    pub fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Builds from milliseconds since 1970; too far away becomes the nearest nameable moment.
    pub fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis.saturating_mul(1_000_000))
    }

    /// Builds from the unsigned nanoseconds of OTLP; `None` beyond the year 2262.
    pub fn from_unsigned_nanos(nanos: u64) -> Option<Timestamp> {
        i64::try_from(nanos).ok().map(Timestamp)
    }

    /// The moment `later` after this one, or the last nameable one.
    pub fn saturating_add(self, later: Duration) -> Timestamp {
        let nanos = u64::try_from(later.as_nanos()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_add_unsigned(nanos))
    }

    /// The moment `earlier` before this one, or the first nameable one.
    pub fn saturating_sub(self, earlier: Duration) -> Timestamp {
        let nanos = u64::try_from(earlier.as_nanos()).unwrap_or(u64::MAX);
        Timestamp(self.0.saturating_sub_unsigned(nanos))
    }

    /// Time from `earlier` to this moment; zero when `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        let nanos = i128::from(self.0) - i128::from(earlier.0);
        Duration::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }

    /// Reads RFC 3339 (`2026-11-24T10:30:00.5+01:00`), a date alone (midnight UTC), or either with a space for the `T`.
    ///
    /// Returns `None` for anything else, for impossible dates and beyond the nameable range.
    pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
        parse_rfc3339(text.as_bytes())
    }
}

/// RFC 3339 in UTC with as many fraction digits as are needed in threes: none, milli, micro or nano.
impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(NANOS_PER_SECOND);
        let nanos = self.0.rem_euclid(NANOS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let second_of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        write!(
            out,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second_of_day / 3600,
            second_of_day / 60 % 60,
            second_of_day % 60
        )?;
        if nanos == 0 {
            write!(out, "Z")
        } else if nanos % 1_000_000 == 0 {
            write!(out, ".{:03}Z", nanos / 1_000_000)
        } else if nanos % 1_000 == 0 {
            write!(out, ".{:06}Z", nanos / 1_000)
        } else {
            write!(out, ".{nanos:09}Z")
        }
    }
}

/// Where time comes from: the process kit's clock, or one that a test moves by hand.
pub trait Clock: Send + Sync + 'static {
    /// The wall time. May jump in both directions.
    fn now(&self) -> Timestamp;
    /// Time since an arbitrary start. Never goes back; the one to measure durations with.
    fn monotonic(&self) -> Duration;
}

/// Year, month (1-12) and day (1-31) of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
///
/// Counts years from March, so that the leap day is the last day of its year; 400 years are 146,097 days.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The inverse of [`civil_from_days`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn parse_rfc3339(text: &[u8]) -> Option<Timestamp> {
    let year = digits(text.get(0..4)?)?;
    let month = digits(after(text, 4, b"-")?.get(0..2)?)?;
    let day = digits(after(text, 7, b"-")?.get(0..2)?)?;
    let days = days_from_civil(year, month, day);
    if !(1..=12).contains(&month) || civil_from_days(days) != (year, month, day) {
        return None;
    }
    if text.len() == 10 {
        return days.checked_mul(SECONDS_PER_DAY)?.checked_mul(NANOS_PER_SECOND).map(Timestamp);
    }
    let time = after(text, 10, b"Tt ")?;
    let hour = digits(time.get(0..2)?)?;
    let minute = digits(after(time, 2, b":")?.get(0..2)?)?;
    let second = digits(after(time, 5, b":")?.get(0..2)?)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanos, zone) = fraction(time.get(8..)?)?;
    let offset_seconds = zone_offset(zone)?;
    let seconds =
        days.checked_mul(SECONDS_PER_DAY)?.checked_add(hour * 3600 + minute * 60 + second - offset_seconds)?;
    // In 128 bits, because -1 second and 999 million nanoseconds may be nameable where -1 second is not.
    let total = i128::from(seconds) * i128::from(NANOS_PER_SECOND) + i128::from(nanos);
    i64::try_from(total).ok().map(Timestamp)
}

/// What follows the separator at `at`, when one of `separators` stands there.
fn after<'a>(text: &'a [u8], at: usize, separators: &[u8]) -> Option<&'a [u8]> {
    let separator = text.get(at)?;
    separators.contains(separator).then(|| text.get(at + 1..)).flatten()
}

fn digits(text: &[u8]) -> Option<i64> {
    let mut number = 0i64;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(number)
}

/// Nanoseconds of an optional `.123`, and what stands behind it. Digits past the ninth are cut.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let kept = length.min(9);
    let scale = 10i64.pow(9 - u32::try_from(kept).ok()?);
    Some((digits(rest.get(..kept)?)? * scale, rest.get(length..)?))
}

/// Seconds east of Greenwich of `Z` or `+01:00`.
fn zone_offset(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), rest @ ..] if rest.len() == 5 => {
            let hours = digits(rest.get(0..2)?)?;
            let minutes = digits(after(rest, 2, b":")?)?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
