//! Ceilings of a query. Beyond any of them the query is refused with its place; nothing is cut off.

/// Longest query in bytes: generous for people, small enough that a refused one costs nothing.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Deepest nesting of parentheses. Parsing, evaluating and dropping a filter recurse this deep.
pub const DEPTH_MAX: usize = 64;

/// Most words, phrases and comparisons in a query: each may cost a look at every record.
pub const CLAUSES_MAX: usize = 1024;

// Every clause takes a character and what parts it from the next, so the text's limit alone would allow too many.
const _: () = assert!(CLAUSES_MAX * 2 <= TEXT_BYTES_MAX);
