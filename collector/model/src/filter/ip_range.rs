//! Ranges of IP addresses.
//!
//! Meaning: an address is a text that is one in full: `10.0.0.7` (four numbers without leading zeroes) or any form of
//! RFC 4291 without a zone. An IPv4 address that is mapped into IPv6 (`::ffff:10.0.0.7`) is the IPv4 address. IPv4 and
//! IPv6 addresses are never in each other's ranges.
//!
//! In the text of a body, an address stands *by itself*: take each longest run of word characters, dots and colons, and
//! take the dots off its ends. If that is an address, or is one without one colon at its end, it counts. Else each of its
//! parts between colons counts that, without dots at its ends, is an IPv4 address. So `10.0.0.7:8080`, `peer:10.0.0.7`,
//! `[2001:db8::1]:443` and `10.0.0.7.` hold an address; `1.10.0.0.7`, `v10.0.0.7` and `10.0.0.7ms` hold none.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// All addresses of one family from a first to a last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpRange {
    first: IpAddr,
    last: IpAddr,
}

impl IpRange {
    /// The addresses from `first` to `last`, both among them. `None` when they are of two families or `last` comes
    /// before `first`.
    pub fn new(first: IpAddr, last: IpAddr) -> Option<IpRange> {
        let (first, last) = (first.to_canonical(), last.to_canonical());
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(IpRange { first, last })
    }

    /// The addresses whose first `prefix` bits are those of `address`; the others of its bits do not count. `None` when an
    /// address of that form has fewer bits.
    pub fn network(address: IpAddr, prefix: u32) -> Option<IpRange> {
        let (first, last) = match address {
            IpAddr::V4(address) => {
                let open = u32::MAX.checked_shr(prefix).unwrap_or(0);
                let bits = address.to_bits();
                (IpAddr::V4((bits & !open).into()), IpAddr::V4((bits | open).into()))
            }
            IpAddr::V6(address) => {
                let open = u128::MAX.checked_shr(prefix).unwrap_or(0);
                let bits = address.to_bits();
                (IpAddr::V6((bits & !open).into()), IpAddr::V6((bits | open).into()))
            }
        };
        if prefix > if address.is_ipv4() { 32 } else { 128 } {
            return None;
        }
        IpRange::new(first, last)
    }

    /// The addresses of the same family from this one on.
    pub fn starting_at(first: IpAddr) -> IpRange {
        let first = first.to_canonical();
        let last = match first {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::BROADCAST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(u128::MAX)),
        };
        IpRange { first, last }
    }

    /// The addresses of the same family up to this one.
    pub fn ending_at(last: IpAddr) -> IpRange {
        let last = last.to_canonical();
        let first = match last {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        IpRange { first, last }
    }

    /// The first address.
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// The last address.
    pub fn last(&self) -> IpAddr {
        self.last
    }

    /// True when the address is in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        // Addresses of two families have an order too: the end of the same family decides.
        address.is_ipv4() == self.first.is_ipv4() && self.first <= address && address <= self.last
    }
}

#[cfg(test)]
mod tests;
