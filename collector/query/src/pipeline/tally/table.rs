//! A hash table of texts and their counts.
//!
//! Most texts are short, and a short one lies in its slot: to find it, one place in memory is looked at and two words are
//! compared. Of a longer one the slot has the hash and where it begins.

use crate::guard::Stop;
use crate::pipeline::held::Held;
use basics::TextHash;
use std::hint::black_box;

/// Texts, each with its count.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// A table with open addressing. Its length is a power of two, and at least a quarter of it is free.
    slots: Vec<Slot>,
    used: usize,
    /// The long texts, one behind the other.
    texts: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    words: Words,
    /// Zero where nothing is.
    count: u64,
    place_hash: u32,
    length: u32,
}

/// A text of at most [`SHORT_BYTES_MAX`], which its length makes whole; of a longer one its hash and where it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Words {
    low: u64,
    high: u64,
}

/// A text and its hash, made ready to be counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashed<'a> {
    hash: u64,
    text: &'a str,
}

/// A text that is not here any more, in as few bytes as it can be counted from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted {
    words: Words,
    place_hash: u32,
    length: u16,
    count: u16,
}

const SLOTS_MIN: usize = 64;
const TEXT_BYTES_MIN: usize = 1_024;
const SHORT_BYTES_MAX: usize = 16;

impl<'a> Hashed<'a> {
    pub(super) fn new(hash: &TextHash, text: &'a str) -> Hashed<'a> {
        Hashed { hash: hash.of(text), text }
    }

    /// The first bits of the hash, which choose nothing in a table.
    pub(super) fn bin(&self) -> usize {
        usize::from(self.hash.to_be_bytes()[0])
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Notes it so many times, if that can be; a long text is put behind `texts`, within the room that is there.
    #[inline]
    pub(super) fn note(&self, count: u64, texts: &mut String) -> Option<Noted> {
        let (length, count) = (u16::try_from(self.text.len()).ok()?, u16::try_from(count).ok()?);
        let words = match self.short_words() {
            Some(words) => words,
            None if self.text.len() <= texts.capacity() - texts.len() => {
                let start = texts.len() as u64;
                texts.push_str(self.text);
                Words { low: self.hash, high: start }
            }
            None => return None,
        };
        Some(Noted { words, place_hash: place_hash(self.hash), length, count })
    }

    /// The text in two words, which overlap where it has less than 16 bytes.
    #[inline]
    fn short_words(&self) -> Option<Words> {
        let bytes = self.text.as_bytes();
        let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes));
        let half = |bytes: Option<&[u8; 4]>| bytes.map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
        match bytes {
            [] => Some(Words::default()),
            [first, ..] if bytes.len() < 4 => {
                let ends = [*first, bytes[bytes.len() / 2], bytes[bytes.len() - 1], 0];
                Some(Words { low: u64::from(u32::from_le_bytes(ends)), high: 0 })
            }
            _ if bytes.len() < 8 => Some(Words { low: half(bytes.first_chunk())?, high: half(bytes.last_chunk())? }),
            _ if bytes.len() <= SHORT_BYTES_MAX => {
                Some(Words { low: word(bytes.first_chunk())?, high: word(bytes.last_chunk())? })
            }
            _ => None,
        }
    }
}

/// A text as it lies in a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    words: Words,
    length: usize,
    texts: &'a str,
}

/// Room for a text that lies in a slot.
pub(crate) type Room = [u8; SHORT_BYTES_MAX];

impl<'a> Stored<'a> {
    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The text, put together in `room` if it must be.
    pub(crate) fn text(self, room: &'a mut Room) -> &'a str {
        let length = self.length;
        if Table::is_long(length) {
            return long_text(self.texts, self.words, length);
        }
        let (low, high) = (self.words.low.to_le_bytes(), self.words.high.to_le_bytes());
        match length {
            0 => {}
            1..4 => {
                room[0] = low[0];
                room[length / 2] = low[1];
                room[length - 1] = low[2];
            }
            4..8 => {
                room[..4].copy_from_slice(&low[..4]);
                room[length - 4..length].copy_from_slice(&high[..4]);
            }
            _ => {
                room[..8].copy_from_slice(&low);
                room[length - 8..length].copy_from_slice(&high);
            }
        }
        std::str::from_utf8(&room[..length]).expect("it was a text")
    }
}

impl Table {
    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// The texts and their counts, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Stored<'_>, u64)> {
        let taken = self.slots.iter().filter(|slot| slot.count > 0);
        let stored = |slot: &Slot| Stored { words: slot.words, length: slot.length as usize, texts: &self.texts };
        taken.map(move |slot| (stored(slot), slot.count))
    }

    /// True for a text that does not fit a slot.
    pub(super) fn is_long(text_bytes: usize) -> bool {
        text_bytes > SHORT_BYTES_MAX
    }

    /// What it takes.
    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot>() + self.texts.capacity()
    }

    /// What it would take with one text more of so many bytes.
    pub(super) fn bytes_with(&self, text_bytes: usize) -> usize {
        let slots = if self.is_full() { self.slots.len() * 2 } else { self.slots.len() };
        let text_bytes = if Table::is_long(text_bytes) { text_bytes } else { 0 };
        slots * size_of::<Slot>() + self.texts.len() + text_bytes
    }

    /// Counts a text. What fails has counted nothing.
    #[inline]
    pub(super) fn add(&mut self, hashed: Hashed<'_>, count: u64, held: &mut Held<'_>) -> Result<(), Stop> {
        match hashed.short_words() {
            Some(words) => self.add_short(words, place_hash(hashed.hash), hashed.text.len(), count, held),
            None => self.add_long(hashed.hash, hashed.text, count, held),
        }
    }

    /// Counts a text that was noted; `texts` are those that it was noted with. What fails has counted nothing.
    #[inline]
    pub(super) fn add_noted(&mut self, noted: &Noted, texts: &str, held: &mut Held<'_>) -> Result<(), Stop> {
        let (length, count) = (usize::from(noted.length), u64::from(noted.count));
        if length <= SHORT_BYTES_MAX {
            self.add_short(noted.words, noted.place_hash, length, count, held)
        } else {
            self.add_long(noted.words.low, long_text(texts, noted.words, length), count, held)
        }
    }

    /// Reads the places where texts that were noted will be looked for, one independent of the other, so that the waits for
    /// them overlap.
    pub(super) fn reach_for(&self, noted: &[Noted]) {
        let mask = self.slots.len().saturating_sub(1);
        let count = |noted: &Noted| self.slots.get(noted.place_hash as usize & mask).map_or(0, |slot| slot.count);
        black_box(noted.iter().fold(0, |all, noted| all ^ count(noted)));
    }

    /// Adds all texts of another table that was filled with the same hash.
    pub(super) fn absorb(&mut self, other: &Table, held: &mut Held<'_>) -> Result<(), Stop> {
        for slot in other.slots.iter().filter(|slot| slot.count > 0) {
            let length = slot.length as usize;
            if length <= SHORT_BYTES_MAX {
                self.add_short(slot.words, slot.place_hash, length, slot.count, held)?;
            } else {
                self.add_long(slot.words.low, long_text(&other.texts, slot.words, length), slot.count, held)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn add_short(
        &mut self,
        words: Words,
        place_hash: u32,
        length: usize,
        count: u64,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        if self.is_full() {
            self.grow(held)?;
        }
        let mask = self.slots.len() - 1;
        let mut place = place_hash as usize & mask;
        loop {
            let slot = &mut self.slots[place];
            if slot.count == 0 {
                *slot = Slot { words, count, place_hash, length: narrow(length)? };
                self.used += 1;
                return Ok(());
            }
            if slot.words == words && slot.length as usize == length {
                slot.count += count;
                return Ok(());
            }
            place = (place + 1) & mask;
        }
    }

    fn add_long(&mut self, hash: u64, text: &str, count: u64, held: &mut Held<'_>) -> Result<(), Stop> {
        if self.is_full() {
            self.grow(held)?;
        }
        let mask = self.slots.len() - 1;
        let mut place = place_hash(hash) as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot.count == 0 {
                break;
            }
            let may_be = slot.words.low == hash && slot.length as usize == text.len();
            if may_be && long_text(&self.texts, slot.words, text.len()) == text {
                self.slots[place].count += count;
                return Ok(());
            }
            place = (place + 1) & mask;
        }
        let length = narrow(text.len())?;
        self.make_room(text.len(), held)?;
        let words = Words { low: hash, high: self.texts.len() as u64 };
        self.slots[place] = Slot { words, count, place_hash: place_hash(hash), length };
        self.texts.push_str(text);
        self.used += 1;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.used * 4 >= self.slots.len() * 3
    }

    /// Doubles the table.
    #[cold]
    fn grow(&mut self, held: &mut Held<'_>) -> Result<(), Stop> {
        let count = (self.slots.len() * 2).max(SLOTS_MIN);
        held.take((count * size_of::<Slot>()) as u64)?;
        let mut slots = vec![Slot::default(); count];
        for slot in self.slots.iter().filter(|slot| slot.count > 0) {
            let mut place = slot.place_hash as usize & (count - 1);
            while slots[place].count > 0 {
                place = (place + 1) & (count - 1);
            }
            slots[place] = *slot;
        }
        held.give_back((self.slots.len() * size_of::<Slot>()) as u64);
        self.slots = slots;
        Ok(())
    }

    fn make_room(&mut self, bytes: usize, held: &mut Held<'_>) -> Result<(), Stop> {
        let needed = self.texts.len() + bytes;
        if needed > self.texts.capacity() {
            let old = self.texts.capacity();
            let new = needed.max(old + old / 2).max(TEXT_BYTES_MIN);
            held.take(new as u64)?;
            self.texts.reserve_exact(new - self.texts.len());
            held.give_back(old as u64);
        }
        Ok(())
    }
}

fn long_text(texts: &str, words: Words, length: usize) -> &str {
    let start = usize::try_from(words.high).expect("it is a place in memory");
    &texts[start..start + length]
}

/// The last bits of a hash, which choose a place.
#[expect(clippy::cast_possible_truncation, reason = "the other bits choose the bin")]
fn place_hash(hash: u64) -> u32 {
    hash as u32
}

fn narrow(length: usize) -> Result<u32, Stop> {
    u32::try_from(length).map_err(|_| Stop::OUT_OF_MEMORY)
}
