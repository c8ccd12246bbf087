//! Ceilings of the vocabulary.

/// Deepest nesting of a value that is read back from its text form. Twice what admission lets in; each level is a
/// stack frame, and a text from a damaged place must not exhaust the stack. Deeper text is refused.
pub const VALUE_DEPTH_MAX: usize = 128;
