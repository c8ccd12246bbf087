//! Ceilings of a query. Beyond any of them the query is refused with its place; nothing is cut off.

/// Longest query in bytes: generous for people, small enough that a refused one costs nothing.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Deepest nesting of parentheses. Parsing, evaluating and dropping a filter recurse this deep.
pub const DEPTH_MAX: usize = 64;

/// Most words, phrases and comparisons in a query: each may cost a look at every record.
pub const CLAUSES_MAX: usize = 1024;

// Every clause takes a character and what parts it from the next, so the text's limit alone would allow too many.
const _: () = assert!(CLAUSES_MAX * 2 <= TEXT_BYTES_MAX);

/// Most pipes behind a query: each holds what it has collected.
pub const PIPES_MAX: usize = 16;
/// Most figures, groups, names or keys of one pipe.
pub const PIPE_ITEMS_MAX: usize = 64;
/// Most values of `top` and shapes of `patterns`.
pub const TOP_VALUES_MAX: u32 = 10_000;
/// Most records on one side of a record in its context.
pub const CONTEXT_RECORDS_MAX: u32 = 1_000;
/// Largest `limit`.
pub const PIPE_LIMIT_MAX: u32 = 1_000_000;
