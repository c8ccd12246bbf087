//! The values of a column of any type that is packed by hand.

use crate::part::column_values::LENGTH_BYTES;
use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt8Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, PrimitiveArray, StringArray,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};
use std::ops::Range;

/// A column.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) kind: Kind<'a>,
    nulls: Option<&'a NullBuffer>,
    len: usize,
}

/// Values by how they are laid out.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    Numbers(Numbers<'a>),
    Flags(&'a BooleanArray),
    Texts(&'a StringArray),
    Binaries(&'a BinaryArray),
    Fixed(&'a FixedSizeBinaryArray),
    /// Distinct texts, and for each record which one.
    Distinct(&'a DictionaryArray<Int32Type>, &'a StringArray),
}

/// Numbers by their type.
#[derive(Clone, Copy)]
pub(super) enum Numbers<'a> {
    Signed(&'a [i64]),
    Unsigned(&'a [u64]),
    Doubles(&'a [f64]),
    Short(&'a [u32]),
    Bytes(&'a [u8]),
}

impl<'a> Values<'a> {
    /// True for the types that are known here.
    pub(super) fn are_of(data_type: &DataType) -> bool {
        match data_type {
            DataType::Int64
            | DataType::Timestamp(TimeUnit::Nanosecond, _)
            | DataType::UInt64
            | DataType::UInt32
            | DataType::UInt8
            | DataType::Float64
            | DataType::Boolean
            | DataType::Utf8
            | DataType::Binary
            | DataType::FixedSizeBinary(_) => true,
            DataType::Dictionary(number, text) => **number == DataType::Int32 && **text == DataType::Utf8,
            _ => false,
        }
    }

    /// The values of a column; `None` for types that are not known here.
    pub(super) fn of(column: &'a dyn Array) -> Option<Values<'a>> {
        let any = column.as_any();
        let kind = match column.data_type() {
            DataType::Int64 => Kind::Numbers(Numbers::Signed(natives::<Int64Type>(column)?)),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                Kind::Numbers(Numbers::Signed(natives::<TimestampNanosecondType>(column)?))
            }
            DataType::UInt64 => Kind::Numbers(Numbers::Unsigned(natives::<UInt64Type>(column)?)),
            DataType::Float64 => Kind::Numbers(Numbers::Doubles(natives::<Float64Type>(column)?)),
            DataType::UInt32 => Kind::Numbers(Numbers::Short(natives::<UInt32Type>(column)?)),
            DataType::UInt8 => Kind::Numbers(Numbers::Bytes(natives::<UInt8Type>(column)?)),
            DataType::Boolean => Kind::Flags(any.downcast_ref()?),
            DataType::Utf8 => Kind::Texts(any.downcast_ref()?),
            DataType::Binary => Kind::Binaries(any.downcast_ref()?),
            DataType::FixedSizeBinary(_) => Kind::Fixed(any.downcast_ref()?),
            DataType::Dictionary(..) => {
                let distinct: &DictionaryArray<Int32Type> = any.downcast_ref()?;
                Kind::Distinct(distinct, distinct.values().as_any().downcast_ref()?)
            }
            _ => return None,
        };
        let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
        Some(Values { kind, nulls, len: column.len() })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn nulls(&self) -> Option<&'a NullBuffer> {
        self.nulls
    }

    pub(super) fn has_nulls(&self) -> bool {
        self.nulls.is_some()
    }

    /// How many of some records have a value.
    pub(super) fn count_there(&self, rows: Range<usize>) -> usize {
        match self.nulls {
            None => rows.len(),
            Some(nulls) => nulls.inner().slice(rows.start, rows.len()).count_set_bits(),
        }
    }

    /// Those of some records that have a value.
    pub(super) fn there(&self, rows: Range<usize>) -> impl Iterator<Item = usize> + use<'a> {
        let nulls = self.nulls;
        rows.filter(move |row| nulls.is_none_or(|nulls| nulls.is_valid(*row)))
    }

    /// All numbers that are there, as bits; none where values are no numbers.
    pub(super) fn numbers(&self) -> Vec<u64> {
        match (self.kind, self.nulls) {
            (Kind::Numbers(Numbers::Signed(numbers)), None) => {
                numbers.iter().map(|number| number.cast_unsigned()).collect()
            }
            (Kind::Numbers(Numbers::Unsigned(numbers)), None) => numbers.to_vec(),
            (Kind::Numbers(Numbers::Doubles(numbers)), None) => numbers.iter().map(|number| number.to_bits()).collect(),
            (Kind::Numbers(Numbers::Short(numbers)), None) => numbers.iter().map(|number| u64::from(*number)).collect(),
            (Kind::Numbers(Numbers::Bytes(numbers)), None) => numbers.iter().map(|number| u64::from(*number)).collect(),
            (Kind::Numbers(_), Some(_)) => self.there(0..self.len).map(|row| self.number(row)).collect(),
            (Kind::Flags(_) | Kind::Texts(_) | Kind::Binaries(_) | Kind::Fixed(_) | Kind::Distinct(..), _) => {
                Vec::new()
            }
        }
    }

    /// The number of a record, as bits. Only where values are numbers.
    pub(super) fn number(&self, row: usize) -> u64 {
        match self.kind {
            Kind::Numbers(Numbers::Signed(numbers)) => numbers[row].cast_unsigned(),
            Kind::Numbers(Numbers::Unsigned(numbers)) => numbers[row],
            Kind::Numbers(Numbers::Doubles(numbers)) => numbers[row].to_bits(),
            Kind::Numbers(Numbers::Short(numbers)) => u64::from(numbers[row]),
            Kind::Numbers(Numbers::Bytes(numbers)) => u64::from(numbers[row]),
            Kind::Flags(_) | Kind::Texts(_) | Kind::Binaries(_) | Kind::Fixed(_) | Kind::Distinct(..) => {
                unreachable!("numbers are asked for where values are numbers")
            }
        }
    }

    /// The least and the largest of integers of 64 bits, as the bits of signed ones; `None` for other columns, and where a
    /// record has none.
    pub(super) fn bounds(&self) -> Option<(i64, i64)> {
        if self.has_nulls() {
            return None;
        }
        match self.kind {
            Kind::Numbers(Numbers::Signed(numbers)) => {
                Some((numbers.iter().copied().min()?, numbers.iter().copied().max()?))
            }
            Kind::Numbers(Numbers::Unsigned(numbers)) => {
                let bounds = (numbers.iter().min()?, numbers.iter().max()?);
                Some((bounds.0.cast_signed(), bounds.1.cast_signed()))
            }
            Kind::Numbers(Numbers::Doubles(_) | Numbers::Short(_) | Numbers::Bytes(_)) => None,
            Kind::Flags(_) | Kind::Texts(_) | Kind::Binaries(_) | Kind::Fixed(_) | Kind::Distinct(..) => None,
        }
    }

    /// A number of this column, laid out plainly.
    pub(super) fn put_number(&self, number: u64, out: &mut Vec<u8>) {
        let width = match self.kind {
            Kind::Numbers(Numbers::Short(_) | Numbers::Bytes(_)) => 4,
            _ => 8,
        };
        out.extend_from_slice(&number.to_le_bytes()[..width]);
    }

    /// Where a page of plain values that begins with a record has to end, so that it is not much longer than this.
    pub(super) fn end_within(&self, rows: Range<usize>, bytes_max: usize) -> usize {
        let length: &dyn Fn(usize) -> usize = match &self.kind {
            Kind::Texts(texts) => &|row| texts.value(row).len(),
            Kind::Binaries(binaries) => &|row| binaries.value(row).len(),
            Kind::Numbers(_) | Kind::Flags(_) | Kind::Fixed(_) | Kind::Distinct(..) => return rows.end,
        };
        let mut bytes = 0;
        for row in self.there(rows.clone()) {
            bytes += length(row) + LENGTH_BYTES;
            if bytes >= bytes_max {
                return row + 1;
            }
        }
        rows.end
    }

    /// The values of some records, laid out plainly.
    pub(super) fn put_plain(&self, rows: Range<usize>, out: &mut Vec<u8>) {
        let there = self.there(rows.clone());
        match self.kind {
            Kind::Numbers(_) => there.for_each(|row| self.put_number(self.number(row), out)),
            Kind::Texts(texts) => there.for_each(|row| put_text(texts.value(row).as_bytes(), out)),
            Kind::Binaries(binaries) => there.for_each(|row| put_text(binaries.value(row), out)),
            Kind::Fixed(fixed) => there.for_each(|row| out.extend_from_slice(fixed.value(row))),
            Kind::Distinct(..) => unreachable!("distinct texts are packed as such"),
            Kind::Flags(flags) => {
                let start = out.len();
                for (place, row) in there.enumerate() {
                    if place % 8 == 0 {
                        out.push(0);
                    }
                    out[start + place / 8] |= u8::from(flags.value(row)) << (place % 8);
                }
            }
        }
    }
}

/// A text behind its length.
pub(super) fn put_text(text: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(text.len()).expect("a text of a column is shorter than 2 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text);
}

fn natives<T: ArrowPrimitiveType>(column: &dyn Array) -> Option<&[T::Native]> {
    let column: &PrimitiveArray<T> = column.as_any().downcast_ref()?;
    Some(column.values())
}
