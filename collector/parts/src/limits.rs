//! Ceilings of a batch, and how they fit together.

use basics::MIB;

/// Most records of one batch. What is asked of a batch is decided in slices of it, so a batch may be this large
/// without making a query slow to stop; beyond it, merging costs more than it saves.
pub const BATCH_RECORDS_MAX: usize = 4_096;
/// A batch of this many records is left as it is: merging saves space and time only where batches are small.
pub const BATCH_RECORDS_FULL: usize = 1_000;
/// A batch stops growing at this many bytes of text. Offsets in a text column have 31 bits; a batch passes this
/// ceiling by one record at most, and a record is far smaller than what remains.
pub const BATCH_TEXT_BYTES_MAX: u64 = 16 * MIB;
/// Most pairs of attribute key and type with a column of their own; the others share one list column.
pub const ATTRIBUTE_COLUMNS_MAX: usize = 128;
/// A key gets a column when at least one in this many records has it. A column costs 4 to 8 bytes for every record,
/// so a rarer key would cost more there than in the list.
pub const RECORDS_PER_VALUE_MAX: usize = 8;
/// Most records of a row group in a part.
pub const GROUP_RECORDS: usize = 16_384;
/// Most records of a row group that is read, whoever wrote it: what a footer says is believed that far, since a few bytes
/// may stand for so many values.
pub(crate) const GROUP_RECORDS_MAX: u32 = 1 << 20;
/// A row group is ended at this many bytes of text.
pub const GROUP_TEXT_BYTES: u64 = 32 * MIB;
/// Of footers and indexes of parts, this much is kept in memory.
pub const KEPT_BYTES: u64 = 128 * MIB;
/// In a part, a key gets a column when at least one in this many records has it. An empty value costs next to nothing on
/// disk; what a column costs is its entry in the footer, once for each row group.
pub const PART_RECORDS_PER_VALUE_MAX: usize = 64;
/// Most records of one delete, 8 MiB in memory. One that matches more is refused: it is made in steps of shorter times.
pub const HIDDEN_PER_DELETE_MAX: usize = 1 << 20;
/// Most deleted records that are not removed from their parts yet, over all tenants: 32 MiB in memory for as long. At the
/// ceiling deletes are refused until removals have caught up.
pub const HIDDEN_RECORDS_MAX: usize = 4 << 20;
/// Longest page of a part, unpacked, that is read by hand; a longer one is left to the Parquet library. A row group has at
/// most about 32 MiB of text and one record more, which a request cannot make longer than that again.
pub const PAGE_BYTES_MAX: usize = 128 << 20;
/// Most attributes without a column that a row group's records have on average when they are read by hand. Senders may attach
/// some thousand to a record, of which the frequent ones have columns.
pub const ENTRIES_PER_RECORD_MAX: usize = 256;
/// The shapes of a part are kept unpacked up to so many bytes of text. Larger ones have an index of their words, or are
/// unpacked by each search.
pub(crate) const SHAPE_LIST_BYTES_MAX: usize = 1 << 20;

const _: () = assert!(HIDDEN_PER_DELETE_MAX * 2 <= HIDDEN_RECORDS_MAX);
const _: () = assert!(BATCH_RECORDS_FULL * 2 <= BATCH_RECORDS_MAX);
const _: () = assert!(BATCH_TEXT_BYTES_MAX < 1 << 30);
// A column's number is one byte, and the last one means "in the list".
const _: () = assert!(ATTRIBUTE_COLUMNS_MAX < 255);
