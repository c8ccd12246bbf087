//! A hash table of texts and their counts.
//!
//! Most texts are short, and a short one is its own [`Key`], which lies in the table: to find it, one place in memory is
//! looked at and two words are compared. Of a longer one the key has the hash and where it begins.

use crate::guard::Stop;
use crate::pipeline::held::Held;
use basics::{Reservation, TextHash};
use std::hint::black_box;

/// Texts, each with its count. Whatever is done with one must be done with the same [`Hash`].
#[derive(Debug, Default)]
pub(super) struct Table {
    /// A table with open addressing. Its length is a power of two, and at least a quarter of it is free.
    slots: Vec<Slot>,
    used: usize,
    /// The highest count.
    most: u64,
    /// The long texts, one behind the other.
    texts: String,
    /// What all of it takes.
    memory: Option<Reservation>,
}

/// A key and its count, zeros where nothing is. A struct would have to be written into a new table; of numbers the
/// allocator knows that fresh memory holds them.
type Slot = [u64; 3];
const LOW: usize = 0;
const HIGH: usize = 1;
const COUNT: usize = 2;

/// A text in two words.
///
/// A short one has its bytes in them, then zeros, then its length and one. A long one has its hash in `low`, and in `high`
/// where it begins among other texts (32 bits), its length (24 bits) and [`LONG`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    low: u64,
    high: u64,
}

const SHORT_BYTES_MAX: usize = 15;
const KIND_SHIFT: u32 = 56;
const LENGTH_SHIFT: u32 = 32;
const LENGTH_MAX: u64 = (1 << (KIND_SHIFT - LENGTH_SHIFT)) - 1;
const LONG: u64 = 0xFF;
/// Kind and length of a long text.
const LONG_MASK: u64 = !0 << LENGTH_SHIFT;

/// What keys are hashed with.
#[derive(Debug)]
pub(super) struct Hash {
    long: TextHash,
    seeds: [u64; 3],
}

/// A key, and what chooses its table and its place there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashed<'a> {
    /// A long one begins nowhere yet.
    key: Key,
    hash: u64,
    text: &'a str,
}

const SLOTS_MIN: usize = 64;
const TEXT_BYTES_MIN: usize = 1_024;
/// So many places in memory are asked for at a time.
const REACH: usize = 128;

impl Default for Hash {
    fn default() -> Self {
        let long = TextHash::default();
        // Nobody knows them who does not know how texts are hashed.
        let seeds = ["low", "high", "both"].map(|name| long.of(name));
        Hash { long, seeds }
    }
}

impl Hash {
    /// Makes a text ready to be counted; `None` for one that is too long for that.
    #[inline]
    pub(super) fn of<'a>(&self, text: &'a str) -> Option<Hashed<'a>> {
        if let Some(key) = Key::of_short(text.as_bytes()) {
            return Some(Hashed { key, hash: self.of_key(key), text });
        }
        let length = u64::try_from(text.len()).ok().filter(|length| *length <= LENGTH_MAX)?;
        let hash = self.long.of(text);
        let key = Key { low: hash, high: LONG << KIND_SHIFT | length << LENGTH_SHIFT };
        Some(Hashed { key, hash, text })
    }

    /// The key of a short text, and the number of its table; `None` for a long one.
    #[inline]
    pub(super) fn of_short(&self, text: &str) -> Option<(Key, usize)> {
        let key = Key::of_short(text.as_bytes())?;
        Some((key, bin(self.of_key(key))))
    }

    /// The hash of a text by its key.
    #[inline]
    fn of_key(&self, key: Key) -> u64 {
        if key.is_long() {
            return key.low;
        }
        let [low, high, both] = self.seeds;
        folded(folded(key.low ^ low, key.high ^ high), both)
    }
}

/// Both halves of the product of two numbers in one.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the other half is there as well")]
fn folded(left: u64, right: u64) -> u64 {
    let product = u128::from(left).wrapping_mul(u128::from(right));
    product as u64 ^ (product >> u64::BITS) as u64
}

impl Key {
    #[inline]
    fn of_short(bytes: &[u8]) -> Option<Key> {
        let length = bytes.len();
        let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes));
        let half = |bytes: Option<&[u8; 4]>| bytes.map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
        // The last bytes may overlap the first ones, which are the same then.
        let (low, high) = match length {
            8 => (word(bytes.first_chunk())?, 0),
            9..=SHORT_BYTES_MAX => (word(bytes.first_chunk())?, word(bytes.last_chunk())? >> ((16 - length) * 8)),
            4..8 => (half(bytes.first_chunk())? | half(bytes.last_chunk())? << ((length - 4) * 8), 0),
            1..4 => {
                let at = |place: usize| u64::from(bytes[place]) << (place * 8);
                (at(0) | at(length / 2) | at(length - 1), 0)
            }
            0 => (0, 0),
            _ => return None,
        };
        Some(Key { low, high: high | (length as u64 + 1) << KIND_SHIFT })
    }

    fn is_long(self) -> bool {
        self.high >> KIND_SHIFT == LONG
    }

    /// The same where the text begins elsewhere; `None` where that is too far.
    fn beginning_at(self, start: usize) -> Option<Key> {
        let start = u64::from(u32::try_from(start).ok()?);
        Some(Key { low: self.low, high: self.high & LONG_MASK | start })
    }

    fn length(self) -> usize {
        let kind = self.high >> KIND_SHIFT;
        let length = if kind == LONG { (self.high >> LENGTH_SHIFT) & LENGTH_MAX } else { kind - 1 };
        usize::try_from(length).expect("it is in memory")
    }

    /// A long text among those that it begins in.
    fn long_text(self, texts: &str) -> &str {
        let start = usize::try_from(self.high & !LONG_MASK).expect("it is in memory");
        &texts[start..start + self.length()]
    }
}

impl Hashed<'_> {
    /// The first bits of the hash, which choose nothing in a table.
    pub(super) fn bin(&self) -> usize {
        bin(self.hash)
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn is_long(&self) -> bool {
        self.key.is_long()
    }

    /// The key by which it is counted when it is not here any more; a long text is put behind `texts`, within the room
    /// that is there.
    #[inline]
    pub(super) fn note(&self, texts: &mut String) -> Option<Key> {
        if !self.key.is_long() {
            return Some(self.key);
        }
        let has_room = self.text.len() <= texts.capacity() - texts.len();
        let key = self.key.beginning_at(texts.len()).filter(|_| has_room)?;
        texts.push_str(self.text);
        Some(key)
    }
}

/// A text as it lies in a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    key: Key,
    texts: &'a str,
}

/// Room for a text that lies in a slot.
pub(crate) type Room = [u8; 16];

impl<'a> Stored<'a> {
    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.key.length()
    }

    /// The text, put together in `room` if it must be.
    pub(crate) fn text(self, room: &'a mut Room) -> &'a str {
        if self.key.is_long() {
            return self.key.long_text(self.texts);
        }
        room[..8].copy_from_slice(&self.key.low.to_le_bytes());
        room[8..].copy_from_slice(&self.key.high.to_le_bytes());
        std::str::from_utf8(&room[..self.len()]).expect("it was a text")
    }
}

impl Table {
    /// The highest count in it, zero when it is empty.
    pub(super) fn most(&self) -> u64 {
        self.most
    }

    /// The texts and their counts, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Stored<'_>, u64)> {
        let taken = self.slots.iter().filter(|slot| slot[COUNT] > 0);
        taken.map(|slot| (Stored { key: Key { low: slot[LOW], high: slot[HIGH] }, texts: &self.texts }, slot[COUNT]))
    }

    /// What it takes.
    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot>() + self.texts.capacity()
    }

    /// What it would take with one text more.
    pub(super) fn bytes_with(&self, hashed: Hashed<'_>) -> usize {
        let slots = if self.is_full() { self.slots.len() * 2 } else { self.slots.len() };
        let text_bytes = if hashed.is_long() { hashed.len() } else { 0 };
        slots * size_of::<Slot>() + self.texts.len() + text_bytes
    }

    /// Counts a text. What fails has counted nothing.
    #[inline]
    pub(super) fn add(&mut self, hashed: Hashed<'_>, count: u64, hash: &Hash, held: &mut Held<'_>) -> Result<(), Stop> {
        if hashed.is_long() {
            self.add_long(hashed.key, hashed.text, count, hash, held)
        } else {
            self.add_short(hashed.key, hashed.hash, count, hash, held)
        }
    }

    /// Counts texts that were noted, once each; `texts` are those that they were noted with. What fails has counted as
    /// many as it says.
    pub(super) fn add_noted(
        &mut self,
        noted: &[Key],
        texts: &str,
        hash: &Hash,
        held: &mut Held<'_>,
    ) -> Result<(), (usize, Stop)> {
        if noted.len() * 4 >= self.slots.len() {
            // Most of it will be needed; it comes fastest in order. Two slots are less than a line of the cache.
            black_box(self.slots.iter().step_by(2).fold(0, |seen, slot| seen ^ slot[HIGH]));
        }
        let mut hashes = [0; REACH];
        for (turn, noted) in noted.chunks(REACH).enumerate() {
            self.reach_for(noted, hash, &mut hashes);
            for (number, (key, key_hash)) in noted.iter().zip(hashes).enumerate() {
                let added = if key.is_long() {
                    self.add_long(*key, key.long_text(texts), 1, hash, held)
                } else {
                    self.add_short(*key, key_hash, 1, hash, held)
                };
                added.map_err(|stop| (turn * REACH + number, stop))?;
            }
        }
        Ok(())
    }

    /// Reads the places where texts will be looked for, one independent of the other, so that the waits for them overlap.
    fn reach_for(&self, noted: &[Key], hash: &Hash, hashes: &mut [u64; REACH]) {
        let mask = self.slots.len().saturating_sub(1);
        let mut seen = 0;
        for (key, key_hash) in noted.iter().zip(hashes) {
            *key_hash = hash.of_key(*key);
            seen ^= self.slots.get(place(*key_hash, mask)).map_or(0, |slot| slot[HIGH]);
        }
        black_box(seen);
    }

    #[inline]
    fn add_short(&mut self, key: Key, key_hash: u64, count: u64, hash: &Hash, held: &mut Held<'_>) -> Result<(), Stop> {
        if self.is_full() {
            self.grow(hash, held)?;
        }
        let mask = self.slots.len() - 1;
        let mut place = place(key_hash, mask);
        loop {
            let slot = &mut self.slots[place];
            if slot[LOW] == key.low && slot[HIGH] == key.high {
                slot[COUNT] += count;
                self.most = self.most.max(slot[COUNT]);
                return Ok(());
            }
            if slot[COUNT] == 0 {
                *slot = [key.low, key.high, count];
                self.used += 1;
                self.most = self.most.max(count);
                return Ok(());
            }
            place = (place + 1) & mask;
        }
    }

    fn add_long(&mut self, key: Key, text: &str, count: u64, hash: &Hash, held: &mut Held<'_>) -> Result<(), Stop> {
        if self.is_full() {
            self.grow(hash, held)?;
        }
        let mask = self.slots.len() - 1;
        let mut place = place(key.low, mask);
        loop {
            let slot = &mut self.slots[place];
            if slot[COUNT] == 0 {
                break;
            }
            let known = Key { low: slot[LOW], high: slot[HIGH] };
            let may_be = known.low == key.low && known.high & LONG_MASK == key.high & LONG_MASK;
            if may_be && known.long_text(&self.texts) == text {
                slot[COUNT] += count;
                self.most = self.most.max(slot[COUNT]);
                return Ok(());
            }
            place = (place + 1) & mask;
        }
        let key = key.beginning_at(self.texts.len()).ok_or(Stop::OUT_OF_MEMORY)?;
        self.make_room(text.len(), held)?;
        self.slots[place] = [key.low, key.high, count];
        self.texts.push_str(text);
        self.used += 1;
        self.most = self.most.max(count);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.used * 4 >= self.slots.len() * 3
    }

    /// Doubles the table.
    #[cold]
    fn grow(&mut self, hash: &Hash, held: &mut Held<'_>) -> Result<(), Stop> {
        let count = (self.slots.len() * 2).max(SLOTS_MIN);
        self.charge(count * size_of::<Slot>(), held)?;
        let mut slots: Vec<Slot> = vec![[0; 3]; count];
        for slot in self.slots.iter().filter(|slot| slot[COUNT] > 0) {
            let mut place = place(hash.of_key(Key { low: slot[LOW], high: slot[HIGH] }), count - 1);
            while slots[place][COUNT] > 0 {
                place = (place + 1) & (count - 1);
            }
            slots[place] = *slot;
        }
        self.slots = slots;
        self.settle_charge();
        Ok(())
    }

    fn make_room(&mut self, bytes: usize, held: &mut Held<'_>) -> Result<(), Stop> {
        let needed = self.texts.len() + bytes;
        if needed > self.texts.capacity() {
            let old = self.texts.capacity();
            let new = needed.max(old + old / 2).max(TEXT_BYTES_MIN);
            self.charge(new, held)?;
            self.texts.reserve_exact(new - self.texts.len());
            self.settle_charge();
        }
        Ok(())
    }

    /// Takes what is about to be allocated, beside what there is.
    fn charge(&mut self, bytes: usize, held: &mut Held<'_>) -> Result<(), Stop> {
        held.take(bytes as u64)?;
        let taken = held.split(bytes as u64);
        match &mut self.memory {
            Some(memory) => memory.absorb(taken),
            none => *none = Some(taken),
        }
        Ok(())
    }

    /// Gives back what was let go.
    fn settle_charge(&mut self) {
        let bytes = self.bytes() as u64;
        if let Some(memory) = &mut self.memory {
            memory.shrink_to(bytes);
        }
    }
}

/// The number of the table of a text.
#[inline]
fn bin(hash: u64) -> usize {
    usize::from(hash.to_be_bytes()[0])
}

/// The first place to look at, under a mask.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the first bits choose the table")]
fn place(hash: u64, mask: usize) -> usize {
    hash as usize & mask
}
