//! Tells texts apart that mostly came before, and numbers them as they come.
//!
//! A row group has each text of its attributes hundreds of times. A hash of all bytes, and a comparison of all bytes with a
//! text that lies elsewhere in memory, cost thirty nanoseconds for each; so the texts of late are remembered by their
//! length, their first and their last eight bytes, which is all of a short one. What is not among them is looked up in a
//! table whose hashes nobody can choose texts for.

use basics::TextHash;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

/// Numbers of the distinct texts so far.
#[derive(Debug, Default)]
pub(crate) struct TextNumbers<'a> {
    known: HashMap<Text<'a>, u32, TextHash>,
    /// Nothing until a text comes again: a column without values, or of a few records, needs no such room.
    recent: Vec<Recent<'a>>,
}

/// How many are remembered, each at the place that its ends lead to.
const RECENT: usize = 2048;
const _: () = assert!(RECENT.is_power_of_two());

#[derive(Debug, Clone, Copy)]
struct Recent<'a> {
    ends: Ends,
    text: &'a [u8],
    number: u32,
}

/// What is seen of a text at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    length: usize,
    first: u64,
    last: u64,
}

/// No text is so long.
const NOTHING: Ends = Ends { length: usize::MAX, first: 0, last: 0 };
const END_BYTES: usize = 8;

impl<'a> TextNumbers<'a> {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.known.len()
    }

    /// The number of a text, and whether it is a new one.
    #[inline]
    pub(crate) fn number(&mut self, text: &'a [u8]) -> (u32, bool) {
        let ends = Ends::of(text);
        let place = ends.place();
        // Of a short one the ends are all there is, and no bytes are compared: for two empty texts, whose addresses nothing
        // need lie at, that alone takes some 80 ns on processors with masked loads.
        if let Some(recent) = self.recent.get(place)
            && recent.ends == ends
            && (ends.length <= 2 * END_BYTES || recent.text == text)
        {
            return (recent.number, false);
        }
        self.look_up(text, ends, place)
    }

    fn look_up(&mut self, text: &'a [u8], ends: Ends, place: usize) -> (u32, bool) {
        let next = u32::try_from(self.known.len()).expect("a row group has fewer than 2^32 records");
        let (number, is_new) = match self.known.entry(Text(text)) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(place) => (*place.insert(next), true),
        };
        if self.recent.is_empty() && !is_new {
            self.recent = vec![Recent { ends: NOTHING, text: &[], number: 0 }; RECENT];
        }
        if let Some(recent) = self.recent.get_mut(place) {
            *recent = Recent { ends, text, number };
        }
        (number, is_new)
    }
}

impl Ends {
    #[inline]
    fn of(text: &[u8]) -> Ends {
        let (first, last) = match (text.first_chunk::<END_BYTES>(), text.last_chunk::<END_BYTES>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => (short(text), 0),
        };
        Ends { length: text.len(), first, last }
    }

    /// Where a text with such ends is remembered.
    #[inline]
    fn place(&self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(32) ^ self.length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mixed >> (u64::BITS - RECENT.trailing_zeros())).unwrap_or(0)
    }
}

/// All of a text of fewer than eight bytes.
#[inline]
fn short(text: &[u8]) -> u64 {
    match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << u32::BITS
        }
        _ => text.iter().fold(0, |short, byte| short << 8 | u64::from(*byte)),
    }
}

/// Hashed by its bytes alone.
#[derive(Debug, PartialEq, Eq)]
struct Text<'a>(&'a [u8]);

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write(self.0);
    }
}

#[cfg(test)]
mod tests;
