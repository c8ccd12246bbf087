//! Numbers shapes while a part is written.
//!
//! Always true: a number stands for one text, compared in full; a text that is not taken once may be not taken again,
//! or taken after all, and no answer depends on it.

use crate::limits::{SHAPE_BYTES_MAX, ShapeLimits, TABLE_PROBES_MAX};
use crate::shape_forms::ShapeForms;
use crate::splitter::Split;
use crate::variable_form::VariableForm;
use xxhash_rust::xxh3::xxh3_64;

/// The distinct shapes of a part so far, numbered as they came.
#[derive(Debug)]
pub struct ShapeTable {
    limits: ShapeLimits,
    /// All texts, one behind the other.
    texts: String,
    /// Where each text ends, by number.
    ends: Vec<usize>,
    hashes: Vec<u64>,
    /// Numbers plus one at the places their hashes lead to; a power of two, never more than half full.
    slots: Vec<u32>,
    /// What the variables of each shape have in common.
    forms: ShapeForms,
}

/// The shapes of a table in the order of their texts (by byte).
#[derive(Debug)]
pub struct SortedShapes<'a> {
    /// By final number.
    pub texts: Vec<&'a str>,
    /// The final number of each shape, by the number that the table gave.
    pub final_number: Vec<u32>,
    /// The forms of their variables, by final number.
    pub forms: ShapeForms,
}

const SLOTS_MIN: usize = 64;

impl ShapeTable {
    /// An empty table.
    pub fn new(limits: ShapeLimits) -> ShapeTable {
        ShapeTable {
            limits,
            texts: String::new(),
            ends: Vec::new(),
            hashes: Vec::new(),
            slots: vec![0; SLOTS_MIN],
            forms: ShapeForms::default(),
        }
    }

    /// The number of a shape, a new one when it was not seen. `None` when it is new and the table takes no more, or it
    /// is too long.
    pub fn number(&mut self, shape: &str) -> Option<u32> {
        if shape.len() > SHAPE_BYTES_MAX {
            return None;
        }
        let hash = xxh3_64(shape.as_bytes());
        let slot = match self.find(shape, hash)? {
            Place::Known(number) => return Some(number),
            Place::Free(slot) => slot,
        };
        let number = u32::try_from(self.ends.len()).ok().filter(|number| *number < self.limits.count_max)?;
        if self.texts.len() + shape.len() > self.limits.text_bytes_max {
            return None;
        }
        self.texts.push_str(shape);
        self.ends.push(self.texts.len());
        self.hashes.push(hash);
        self.slots[slot] = number + 1;
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        Some(number)
    }

    /// The number of a text's shape, as [`ShapeTable::number`] has it; when it has one, its variables are taken in.
    pub fn take(&mut self, split: Split<'_>) -> Option<u32> {
        let number = self.number(split.shape)?;
        self.forms.widen(number, split.variables());
        Some(number)
    }

    /// Takes in what the variables of a shape have in common in another part; `None` where that is not known.
    pub fn join_forms(&mut self, number: u32, forms: Option<&[VariableForm]>) {
        self.forms.join(number, forms);
    }

    /// What the variables of each shape have in common, by the numbers that the table gave.
    pub fn forms(&self) -> &ShapeForms {
        &self.forms
    }

    /// How many shapes there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number that the table gave.
    pub fn text(&self, number: u32) -> Option<&str> {
        let index = usize::try_from(number).ok()?;
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.texts[start..end])
    }

    /// Memory that the table holds.
    pub fn memory_bytes(&self) -> usize {
        self.texts.capacity()
            + self.ends.capacity() * 8
            + self.hashes.capacity() * 8
            + self.slots.capacity() * 4
            + self.forms.memory_bytes()
    }

    /// Brings the shapes into the order of their texts, in which they are stored.
    pub fn sorted(&self) -> SortedShapes<'_> {
        let mut shapes: Vec<(&str, usize)> = Vec::with_capacity(self.ends.len());
        let mut start = 0;
        for (index, end) in self.ends.iter().enumerate() {
            shapes.push((&self.texts[start..*end], index));
            start = *end;
        }
        shapes.sort_unstable();
        let mut final_number = vec![0; shapes.len()];
        for ((_, index), number) in shapes.iter().zip(0..) {
            final_number[*index] = number;
        }
        let forms = self.forms.renumbered(&final_number);
        SortedShapes { texts: shapes.into_iter().map(|(text, _)| text).collect(), final_number, forms }
    }

    fn find(&self, shape: &str, hash: u64) -> Option<Place> {
        let mut slot = self.first_slot(hash);
        for _ in 0..TABLE_PROBES_MAX {
            let Some(number) = self.slots[slot].checked_sub(1) else { return Some(Place::Free(slot)) };
            if self.hash_of(number) == hash && self.text(number) == Some(shape) {
                return Some(Place::Known(number));
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        None
    }

    fn hash_of(&self, number: u32) -> u64 {
        usize::try_from(number).ok().and_then(|index| self.hashes.get(index)).copied().unwrap_or_default()
    }

    fn first_slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        // The low 32 bits are enough for the largest table.
        let [a, b, c, d, ..] = hash.to_le_bytes();
        usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(0) & mask
    }

    /// Doubles the slots. No shape ends up further behind its place than before, so each is found within the same
    /// probes: what shared a stretch of slots is divided between two, and put in in the same order.
    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        for number in 0..self.ends.len() {
            let mut slot = self.first_slot(self.hashes[number]);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = u32::try_from(number + 1).expect("as many as were numbered");
        }
    }
}

enum Place {
    Known(u32),
    Free(usize),
}

#[cfg(test)]
mod tests;
