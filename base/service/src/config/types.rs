//! Values that configuration files write with a unit: durations, sizes, shares of memory, addresses.

use std::borrow::Cow;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use basics::ByteSize;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A duration as people write it: `500ms`, `10s`, `5m`, `1h30m`, `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigDuration(pub Duration);

/// A size as people write it: `64MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigSize(pub u64);

/// A size, or a share of the machine's memory: `4GiB`, `50%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemorySize {
    /// This many bytes.
    Bytes(u64),
    /// This many hundredths of the memory that the process may use.
    Percent(u8),
}

/// Where to listen: `127.0.0.1:4317`, `[::1]:4317`, `localhost:4317`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    host: String,
    port: u16,
}

impl MemorySize {
    /// The bytes meant on a machine with this much memory.
    pub fn bytes(self, machine_bytes: u64) -> u64 {
        match self {
            MemorySize::Bytes(bytes) => bytes,
            MemorySize::Percent(percent) => {
                let bytes = u128::from(machine_bytes) * u128::from(percent) / 100;
                u64::try_from(bytes).unwrap_or(machine_bytes)
            }
        }
    }
}

impl ListenAddress {
    /// This host and port.
    pub fn new(host: &str, port: u16) -> ListenAddress {
        ListenAddress { host: host.to_owned(), port }
    }

    /// The port as written; 0 lets the system choose.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Resolves the host.
    ///
    /// # Errors
    /// When the host has no address.
    pub fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        let mut found: Vec<SocketAddr> = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        // `localhost` is two addresses; programs that know only one know the old one.
        found.sort_by_key(SocketAddr::is_ipv6);
        found.dedup();
        Ok(found)
    }
}

impl FromStr for ConfigDuration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{text:?} is not a duration");
        let mut total = Duration::ZERO;
        let mut rest = text;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits_end = rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, tail) = rest.split_at(digits_end);
            let unit_end = tail.find(|sign: char| sign.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, next) = tail.split_at(unit_end);
            let number: u64 = digits.parse().map_err(|_| wrong())?;
            let unit_ms = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" | "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "" => return Err(format!("{text:?} has no unit")),
                other => return Err(format!("{text:?} has the unknown unit {other:?}")),
            };
            let part = number.checked_mul(unit_ms).map(Duration::from_millis);
            total = part.and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
            rest = next;
        }
        Ok(ConfigDuration(total))
    }
}

impl fmt::Display for ConfigDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        for (unit_ms, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
            if ms >= unit_ms && ms.is_multiple_of(unit_ms) {
                return write!(out, "{}{unit}", ms / unit_ms);
            }
        }
        write!(out, "{ms}ms")
    }
}

impl FromStr for ConfigSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(|ByteSize(bytes)| ConfigSize(bytes))
            .map_err(|error| format!("{text:?} is not a size: {error}"))
    }
}

impl fmt::Display for ConfigSize {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        ByteSize(self.0).fmt(out)
    }
}

impl FromStr for MemorySize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(|ConfigSize(bytes)| MemorySize::Bytes(bytes));
        };
        let percent = percent.trim().parse().ok().filter(|percent| (1..=90).contains(percent));
        percent.map(MemorySize::Percent).ok_or_else(|| format!("{text:?} is not a share from 1% to 90%"))
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemorySize::Bytes(bytes) => ByteSize(*bytes).fmt(out),
            MemorySize::Percent(percent) => write!(out, "{percent}%"),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').ok_or_else(|| format!("{text:?} has no port"))?;
        let port = port.parse().map_err(|_| format!("{text:?} ends with no port from 0 to 65535"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        let has_stray_colon = bare.is_none() && host.contains(':');
        if host.is_empty() || has_stray_colon || host.contains(char::is_whitespace) {
            return Err(format!("{text:?} names no host"));
        }
        Ok(ListenAddress { host: host.to_owned(), port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(out, "[{}]:{}", self.host, self.port)
        } else {
            write!(out, "{}:{}", self.host, self.port)
        }
    }
}

/// Holds a text against the `format` of its schema, and against `x-least` and `x-most`.
pub(crate) fn check_format(text: &str, schema: &Value) -> Result<(), String> {
    match schema["format"].as_str() {
        Some("duration") => bounded::<ConfigDuration>(text, schema),
        Some("size") => bounded::<ConfigSize>(text, schema),
        Some("memory") => text.parse::<MemorySize>().map(drop),
        Some("listen-address") => text.parse::<ListenAddress>().map(drop),
        Some(_) | None => Ok(()),
    }
}

fn bounded<T: FromStr<Err = String> + PartialOrd>(text: &str, schema: &Value) -> Result<(), String> {
    let value: T = text.parse()?;
    let bound = |name: &str| schema.get(name).and_then(Value::as_str).and_then(|bound| bound.parse::<T>().ok());
    let is_below = bound("x-least").is_some_and(|least| value < least);
    let is_above = bound("x-most").is_some_and(|most| value > most);
    if is_below || is_above { Err(format!("{text:?} is out of range")) } else { Ok(()) }
}

/// A type that is a text with a format in files and schemas.
macro_rules! written_as_text {
    ($type:ty, $name:literal, $format:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}

written_as_text!(ConfigDuration, "Duration", "duration");
written_as_text!(ConfigSize, "Size", "size");
written_as_text!(MemorySize, "MemorySize", "memory");
written_as_text!(ListenAddress, "ListenAddress", "listen-address");

#[cfg(test)]
mod tests;
