//! Strings whose sender promised UTF-8.
//!
//! A string that breaks the promise is kept with U+FFFD in the place of what cannot be read: one bad file name in
//! one record is no reason to lose the batch, and refusing it would make its sender repeat it for ever.

use std::borrow::Cow;

/// From this length on the vectorised check is ahead of the standard library's.
const VECTORISED_FROM_BYTES: usize = 64;

/// The bytes as text when they are UTF-8.
#[inline]
pub(crate) fn checked(bytes: &[u8]) -> Option<&str> {
    if bytes.len() < VECTORISED_FROM_BYTES {
        std::str::from_utf8(bytes).ok()
    } else {
        simdutf8::basic::from_utf8(bytes).ok()
    }
}

/// The bytes as text, with U+FFFD in the place of each sequence that is not UTF-8.
#[inline]
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match checked(bytes) {
        Some(text) => Cow::Borrowed(text),
        None => String::from_utf8_lossy(bytes),
    }
}

/// The text that stays, on its own.
pub(crate) fn owned(bytes: &[u8]) -> Box<str> {
    lossy(bytes).into()
}
