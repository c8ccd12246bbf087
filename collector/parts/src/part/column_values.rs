//! The values of a column, gathered page by page.
//!
//! Of a page that somebody wants little of, only that is made: a text that nobody asked for is walked over, and a number
//! left where it lies.

mod texts;

pub(crate) use texts::{LENGTH_BYTES, plain_texts};

use crate::limits::GROUP_RECORDS;
use crate::part::chunk_pages::{Layout, PackedPage};
use crate::part::packed_numbers::{read_deltas, read_places, read_values};
use crate::part::thrift::Unfamiliar;
use arrow_array::types::{
    ArrowPrimitiveType, BinaryType, Float64Type, Int64Type, TimestampNanosecondType, UInt8Type, UInt32Type, UInt64Type,
    Utf8Type,
};
use arrow_array::{ArrayRef, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, StringArray};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, Buffer, NullBuffer};
use arrow_schema::{DataType, TimeUnit};
use parquet::basic::Type;
use std::cell::OnceCell;
use std::sync::Arc;
use texts::{DictionaryTexts, DistinctTexts, Texts, starts_of};

/// The records of a page that are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// The number of the page's first record.
    pub(crate) first: usize,
    /// How many the page has.
    pub(crate) count: usize,
    /// The numbers of those that are wanted, rising; `None` for all.
    pub(crate) only: Option<&'a [usize]>,
}

impl Rows<'_> {
    /// All of a page.
    pub(crate) fn all(count: usize) -> Rows<'static> {
        Rows { first: 0, count, only: None }
    }

    fn len(&self) -> usize {
        self.only.map_or(self.count, <[usize]>::len)
    }
}

/// The values of a page.
#[derive(Debug)]
pub(crate) struct PageValues<'a> {
    pub(crate) page: &'a PackedPage,
    /// What is behind the levels.
    pub(crate) bytes: &'a [u8],
    /// How many values are there.
    pub(crate) there: usize,
    pub(crate) nulls: Option<NullBuffer>,
    pub(crate) dictionary: Option<&'a Dictionary<'a>>,
}

/// The page with the distinct values of a column, unpacked when it is first asked for.
#[derive(Debug)]
pub(crate) struct Dictionary<'a> {
    chunk: &'a [u8],
    page: PackedPage,
    unpacked: OnceCell<Vec<u8>>,
}

impl<'a> Dictionary<'a> {
    pub(crate) fn new(chunk: &'a [u8], page: PackedPage) -> Dictionary<'a> {
        Dictionary { chunk, page, unpacked: OnceCell::new() }
    }

    /// How many values there are, and their bytes.
    fn values(&self) -> Result<(usize, &[u8]), Unfamiliar> {
        if !matches!(self.page.layout, Layout::Plain | Layout::Numbers) {
            return Err(Unfamiliar);
        }
        // Nothing is packed as something.
        if self.page.is_empty() {
            return Ok((0, &[]));
        }
        if self.unpacked.get().is_none() {
            let unpacked = self.page.unpack(self.chunk)?;
            self.unpacked.get_or_init(|| unpacked);
        }
        Ok((self.page.values, self.unpacked.get().ok_or(Unfamiliar)?))
    }

    /// All texts that it holds.
    pub(crate) fn distinct(&self) -> Result<StringArray, Unfamiliar> {
        let (count, bytes) = self.values()?;
        plain_texts(bytes, count)
    }

    /// Where the texts begin that it holds.
    fn texts(&self) -> Result<DictionaryTexts<'_>, Unfamiliar> {
        let (count, bytes) = self.values()?;
        Ok(DictionaryTexts { bytes, starts: starts_of(bytes, count)? })
    }
}

impl PageValues<'_> {
    /// For each record that is wanted the place of its value among those that are there, which rises; `None` for an empty
    /// one.
    fn places(&self, rows: Rows<'_>, only: &[usize]) -> Vec<Option<usize>> {
        let Some(nulls) = &self.nulls else { return only.iter().map(|row| Some(row - rows.first)).collect() };
        let (mut passed, mut there) = (0, 0);
        let place = |row: &usize| {
            let row = row - rows.first;
            there += nulls.inner().slice(passed, row - passed).count_set_bits();
            passed = row;
            nulls.is_valid(row).then_some(there)
        };
        only.iter().map(place).collect()
    }

    fn dictionary(&self) -> Result<&Dictionary<'_>, Unfamiliar> {
        self.dictionary.ok_or(Unfamiliar)
    }
}

/// Gathers the values of a column.
pub(crate) trait Gather {
    /// Takes those that are wanted of a page, which is behind those before.
    fn take(&mut self, values: &PageValues<'_>, rows: Rows<'_>) -> Result<(), Unfamiliar>;

    /// All that was taken.
    fn finish(self: Box<Self>) -> Result<ArrayRef, Unfamiliar>;
}

/// Gathers values of this type in a file as an array of that one. About so many are expected. `distinct` are the distinct
/// ones of strings, where they have been read already.
pub(crate) fn gather(
    data_type: &DataType,
    physical: Type,
    expected: usize,
    distinct: Option<&StringArray>,
) -> Result<Box<dyn Gather>, Unfamiliar> {
    // Row groups that are written here have no more.
    let room = expected.min(GROUP_RECORDS);
    Ok(match (data_type, physical) {
        (DataType::Int64, Type::INT64) => numbers::<Int64Type>(data_type, room, u64::cast_signed),
        (DataType::Timestamp(TimeUnit::Nanosecond, _), Type::INT64) => {
            numbers::<TimestampNanosecondType>(data_type, room, u64::cast_signed)
        }
        (DataType::UInt64, Type::INT64) => numbers::<UInt64Type>(data_type, room, |number| number),
        (DataType::UInt32, Type::INT32) => numbers::<UInt32Type>(data_type, room, |number| {
            let [a, b, c, d, ..] = number.to_le_bytes();
            u32::from_le_bytes([a, b, c, d])
        }),
        (DataType::UInt8, Type::INT32) => numbers::<UInt8Type>(data_type, room, |number| number.to_le_bytes()[0]),
        (DataType::Float64, Type::DOUBLE) => numbers::<Float64Type>(data_type, room, f64::from_bits),
        (DataType::Boolean, Type::BOOLEAN) => Box::new(Flags::default()),
        (DataType::Utf8, Type::BYTE_ARRAY) => Box::new(Texts::<Utf8Type>::default()),
        (DataType::Binary, Type::BYTE_ARRAY) => Box::new(Texts::<BinaryType>::default()),
        (DataType::Dictionary(number, text), Type::BYTE_ARRAY)
            if **number == DataType::Int32 && **text == DataType::Utf8 =>
        {
            Box::new(DistinctTexts::new(distinct.cloned()))
        }
        (DataType::FixedSizeBinary(width), Type::FIXED_LEN_BYTE_ARRAY) => {
            let width = usize::try_from(*width).map_err(|_| Unfamiliar)?;
            Box::new(Fixed { width, bytes: Vec::with_capacity(room.saturating_mul(width)) })
        }
        _ => return Err(Unfamiliar),
    })
}

/// Which of the values taken are there.
#[derive(Debug, Default)]
struct Nulls {
    /// From the first empty one on.
    valid: Option<BooleanBufferBuilder>,
}

impl Nulls {
    /// `before` is how many were taken before.
    fn take(&mut self, before: usize, nulls: Option<&NullBuffer>, rows: Rows<'_>) {
        if self.valid.is_none() && nulls.is_some() {
            let mut valid = BooleanBufferBuilder::new(before + rows.len());
            valid.append_n(before, true);
            self.valid = Some(valid);
        }
        match (&mut self.valid, nulls, rows.only) {
            (None, ..) => {}
            (Some(valid), None, _) => valid.append_n(rows.len(), true),
            (Some(valid), Some(nulls), None) => valid.append_buffer(nulls.inner()),
            (Some(valid), Some(nulls), Some(only)) => {
                only.iter().for_each(|row| valid.append(nulls.is_valid(row - rows.first)));
            }
        }
    }

    fn finish(self) -> Option<NullBuffer> {
        let nulls = NullBuffer::new(self.valid?.finish());
        Some(nulls).filter(|nulls| nulls.null_count() > 0)
    }
}

struct Numbers<T: ArrowPrimitiveType, F> {
    data_type: DataType,
    of: F,
    numbers: Vec<T::Native>,
    nulls: Nulls,
}

fn numbers<T: ArrowPrimitiveType>(
    data_type: &DataType,
    room: usize,
    of: impl Fn(u64) -> T::Native + Copy + 'static,
) -> Box<dyn Gather> {
    let (numbers, nulls) = (Vec::with_capacity(room), Nulls::default());
    Box::new(Numbers::<T, _> { data_type: data_type.clone(), of, numbers, nulls })
}

impl<T: ArrowPrimitiveType, F: Fn(u64) -> T::Native + Copy> Numbers<T, F> {
    /// Each type is 8 bytes in a file, or an INT32.
    const WIDTH: usize = if size_of::<T::Native>() == 8 { 8 } else { 4 };

    /// All that are there.
    fn dense(&self, values: &PageValues<'_>) -> Result<Vec<T::Native>, Unfamiliar> {
        let (bytes, there, of, width) = (values.bytes, values.there, self.of, Self::WIDTH);
        Ok(match values.page.layout {
            Layout::Plain => plain_numbers(bytes, width, there)?.map(of).collect(),
            Layout::Delta if width == 8 => read_deltas(bytes, there)?.into_iter().map(of).collect(),
            Layout::Split if width == 8 => {
                let split = SplitNumbers::new(bytes, there)?;
                (0..there).map(|place| of(split.get(place))).collect()
            }
            Layout::Delta | Layout::Split => return Err(Unfamiliar),
            Layout::Numbers => {
                let (count, distinct) = values.dictionary()?.values()?;
                let distinct: Vec<T::Native> = plain_numbers(distinct, width, count)?.map(of).collect();
                read_values(bytes, there, &distinct)?
            }
        })
    }

    /// Those that are wanted.
    fn take_only(&mut self, values: &PageValues<'_>, places: &[Option<usize>]) -> Result<(), Unfamiliar> {
        let (bytes, of, width) = (values.bytes, self.of, Self::WIDTH);
        let mut take = |at: &dyn Fn(usize) -> Result<u64, Unfamiliar>| {
            for place in places {
                let number = place.map(at).transpose()?;
                self.numbers.push(number.map(of).unwrap_or_default());
            }
            Ok(())
        };
        match values.page.layout {
            Layout::Plain => take(&|place| plain_number(bytes, width, place)),
            Layout::Delta if width == 8 => {
                let numbers = read_deltas(bytes, values.there)?;
                take(&|place| numbers.get(place).copied().ok_or(Unfamiliar))
            }
            Layout::Split if width == 8 => {
                let numbers = SplitNumbers::new(bytes, values.there)?;
                take(&|place| Ok(numbers.get(place)))
            }
            Layout::Delta | Layout::Split => Err(Unfamiliar),
            Layout::Numbers => {
                let (_, distinct) = values.dictionary()?.values()?;
                let numbers = read_places(bytes, values.there)?;
                take(&|place| plain_number(distinct, width, place_of(numbers.get(place))?))
            }
        }
    }
}

impl<T: ArrowPrimitiveType, F: Fn(u64) -> T::Native + Copy> Gather for Numbers<T, F> {
    fn take(&mut self, values: &PageValues<'_>, rows: Rows<'_>) -> Result<(), Unfamiliar> {
        self.nulls.take(self.numbers.len(), values.nulls.as_ref(), rows);
        if values.there == 0 {
            self.numbers.resize(self.numbers.len() + rows.len(), T::Native::default());
            return Ok(());
        }
        match rows.only {
            None => {
                let dense = self.dense(values)?;
                spread(&mut self.numbers, dense, rows.count, values.nulls.as_ref())
            }
            Some(only) => self.take_only(values, &values.places(rows, only)),
        }
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef, Unfamiliar> {
        let numbers = PrimitiveArray::<T>::try_new(self.numbers.into(), self.nulls.finish()).map_err(|_| Unfamiliar)?;
        // A time has a zone besides.
        Ok(Arc::new(numbers.with_data_type(self.data_type)))
    }
}

#[derive(Debug, Default)]
struct Flags {
    flags: Vec<bool>,
    nulls: Nulls,
}

impl Gather for Flags {
    fn take(&mut self, values: &PageValues<'_>, rows: Rows<'_>) -> Result<(), Unfamiliar> {
        self.nulls.take(self.flags.len(), values.nulls.as_ref(), rows);
        if values.page.layout != Layout::Plain || values.bytes.len() < values.there.div_ceil(8) {
            return Err(Unfamiliar);
        }
        let dense = BooleanBuffer::new(Buffer::from(values.bytes), 0, values.there);
        match rows.only {
            None => spread(&mut self.flags, dense.iter().collect(), rows.count, values.nulls.as_ref()),
            Some(only) => {
                let places = values.places(rows, only);
                self.flags.extend(places.iter().map(|place| place.is_some_and(|place| dense.value(place))));
                Ok(())
            }
        }
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef, Unfamiliar> {
        Ok(Arc::new(BooleanArray::new(BooleanBuffer::from(self.flags), self.nulls.finish())))
    }
}

#[derive(Debug)]
struct Fixed {
    width: usize,
    bytes: Vec<u8>,
}

impl Gather for Fixed {
    fn take(&mut self, values: &PageValues<'_>, rows: Rows<'_>) -> Result<(), Unfamiliar> {
        let (width, bytes) = (self.width, values.bytes);
        let are_all = width.checked_mul(rows.count) == Some(bytes.len());
        if values.page.layout != Layout::Plain || values.nulls.is_some() || !are_all {
            return Err(Unfamiliar);
        }
        match rows.only {
            None => self.bytes.extend_from_slice(bytes),
            Some(only) => {
                let place = |row: &usize| (row - rows.first) * width;
                only.iter().for_each(|row| self.bytes.extend_from_slice(&bytes[place(row)..][..width]));
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef, Unfamiliar> {
        let width = i32::try_from(self.width).map_err(|_| Unfamiliar)?;
        let ids = FixedSizeBinaryArray::try_new(width, Buffer::from_vec(self.bytes), None);
        Ok(Arc::new(ids.map_err(|_| Unfamiliar)?))
    }
}

/// A number of a value of the dictionary.
fn place_of(number: Option<&i32>) -> Result<usize, Unfamiliar> {
    number.and_then(|number| usize::try_from(*number).ok()).ok_or(Unfamiliar)
}

fn plain_numbers(bytes: &[u8], width: usize, count: usize) -> Result<impl Iterator<Item = u64>, Unfamiliar> {
    let bytes = count.checked_mul(width).and_then(|length| bytes.get(..length)).ok_or(Unfamiliar)?;
    Ok(bytes.chunks_exact(width).map(widened))
}

fn plain_number(bytes: &[u8], width: usize, place: usize) -> Result<u64, Unfamiliar> {
    let rest = place.checked_mul(width).and_then(|start| bytes.get(start..)).ok_or(Unfamiliar)?;
    rest.get(..width).map(widened).ok_or(Unfamiliar)
}

fn widened(number: &[u8]) -> u64 {
    let mut wide = [0; 8];
    wide[..number.len()].copy_from_slice(number);
    u64::from_le_bytes(wide)
}

/// Numbers whose bytes stand apart: the first ones of all, then the second ones.
#[derive(Debug, Clone, Copy)]
struct SplitNumbers<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl SplitNumbers<'_> {
    fn new(bytes: &[u8], count: usize) -> Result<SplitNumbers<'_>, Unfamiliar> {
        if count.checked_mul(8) == Some(bytes.len()) { Ok(SplitNumbers { bytes, count }) } else { Err(Unfamiliar) }
    }

    /// `place` is less than the count.
    fn get(self, place: usize) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|byte| self.bytes[byte * self.count + place]))
    }
}

/// Puts the values that are there into their places, behind those that are in `all`.
fn spread<V: Copy + Default>(
    all: &mut Vec<V>,
    dense: Vec<V>,
    count: usize,
    nulls: Option<&NullBuffer>,
) -> Result<(), Unfamiliar> {
    if dense.len() != count - nulls.map_or(0, NullBuffer::null_count) {
        return Err(Unfamiliar);
    }
    let Some(nulls) = nulls else {
        match all.is_empty() {
            true => *all = dense,
            false => all.extend_from_slice(&dense),
        }
        return Ok(());
    };
    let first = all.len();
    all.resize(first + count, V::default());
    let places = &mut all[first..];
    nulls.valid_indices().zip(dense).for_each(|(place, value)| places[place] = value);
    Ok(())
}
