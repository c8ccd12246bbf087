//! How often texts were seen.
//!
//! Few texts are counted in one [`table`]. A table of a million texts is larger than the caches of a processor, and each
//! look at it would wait for memory. Where there are many, they are parted by the first bits of their hashes into
//! [`BINS`], each with a table that fits; a text is first written behind those that wait for the same table ([`waiting`]),
//! and when there are enough of them, they are counted one after the other. All hands of a query count in the same tables
//! ([`Tables`]), so that no text is counted twice and nothing is left to be put together.
//!
//! Always true:
//! - texts that wait take memory only where it is free, and for each hand about as much as the tables do; where a table
//!   cannot grow, they are counted, and what they took is let go;
//! - what was settled is either in a tally's own table, or in the common ones when there are any.

mod table;
mod waiting;

use super::held::Held;
use crate::evaluate::Mask;
use crate::guard::{QueryGuard, Stop};
use arrow_array::StringArray;
use basics::Reservation;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use table::{Hash, Hashed, Table};
pub(super) use table::{Room, Stored};
use waiting::Waiting;

/// Texts, each with its count.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// All texts, until it is full.
    table: Table,
    tables: Tables,
    /// None, or [`BINS`].
    waiting: Vec<Waiting>,
    /// There was no memory to let any wait.
    stays_whole: bool,
}

/// What the tallies of all hands count in together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables(Arc<Common>);

#[derive(Debug, Default)]
struct Common {
    hash: Hash,
    /// Made when the first of the tallies has too many texts for a table of its own.
    bins: OnceLock<Bins>,
    /// Hands that brought to an end what waits.
    settling: AtomicUsize,
}

#[derive(Debug)]
struct Bins {
    tables: Vec<Mutex<Table>>,
    _memory: Reservation,
}

/// A table that would become larger is parted. It fits the second cache beside what else is read.
const TABLE_BYTES_MAX: usize = if cfg!(test) { 16 * 1_024 } else { 1 << 20 };
const BINS: usize = 256;
/// Texts that are counted between two looks at whether to stop.
const TURN: usize = 128;
/// What looking one text up costs.
const WORK_PER_TEXT: usize = 16;

impl Tables {
    fn bins(&self) -> &[Mutex<Table>] {
        self.0.bins.get().map_or(&[], |bins| &bins.tables)
    }

    /// Makes them, unless there is no memory for it.
    fn make(&self, held: &mut Held<'_>) -> Result<(), Stop> {
        let bytes = (BINS * size_of::<Mutex<Table>>()) as u64;
        held.take(bytes)?;
        let memory = held.split(bytes);
        // Another hand may be first; what was taken for these then goes.
        self.0.bins.get_or_init(|| {
            let tables = std::iter::repeat_with(Mutex::default).take(BINS).collect();
            Bins { tables, _memory: memory }
        });
        Ok(())
    }
}

/// A hand that panicked ends the query, whatever it left behind.
fn locked(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    /// An empty one that counts together with all that have the same tables.
    pub(crate) fn in_tables(tables: Tables) -> Tally {
        Tally { tables, ..Tally::default() }
    }

    /// Shows the texts and their counts, in no order. `show` tells which count is the least of interest from there on; it
    /// may be shown others. None may wait, see [`Tally::settle`].
    pub(crate) fn show_all(&self, mut show: impl FnMut(Stored<'_>, u64) -> Result<u64, Stop>) -> Result<(), Stop> {
        debug_assert!(self.waiting.iter().all(|waiting| waiting.len() == 0), "what waits is not counted");
        let mut least = 0;
        for (stored, count) in self.table.iter() {
            least = show(stored, count)?;
        }
        let bins = self.tables.bins().iter();
        let mut bins: Vec<(u64, &Mutex<Table>)> = bins.map(|bin| (locked(bin).most(), bin)).collect();
        bins.sort_unstable_by_key(|(most, _)| std::cmp::Reverse(*most));
        for (most, bin) in bins {
            // So it is in all that follow.
            if most < least {
                break;
            }
            for (stored, count) in locked(bin).iter() {
                least = show(stored, count)?;
            }
        }
        Ok(())
    }

    /// Counts a text so many times.
    #[inline]
    pub(crate) fn add(&mut self, text: &str, count: u64, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        // Nearly all are short, and there is room. This stays small, so that a loop around it has little to write: what is
        // noted goes into memory that is not in the first cache, and the processor can only wait for a few writes at a time.
        if count == 1
            && let Some((key, bin)) = self.tables.0.hash.of_short(text)
            && self.waiting.get_mut(bin).is_some_and(|waiting| waiting.note_key(key))
        {
            return Ok(());
        }
        self.add_otherwise(text, count, guard, held)
    }

    /// Counts the texts of some records.
    pub(crate) fn add_rows(
        &mut self,
        texts: &StringArray,
        first: usize,
        records: Mask,
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        let span = records.span();
        if span.len() == records.count() {
            return span.into_iter().try_for_each(|row| self.add(texts.value(first + row), 1, guard, held));
        }
        records.rows().try_for_each(|row| self.add(texts.value(first + row), 1, guard, held))
    }

    /// Counts the texts of an array, each as often as `counts` says.
    pub(crate) fn add_all(
        &mut self,
        texts: &StringArray,
        counts: &[u32],
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        for (turn, counts) in counts.chunks(TURN).enumerate() {
            guard.spend(counts.len() * WORK_PER_TEXT)?;
            for (number, count) in (turn * TURN..).zip(counts) {
                if *count > 0 {
                    self.add(texts.value(number), u64::from(*count), guard, held)?;
                }
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn add_otherwise(&mut self, text: &str, count: u64, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let hashed = self.tables.0.hash.of(text).ok_or(Stop::OUT_OF_MEMORY)?;
        // There is none when the table is not parted.
        match self.waiting.get_mut(hashed.bin()).map(|waiting| waiting.note(hashed, count)) {
            Some(true) => Ok(()),
            Some(false) => self.add_to_full(hashed, count, guard, held),
            None if self.table.bytes_with(hashed) <= TABLE_BYTES_MAX || self.stays_whole => {
                self.table.add(hashed, count, &self.tables.0.hash, held)
            }
            None => {
                self.part(held);
                self.add_otherwise(text, count, guard, held)
            }
        }
    }

    /// Counts those who wait where no other one can.
    #[cold]
    fn add_to_full(
        &mut self,
        hashed: Hashed<'_>,
        count: u64,
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        let (number, hash) = (hashed.bin(), &self.tables.0.hash);
        let mut table = locked(&self.tables.bins()[number]);
        let put = self.waiting[number].count_and_put(hashed, count, &mut table, hash, held);
        drop(table);
        match put {
            // The memory of those who wait is let go.
            Err(Stop::OUT_OF_MEMORY) => {
                self.settle(guard, held)?;
                locked(&self.tables.bins()[number]).add(hashed, count, &self.tables.0.hash, held)
            }
            put => put,
        }
    }

    /// Counts all that waits; afterwards none does. What fails has lost those for whom there was no memory or no time.
    pub(crate) fn settle(&mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let settled = self.settle_waiting(guard, held);
        // Nothing is left to be released where all went well.
        self.waiting.iter_mut().for_each(|waiting| waiting.release(held));
        settled.and(self.settle_table(guard, held))
    }

    fn settle_waiting(&mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        // Hands that end at the same time begin at different tables.
        let first = self.tables.0.settling.fetch_add(BINS / 4 + 1, Ordering::Relaxed);
        let mut settled = Ok(());
        // What is settled makes room for other tables: who found none at first may find it then.
        for _ in 0..2 {
            settled = Ok(());
            for turn in 0..self.waiting.len() {
                let number = first.wrapping_add(turn) % BINS;
                let waiting = &mut self.waiting[number];
                guard.spend(waiting.len() * WORK_PER_TEXT)?;
                match waiting.count(&mut locked(&self.tables.bins()[number]), &self.tables.0.hash, held) {
                    Ok(()) => waiting.release(held),
                    stopped => settled = stopped,
                }
            }
            if settled.is_ok() {
                break;
            }
        }
        settled
    }

    /// Brings the texts of its own table into the common ones, if there are any.
    fn settle_table(&mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let (bins, hash) = (self.tables.bins(), &self.tables.0.hash);
        if bins.is_empty() {
            return Ok(());
        }
        // What fails leaves nothing that would be shown twice.
        for (stored, count) in std::mem::take(&mut self.table).iter() {
            guard.spend(WORK_PER_TEXT + stored.len())?;
            let mut room = Room::default();
            let hashed = hash.of(stored.text(&mut room)).ok_or(Stop::OUT_OF_MEMORY)?;
            locked(&bins[hashed.bin()]).add(hashed, count, hash, held)?;
        }
        Ok(())
    }

    /// Adds the texts of another one that has the same tables, and in which none waits.
    pub(crate) fn absorb(&mut self, other: Tally, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        assert!(Arc::ptr_eq(&self.tables.0, &other.tables.0), "tallies that are put together count in the same tables");
        debug_assert!(other.waiting.iter().all(|waiting| waiting.len() == 0), "what waits is not counted");
        for (stored, count) in other.table.iter() {
            guard.spend(WORK_PER_TEXT + stored.len())?;
            self.add(stored.text(&mut Room::default()), count, guard, held)?;
        }
        self.settle(guard, held)
    }

    /// Lets all texts from here on wait for the common tables, unless there is no memory for it.
    fn part(&mut self, held: &mut Held<'_>) {
        let bytes = (BINS * size_of::<Waiting>()) as u64;
        let made = self.tables.make(held).and_then(|()| held.take(bytes));
        if made.is_ok() {
            self.waiting = std::iter::repeat_with(Waiting::default).take(BINS).collect();
        } else {
            self.stays_whole = true;
        }
    }

    /// What it takes, the common tables with it.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> u64 {
        let tables: usize = self.tables.bins().iter().map(|bin| size_of::<Mutex<Table>>() + locked(bin).bytes()).sum();
        let waiting: usize = self.waiting.iter().map(|waiting| size_of::<Waiting>() + waiting.bytes()).sum();
        (self.table.bytes() + tables + waiting) as u64
    }
}

const _: () = assert!(BINS == 1 << u8::BITS);

#[cfg(test)]
mod tests;
