//! `body.key`: a field within a structured body.
//!
//! Which bodies have fields:
//! - a body that was sent as a map: its entries;
//! - a string that, white space around it aside, is one JSON object (RFC 8259, the whole of it): its members. A number
//!   without fraction and exponent that fits 64 bits is an integer, all others are doubles; `null` is a value that was
//!   sent empty; half of a surrogate pair stands for U+FFFD;
//! - a string that is a logfmt line: its pairs. White space at its ends aside, it holds no line break, does not begin
//!   with `{`, and is pairs and bare keys with spaces or tabs between them, more pairs than bare keys. A key is characters
//!   other than white space, control characters, `=` and `"`. A pair is a key, `=` and a value: in `"` (`\n`, `\r` and
//!   `\t` stand for those, a backslash before any other character for that character; behind the closing quote white
//!   space or the end stands), or up to the next space or tab. A value without quotes is an integer, a double (with
//!   fraction or exponent), `true` or `false` where it is one in full; every other is a string. A bare key is true.
//!
//! A body longer than [`STRUCTURED_BODY_BYTES_MAX`], or nested deeper than [`STRUCTURED_BODY_DEPTH_MAX`], has no fields;
//! nor has any other.
//!
//! What a path names: the first entry whose key is the whole path. Else the path is parted at its dots; of the ways to
//! part it in two, that with the longest first half is tried first: the first entry whose key is that half, when it is a
//! map in which the other half names something. So `{"a.b":1}` and `{"a":{"b":1}}` both have `a.b`, and where both are,
//! the former answers. A logfmt line has no maps.
//!
//! [`STRUCTURED_BODY_BYTES_MAX`]: crate::limits::STRUCTURED_BODY_BYTES_MAX
//! [`STRUCTURED_BODY_DEPTH_MAX`]: crate::limits::STRUCTURED_BODY_DEPTH_MAX

use crate::limits::BODY_PATH_NAMES_MAX;

/// Names with dots between them, at most [`BODY_PATH_NAMES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BodyPath {
    text: Box<str>,
}

impl BodyPath {
    /// The path of this text; `None` when it has too many names.
    pub fn new(text: impl Into<Box<str>>) -> Option<BodyPath> {
        let text = text.into();
        (text.split('.').count() <= BODY_PATH_NAMES_MAX).then_some(BodyPath { text })
    }

    /// The names and the dots between them.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests;
