//! Numbers for the streams of a part.

use crate::batch::Batch;
use crate::part::index_file::number;
use crate::part::stream_text::{self, StreamTexts};
use crate::part::write::RowAt;
use model::Stream;
use std::collections::HashMap;
use std::sync::Arc;

/// The distinct streams of a part, numbered as they came. Two are one when their texts are.
#[derive(Debug, Default)]
pub(crate) struct StreamNumbers {
    by_address: HashMap<*const Stream, u32>,
    by_text: HashMap<StreamTexts, u32>,
    /// Held, so that no other stream gets the address of one of them.
    held: Vec<Arc<Stream>>,
    texts: Vec<StreamTexts>,
    services: Vec<Option<Box<str>>>,
}

/// Unpacked, a list of streams is no longer than this.
const STREAMS_BYTES_MAX: usize = 1 << 30;
const COUNT_BYTES: usize = 8;

impl StreamNumbers {
    pub(crate) fn number(&mut self, stream: &Arc<Stream>) -> u32 {
        if let Some(number) = self.by_address.get(&Arc::as_ptr(stream)) {
            return *number;
        }
        let texts = stream_text::write(stream);
        let next = u32::try_from(self.texts.len()).expect("a part has fewer streams than records");
        let number = *self.by_text.entry(texts.clone()).or_insert(next);
        if number == next {
            self.texts.push(texts);
            self.services.push(stream.service().map(Into::into));
        }
        self.by_address.insert(Arc::as_ptr(stream), number);
        self.held.push(stream.clone());
        number
    }

    /// The records of a row group in the order of their streams; of one stream, they stay in order.
    pub(crate) fn in_stream_order(&mut self, batches: &[Arc<Batch>], rows: &[RowAt]) -> Vec<RowAt> {
        let mut maps: Vec<Option<Vec<u32>>> = vec![None; batches.len()];
        let mut numbered: Vec<(u32, RowAt)> = Vec::with_capacity(rows.len());
        for at in rows {
            let batch = &batches[at.batch()];
            let map = maps[at.batch()]
                .get_or_insert_with(|| batch.streams().iter().map(|stream| self.number(stream)).collect());
            numbered.push((map[batch.stream_indexes()[at.row()] as usize], *at));
        }
        numbered.sort_by_key(|(stream, _)| *stream);
        numbered.into_iter().map(|(_, at)| at).collect()
    }

    pub(crate) fn texts(&self, number: u32) -> &StreamTexts {
        &self.texts[number as usize]
    }

    pub(crate) fn service(&self, number: u32) -> Option<&str> {
        self.services[number as usize].as_deref()
    }

    /// The stored form: how many, how long unpacked, then the texts, each behind its length, packed.
    pub(crate) fn encode(&self, zstd_level: i32) -> Vec<u8> {
        let mut plain = Vec::new();
        for texts in &self.texts {
            for text in [&texts.resource, &texts.scope] {
                let length = u32::try_from(text.len()).expect("a stream is shorter than a request");
                plain.extend(length.to_le_bytes());
                plain.extend(text.as_bytes());
            }
        }
        let narrow = |length| u32::try_from(length).expect("a part's streams are shorter than 4 GiB");
        let mut out = narrow(self.texts.len()).to_le_bytes().to_vec();
        out.extend(narrow(plain.len()).to_le_bytes());
        out.extend(zstd::bulk::compress(&plain, zstd_level).expect("packing into memory does not fail"));
        out
    }
}

/// Reads streams back; what is wrong with the bytes, when something is.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Arc<Stream>>, &'static str> {
    if bytes.len() < COUNT_BYTES {
        return Err("the list of streams is cut off");
    }
    let length = usize::try_from(number(bytes, 4)).unwrap_or(usize::MAX);
    if length > STREAMS_BYTES_MAX {
        return Err("the list of streams is longer than any");
    }
    let plain =
        zstd::bulk::decompress(&bytes[COUNT_BYTES..], length).map_err(|_| "the list of streams cannot be unpacked")?;
    let mut rest = plain.as_slice();
    let mut streams = Vec::new();
    while !rest.is_empty() {
        let resource = take_text(&mut rest).ok_or("a stream's resource is cut off")?;
        let scope = take_text(&mut rest).ok_or("a stream's scope is cut off")?;
        let stream = stream_text::read(resource, scope).ok_or("a stream is no text form of one")?;
        streams.push(Arc::new(stream));
    }
    match streams.len() == number(bytes, 0) as usize {
        true => Ok(streams),
        false => Err("there are more or fewer streams than the list says"),
    }
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (text, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = behind;
    std::str::from_utf8(text).ok()
}
