//! The bytes of a manifest, laid out by hand. They are drawn in docs/formats/manifest.md.

use super::edit::{Edit, PartEntry, PartFile, PartId, Tombstone, TombstoneFile, TombstoneId};
use super::limits::{PAGE, RECORD_BYTES_MAX};
use super::protection::{Protection, is_off};
use basics::{TenantId, Timestamp};
use crc32c::{crc32c, crc32c_append};

const HEADER_MAGIC: [u8; 8] = *b"ORMANIFS";
const RECORD_MAGIC: [u8; 4] = *b"ORMR";
/// The version that is written.
pub(crate) const VERSION: u16 = 2;
/// Bytes of a header, its checksum at the end included.
const HEADER_USED: usize = 64;
/// Bytes of a record before its edits.
pub(crate) const RECORD_HEADER_BYTES: usize = 36;
/// Where the checksum stands in those.
const CHECKSUM_AT: usize = 32;
/// Kind and length before each edit.
const EDIT_HEADER_BYTES: usize = 5;
/// Higher generations and record numbers are damage: nobody counts that far, and counting on must not overflow.
const NUMBER_MAX: u64 = 1 << 62;

const ADD_PART: u8 = 1;
const REMOVE_PART: u8 = 2;
const SEALED: u8 = 3;
const LEDGER_BASE: u8 = 4;
const ADD_TOMBSTONE: u8 = 5;
const DROP_TOMBSTONE: u8 = 6;
const QUARANTINE: u8 = 7;
const NEXT_IDS: u8 = 8;
const ADD_TOMBSTONE_FILE: u8 = 9;

/// The first page of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The oldest version whose reader understands every edit that the file may hold.
    pub(crate) min_reader: u16,
    /// Rises with each file that takes the place of another.
    pub(crate) generation: u64,
    /// Number of the first record.
    pub(crate) first_record: u64,
    /// Records that were there before the file got its name, so that no crash can have torn them.
    pub(crate) snapshot_records: u64,
}

/// Why a first page is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadHeader {
    /// It is not a header.
    Magic,
    /// Its checksum does not fit.
    Checksum { expected: u32, found: u32 },
    /// A newer program wrote it.
    TooNew { version: u16 },
    /// Its numbers cannot be.
    Numbers,
}

impl Header {
    /// What the first record's checksum continues.
    pub(crate) fn chain(&self) -> u32 {
        crc32c(&self.generation.to_le_bytes())
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PAGE);
        out.extend_from_slice(&HEADER_MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.min_reader.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        put_u64(&mut out, self.generation);
        put_u64(&mut out, self.first_record);
        put_u64(&mut out, self.snapshot_records);
        out.resize(HEADER_USED - 4, 0);
        let crc = crc32c(&out);
        put_u32(&mut out, crc);
        out.resize(PAGE, 0);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Header, BadHeader> {
        let Some((used, _)) = bytes.split_first_chunk::<HEADER_USED>() else { return Err(BadHeader::Magic) };
        let (covered, stored) = used.split_at(HEADER_USED - 4);
        let mut input = In(covered);
        if input.array() != Some(HEADER_MAGIC) {
            return Err(BadHeader::Magic);
        }
        let (expected, found) = (In(stored).u32().unwrap_or_default(), crc32c(covered));
        if expected != found && !is_off(Protection::Checksum) {
            return Err(BadHeader::Checksum { expected, found });
        }
        let version = input.u16().unwrap_or_default();
        let min_reader = input.u16().unwrap_or_default();
        if min_reader > VERSION {
            return Err(BadHeader::TooNew { version });
        }
        input.take(4);
        let numbers = [input.u64(), input.u64(), input.u64()].map(|number| number.unwrap_or_default());
        let [generation, first_record, snapshot_records] = numbers;
        match numbers.iter().all(|number| (1..=NUMBER_MAX).contains(number)) {
            true => Ok(Header { min_reader, generation, first_record, snapshot_records }),
            false => Err(BadHeader::Numbers),
        }
    }
}

/// Where a record belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordPlace {
    pub(crate) generation: u64,
    pub(crate) number: u64,
    /// The checksum of the record before, which this one's continues.
    pub(crate) chain: u32,
}

/// A record whose checksum fits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) place: RecordPlace,
    /// How many edits it has; a mark has none.
    pub(crate) edits: u32,
    pub(crate) crc: u32,
    /// The edits as they are laid out.
    pub(crate) payload: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads the record at the beginning of `bytes`; says nothing yet about whether it belongs there.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Record<'a>, BadRecord> {
        let mut input = In(bytes);
        if input.array() != Some(RECORD_MAGIC) {
            return Err(BadRecord::NoRecord);
        }
        let read = read_record_header(&mut input).ok_or(BadRecord::NoRecord)?;
        let (length, place, edits, expected) = read;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let is_possible = (RECORD_HEADER_BYTES..=RECORD_BYTES_MAX).contains(&length);
        let Some(whole) = bytes.get(..length).filter(|_| is_possible && place.number <= NUMBER_MAX) else {
            return Err(BadRecord::NoRecord);
        };
        let found = checksum(place.chain, whole);
        if found != expected && !is_off(Protection::Checksum) {
            return Err(BadRecord::Checksum { expected, found });
        }
        let payload = whole.get(RECORD_HEADER_BYTES..).unwrap_or_default();
        Ok(Record { place, edits, crc: expected, payload })
    }

    /// Bytes that the record takes, to the end of its last page.
    pub(crate) fn padded_bytes(&self) -> usize {
        padded(RECORD_HEADER_BYTES + self.payload.len())
    }
}

/// Why there is no record that could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadRecord {
    /// Nothing that looks like one.
    NoRecord,
    /// One that was altered or not written to its end.
    Checksum { expected: u32, found: u32 },
}

fn read_record_header(input: &mut In<'_>) -> Option<(u32, RecordPlace, u32, u32)> {
    let length = input.u32()?;
    let (generation, number, chain) = (input.u64()?, input.u64()?, input.u32()?);
    Some((length, RecordPlace { generation, number, chain }, input.u32()?, input.u32()?))
}

/// Begun with the checksum of the record before; covers all but the checksum itself.
fn checksum(chain: u32, record: &[u8]) -> u32 {
    let (before, behind) = record.split_at(CHECKSUM_AT.min(record.len()));
    crc32c_append(crc32c_append(chain, before), behind.get(4..).unwrap_or_default())
}

/// The length of whole pages.
pub(crate) fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(PAGE)
}

/// Appends a record to `out`, up to the end of its page. Returns its checksum.
pub(crate) fn put_record(out: &mut Vec<u8>, place: RecordPlace, edits: u32, payload: &[u8]) -> u32 {
    let start = out.len();
    let length = RECORD_HEADER_BYTES + payload.len();
    assert!(length <= RECORD_BYTES_MAX && start.is_multiple_of(PAGE), "a record of {length} bytes at {start}");
    out.extend_from_slice(&RECORD_MAGIC);
    put_length(out, length);
    put_u64(out, place.generation);
    put_u64(out, place.number);
    put_u32(out, place.chain);
    put_u32(out, edits);
    put_u32(out, 0);
    out.extend_from_slice(payload);
    let (_, record) = out.split_at_mut(start);
    let crc = checksum(place.chain, record);
    if let Some(stored) = record.get_mut(CHECKSUM_AT..CHECKSUM_AT + 4) {
        stored.copy_from_slice(&crc.to_le_bytes());
    }
    out.resize(padded(out.len()), 0);
    crc
}

/// Gives header and records the checksums of what they say, one behind the other. For fuzzers, which would not find
/// what lies behind a checksum.
pub(crate) fn make_checksums_fit(file: &mut [u8]) {
    let Some((used, rest)) = file.split_first_chunk_mut::<HEADER_USED>() else { return };
    let (covered, stored) = used.split_at_mut(HEADER_USED - 4);
    stored.copy_from_slice(&crc32c(covered).to_le_bytes());
    let Ok(header) = Header::decode(used) else { return };
    let Some((_, mut rest)) = rest.split_at_mut_checked(PAGE - HEADER_USED) else { return };
    let mut chain = header.chain();
    for number in header.first_record.. {
        let length = In(rest.get(4..8).unwrap_or_default()).u32().and_then(|length| usize::try_from(length).ok());
        let Some(length) = length.filter(|length| (RECORD_HEADER_BYTES..=rest.len()).contains(length)) else { return };
        let record = &mut rest[..length];
        record[8..16].copy_from_slice(&header.generation.to_le_bytes());
        record[16..24].copy_from_slice(&number.to_le_bytes());
        record[24..28].copy_from_slice(&chain.to_le_bytes());
        chain = checksum(chain, record);
        record[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&chain.to_le_bytes());
        match std::mem::take(&mut rest).split_at_mut_checked(padded(length)) {
            Some((_, behind)) => rest = behind,
            None => return,
        }
    }
}

/// Appends an edit to the payload of a record.
pub(crate) fn put_edit(out: &mut Vec<u8>, edit: &Edit) {
    let start = out.len();
    out.extend_from_slice(&[0; EDIT_HEADER_BYTES]);
    let kind = match edit {
        Edit::AddPart(part) => {
            put_part(out, part);
            ADD_PART
        }
        Edit::RemovePart(id) => {
            put_u64(out, id.0);
            REMOVE_PART
        }
        Edit::Sealed(position) => {
            put_u64(out, *position);
            SEALED
        }
        Edit::LedgerBase { tenant, stored } => {
            put_u32(out, tenant.0);
            put_u64(out, *stored);
            LEDGER_BASE
        }
        Edit::AddTombstone(tombstone) => {
            put_tombstone(out, tombstone);
            if tombstone.file.is_some() { ADD_TOMBSTONE_FILE } else { ADD_TOMBSTONE }
        }
        Edit::DropTombstone(id) => {
            put_u64(out, id.0);
            DROP_TOMBSTONE
        }
        Edit::Quarantine { part, reason } => {
            put_u64(out, part.0);
            out.extend_from_slice(reason.as_bytes());
            QUARANTINE
        }
        Edit::NextIds { part, tombstone, open_parts } => {
            put_u64(out, *part);
            put_u64(out, *tombstone);
            open_parts.iter().for_each(|id| put_u64(out, *id));
            NEXT_IDS
        }
    };
    let body_bytes = u32::try_from(out.len() - start - EDIT_HEADER_BYTES).expect("a state refuses longer edits");
    if let Some((first, length)) = out.get_mut(start..start + EDIT_HEADER_BYTES).and_then(<[u8]>::split_first_mut) {
        *first = kind;
        length.copy_from_slice(&body_bytes.to_le_bytes());
    }
}

fn put_part(out: &mut Vec<u8>, part: &PartEntry) {
    put_u64(out, part.id.0);
    put_u32(out, part.tenant.0);
    out.extend_from_slice(&part.day.to_le_bytes());
    put_time(out, part.time_min);
    put_time(out, part.time_max);
    put_u64(out, part.sequence_min);
    put_u64(out, part.sequence_max);
    put_u64(out, part.records);
    put_u64(out, part.raw_bytes);
    put_u32(out, part.row_groups);
    put_u32(out, part.format_version);
    put_u32(out, part.min_reader);
    for file in &part.files {
        out.push(file.kind);
        put_u64(out, file.bytes);
        put_u32(out, file.crc);
    }
}

fn put_tombstone(out: &mut Vec<u8>, tombstone: &Tombstone) {
    put_u64(out, tombstone.id.0);
    put_u32(out, tombstone.tenant.0);
    put_time(out, tombstone.time_min);
    put_time(out, tombstone.time_max);
    put_u64(out, tombstone.sequence_max);
    put_time(out, tombstone.created_at);
    if let Some(TombstoneFile { sequence_min, records, settled_at, bytes, crc }) = tombstone.file {
        [sequence_min, records, settled_at, bytes].into_iter().for_each(|number| put_u64(out, number));
        put_u32(out, crc);
    }
    out.extend_from_slice(&tombstone.filter);
}

/// Reads the edits of a record; `Err` holds the number of the first one that cannot be read. Bounded by the payload: an
/// edit takes [`EDIT_HEADER_BYTES`] there.
pub(crate) fn read_edits(payload: &[u8], count: u32) -> Result<Vec<Edit>, usize> {
    let mut input = In(payload);
    let mut edits = Vec::new();
    for _ in 0..count {
        let edit = read_edit(&mut input).ok_or(edits.len())?;
        edits.push(edit);
    }
    match input.0.is_empty() {
        true => Ok(edits),
        false => Err(edits.len()),
    }
}

fn read_edit(input: &mut In<'_>) -> Option<Edit> {
    let kind = input.u8()?;
    let length = usize::try_from(input.u32()?).ok()?;
    let mut body = In(input.take(length)?);
    let edit = match kind {
        ADD_PART => Edit::AddPart(read_part(&mut body)?),
        REMOVE_PART => Edit::RemovePart(PartId(body.u64()?)),
        SEALED => Edit::Sealed(body.u64()?),
        LEDGER_BASE => Edit::LedgerBase { tenant: TenantId(body.u32()?), stored: body.u64()? },
        ADD_TOMBSTONE => Edit::AddTombstone(read_tombstone(&mut body, |_| Some(None))?),
        ADD_TOMBSTONE_FILE => {
            Edit::AddTombstone(read_tombstone(&mut body, |body| read_tombstone_file(body).map(Some))?)
        }
        DROP_TOMBSTONE => Edit::DropTombstone(TombstoneId(body.u64()?)),
        QUARANTINE => {
            let part = PartId(body.u64()?);
            Edit::Quarantine { part, reason: String::from_utf8(body.rest().to_vec()).ok()? }
        }
        NEXT_IDS => {
            let (part, tombstone) = (body.u64()?, body.u64()?);
            let mut open_parts = Vec::new();
            while !body.0.is_empty() {
                open_parts.push(body.u64()?);
            }
            Edit::NextIds { part, tombstone, open_parts }
        }
        _ => return None,
    };
    body.0.is_empty().then_some(edit)
}

fn read_part(body: &mut In<'_>) -> Option<PartEntry> {
    let mut part = PartEntry {
        id: PartId(body.u64()?),
        tenant: TenantId(body.u32()?),
        day: i32::from_le_bytes(body.array()?),
        time_min: body.time()?,
        time_max: body.time()?,
        sequence_min: body.u64()?,
        sequence_max: body.u64()?,
        records: body.u64()?,
        raw_bytes: body.u64()?,
        row_groups: body.u32()?,
        format_version: body.u32()?,
        min_reader: body.u32()?,
        files: Vec::new(),
    };
    while !body.0.is_empty() {
        part.files.push(PartFile { kind: body.u8()?, bytes: body.u64()?, crc: body.u32()? });
    }
    Some(part)
}

fn read_tombstone<'a>(
    body: &mut In<'a>,
    read_file: impl FnOnce(&mut In<'a>) -> Option<Option<TombstoneFile>>,
) -> Option<Tombstone> {
    Some(Tombstone {
        id: TombstoneId(body.u64()?),
        tenant: TenantId(body.u32()?),
        time_min: body.time()?,
        time_max: body.time()?,
        sequence_max: body.u64()?,
        created_at: body.time()?,
        file: read_file(body)?,
        filter: body.rest().to_vec(),
    })
}

fn read_tombstone_file(body: &mut In<'_>) -> Option<TombstoneFile> {
    Some(TombstoneFile {
        sequence_min: body.u64()?,
        records: body.u64()?,
        settled_at: body.u64()?,
        bytes: body.u64()?,
        crc: body.u32()?,
    })
}

fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_u64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_time(out: &mut Vec<u8>, time: Timestamp) {
    out.extend_from_slice(&time.0.to_le_bytes());
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    put_u32(out, u32::try_from(length).expect("a record is at most RECORD_BYTES_MAX long"));
}

/// Bytes that are read from front to back.
struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn time(&mut self) -> Option<Timestamp> {
        self.array().map(i64::from_le_bytes).map(Timestamp)
    }
}
