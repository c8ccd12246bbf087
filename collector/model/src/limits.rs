//! Ceilings of the vocabulary.

/// Deepest nesting of a value that is read back from its text form. Twice what admission lets in; each level is a
/// stack frame, and a text from a damaged place must not exhaust the stack. Deeper text is refused.
pub const VALUE_DEPTH_MAX: usize = 128;

/// Longest regular expression, in bytes. A longer one is refused.
pub const REGEX_BYTES_MAX: usize = 1024;
/// Largest compiled regular expression, in bytes. `\w{50}` is refused, `\w+` takes a twentieth of it.
pub const REGEX_PROGRAM_BYTES_MAX: usize = 1024 * 1024;
/// Most regular expressions of a filter: each may take its program and a cache of the same size.
pub const REGEXES_MAX: usize = 16;

/// Most stars inside a wildcard: each is a pass over the texts that hold its pieces. More are refused.
pub const WILDCARD_STARS_MAX: usize = 16;

/// Most values of a list. More are refused.
pub const LIST_VALUES_MAX: usize = 4096;

/// Most names in a path into a body: each level of the body is walked once for its object and once for each around it.
pub const BODY_PATH_NAMES_MAX: usize = 16;
/// Longest body that is looked into for fields. A longer one has none.
pub const STRUCTURED_BODY_BYTES_MAX: usize = 256 * 1024;
/// Deepest nesting of a JSON body that has fields, and one bit each while it is walked. A deeper one has none.
pub const STRUCTURED_BODY_DEPTH_MAX: usize = 64;
