//! Texts out of plain pages and out of dictionaries, gathered page by page.

use super::{Gather, Nulls, PageValues, Rows, place_of, spread};
use crate::part::chunk_pages::Layout;
use crate::part::packed_numbers::read_places;
use crate::part::thrift::Unfamiliar;
use arrow_array::types::{ByteArrayType, Int32Type};
use arrow_array::{ArrayRef, DictionaryArray, GenericByteArray, PrimitiveArray, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use std::collections::HashMap;
use std::sync::Arc;

/// Texts one behind the other.
#[derive(Debug)]
struct Joined {
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl Default for Joined {
    fn default() -> Self {
        Joined { ends: vec![0], bytes: Vec::new() }
    }
}

impl Joined {
    fn len(&self) -> usize {
        self.ends.len() - 1
    }

    fn push(&mut self, text: &[u8]) -> Result<(), Unfamiliar> {
        self.bytes.extend_from_slice(text);
        self.ends.push(i32::try_from(self.bytes.len()).map_err(|_| Unfamiliar)?);
        Ok(())
    }

    /// All texts of a plain page.
    fn push_plain(&mut self, page: &[u8], count: usize, nulls: Option<&NullBuffer>) -> Result<(), Unfamiliar> {
        // Without empty values each text takes its length at least: a count that lies is refused before it takes memory.
        if nulls.is_none() && count > page.len() / LENGTH_BYTES {
            return Err(Unfamiliar);
        }
        self.ends.reserve(count);
        self.bytes.reserve(page.len().saturating_sub(count.saturating_mul(LENGTH_BYTES)));
        let mut rest = page;
        for row in 0..count {
            let is_there = nulls.is_none_or(|nulls| nulls.is_valid(row));
            self.push(if is_there { next_text(&mut rest)? } else { &[] })?;
        }
        // A count that is too low would hide texts.
        if rest.is_empty() { Ok(()) } else { Err(Unfamiliar) }
    }

    fn finish<T: ByteArrayType<Offset = i32>>(
        self,
        nulls: Option<NullBuffer>,
    ) -> Result<GenericByteArray<T>, Unfamiliar> {
        let ends = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        GenericByteArray::try_new(ends, Buffer::from_vec(self.bytes), nulls).map_err(|_| Unfamiliar)
    }
}

/// Texts, or bytes, of each record.
#[derive(Debug)]
pub(super) struct Texts<T> {
    texts: Joined,
    nulls: Nulls,
    of: std::marker::PhantomData<T>,
}

impl<T> Default for Texts<T> {
    fn default() -> Self {
        Texts { texts: Joined::default(), nulls: Nulls::default(), of: std::marker::PhantomData }
    }
}

impl<T: ByteArrayType<Offset = i32>> Gather for Texts<T> {
    fn take(&mut self, values: &PageValues<'_>, rows: Rows<'_>) -> Result<(), Unfamiliar> {
        self.nulls.take(self.texts.len(), values.nulls.as_ref(), rows);
        if values.there == 0 {
            return (0..rows.len()).try_for_each(|_| self.texts.push(&[]));
        }
        match (values.page.layout, rows.only) {
            (Layout::Plain, None) => self.texts.push_plain(values.bytes, rows.count, values.nulls.as_ref()),
            (Layout::Plain, Some(only)) => {
                let (mut rest, mut passed) = (values.bytes, 0);
                values.places(rows, only).into_iter().try_for_each(|place| {
                    let Some(place) = place else { return self.texts.push(&[]) };
                    for _ in passed..place {
                        next_text(&mut rest)?;
                    }
                    passed = place + 1;
                    self.texts.push(next_text(&mut rest)?)
                })
            }
            (Layout::Numbers, only) => {
                let distinct = values.dictionary()?.texts()?;
                let numbers = read_places(values.bytes, values.there)?;
                if let Some(only) = only {
                    return values.places(rows, only).into_iter().try_for_each(|place| {
                        let text = place.map(|place| distinct.get(numbers.get(place))).transpose()?;
                        self.texts.push(text.unwrap_or_default())
                    });
                }
                let mut numbers = numbers.iter();
                (0..rows.count).try_for_each(|row| {
                    let is_there = values.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                    self.texts.push(if is_there { distinct.get(numbers.next())? } else { &[] })
                })
            }
            (Layout::Delta | Layout::Split, _) => Err(Unfamiliar),
        }
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef, Unfamiliar> {
        Ok(Arc::new(self.texts.finish::<T>(self.nulls.finish())?))
    }
}

/// The distinct texts, and for each record its place among them.
#[derive(Debug, Default)]
pub(super) struct DistinctTexts {
    /// All of them, where they have been read already.
    known: Option<StringArray>,
    /// Of a column that somebody wants little of those that are wanted.
    distinct: Option<Joined>,
    /// By their number in the dictionary the place of these.
    picked: HashMap<i32, i32>,
    places: Vec<i32>,
    nulls: Nulls,
}

impl DistinctTexts {
    /// `known` are the distinct ones, where they have been read already.
    pub(super) fn new(known: Option<StringArray>) -> DistinctTexts {
        DistinctTexts { known, ..DistinctTexts::default() }
    }
}

impl Gather for DistinctTexts {
    fn take(&mut self, values: &PageValues<'_>, rows: Rows<'_>) -> Result<(), Unfamiliar> {
        self.nulls.take(self.places.len(), values.nulls.as_ref(), rows);
        if values.there == 0 {
            self.places.resize(self.places.len() + rows.len(), 0);
            return Ok(());
        }
        if values.page.layout != Layout::Numbers {
            return Err(Unfamiliar);
        }
        let numbers = read_places(values.bytes, values.there)?;
        let dictionary = values.dictionary()?;
        let Some(only) = rows.only else {
            if self.known.is_none() {
                self.known = Some(dictionary.distinct()?);
            }
            return spread(&mut self.places, numbers, rows.count, values.nulls.as_ref());
        };
        let texts = dictionary.texts()?;
        let distinct = self.distinct.get_or_insert_default();
        for place in values.places(rows, only) {
            let Some(place) = place else {
                self.places.push(0);
                continue;
            };
            let number = numbers.get(place).ok_or(Unfamiliar)?;
            let place = match self.picked.get(number) {
                Some(place) => *place,
                None => {
                    let place = i32::try_from(distinct.len()).map_err(|_| Unfamiliar)?;
                    distinct.push(texts.get(Some(number))?)?;
                    self.picked.insert(*number, place);
                    place
                }
            };
            self.places.push(place);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef, Unfamiliar> {
        let distinct: StringArray = match self.known.filter(|_| self.distinct.is_none()) {
            Some(known) => known,
            None => self.distinct.unwrap_or_default().finish(None)?,
        };
        let places = PrimitiveArray::<Int32Type>::try_new(self.places.into(), self.nulls.finish());
        // Refuses places that are none.
        let array = DictionaryArray::try_new(places.map_err(|_| Unfamiliar)?, Arc::new(distinct));
        Ok(Arc::new(array.map_err(|_| Unfamiliar)?))
    }
}

/// What stands before a plain text.
pub(crate) const LENGTH_BYTES: usize = 4;

/// The texts of a plain page: each behind its length in four bytes, and nothing behind them.
pub(crate) fn plain_texts<T: ByteArrayType<Offset = i32>>(
    page: &[u8],
    count: usize,
) -> Result<GenericByteArray<T>, Unfamiliar> {
    let mut texts = Joined::default();
    texts.push_plain(page, count, None)?;
    texts.finish(None)
}

/// Takes the text that is next, behind its length in four bytes.
fn next_text<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Unfamiliar> {
    let (length, behind) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(Unfamiliar)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Unfamiliar)?;
    let (text, behind) = behind.split_at_checked(length).ok_or(Unfamiliar)?;
    *rest = behind;
    Ok(text)
}

/// Where each text of a plain page begins.
pub(super) fn starts_of(page: &[u8], count: usize) -> Result<Vec<usize>, Unfamiliar> {
    if count > page.len() / LENGTH_BYTES {
        return Err(Unfamiliar);
    }
    let mut rest = page;
    let start = |_| {
        let start = page.len() - rest.len();
        next_text(&mut rest).map(|_| start)
    };
    (0..count).map(start).collect()
}

/// The texts of a dictionary, each to be found by its number.
#[derive(Debug)]
pub(super) struct DictionaryTexts<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) starts: Vec<usize>,
}

impl<'a> DictionaryTexts<'a> {
    fn get(&self, number: Option<&i32>) -> Result<&'a [u8], Unfamiliar> {
        let start = self.starts.get(place_of(number)?).ok_or(Unfamiliar)?;
        let mut rest = self.bytes.get(*start..).ok_or(Unfamiliar)?;
        next_text(&mut rest)
    }
}
