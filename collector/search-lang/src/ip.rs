//! IP addresses and ranges of them, where they are written without quotes.

use crate::error::SearchLangError;
use crate::scanner::{Word, quote};
use core::net::IpAddr;
use model::{Comparison, Field, Filter, IpRange};
use std::ops::Range;

/// Both ends of a range in brackets.
pub(crate) struct Sides<'w> {
    pub(crate) from: &'w Word,
    pub(crate) to: &'w Word,
    pub(crate) lower: Comparison,
    pub(crate) upper: Comparison,
}

/// Reads `10.0.0.0/8`. `None` for what is no address, a slash and digits.
pub(crate) fn network(word: &Word) -> Result<Option<IpRange>, SearchLangError> {
    let Some((address, prefix)) = word.text.split_once('/').filter(|_| !word.is_quoted()) else { return Ok(None) };
    let Ok(address) = address.parse::<IpAddr>() else { return Ok(None) };
    if prefix.is_empty() || !prefix.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(None);
    }
    match prefix.parse().ok().and_then(|prefix| IpRange::network(address, prefix)) {
        Some(range) => Ok(Some(range)),
        None => {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            let message = format!("behind the slash stands how many bits are fixed, 0 to {bits}; quotes make it text");
            Err(SearchLangError::new(word.span.clone(), message).suggest(format!("{address}/{bits}")))
        }
    }
}

/// The range between two addresses, or between an address and a star. `None` when an end is something else.
pub(crate) fn between(field: &Field, sides: &Sides<'_>, span: Range<usize>) -> Result<Option<Filter>, SearchLangError> {
    match field {
        Field::Time | Field::Level | Field::TraceId | Field::SpanId => return Ok(None),
        Field::Body
        | Field::Service
        | Field::EventName
        | Field::ScopeName
        | Field::Attribute(_)
        | Field::BodyPath(_) => {}
    }
    let (from, to) = (address(sides.from), address(sides.to));
    if from.is_none() && to.is_none()
        || from.is_none() && !sides.from.is_everything()
        || to.is_none() && !sides.to.is_everything()
    {
        return Ok(None);
    }
    if from.zip(to).is_some_and(|(from, to)| from.is_ipv4() != to.is_ipv4()) {
        let message = "one end of this range is an IPv4 address and the other an IPv6 address";
        return Err(SearchLangError::new(span, message));
    }
    let from = from.map(|from| if sides.lower == Comparison::Greater { next(from) } else { Some(from) });
    let to = to.map(|to| if sides.upper == Comparison::Less { previous(to) } else { Some(to) });
    let range = match (from, to) {
        (Some(from), Some(to)) => from.zip(to).and_then(|(from, to)| IpRange::new(from, to)),
        (Some(from), None) => from.map(IpRange::starting_at),
        (None, Some(to)) => to.map(IpRange::ending_at),
        (None, None) => None,
    };
    match range {
        Some(range) => Ok(Some(Filter::InIpRange { field: field.clone(), range })),
        None => {
            let message = "no address lies in this range: its first end comes behind its last";
            let turned = format!("[{} TO {}]", sides.to.text, sides.from.text);
            let is_turned = !sides.from.is_everything() && !sides.to.is_everything();
            let suggestion = if is_turned { turned } else { quote(&sides.from.text) };
            Err(SearchLangError::new(span, message).suggest(suggestion))
        }
    }
}

fn address(word: &Word) -> Option<IpAddr> {
    if word.is_quoted() || word.has_star() {
        return None;
    }
    word.text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => address.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(address) => address.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    }
}

fn previous(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => address.to_bits().checked_sub(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(address) => address.to_bits().checked_sub(1).map(|bits| IpAddr::V6(bits.into())),
    }
}
