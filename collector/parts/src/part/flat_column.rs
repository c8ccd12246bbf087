//! A column without lists, taken out of its chunk by hand.
//!
//! What it gives is what the Parquet library would have given; what it does not know is left to the library
//! ([`Unfamiliar`]). Of a chunk in several pages only those are unpacked that hold records which somebody wants.

use crate::part::chunk_pages::{ChunkPages, Layout, PackedPage, Packing, PageKind, Unfamiliar};
use crate::part::packed_numbers::{read_deltas, read_levels, read_places, read_values};
use arrow_array::builder::BufferBuilder;
use arrow_array::types::{
    ArrowPrimitiveType, BinaryType, ByteArrayType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType,
    UInt8Type, UInt32Type, UInt64Type, Utf8Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, GenericByteArray, PrimitiveArray,
    StringArray, UInt64Array, new_null_array,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::concat::concat;
use arrow_select::take::take;
use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;
use std::sync::Arc;

/// A column chunk, and what is wanted of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlatColumn<'a> {
    pub(crate) chunk: &'a [u8],
    pub(crate) column: &'a ColumnChunkMetaData,
    pub(crate) data_type: &'a DataType,
    /// How many the row group has.
    pub(crate) records: usize,
    /// Those that are wanted, rising; `None` for all.
    pub(crate) only: Option<&'a [usize]>,
}

impl FlatColumn<'_> {
    /// The values of the records that are wanted.
    pub(crate) fn read(&self) -> Result<ArrayRef, Unfamiliar> {
        let mut pages = pages_of(self.chunk, self.column)?;
        let has_dictionary = pages.clone().next()?.is_some_and(|page| page.kind == PageKind::Dictionary);
        let data_type = match self.data_type {
            // Strings that nearly all differ are not kept as distinct ones, and are given as they are.
            DataType::Dictionary(_, text) if !has_dictionary => text,
            data_type => data_type,
        };
        let values = PageValues::of(self, data_type)?;
        let mut dictionary = None;
        let mut pieces: Vec<ArrayRef> = Vec::new();
        let mut first = 0usize;
        while let Some(page) = pages.next()? {
            if page.kind == PageKind::Dictionary {
                dictionary = Some(page);
                continue;
            }
            let rows = first..first.checked_add(page.values).filter(|end| *end <= self.records).ok_or(Unfamiliar)?;
            first = rows.end;
            let wanted = self.only.map(|only| {
                let place = |row: usize| only.partition_point(|wanted| *wanted < row);
                &only[place(rows.start)..place(rows.end)]
            });
            if wanted.is_some_and(<[usize]>::is_empty) {
                continue;
            }
            let piece = values.read(&page, dictionary.as_ref())?;
            pieces.push(match wanted {
                None => piece,
                Some(wanted) => {
                    let wanted = wanted.iter().map(|row| (row - rows.start) as u64).collect::<Vec<u64>>();
                    take(&piece, &UInt64Array::from(wanted), None).map_err(|_| Unfamiliar)?
                }
            });
        }
        match pieces.as_slice() {
            _ if first != self.records => Err(Unfamiliar),
            [] => Err(Unfamiliar),
            [piece] => Ok(piece.clone()),
            // Each of them has the whole dictionary.
            _ if matches!(data_type, DataType::Dictionary(..)) => Err(Unfamiliar),
            pieces => {
                let pieces: Vec<&dyn Array> = pieces.iter().map(|piece| &**piece).collect();
                concat(&pieces).map_err(|_| Unfamiliar)
            }
        }
    }
}

/// The pages of a chunk.
pub(crate) fn pages_of<'a>(chunk: &'a [u8], column: &ColumnChunkMetaData) -> Result<ChunkPages<'a>, Unfamiliar> {
    let packing = match column.compression() {
        Compression::ZSTD(_) => Packing::Zstd,
        Compression::UNCOMPRESSED => Packing::Plain,
        _ => return Err(Unfamiliar),
    };
    let unpacked_max = usize::try_from(column.uncompressed_size()).map_err(|_| Unfamiliar)?;
    Ok(ChunkPages::new(chunk, packing, unpacked_max))
}

/// The texts of a plain page: each behind its length in four bytes.
pub(crate) fn plain_texts<T: ByteArrayType<Offset = i32>>(
    page: &[u8],
    count: usize,
    nulls: Option<NullBuffer>,
) -> Result<GenericByteArray<T>, Unfamiliar> {
    // Without empty values each text takes its length at least: a count that lies is refused before it takes memory.
    if nulls.is_none() && count > page.len() / LENGTH_BYTES {
        return Err(Unfamiliar);
    }
    let mut ends: Vec<i32> = Vec::with_capacity(count + 1);
    ends.push(0);
    let mut bytes = Vec::with_capacity(page.len().saturating_sub(count.saturating_mul(LENGTH_BYTES)));
    let mut rest = page;
    for row in 0..count {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            let (length, behind) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(Unfamiliar)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Unfamiliar)?;
            let (text, behind) = behind.split_at_checked(length).ok_or(Unfamiliar)?;
            bytes.extend_from_slice(text);
            rest = behind;
        }
        ends.push(i32::try_from(bytes.len()).map_err(|_| Unfamiliar)?);
    }
    let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
    GenericByteArray::try_new(ends, Buffer::from_vec(bytes), nulls).map_err(|_| Unfamiliar)
}

/// What stands before a plain text.
pub(crate) const LENGTH_BYTES: usize = 4;

/// How the values of a column's pages are read.
#[derive(Debug, Clone, Copy)]
struct PageValues<'a> {
    chunk: &'a [u8],
    physical: Type,
    is_nullable: bool,
    data_type: &'a DataType,
}

impl<'a> PageValues<'a> {
    fn of(flat: &FlatColumn<'a>, data_type: &'a DataType) -> Result<PageValues<'a>, Unfamiliar> {
        let described = flat.column.column_descr();
        let is_nullable = match (described.max_rep_level(), described.max_def_level()) {
            (0, levels @ (0 | 1)) => levels == 1,
            _ => return Err(Unfamiliar),
        };
        Ok(PageValues { chunk: flat.chunk, physical: described.physical_type(), is_nullable, data_type })
    }

    fn read(&self, page: &PackedPage, dictionary: Option<&PackedPage>) -> Result<ArrayRef, Unfamiliar> {
        let unpacked = page.unpack(self.chunk)?;
        let (nulls, bytes) = match self.is_nullable {
            true => {
                let (levels, bytes) = read_levels(&unpacked, page.values)?;
                (Some(NullBuffer::new(levels)).filter(|nulls| nulls.null_count() > 0), bytes)
            }
            false => (None, &unpacked[..]),
        };
        let there = page.values - nulls.as_ref().map_or(0, NullBuffer::null_count);
        if there == 0 {
            return Ok(new_null_array(self.data_type, page.values));
        }
        Values { chunk: self.chunk, page, bytes, there, count: page.values, nulls, dictionary }
            .read(self.data_type, self.physical)
    }
}

/// The values of a page.
#[derive(Debug)]
pub(crate) struct Values<'a> {
    pub(crate) chunk: &'a [u8],
    pub(crate) page: &'a PackedPage,
    /// What is behind the levels.
    pub(crate) bytes: &'a [u8],
    /// How many values are there.
    pub(crate) there: usize,
    /// How many values there are, empty ones among them.
    pub(crate) count: usize,
    pub(crate) nulls: Option<NullBuffer>,
    pub(crate) dictionary: Option<&'a PackedPage>,
}

impl Values<'_> {
    /// The values as an array of this type.
    pub(crate) fn read(self, data_type: &DataType, physical: Type) -> Result<ArrayRef, Unfamiliar> {
        match (data_type, physical) {
            (DataType::Int64, Type::INT64) => self.numbers::<Int64Type>(u64::cast_signed),
            (DataType::Timestamp(TimeUnit::Nanosecond, zone), Type::INT64) => {
                let times = self.primitives::<TimestampNanosecondType>(u64::cast_signed)?;
                Ok(Arc::new(times.with_timezone_opt(zone.clone())))
            }
            (DataType::UInt64, Type::INT64) => self.numbers::<UInt64Type>(|number| number),
            (DataType::UInt32, Type::INT32) => self.numbers::<UInt32Type>(|number| {
                let [a, b, c, d, ..] = number.to_le_bytes();
                u32::from_le_bytes([a, b, c, d])
            }),
            (DataType::UInt8, Type::INT32) => self.numbers::<UInt8Type>(|number| number.to_le_bytes()[0]),
            (DataType::Float64, Type::DOUBLE) => self.numbers::<Float64Type>(f64::from_bits),
            (DataType::Boolean, Type::BOOLEAN) => self.flags(),
            (DataType::Utf8, Type::BYTE_ARRAY) => self.texts::<Utf8Type>(),
            (DataType::Binary, Type::BYTE_ARRAY) => self.texts::<BinaryType>(),
            (DataType::Dictionary(number, text), Type::BYTE_ARRAY)
                if **number == DataType::Int32 && **text == DataType::Utf8 =>
            {
                self.distinct_texts()
            }
            (DataType::FixedSizeBinary(width), Type::FIXED_LEN_BYTE_ARRAY) => self.fixed(*width),
            _ => Err(Unfamiliar),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(self, of: impl Fn(u64) -> T::Native + Copy) -> Result<ArrayRef, Unfamiliar> {
        Ok(Arc::new(self.primitives::<T>(of)?))
    }

    fn primitives<T: ArrowPrimitiveType>(
        self,
        of: impl Fn(u64) -> T::Native + Copy,
    ) -> Result<PrimitiveArray<T>, Unfamiliar> {
        // Each type is 8 bytes in a file, or an INT32.
        let width = if T::Native::get_byte_width() == 8 { 8 } else { 4 };
        let dense: Vec<T::Native> = match self.page.layout {
            Layout::Plain => plain_numbers(self.bytes, width, self.there)?.map(of).collect(),
            Layout::Delta if width == 8 => read_deltas(self.bytes, self.there)?.into_iter().map(of).collect(),
            Layout::Split if width == 8 => split_numbers(self.bytes, self.there)?.into_iter().map(of).collect(),
            Layout::Delta | Layout::Split => return Err(Unfamiliar),
            Layout::Numbers => {
                let (page, unpacked) = self.dictionary()?;
                let distinct: Vec<T::Native> = plain_numbers(&unpacked, width, page.values)?.map(of).collect();
                read_values(self.bytes, self.there, &distinct)?
            }
        };
        PrimitiveArray::try_new(spread(dense, self.count, self.nulls.as_ref())?.into(), self.nulls)
            .map_err(|_| Unfamiliar)
    }

    fn flags(self) -> Result<ArrayRef, Unfamiliar> {
        if self.page.layout != Layout::Plain || self.bytes.len() < self.there.div_ceil(8) {
            return Err(Unfamiliar);
        }
        let dense = BooleanBuffer::new(Buffer::from(self.bytes), 0, self.there);
        let flags = match &self.nulls {
            None => dense,
            Some(_) => spread(dense.iter().collect(), self.count, self.nulls.as_ref())?.into_iter().collect(),
        };
        Ok(Arc::new(BooleanArray::new(flags, self.nulls)))
    }

    fn fixed(self, width: i32) -> Result<ArrayRef, Unfamiliar> {
        let bytes = usize::try_from(width).ok().and_then(|width| width.checked_mul(self.there));
        if self.page.layout != Layout::Plain || self.nulls.is_some() || bytes != Some(self.bytes.len()) {
            return Err(Unfamiliar);
        }
        let ids = FixedSizeBinaryArray::try_new(width, Buffer::from(self.bytes), None);
        Ok(Arc::new(ids.map_err(|_| Unfamiliar)?))
    }

    fn texts<T: ByteArrayType<Offset = i32>>(self) -> Result<ArrayRef, Unfamiliar> {
        match self.page.layout {
            Layout::Plain => Ok(Arc::new(plain_texts::<T>(self.bytes, self.count, self.nulls)?)),
            Layout::Numbers => {
                let (page, unpacked) = self.dictionary()?;
                let distinct = plain_texts::<T>(&unpacked, page.values, None)?;
                let places = read_places(self.bytes, self.there)?;
                let mut places = places.into_iter();
                let mut ends = BufferBuilder::<i32>::new(self.count + 1);
                ends.append(0);
                let mut bytes: Vec<u8> = Vec::new();
                for row in 0..self.count {
                    if self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                        let place = places.next().and_then(|place| usize::try_from(place).ok());
                        let place = place.filter(|place| *place < distinct.len()).ok_or(Unfamiliar)?;
                        bytes.extend_from_slice(distinct.value(place).as_ref());
                    }
                    ends.append(i32::try_from(bytes.len()).map_err(|_| Unfamiliar)?);
                }
                let ends = OffsetBuffer::new(ScalarBuffer::from(ends.finish()));
                let texts = GenericByteArray::<T>::try_new(ends, Buffer::from_vec(bytes), self.nulls);
                Ok(Arc::new(texts.map_err(|_| Unfamiliar)?))
            }
            Layout::Delta | Layout::Split => Err(Unfamiliar),
        }
    }

    /// The distinct texts, and for each record its place among them.
    fn distinct_texts(self) -> Result<ArrayRef, Unfamiliar> {
        if self.page.layout != Layout::Numbers {
            return Err(Unfamiliar);
        }
        let (page, unpacked) = self.dictionary()?;
        let distinct: StringArray = plain_texts(&unpacked, page.values, None)?;
        let places = spread(read_places(self.bytes, self.there)?, self.count, self.nulls.as_ref())?;
        let places = PrimitiveArray::<Int32Type>::try_new(places.into(), self.nulls).map_err(|_| Unfamiliar)?;
        // Refuses places that are none.
        let array = DictionaryArray::try_new(places, Arc::new(distinct)).map_err(|_| Unfamiliar)?;
        Ok(Arc::new(array))
    }

    fn dictionary(&self) -> Result<(&PackedPage, Vec<u8>), Unfamiliar> {
        let page = self.dictionary.filter(|page| matches!(page.layout, Layout::Plain | Layout::Numbers));
        let page = page.ok_or(Unfamiliar)?;
        Ok((page, page.unpack(self.chunk)?))
    }
}

fn plain_numbers(bytes: &[u8], width: usize, count: usize) -> Result<impl Iterator<Item = u64>, Unfamiliar> {
    let bytes = count.checked_mul(width).and_then(|length| bytes.get(..length)).ok_or(Unfamiliar)?;
    Ok(bytes.chunks_exact(width).map(|number| {
        let mut wide = [0; 8];
        wide[..number.len()].copy_from_slice(number);
        u64::from_le_bytes(wide)
    }))
}

/// Numbers whose bytes stand apart: the first ones of all, then the second ones.
fn split_numbers(bytes: &[u8], count: usize) -> Result<Vec<u64>, Unfamiliar> {
    if count.checked_mul(8) != Some(bytes.len()) {
        return Err(Unfamiliar);
    }
    let byte = |number: usize, place: usize| bytes[place * count + number];
    Ok((0..count).map(|number| u64::from_le_bytes(std::array::from_fn(|place| byte(number, place)))).collect())
}

/// Puts the values that are there into their places.
fn spread<V: Copy + Default>(dense: Vec<V>, count: usize, nulls: Option<&NullBuffer>) -> Result<Vec<V>, Unfamiliar> {
    let Some(nulls) = nulls else {
        return if dense.len() == count { Ok(dense) } else { Err(Unfamiliar) };
    };
    let mut all = vec![V::default(); count];
    if dense.len() != count - nulls.null_count() {
        return Err(Unfamiliar);
    }
    nulls.valid_indices().zip(dense).for_each(|(place, value)| all[place] = value);
    Ok(all)
}

#[cfg(test)]
mod tests;
