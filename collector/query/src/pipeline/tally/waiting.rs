//! The texts of one hand whose hashes begin alike, and that wait to be counted.

use super::BINS;
use super::table::{Hash, Hashed, Key, Table};
use crate::guard::Stop;
use crate::pipeline::held::Held;

/// Texts that will be counted in one table, one after the other.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Each to be counted once.
    notes: Vec<Key>,
    /// The long ones.
    texts: String,
}

/// So many texts may wait for a table at first, and so many in the end. The more there are, the rarer a table comes into the
/// caches of the processor: of a million texts, a table is as large as this many, and each look at it is one in the cache.
const NOTES_MIN: usize = if cfg!(test) { 4 } else { 128 };
const NOTES_MAX: usize = if cfg!(test) { 32 } else { 8_192 };
/// Bytes of the long ones among them.
const TEXT_BYTES_MIN: usize = if cfg!(test) { 256 } else { 4 * 1_024 };
const TEXT_BYTES_MAX: usize = 16 * TEXT_BYTES_MIN;
/// A text that is to be counted more often at a time does not wait.
const TIMES_MAX: u64 = 4;

impl Waiting {
    /// Notes a short text once if there is room for it.
    #[inline]
    pub(super) fn note_key(&mut self, key: Key) -> bool {
        let has_room = self.notes.len() < self.notes.capacity();
        if has_room {
            self.notes.push(key);
        }
        has_room
    }

    /// Notes a text so many times if that can be.
    pub(super) fn note(&mut self, hashed: Hashed<'_>, count: u64) -> bool {
        let room = (self.notes.capacity() - self.notes.len()) as u64;
        if count > room.min(TIMES_MAX) {
            return false;
        }
        let Some(key) = hashed.note(&mut self.texts) else { return false };
        for _ in 0..count {
            self.notes.push(key);
        }
        true
    }

    /// Counts what waits, and then this one or lets it wait. What fails has not taken it in.
    pub(super) fn count_and_put(
        &mut self,
        hashed: Hashed<'_>,
        count: u64,
        table: &mut Table,
        hash: &Hash,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        if count > TIMES_MAX {
            return table.add(hashed, count, hash, held);
        }
        self.count(table, hash, held)?;
        self.make_room(hashed, table.bytes(), held);
        if self.note(hashed, count) { Ok(()) } else { table.add(hashed, count, hash, held) }
    }

    /// Counts what waits. What fails has counted the first of it, and the rest still waits.
    pub(super) fn count(&mut self, table: &mut Table, hash: &Hash, held: &mut Held<'_>) -> Result<(), Stop> {
        if let Err((counted, stop)) = table.add_noted(&self.notes, &self.texts, hash, held) {
            self.notes.drain(..counted);
            return Err(stop);
        }
        self.notes.clear();
        self.texts.clear();
        Ok(())
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.notes.len()
    }

    /// What it takes.
    pub(super) fn bytes(&self) -> usize {
        self.notes.capacity() * size_of::<Key>() + self.texts.capacity()
    }

    /// Lets go of what waits, and of its memory.
    pub(super) fn release(&mut self, held: &mut Held<'_>) {
        held.give_back(self.bytes() as u64);
        *self = Waiting::default();
    }

    /// Makes room where none waits, if memory is free: about as much as their table takes.
    fn make_room(&mut self, hashed: Hashed<'_>, table_bytes: usize, held: &mut Held<'_>) {
        let wanted = (table_bytes / size_of::<Key>()).clamp(NOTES_MIN, NOTES_MAX);
        // The ends of all that wait are written to in turn. Were all of one length, they would lie in the same sets of the
        // first cache, which holds few of them.
        let wanted = wanted - wanted * hashed.bin() / (2 * BINS);
        let old = self.notes.capacity();
        if wanted >= 2 * old && held.take_if_free((wanted * size_of::<Key>()) as u64) {
            held.give_back((old * size_of::<Key>()) as u64);
            self.notes = Vec::with_capacity(wanted);
        }
        let wanted = (table_bytes / 2).clamp(TEXT_BYTES_MIN, TEXT_BYTES_MAX);
        let old = self.texts.capacity();
        let is_of_use = hashed.is_long() && hashed.len() <= wanted;
        if is_of_use && wanted >= 2 * old && held.take_if_free(wanted as u64) {
            held.give_back(old as u64);
            self.texts = String::with_capacity(wanted);
        }
    }
}
