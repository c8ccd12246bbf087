//! Ceilings of a query, and what happens at them.

use std::time::Duration;

/// Records that are decided at once. Small enough that the masks of a slice lie in the first cache and that a filter
/// which matches often stops early, large enough that the columns, not the calls, take the time.
pub(crate) const SLICE_RECORDS: usize = 1_024;

/// Work between two looks at the clock and the caller, in bytes of text or comparisons of values. The slowest road does
/// about 50 of them in a microsecond, so a look comes within two milliseconds, or within the 20 that one text of 1 MiB
/// takes there.
pub(crate) const WORK_PER_LOOK: usize = 64 * 1_024;

/// A query gives the processor to others that wait for it this often.
pub(crate) const LET_OTHERS_EVERY: Duration = Duration::from_millis(1);

/// Deepest nesting of a filter. Compiling and evaluating recurse this deep; a deeper filter is refused.
pub(crate) const FILTER_DEPTH_MAX: usize = 512;
/// Most conditions of a filter; one more is refused.
pub(crate) const FILTER_CONDITIONS_MAX: usize = 4_096;
// The language nests Or, And and Not in each parenthesis, and makes two conditions of a range.
const _: () = assert!(search_lang::limits::DEPTH_MAX * 4 + 4 <= FILTER_DEPTH_MAX);
const _: () = assert!(search_lang::limits::CLAUSES_MAX * 2 <= FILTER_CONDITIONS_MAX);

/// Most buckets of a histogram; more are refused. Twice what the API lets through.
pub(crate) const BUCKETS_MAX: u64 = 20_000;

/// Below one candidate in so many records, a text condition looks at each candidate instead of the whole column.
pub(crate) const SPARSE_CANDIDATES: usize = 8;

/// A text condition is put to all distinct strings of a row group's column unless there are this many times more of them
/// than candidates in a slice: a row group has 16 slices, and what most strings are asked is only the quick look.
pub(crate) const DISTINCT_PER_CANDIDATE: usize = 64;
/// Most columns of which a condition remembers what it said of their strings. Each takes a bit for each string.
pub(crate) const MEMO_COLUMNS_MAX: usize = 1_024;

/// So many steps an expression's automaton takes over the shapes of one part, some ten milliseconds; beyond them, the messages
/// of a shape are looked at.
pub(crate) const AUTOMATON_STEPS_MAX: usize = 2 << 20;
/// Most states that are followed at once. An expression that needs more counts parts of the text, which no shape shows.
pub(crate) const AUTOMATON_STATES_MAX: usize = 32;
/// Memory in which an automaton is built.
pub(crate) const AUTOMATON_BYTES_MAX: usize = 1 << 20;

/// Found records are remembered in steps of so many, each reserved before it is taken.
pub(crate) const FOUND_PER_RESERVATION: usize = 256;

/// Sequences are named in steps of so many, each reserved before it is taken.
pub(crate) const SEQUENCES_PER_RESERVATION: usize = 1_024;

/// How often the bytes of an answer's records are charged: the answer is held as records, then as JSON and as text.
pub(crate) const ANSWER_COPIES: u64 = 3;
/// What a record may take that its texts do not tell: its attributes that are numbers, their keys, the record itself.
/// Reserved before it is made; what it really took is charged afterwards.
pub(crate) const RECORD_ALLOWANCE_BYTES: u64 = 16 * 1_024;

/// What a record of a row group takes while it is read, its texts aside: numbers, ids and ends of texts.
pub(crate) const GROUP_RECORD_BYTES: u64 = 256;
/// What reading some records of a row group takes beside them: a page of each column, unpacked.
pub(crate) const PICKED_BYTES: u64 = 1 << 20;
/// A picked record counts as so many, since others may be longer than it.
pub(crate) const PICKED_SHARE: u64 = 4;
/// Most row groups that a query holds open. Parts of one day overlap, at most a dozen of them when the day is over.
pub(crate) const OPEN_GROUPS_MAX: usize = 16;
/// A hand more is worth its while for so many row groups.
pub(crate) const GROUPS_PER_HAND: usize = if cfg!(test) { 1 } else { 8 };
/// Most hands of one query.
pub(crate) const HANDS_MAX: usize = 8;
/// What asking the index of a row group costs, in the same units as [`WORK_PER_LOOK`].
pub(crate) const WORK_PER_GROUP: usize = 4 * 1_024;

/// A pipeline reserves its memory in steps of so many bytes, or in what it needs where no more is left.
pub(crate) const HELD_STEP_BYTES: u64 = 16 * 1_024;
/// What an entry of a hash table takes beside its key's bytes: its place in the table, twice since tables grow in
/// doubles, and the allocator's share.
pub(crate) const ENTRY_BYTES: u64 = 96;
/// Patterns that are given when the pipe names no number.
pub(crate) const PATTERNS_DEFAULT: usize = 100;
/// Most fields that `parse json` and `parse logfmt` make of one text; the first ones in it are made, and what is beyond
/// is left in the text.
pub(crate) const PARSED_FIELDS_MAX: usize = 256;
/// Most records whose surroundings are looked for at once: the newest ones.
pub(crate) const CONTEXT_HITS_MAX: usize = 100;
/// Conditions of a question without an answer that are looked at one by one; those beyond are taken together.
pub(crate) const NOTHING_CONDITIONS_MAX: usize = 8;
/// Matches of one of them are counted up to here.
pub(crate) const NOTHING_COUNT_MAX: u64 = 1_000;
/// How long is looked for why nothing was found.
pub(crate) const NOTHING_TIME: std::time::Duration = std::time::Duration::from_secs(2);
/// Records among which near words are looked for: the newest ones.
pub(crate) const NEAR_SAMPLE_RECORDS: usize = 10_000;
/// Near words that are given for one condition.
pub(crate) const NEAR_PER_CONDITION_MAX: usize = 3;
/// How long a pipeline may take beyond its deadline to make an answer of what it read in time.
pub(crate) const PIPES_GRACE: std::time::Duration = std::time::Duration::from_secs(2);
