//! How often texts were seen.
//!
//! A table of a million texts is larger than the caches of a processor, so what takes the time is waiting for memory. A
//! text needs two places, its slot and itself; texts that come together are looked up in turns, so that the waits for
//! one place overlap with those for the others.

use super::held::Held;
use crate::guard::{QueryGuard, Stop};
use arrow_array::StringArray;
use basics::TextHash;
use std::hint::black_box;

/// Texts, each with its count.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    hash: TextHash,
    /// A table with open addressing. Its length is a power of two, and at least a quarter of it is free.
    slots: Vec<Slot>,
    used: usize,
    texts: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    hash: u64,
    /// Zero where nothing is.
    count: u64,
    start: u32,
    length: u32,
}

const SLOTS_MIN: usize = 64;
const TEXT_BYTES_MIN: usize = 1_024;
/// Texts that are looked up together.
const TURN: usize = 128;
/// What looking one text up costs.
const WORK_PER_TEXT: usize = 16;

impl Tally {
    /// An empty one. Tables that hash alike are put together faster, since their texts lie in one order.
    pub(crate) fn with_hash(hash: TextHash) -> Tally {
        Tally { hash, ..Tally::default() }
    }

    /// The texts and their counts, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.slots.iter().filter(|slot| slot.count > 0).map(|slot| (self.text(slot), slot.count))
    }

    /// Counts a text so many times.
    pub(crate) fn add(&mut self, text: &str, count: u64, held: &mut Held<'_>) -> Result<(), Stop> {
        self.add_hashed(self.hash.of(text), text, count, held)
    }

    /// Counts the texts of an array, each as often as `counts` says.
    pub(crate) fn add_all(
        &mut self,
        texts: &StringArray,
        counts: &[u32],
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        let mut seen = counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(number, _)| number);
        let mut turn: Vec<(usize, u64)> = Vec::with_capacity(TURN);
        loop {
            turn.clear();
            turn.extend(seen.by_ref().take(TURN).map(|number| (number, self.hash.of(texts.value(number)))));
            if turn.is_empty() {
                return Ok(());
            }
            guard.spend(turn.len() * WORK_PER_TEXT)?;
            self.reach_for(&turn);
            for (number, hash) in &turn {
                self.add_hashed(*hash, texts.value(*number), u64::from(counts[*number]), held)?;
            }
        }
    }

    /// Reads the places that texts with these hashes will need, one independent of the other.
    fn reach_for(&self, turn: &[(usize, u64)]) {
        if self.slots.is_empty() {
            return;
        }
        let mask = self.slots.len() - 1;
        let starts: [u32; TURN] = std::array::from_fn(|place| {
            let slot = turn.get(place).map(|(_, hash)| &self.slots[low(*hash) & mask]);
            slot.map_or(0, |slot| slot.start)
        });
        let bytes = self.texts.as_bytes();
        let first = |start: u32| bytes.get(place_of(start)).copied().unwrap_or_default();
        black_box(starts.iter().fold(0u8, |sum, start| sum ^ first(*start)));
    }

    fn add_hashed(&mut self, hash: u64, text: &str, count: u64, held: &mut Held<'_>) -> Result<(), Stop> {
        if self.used * 4 >= self.slots.len() * 3 {
            self.grow(held)?;
        }
        let mask = self.slots.len() - 1;
        let mut place = low(hash) & mask;
        loop {
            let slot = self.slots[place];
            if slot.count == 0 {
                break;
            }
            if slot.hash == hash && self.text(&slot) == text {
                self.slots[place].count += count;
                return Ok(());
            }
            place = (place + 1) & mask;
        }
        self.make_room(text.len(), held)?;
        let narrow = |bytes: usize| u32::try_from(bytes).map_err(|_| Stop::OUT_OF_MEMORY);
        self.slots[place] = Slot { hash, count, start: narrow(self.texts.len())?, length: narrow(text.len())? };
        self.texts.push_str(text);
        self.used += 1;
        Ok(())
    }

    fn text(&self, slot: &Slot) -> &str {
        let start = place_of(slot.start);
        &self.texts[start..start + place_of(slot.length)]
    }

    /// Doubles the table.
    fn grow(&mut self, held: &mut Held<'_>) -> Result<(), Stop> {
        let count = (self.slots.len() * 2).max(SLOTS_MIN);
        held.take((count * size_of::<Slot>()) as u64)?;
        let mut slots = vec![Slot::default(); count];
        for slot in self.slots.iter().filter(|slot| slot.count > 0) {
            let mut place = low(slot.hash) & (count - 1);
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

    /// What it takes.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> u64 {
        (self.slots.capacity() * size_of::<Slot>() + self.texts.capacity()) as u64
    }
}

/// The bits of a hash that choose a place.
fn low(hash: u64) -> usize {
    usize::try_from(hash & u64::from(u32::MAX)).expect("32 bits are a place in memory")
}

fn place_of(number: u32) -> usize {
    number as usize
}

#[cfg(test)]
mod tests;
