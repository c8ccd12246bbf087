//! The IP addresses that stand in a text by themselves.

use std::net::{IpAddr, Ipv4Addr};

pub(super) fn addresses_in(text: &str) -> Vec<IpAddr> {
    let belongs = |character: char| super::is_word_character(&character) || matches!(character, '.' | ':');
    text.split(|character| !belongs(character)).flat_map(addresses_of).collect()
}

/// The addresses of a longest run of word characters, dots and colons.
fn addresses_of(run: &str) -> Vec<IpAddr> {
    let run = run.trim_matches('.');
    if let Ok(whole) = run.parse() {
        return vec![whole];
    }
    if let Some(Ok(whole)) = run.strip_suffix(':').map(str::parse) {
        return vec![whole];
    }
    let parts = run.split(':').filter_map(|part| part.trim_matches('.').parse::<Ipv4Addr>().ok());
    parts.map(IpAddr::V4).collect()
}
