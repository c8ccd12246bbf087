//! Which characters the strings of a row group's attributes hold, column by column: a piece of an id is looked for in no
//! column of names, and a word in none of numbers.

use crate::attributes::{Strings, downcast};
use crate::batch::Batch;
use arrow_array::{Array, ArrayRef, ListArray, StringArray, StructArray};
use model::ValueKind;
use text_index::CharacterSet;

/// The characters of each column; those of a column without strings are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnCharacters {
    /// Of the list of attributes without a column of their own, in their text form.
    pub(crate) rest: CharacterSet,
    /// Of the typed columns, in their order.
    pub(crate) typed: Vec<CharacterSet>,
}

/// Where the texts stand in an entry of the list.
const REST_TEXT: usize = 3;
const SET_BYTES: usize = 8;

impl ColumnCharacters {
    /// Those of a row group that is to be written: its list, and its typed columns.
    pub(crate) fn of(rest: &ArrayRef, typed: &[ArrayRef]) -> ColumnCharacters {
        let entries = downcast::<StructArray>(downcast::<ListArray>(&**rest).values());
        let typed = typed.iter().map(|column| column.as_any().downcast_ref().map_or_else(CharacterSet::default, texts));
        ColumnCharacters { rest: texts(downcast(entries.column(REST_TEXT))), typed: typed.collect() }
    }

    /// The same by the columns of another part: at `places` stands for each own column which one it is there.
    pub(crate) fn placed(&self, places: &[u8], count: usize) -> ColumnCharacters {
        let mut typed = vec![CharacterSet::default(); count];
        for (own, place) in self.typed.iter().zip(places) {
            if let Some(place) = typed.get_mut(usize::from(*place)) {
                *place = *own;
            }
        }
        ColumnCharacters { rest: self.rest, typed }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        std::iter::once(&self.rest).chain(&self.typed).flat_map(|set| set.bits().to_le_bytes()).collect()
    }

    /// `None` for bytes that are not those of a row group with so many typed columns.
    pub(crate) fn decode(bytes: &[u8], typed: usize) -> Option<ColumnCharacters> {
        let (sets, []) = bytes.as_chunks::<SET_BYTES>() else { return None };
        let mut sets = sets.iter().map(|bits| CharacterSet::from_bits(u64::from_le_bytes(*bits)));
        let (rest, typed_sets) = (sets.next()??, sets.collect::<Option<Vec<_>>>()?);
        (typed_sets.len() == typed).then_some(ColumnCharacters { rest, typed: typed_sets })
    }
}

/// The characters of a column's texts, which lie one behind the other.
fn texts(column: &StringArray) -> CharacterSet {
    let ends = column.value_offsets();
    let place = |end: Option<&i32>| end.and_then(|end| usize::try_from(*end).ok()).unwrap_or_default();
    CharacterSet::of(&column.value_data()[place(ends.first())..place(ends.last())])
}

/// A typed column of strings, which is read when it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct StringColumn<'a> {
    batch: &'a Batch,
    number: usize,
}

impl<'a> StringColumn<'a> {
    /// Its distinct strings, read without what each record has of them: where none of them is wanted, the column need not be
    /// read. `None` where each record has its own, or nobody knows.
    pub fn distinct(self) -> Option<&'a StringArray> {
        self.batch.distinct_strings(self.number)
    }

    /// Its strings, by record.
    pub fn strings(self) -> Strings<'a> {
        Strings::of(self.batch.column(self.batch.attribute_layout().first_typed + self.number))
    }
}

impl Batch {
    /// The columns of strings in which each of these folded characters occurs, as far as that is known.
    pub fn string_columns_with(&self, folded: CharacterSet) -> impl Iterator<Item = StringColumn<'_>> {
        let may_hold =
            move |number: &usize| self.group().is_none_or(|group| group.may_hold_characters(Some(*number), folded));
        let strings = self.typed_keys().iter().enumerate().filter(|(_, typed)| typed.kind == ValueKind::Str);
        let numbers = strings.map(|(number, _)| number).filter(may_hold);
        numbers.map(|number| StringColumn { batch: self, number })
    }

    /// False when one of these folded characters occurs in no attribute without a column of its own.
    pub fn may_rest_have(&self, folded: CharacterSet) -> bool {
        self.group().is_none_or(|group| group.may_hold_characters(None, folded))
    }
}

#[cfg(test)]
mod tests;
