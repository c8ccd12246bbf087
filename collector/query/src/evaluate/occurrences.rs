//! All occurrences of a needle in a text, overlapping ones too, in time linear in the text.
//!
//! A few are looked for with `memmem`, which is fast where there are few. A text of many is then searched byte by byte
//! (Knuth, Morris and Pratt, 1977), since each new start may cost the length of the needle.

use memchr::memmem;
use std::ops::Range;

#[derive(Debug, Clone)]
pub(crate) struct Occurrences {
    finder: Box<memmem::Finder<'static>>,
    /// For each prefix of the needle, the length of its longest proper border: a beginning that is its end as well.
    border: Box<[usize]>,
}

/// How many occurrences are looked for with `memmem`.
const RESTARTS_MAX: usize = 32;

impl Occurrences {
    pub(crate) fn new(needle: &str) -> Occurrences {
        let bytes = needle.as_bytes();
        let mut border = vec![0; bytes.len()];
        let mut matched = 0;
        for index in 1..bytes.len() {
            while matched > 0 && bytes[index] != bytes[matched] {
                matched = border[matched - 1];
            }
            matched += usize::from(bytes[index] == bytes[matched]);
            border[index] = matched;
        }
        Occurrences { finder: Box::new(memmem::Finder::new(bytes).into_owned()), border: border.into() }
    }

    /// True when `accept` takes any occurrence; they come in order. An empty needle occurs at the beginning.
    pub(crate) fn any(&self, text: &str, mut accept: impl FnMut(Range<usize>) -> bool) -> bool {
        let (needle, bytes) = (self.finder.needle(), text.as_bytes());
        if needle.is_empty() {
            return accept(0..0);
        }
        let mut from = 0;
        for _ in 0..RESTARTS_MAX {
            let Some(found) = bytes.get(from..).and_then(|rest| self.finder.find(rest)) else { return false };
            let start = from + found;
            if accept(start..start + needle.len()) {
                return true;
            }
            from = start + 1;
        }
        let mut matched = 0;
        for (index, byte) in bytes.iter().enumerate().skip(from) {
            while matched > 0 && *byte != needle[matched] {
                matched = self.border[matched - 1];
            }
            matched += usize::from(*byte == needle[matched]);
            if matched == needle.len() {
                if accept(index + 1 - matched..index + 1) {
                    return true;
                }
                matched = self.border[matched - 1];
            }
        }
        false
    }
}
