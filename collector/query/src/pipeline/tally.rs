//! How often texts were seen.
//!
//! Few texts are counted in one [`table`]. A table of a million texts is larger than the caches of a processor, and each
//! look at it would wait for memory. Where there are many, they are parted by the first bits of their hashes into bins
//! ([`bin`]), each with a table that fits; a text is first written behind those of its bin that wait, and when there are
//! enough of them, they are counted one after the other.
//!
//! Always true:
//! - texts that wait take memory only where it is free, and no more than the tables do; where a table cannot grow, they
//!   are counted, and what they took is let go;
//! - tallies that hash alike have the same texts in the same bins, and are put together bin by bin.

mod bin;
mod table;

use super::held::Held;
use crate::guard::{QueryGuard, Stop};
use arrow_array::StringArray;
use basics::TextHash;
use bin::Bin;
use table::{Hashed, Table};
pub(super) use table::{Room, Stored};

/// Texts, each with its count.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    hash: TextHash,
    /// All texts, unless there are bins.
    table: Table,
    /// None, or [`BINS`].
    bins: Vec<Bin>,
    /// There was no memory to part the table.
    stays_whole: bool,
}

/// A table that would become larger is parted. It fits the second cache beside what else is read.
const TABLE_BYTES_MAX: usize = if cfg!(test) { 16 * 1_024 } else { 1 << 20 };
const BINS: usize = 256;
/// Texts that are counted between two looks at whether to stop.
const TURN: usize = 128;
/// What looking one text up costs.
const WORK_PER_TEXT: usize = 16;

impl Tally {
    /// An empty one. Only tallies that hash alike can be put together.
    pub(crate) fn with_hash(hash: TextHash) -> Tally {
        Tally { hash, ..Tally::default() }
    }

    /// The texts and their counts, in no order. None may wait, see [`Tally::settle`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Stored<'_>, u64)> {
        debug_assert!(self.bins.iter().all(|bin| bin.waiting() == 0), "what waits is not counted");
        self.tables().flat_map(Table::iter)
    }

    fn tables(&self) -> impl Iterator<Item = &Table> {
        std::iter::once(&self.table).chain(self.bins.iter().map(|bin| &bin.table))
    }

    /// Counts a text so many times.
    pub(crate) fn add(&mut self, text: &str, count: u64, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        self.add_hashed(Hashed::new(&self.hash, text), count, guard, held)
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
                    self.add_hashed(Hashed::new(&self.hash, texts.value(number)), u64::from(*count), guard, held)?;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn add_hashed(
        &mut self,
        hashed: Hashed<'_>,
        count: u64,
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        // There is none when the table is not parted.
        match self.bins.get_mut(hashed.bin()) {
            Some(bin) => match bin.put(hashed, count, held) {
                Ok(()) => Ok(()),
                Err(stop) => self.add_where_memory_is_short(hashed, count, stop, guard, held),
            },
            None => self.add_to_whole(hashed, count, guard, held),
        }
    }

    fn add_to_whole(
        &mut self,
        hashed: Hashed<'_>,
        count: u64,
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        if self.table.bytes_with(hashed.len()) <= TABLE_BYTES_MAX || self.stays_whole {
            return self.table.add(hashed, count, held);
        }
        self.part(held);
        self.add_hashed(hashed, count, guard, held)
    }

    /// Lets go of the memory of those who wait, then tries again.
    #[cold]
    fn add_where_memory_is_short(
        &mut self,
        hashed: Hashed<'_>,
        count: u64,
        stop: Stop,
        guard: &QueryGuard,
        held: &mut Held<'_>,
    ) -> Result<(), Stop> {
        if stop != Stop::OUT_OF_MEMORY {
            return Err(stop);
        }
        self.settle(guard, held)?;
        self.bins[hashed.bin()].table.add(hashed, count, held)
    }

    /// Counts all that waits; afterwards none does. What fails has lost those for whom there was no memory or no time.
    pub(crate) fn settle(&mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let settled = self.try_settle(guard, held);
        // Nothing is left to be released where all went well.
        self.bins.iter_mut().for_each(|bin| bin.release(held));
        settled
    }

    fn try_settle(&mut self, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        let mut settled = Ok(());
        // A bin that is settled makes room for the tables of others: who found none at first may find it then.
        for _ in 0..2 {
            settled = Ok(());
            for bin in &mut self.bins {
                guard.spend(bin.waiting() * WORK_PER_TEXT)?;
                match bin.count_waiting(held) {
                    Ok(()) => bin.release(held),
                    stopped => settled = stopped,
                }
            }
            if settled.is_ok() {
                break;
            }
        }
        settled
    }

    /// Adds the texts of another one that hashes alike, and in which none waits.
    pub(crate) fn absorb(&mut self, other: Tally, guard: &QueryGuard, held: &mut Held<'_>) -> Result<(), Stop> {
        const PROBE: &str = "any text";
        assert_eq!(self.hash.of(PROBE), other.hash.of(PROBE), "tallies that are put together hash alike");
        debug_assert!(other.bins.iter().all(|bin| bin.waiting() == 0), "what waits is not counted");
        self.settle(guard, held)?;
        if !other.bins.is_empty() {
            self.part(held);
        }
        if self.bins.len() != other.bins.len() {
            for (stored, count) in other.iter() {
                guard.spend(WORK_PER_TEXT + stored.len())?;
                self.add(stored.text(&mut Room::default()), count, guard, held)?;
            }
            return self.settle(guard, held);
        }
        let own = std::iter::once(&mut self.table).chain(self.bins.iter_mut().map(|bin| &mut bin.table));
        let others = std::iter::once(other.table).chain(other.bins.into_iter().map(|bin| bin.table));
        for (own, table) in own.zip(others) {
            guard.spend(table.len() * WORK_PER_TEXT)?;
            own.absorb(&table, held)?;
        }
        Ok(())
    }

    /// Parts the table into bins, unless it is or there is no memory for it.
    fn part(&mut self, held: &mut Held<'_>) {
        if !self.bins.is_empty() || self.stays_whole {
            return;
        }
        let own_bytes = (BINS * size_of::<Bin>()) as u64;
        if held.take(own_bytes).is_err() {
            self.stays_whole = true;
            return;
        }
        let mut bins: Vec<Bin> = std::iter::repeat_with(Bin::default).take(BINS).collect();
        let hash = &self.hash;
        let parted = self.table.iter().try_for_each(|(stored, count)| {
            let mut room = Room::default();
            let hashed = Hashed::new(hash, stored.text(&mut room));
            bins[hashed.bin()].table.add(hashed, count, held)
        });
        if parted.is_err() {
            self.stays_whole = true;
            held.give_back(own_bytes + bins.iter().map(|bin| bin.table.bytes() as u64).sum::<u64>());
            return;
        }
        held.give_back(self.table.bytes() as u64);
        self.table = Table::default();
        self.bins = bins;
    }

    /// What it takes.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> u64 {
        let tables: usize = self.tables().map(Table::bytes).sum();
        let waiting: usize = self.bins.iter().map(|bin| size_of::<Bin>() + bin.waiting_bytes()).sum();
        (tables + waiting) as u64
    }
}

const _: () = assert!(BINS == 1 << u8::BITS);

#[cfg(test)]
mod tests;
