//! `field:10.0.0.0/8`: whether a value is an IP address within a range, and whether a body's text holds one.
//!
//! What an address is, and when one stands in a text by itself, is said in `model`'s `filter/ip_range.rs`.

use super::exact::is_word;
use super::strings::any_string;
use super::value_test::ValueTest;
use core::net::{IpAddr, Ipv4Addr};
use model::IpRange;
use std::str::FromStr;

/// The whole value is an address in the range.
#[derive(Debug, Clone)]
pub(crate) struct WholeValueTest {
    pub(crate) range: IpRange,
}

/// An address in the range stands in the text.
#[derive(Debug, Clone)]
pub(crate) struct InTextTest {
    pub(crate) range: IpRange,
}

/// Longest address: an IPv6 one with an IPv4 one at its end.
const ADDRESS_BYTES_MAX: usize = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".len();
/// Shortest: `::`.
const ADDRESS_BYTES_MIN: usize = 2;

fn parse<A: FromStr>(text: &str) -> Option<A> {
    let is_possible = (ADDRESS_BYTES_MIN..=ADDRESS_BYTES_MAX).contains(&text.len())
        && text.bytes().next().is_some_and(|first| first.is_ascii_hexdigit() || first == b':');
    if is_possible { text.parse().ok() } else { None }
}

impl WholeValueTest {
    fn is_in(&self, text: &str) -> bool {
        parse(text).is_some_and(|address: IpAddr| self.range.contains(address))
    }
}

impl InTextTest {
    fn is_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let end = end_of_run(text, at);
            if end == at {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            let run = &text[at..end];
            // Every address has two dots or two colons.
            if run.bytes().filter(|byte| matches!(byte, b'.' | b':')).nth(1).is_some() && self.is_in_run(run) {
                return true;
            }
            at = end;
        }
        false
    }

    /// A longest run of word characters, dots and colons.
    fn is_in_run(&self, run: &str) -> bool {
        let run = run.trim_matches('.');
        let whole = parse::<IpAddr>(run).or_else(|| parse(run.strip_suffix(':')?));
        if let Some(address) = whole {
            return self.range.contains(address);
        }
        let mut parts = run.split(':').filter_map(|part| parse::<Ipv4Addr>(part.trim_matches('.')));
        parts.any(|address| self.range.contains(IpAddr::V4(address)))
    }
}

fn end_of_run(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b':' => at += 1,
            0..=0x7f => return at,
            _ => match text[at..].chars().next() {
                Some(character) if is_word(character) => at += character.len_utf8(),
                _ => return at,
            },
        }
    }
    at
}

macro_rules! strings_only {
    ($test:ty) => {
        impl ValueTest for $test {
            fn text(&self, text: &str) -> bool {
                self.is_in(text)
            }

            fn bool(&self, _flag: bool) -> bool {
                false
            }

            fn int(&self, _number: i64) -> bool {
                false
            }

            fn double(&self, _number: f64) -> bool {
                false
            }

            fn bytes(&self, _text_form: &str) -> bool {
                false
            }

            fn structured(&self, text_form: &str) -> bool {
                any_string(text_form, |text| self.is_in(text))
            }

            fn empty(&self) -> bool {
                false
            }

            /// Hexadecimal digits alone are no address.
            fn id(&self, _id: &[u8]) -> bool {
                false
            }
        }
    };
}

strings_only!(WholeValueTest);
strings_only!(InTextTest);

#[cfg(test)]
mod tests;
