//! The texts whose hashes begin alike: those that are counted, and those that wait for it.

use super::table::{Hashed, Noted, Table};
use crate::guard::Stop;
use crate::pipeline::held::Held;

/// A table that fits the caches, and what will be counted in it.
#[derive(Debug, Default)]
pub(super) struct Bin {
    pub(super) table: Table,
    waiting: Vec<Noted>,
    /// Of those who wait, the long ones.
    texts: String,
}

/// So many texts of a bin may wait. What waits in all bins then fits the second cache beside one table; and a table's pages
/// are known to the processor when the second of them is counted.
const WAITING_MAX: usize = 128;
/// Bytes of the long ones among them.
const WAITING_TEXT_BYTES_MAX: usize = 4 * 1_024;

impl Bin {
    /// Lets a text wait; where there is no memory for that, it is counted. What fails has not taken it in.
    #[inline]
    pub(super) fn put(&mut self, hashed: Hashed<'_>, count: u64, held: &mut Held<'_>) -> Result<(), Stop> {
        if self.waiting.len() < self.waiting.capacity()
            && let Some(noted) = hashed.note(count, &mut self.texts)
        {
            self.waiting.push(noted);
            return Ok(());
        }
        self.put_without_room(hashed, count, held)
    }

    #[cold]
    fn put_without_room(&mut self, hashed: Hashed<'_>, count: u64, held: &mut Held<'_>) -> Result<(), Stop> {
        self.count_waiting(held)?;
        self.make_room(hashed.len(), held);
        if self.waiting.capacity() > 0
            && let Some(noted) = hashed.note(count, &mut self.texts)
        {
            self.waiting.push(noted);
            return Ok(());
        }
        self.table.add(hashed, count, held)
    }

    /// Counts what waits. What fails has counted the first of it, and the rest still waits.
    pub(super) fn count_waiting(&mut self, held: &mut Held<'_>) -> Result<(), Stop> {
        self.table.reach_for(&self.waiting);
        for (counted, noted) in self.waiting.iter().enumerate() {
            if let Err(stop) = self.table.add_noted(noted, &self.texts, held) {
                self.waiting.drain(..counted);
                return Err(stop);
            }
        }
        self.waiting.clear();
        self.texts.clear();
        Ok(())
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What it takes beside its table.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting.capacity() * size_of::<Noted>() + self.texts.capacity()
    }

    /// Lets go of what waits, and of its memory.
    pub(super) fn release(&mut self, held: &mut Held<'_>) {
        held.give_back(self.waiting_bytes() as u64);
        self.waiting = Vec::new();
        self.texts = String::new();
    }

    /// Makes room for those who wait, if memory is free.
    fn make_room(&mut self, text_bytes: usize, held: &mut Held<'_>) {
        if self.waiting.capacity() == 0 && held.take_if_free((WAITING_MAX * size_of::<Noted>()) as u64) {
            self.waiting.reserve_exact(WAITING_MAX);
        }
        let is_of_use = Table::is_long(text_bytes) && text_bytes <= WAITING_TEXT_BYTES_MAX;
        if is_of_use && self.texts.capacity() == 0 && held.take_if_free(WAITING_TEXT_BYTES_MAX as u64) {
            self.texts.reserve_exact(WAITING_TEXT_BYTES_MAX);
        }
    }
}
